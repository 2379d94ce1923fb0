// What a schema.sql may not do when it refuses a row: FAIL keeps what the statement has done so far, so that a row would
// stay whose message is in quarantine, and ROLLBACK ends the transaction of all changes since the last commit. ABORT, the
// default, refuses one change and nothing else. An apply statement that fails undoes its whole commit in any case.
// Pure.
#ifndef TIDEMARK_CHECK_CONFLICTS_H
#define TIDEMARK_CHECK_CONFLICTS_H

#include "views/base/error.h"

// ERROR_INPUT with the line, the words and what to write, shown in the text.
int conflicts_check(const char *file, const char *sql, struct error *error);

#endif
