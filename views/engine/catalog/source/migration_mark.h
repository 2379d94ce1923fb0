// The comments by which migration tools part a file into what they run and what takes it back (dbmate, goose, sql-migrate,
// node-pg-migrate, rambler, shmig, tern, Play). Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_MIGRATION_MARK_H
#define TIDEMARK_CATALOG_SOURCE_MIGRATION_MARK_H

#include "views/base/span.h"

enum migration_mark {
    MIGRATION_MARK_NONE,
    MIGRATION_MARK_UP,            // what follows is run
    MIGRATION_MARK_DOWN,          // what follows takes it back
    MIGRATION_MARK_DOWN_FOR_GOOD, // likewise, to the file's end: no mark begins a part that is run
};

// `comment`: a line's, behind its first --.
enum migration_mark source_migration_mark(struct span comment);

#endif
