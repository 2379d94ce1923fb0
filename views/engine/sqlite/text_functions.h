// instr and replace, with the answers of SQLite's own and in time that grows with the text alone. SQLite's own grow with
// text times pattern, and no call is interrupted: minutes for some megabytes, past every deadline. Where SQLite's versions differ
// they answer alike with all: `replace(2, '', y)` is the number, as its documentation says, of which 3.46 makes a text.
#ifndef TIDEMARK_SQLITE_TEXT_FUNCTIONS_H
#define TIDEMARK_SQLITE_TEXT_FUNCTIONS_H

#include "views/base/error.h"

struct sqlite3;

int text_functions_register(struct sqlite3 *db, struct error *error);

#endif
