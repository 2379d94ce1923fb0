// The lines of source.sql that speak to tidemark:
//   -- tidemark: topic TABLE = NAME or /regex/
//   -- tidemark: time TABLE = adaptive | adaptive_time_microseconds | connect | isostring | microseconds | nanoseconds
//   -- tidemark: unavailable TABLE = TEXT or hex:DIGITS   (unavailable.value.placeholder)
//   -- tidemark: bytes TABLE.COLUMN = base64 | base64url | hex
//   -- tidemark: added TABLE = PREFIX                        (add.fields.prefix of ExtractNewRecordState)
//   -- tidemark: deleted TABLE = FIELD                       (what its __deleted was renamed to)
//   -- tidemark: renamed TABLE.NEW from OLD   a column; without .NEW the table; one for each older name
//   -- tidemark: key TABLE = COLUMN, ...      of a table that declares no primary key (message.key.columns)
//   -- tidemark: ignore TABLE or TABLE.COLUMN
// Names are written as in SQL: unquoted ones fold to lower case. `time`, `unavailable`, `added` and
// `deleted` take * for all tables. One thread.
#ifndef TIDEMARK_CATALOG_SOURCE_LINE_H
#define TIDEMARK_CATALOG_SOURCE_LINE_H

#include "views/engine/catalog/source/text.h"
#include "views/engine/table.h"

enum source_line_kind {
    LINE_TOPIC,
    LINE_TIME,
    LINE_BYTES,
    LINE_UNAVAILABLE,
    LINE_ADDED,
    LINE_DELETED,
    LINE_RENAMED,
    LINE_KEY,
    LINE_IGNORE
};

enum { SOURCE_LINE_PARTS_MAX = 3 };

struct source_line {
    enum source_line_kind kind;
    size_t at;
    char *parts[SOURCE_LINE_PARTS_MAX]; // the name before "=" or "from", cut at its dots, folded
    int part_count;
    bool every;        // * for a name: all tables
    struct span value; // what stands behind "=" or "from", borrowed from the text
    size_t value_at;
};

struct source_lines {
    const struct source_text *text;
    struct source_line *list;
    int count;
};

// Errors: ERROR_INPUT with line and caret: a word that is none of these, a name that is none.
int source_lines_read(const struct source_text *text, struct source_lines *ret, struct error *error);
void source_lines_free(struct source_lines *lines);
// Whether a line leaves out the table of this mirror name, or (column not NULL) its column.
bool source_lines_ignore(const struct source_lines *lines, const char *table, const char *column);
// The tables that lines leave out, each as far as none of `tables` has such a column. *ret: for the caller to free, names and
// all, after an error too.
int source_lines_ignored(const struct source_lines *lines, const struct table *tables, int count,
                         struct ignored_table **ret, int *ret_count, struct error *error);
// The columns that lines leave out, into their tables. Errors: ERROR_SYSTEM.
int source_lines_leave_out(const struct source_lines *lines, struct table *tables, int count,
                           struct error *error);
// The line of a table's key, or NULL.
const struct source_line *source_lines_key(const struct source_lines *lines, const char *table);
// What the lines say, into the tables; all kinds but KEY and IGNORE. Errors: tables and columns that are not there, words
// that are none.
int source_lines_apply(const struct source_lines *lines, struct table *tables, int count,
                       struct error *error);
// Whether a line for tidemark may begin with the word. *ret_separator: what stands before its value, NULL = it has none.
bool source_line_is_word(struct span word, const char **ret_separator);
// The next of a list `a, "b c"`: 1 and its name (for the caller to free), 0 = no more, -1 = not a list of names.
int source_line_next_name(struct span *rest, char **ret);

#endif
