// What key_text.h writes of a row's key, in the SQL of a reader's connection.
//   shown_key(table, key)          in the JSON that answers have for the columns: decimals and large integers as strings, booleans,
//                                  bytes in base64. What the catalog does not know is shown as it is written.
//   key_part(table, key, number)   the number-th value from 0 on, as the table's column stores it
// Either is NULL where the text is no such key.
#ifndef TIDEMARK_READ_SHOWN_KEY_H
#define TIDEMARK_READ_SHOWN_KEY_H

#include "views/engine/catalog.h"

struct sqlite3;

// A result code of SQLite's. The catalog outlives the connection.
int shown_key_register(struct sqlite3 *db, const struct catalog *catalog);

#endif
