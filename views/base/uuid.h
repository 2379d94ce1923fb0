// UUIDs as PostgreSQL's cast reads them. Pure.
#ifndef TIDEMARK_BASE_UUID_H
#define TIDEMARK_BASE_UUID_H

#include "views/base/span.h"

enum { UUID_SIZE = 36 };

// 32 hexadecimal digits, a hyphen or none behind every four, within {} or not. `ret`: as it is stored, without a NUL.
bool uuid_read(struct span text, char ret[UUID_SIZE]);

#endif
