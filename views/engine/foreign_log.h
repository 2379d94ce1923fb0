// Whether the write-ahead log beside a store file is that file's. A log that a crash has left stays when a backup is put back
// under the file's name, and SQLite would read the two as one, and write the log into it, and damage it without a word.
#ifndef TIDEMARK_FOREIGN_LOG_H
#define TIDEMARK_FOREIGN_LOG_H

#include "views/base/error.h"

// ERROR_STORE, with what to do, when the log begins behind a later commit than the file has, or is of the file that this one was
// copied from by `vacuum into`. Before the first connection to the file; it may be written meanwhile. What cannot be told is no error: of
// a page by page copy (.backup, cp) that is no older than the log's beginning SQLite makes the state that the log ends with.
int foreign_log_check(const char *path, struct error *error);

#endif
