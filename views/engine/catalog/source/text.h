// source.sql as text: cut into statements, with psql's own lines blanked and the lines that speak to tidemark
// told apart. PostgreSQL's lexical rules (its manual, 4.1): quoted strings and names, dollar quotes, nested
// comments, BEGIN ATOMIC bodies. Offsets are bytes into the text. One thread; borrows nothing.
#ifndef TIDEMARK_CATALOG_SOURCE_TEXT_H
#define TIDEMARK_CATALOG_SOURCE_TEXT_H

#include "views/base/error.h"
#include "views/base/span.h"

enum {
    SOURCE_WORDS_MAX = 6,
    SOURCE_NAME_MAX = 63, // bytes of a name that PostgreSQL's grammar keeps
};

struct source_statement {
    size_t at; // of its first word
    size_t size;
    struct span words[SOURCE_WORDS_MAX]; // its first ones, unquoted, as they are written
    int word_count;
    bool has_body;    // BEGIN ATOMIC
    bool is_open;     // at the text's end: what stands behind it would have been taken for its own
    size_t swallowed; // where in it a word as CREATE TABLE begins, which may be another one's: 0 = nowhere
    bool undone;      // its transaction takes it back, or a migration tool does not run it
    bool takes_back;  // the latter
};

// `-- tidemark: WORDS` to the line's end.
struct source_directive {
    size_t at; // of its first word
    struct span text;
};

// One that is written in more than SOURCE_NAME_MAX bytes, with its quotes.
struct source_long_name {
    size_t at;
    size_t size;
};

struct source_text {
    char *text; // as long as the file's, NUL-terminated; psql's lines and COPY's rows are spaces
    size_t size;
    size_t *lines; // where each begins: each column asks for its line
    int line_count;
    struct source_statement *statements;
    int statement_count;
    struct source_directive *directives;
    int directive_count;
    struct span *comments; // lines' that begin with the word tidemark, in any letters
    int comment_count;
    size_t *includes; // lines of psql's that read another file, which is not read here
    int include_count;
    struct source_long_name *long_names;
    int long_name_count;
    // As programs of file format 10 read it first: statement by statement, none of which tells of another table, schema or
    // transaction.
    bool as_first;
    bool
        as_before; // as those of file format 9 did, and computed what it says: what is refused since is not; as_first, too
};

// Errors: ERROR_SYSTEM, ERROR_INPUT (a quote or a comment that does not end).
int source_text_read(const char *text, struct source_text *ret, struct error *error);
int source_text_read_as_first(const char *text, struct source_text *ret, struct error *error);
int source_text_read_as_before(const char *text, struct source_text *ret, struct error *error);
void source_text_free(struct source_text *source);
// Whether the statement's word of this number, from 0, is one of those, the last of which is NULL.
bool source_text_word_among(const struct source_statement *statement, int number, const char *const *words);
int source_text_line(const struct source_text *source, size_t at); // from 1
// ERROR_INPUT "source.sql:LINE:COLUMN: message", with the line and a caret as its excerpt. Returns -1.
int source_text_error(const struct source_text *source, size_t at, struct error *error, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

#endif
