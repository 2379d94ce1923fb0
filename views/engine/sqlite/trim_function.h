// trim, ltrim and rtrim, with the answers of SQLite's own: those compare each character of the text with each of the set, minutes
// for some megabytes. A set has at most TRIM_SET_BYTES_MAX.
#ifndef TIDEMARK_SQLITE_TRIM_FUNCTION_H
#define TIDEMARK_SQLITE_TRIM_FUNCTION_H

struct sqlite3;

enum { TRIM_SET_BYTES_MAX = 65536 };

// A result code of SQLite's.
int trim_function_register(struct sqlite3 *db);

#endif
