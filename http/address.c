#include "http/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

static uint64_t address_key_of_ipv4(uint32_t host) {
    const uint64_t ipv4 = (uint64_t)1
                          << 32; // none is 0, and none is an IPv6 address that is given to anybody
    return host >> 24 == 127 ? 0 : ipv4 | host;
}

uint64_t address_key(const struct sockaddr *address) {
    if (address == NULL)
        return 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        return address_key_of_ipv4(ntohl(ipv4.sin_addr.s_addr));
    }
    if (address->sa_family != AF_INET6)
        return 0;
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, address, sizeof ipv6);
    const uint8_t *bytes = ipv6.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&ipv6.sin6_addr))
        return 0;
    if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr))
        return address_key_of_ipv4((uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
                                   (uint32_t)bytes[14] << 8 | bytes[15]);
    uint64_t key = 0;
    for (int i = 0; i < 8; i++)
        key = key << 8 | bytes[i];
    return key;
}
