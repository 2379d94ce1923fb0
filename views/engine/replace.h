// A store file that was built anew beside another takes its place (`run --rebuild`). Of use while this process has neither
// open for writing. One thread at a time.
#ifndef TIDEMARK_ENGINE_REPLACE_H
#define TIDEMARK_ENGINE_REPLACE_H

#include "views/engine/catalog.h"

// What the log does not tell goes from the file `of` into `next`, which stands at the same offsets: the rows of tables that
// the views keep as history, in the columns that both have, and what once() was told of them. All or nothing; what `next`
// had of it goes. ERROR_INPUT: `of` keeps what the catalog's views do not, or its rows do not suit the new columns.
// ERROR_HALT: `next` has read nothing, or less of a partition than `of`.
int replace_carry(const char *next, const char *of, const struct catalog *catalog, struct error *error);
// `next` becomes `path`, at one rename: whoever opens `path` finds the old file or the new one, whole, through kills. Nobody
// of this process has either open. ERROR_BUSY: another process reads `path`; nothing has changed.
int replace_file(const char *path, const char *next, struct error *error);

#endif
