// shown_key(table, number, value): the number-th value of a row's key, as key_text.h writes keys, in the JSON that answers have
// for the column: decimals and large integers as strings, booleans, bytes in base64. What the catalog does not know is shown as
// it is written. Registered on a reader's connection.
#ifndef TIDEMARK_READ_SHOWN_KEY_H
#define TIDEMARK_READ_SHOWN_KEY_H

#include "views/engine/catalog.h"

struct sqlite3;

// A result code of SQLite's. The catalog outlives the connection.
int shown_key_register(struct sqlite3 *db, const struct catalog *catalog);

#endif
