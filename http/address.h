// Whom a connection comes from, as a number that limits count by. Pure.
//
// Programs of this machine, and those behind a proxy on it, have one address and are many: they are nobody's. What a header
// says of the address (X-Forwarded-For) is not looked at, since anybody may write it.
#ifndef TIDEMARK_HTTP_ADDRESS_H
#define TIDEMARK_HTTP_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

// An IPv4 address, or the first 64 bits of an IPv6 address: who has one of those has them all. 0 = nobody's: a UNIX socket,
// and loopback.
uint64_t address_key(const struct sockaddr *address);

#endif
