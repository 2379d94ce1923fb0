// Whether the write-ahead log beside a store file is that file's. A log that a crash has left stays when a backup is put back
// under the file's name, and SQLite would write it into that, and damage it without a word.
#ifndef TIDEMARK_STORE_FOREIGN_LOG_H
#define TIDEMARK_STORE_FOREIGN_LOG_H

#include "views/base/error.h"

// ERROR_STORE when the log begins behind a later commit than the file has, with what to do. Before the first connection to the
// file, by who has its lock. What cannot be told is no error.
int foreign_log_check(const char *path, struct error *error);

#endif
