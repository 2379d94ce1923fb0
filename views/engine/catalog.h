// What is loaded: the mirrored tables that source.sql declares, and the views with their queries. Read from
// the files embedded at build time or from a folder. Whoever loads it also checks it (check.h), before
// another thread has it; from then on it never changes and any thread may read it. catalog_free after the
// last reader.
#ifndef TIDEMARK_CATALOG_H
#define TIDEMARK_CATALOG_H

#include "views/base/error.h"
#include "views/base/span.h"
#include "views/engine/view.h"

#include <stddef.h>
#include <stdint.h>

// `directory` NULL: the built-in views. A directory with its own source.sql stands alone; one without adds
// its views to the built-in ones (a view of the same name replaces). `only`: comma-separated view names, NULL
// = all. The tables are read, the views' SQL is not looked at: that is catalog_check's (check.h). Errors:
// ERROR_INPUT with file and line, ERROR_USAGE for a name in `only`, ERROR_SYSTEM.
int catalog_load(const char *directory, const char *only, struct catalog **ret, struct error *error);
// What the store file `db` was made with; *ret NULL when it remembers nothing, as older files do.
int catalog_load_stored(const char *db, const char *only, struct catalog **ret, struct error *error);
// The same from a text in the place of source.sql, and without views.
int catalog_load_source(const char *source, struct catalog **ret, struct error *error);
// The tables without a key, for which such a text would be refused (source_sql.h).
int catalog_each_keyless(const char *source,
                         void (*take)(void *self, const char *schema, const char *relation), void *self,
                         struct error *error);
void catalog_free(struct catalog **catalog);
// Whether both were loaded from the same words: source.sql, the views, their queries.
bool catalog_equal(const struct catalog *a, const struct catalog *b);

// Adds a warning, while the catalog is loaded and checked. Out of memory loses it.
void catalog_warn(struct catalog *catalog, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same, "FILE:LINE: " before the message: `at` points into the file's text.
void catalog_warn_at(struct catalog *catalog, const char *file, const char *text, const char *at,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

// NULL when there is none. Names compare exactly.
const struct table *catalog_table(const struct catalog *catalog, const char *name, size_t size);
const struct view *catalog_view(const struct catalog *catalog, const char *name);
// The name of the next table that a schema's text declares as history, borrowed from it; *at then stands
// behind. data NULL = no more.
struct span schema_next_history(const char **at);
// PostgreSQL's, whose grammar reads source.sql: libpg_query's, as it was built.
const char *catalog_library_version(void);
const struct query *view_query(const struct view *view, const char *name);

#endif
