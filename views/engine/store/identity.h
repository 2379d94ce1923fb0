// What says of a file that it is ours, and which: the numbers in SQLite's header, and the id. Used by store.c.
#ifndef TIDEMARK_STORE_IDENTITY_H
#define TIDEMARK_STORE_IDENTITY_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct sqlite3;

// The header's numbers: whose the file is, and its format.
struct identity {
    int application_id;
    int format;
};

// Refuses (ERROR_STORE) what is not the application's, and a format above `newest`'s. ret_new: the file is empty.
int identity_check(struct sqlite3 *db, const char *path, const struct identity *newest, bool *ret_new,
                   struct error *error);
int identity_write(struct sqlite3 *db, const struct identity *identity, struct error *error);
// Hex digits, and NUL: `size` is odd.
int identity_make_id(char *ret, size_t size, struct error *error);

#endif
