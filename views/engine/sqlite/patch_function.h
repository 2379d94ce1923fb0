// json_patch(x, y), which compares each member of one with each of the other: SQLite's own for documents that it has done with
// in a second, an error for longer ones.
#ifndef TIDEMARK_SQLITE_PATCH_FUNCTION_H
#define TIDEMARK_SQLITE_PATCH_FUNCTION_H

struct sqlite3;

// A result code of SQLite's.
int patch_function_register(struct sqlite3 *db);

#endif
