// source.sql -> the mirrored tables. It is PostgreSQL's DDL, read by PostgreSQL's own grammar (libpg_query), so that
// the whole output of `pg_dump -s` is one: what makes no table, column, key or type is passed over, what cannot be kept is
// refused with line and caret. The rules are in views/README.md, section source.sql. Pure; any thread.
#ifndef TIDEMARK_CATALOG_SOURCE_SQL_H
#define TIDEMARK_CATALOG_SOURCE_SQL_H

#include "views/base/error.h"
#include "views/engine/table.h"

// *ret: the tables in the order of their declaration, for source_sql_free. Errors: ERROR_INPUT, ERROR_SYSTEM.
int source_sql_read(const char *text, struct table **ret, int *ret_count, struct error *error);
// The same, and tells of what is not carried out and may be missed.
struct source_told {
    void (*take)(void *self, size_t at, const char *what);
    void *self;
};
int source_sql_read_told(const char *text, const struct source_told *told, struct table **ret, int *ret_count,
                         struct error *error);
// How a program read the text that a file was made with. What it took then is not refused now: the text cannot be changed any more.
enum source_reading {
    SOURCE_AS_NOW,
    SOURCE_AS_FIRST,  // as those of file format 10 did first
    SOURCE_AS_BEFORE, // as those of file format 9
    SOURCE_AS_CUT,    // and with names cut as PostgreSQL's grammar cuts them, as still older ones
    SOURCE_READINGS,
};
int source_sql_read_as(const char *text, enum source_reading reading, struct table **ret, int *ret_count,
                       struct error *error);
// The tables of the text that have no key, for which source_sql_read would refuse it: `take` is told schema (NULL = not written)
// and name of each, in their order. Errors: what else is wrong with it.
int source_sql_each_keyless(const char *text,
                            void (*take)(void *self, const char *schema, const char *relation), void *self,
                            struct error *error);
// The text with all blank but the lines' comments that begin with the word tidemark, which what is quoted is none of. NULL = out of
// memory, or no such text. For the caller to free.
char *source_sql_comments(const char *text);
void source_sql_free(struct table **tables, int *count);
// The tables that lines `-- tidemark: ignore` of the same text leave out. `tables`: what it declares, since SCHEMA.TABLE may
// be a table's column too. *ret: for source_sql_free_ignored. Errors: ERROR_INPUT, ERROR_SYSTEM.
int source_sql_read_ignored(const char *text, const struct table *tables, int count,
                            struct ignored_table **ret, int *ret_count, struct error *error);
void source_sql_free_ignored(struct ignored_table **ignored, int *count);

#endif
