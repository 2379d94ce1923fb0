// `x like y`, with the answers of SQLite's own. What takes text times pattern, a minute for 60 MB and 1000 bytes, is done in steps
// that end with the statement. Costs the index that SQLite may use of a column that is collated nocase.
#ifndef TIDEMARK_SQLITE_LIKE_FUNCTION_H
#define TIDEMARK_SQLITE_LIKE_FUNCTION_H

struct sqlite3;

// A result code of SQLite's.
int like_function_register(struct sqlite3 *db);

#endif
