// Addresses (inet, cidr, macaddr, macaddr8) in the one form that PostgreSQL writes of each, so that they are equal by their
// texts: `2001:DB8::1` and `10.1.2.3/32` name what is stored as `2001:db8::1` and `10.1.2.3`. Pure.
#ifndef TIDEMARK_READ_ADDRESS_TEXT_H
#define TIDEMARK_READ_ADDRESS_TEXT_H

#include "views/base/span.h"

#include <stdbool.h>

enum { ADDRESS_TEXT_SIZE = 64 };

enum address_kind { ADDRESS_NONE, ADDRESS_INET, ADDRESS_CIDR, ADDRESS_MAC, ADDRESS_MAC8 };

// ADDRESS_NONE = the declared type is another.
enum address_kind address_kind_of(const char *declared);
// The length of what is written to `ret`, 0 = it is no such address.
size_t address_text_write(enum address_kind kind, struct span text, char ret[ADDRESS_TEXT_SIZE]);

#endif
