// The SQL that a store file was made with, kept in it (table _files: path and text), so that it can be served
// without the folder that it came from.
#ifndef TIDEMARK_CATALOG_STORED_FILES_H
#define TIDEMARK_CATALOG_STORED_FILES_H

#include "views/base/error.h"
#include "views/engine/catalog/view_files.h"
#include "views/engine/view.h"

struct sqlite3;

// Within the caller's transaction; writes nothing when the file has these texts already.
int stored_files_write(struct sqlite3 *db, const struct catalog *catalog, struct error *error);
// Sorted by path; none when the file remembers none, as older ones do.
int stored_files_read(struct sqlite3 *db, const char *path, struct view_files *ret, struct error *error);

#endif
