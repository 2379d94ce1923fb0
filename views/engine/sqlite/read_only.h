// A connection that only reads, also where nothing can be written beside the file: on a read-only disk, in a
// folder of somebody else's.
#ifndef TIDEMARK_SQLITE_READ_ONLY_H
#define TIDEMARK_SQLITE_READ_ONLY_H

#include "views/engine/sqlite/stmt.h"

#include <stdbool.h>

enum { READ_ONLY_BUSY_MS = 5000 }; // only while a crashed writer's log is recovered

// Opens `path` read-only. Where SQLite cannot have its shared memory beside the file, and no write-ahead log
// waits there, the file is taken for a copy that nobody writes: *ret_immutable, and the caller watches that it
// stays so. Errors: ERROR_STORE with what to do.
int read_only_open(const char *path, sqlite3 **ret, bool *ret_immutable, struct error *error);
// The file alone, whatever log waits beside it.
int read_only_open_immutable(const char *path, sqlite3 **ret, struct error *error);

#endif
