// `x glob y`, with the answers of SQLite's own. What takes text times pattern is done in steps that end with the statement, as
// like_function.h has it. Costs the index that SQLite may use of a column for a pattern that begins with letters.
#ifndef TIDEMARK_SQLITE_GLOB_FUNCTION_H
#define TIDEMARK_SQLITE_GLOB_FUNCTION_H

struct sqlite3;

// A result code of SQLite's.
int glob_function_register(struct sqlite3 *db);

#endif
