// What a store file keeps about itself: _meta, a text by name ("id", "prefix", "source", "purged_ts_ms").
// Whoever has the connection calls it; within the transaction that its caller opened, if any.
#ifndef TIDEMARK_SQLITE_META_H
#define TIDEMARK_SQLITE_META_H

#include "views/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct sqlite3;

// 1 = copied into `ret` (NUL-terminated, cut to `size`), 0 = the file has none, -1 = error.
int meta_get(struct sqlite3 *db, const char *name, char *ret, size_t size, struct error *error);
// `ret` stays as it is when the file has none.
int meta_get_integer(struct sqlite3 *db, const char *name, int64_t *ret, struct error *error);
// Replaces what is there.
int meta_set(struct sqlite3 *db, const char *name, const char *value, struct error *error);
// What is not there is no error.
int meta_unset(struct sqlite3 *db, const char *name, struct error *error);
int meta_set_integer(struct sqlite3 *db, const char *name, int64_t value, struct error *error);

#endif
