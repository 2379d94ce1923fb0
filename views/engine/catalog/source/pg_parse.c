#include "views/engine/catalog/source/pg_parse.h"

#include "views/base/cleanup.h"
#include "views/base/utf8.h"

#include <ctype.h>
#include <pg_query.h>
#include <stdio.h>

#define PG_PARSE_NOT_UTF8 "this is not UTF-8: save the file as that, or `pg_dump -s --encoding=UTF8`"

// PostgreSQL counts characters, from 1.
static size_t pg_parse_byte_of(struct span statement, int character) {
    size_t at = 0;
    for (int seen = 1; at < statement.size; at++) {
        bool begins = ((unsigned char)statement.data[at] & 0xC0) != 0x80;
        if (begins && seen++ >= character)
            break;
    }
    return at;
}

static json_t *pg_parse_fail(struct pg_parse_error *error, const char *message, size_t at) {
    (void)snprintf(error->message, sizeof error->message, "%s", message);
    error->at = at;
    return NULL;
}

// Where the second of several statements begins, behind its blanks.
static size_t pg_parse_second(struct span statement, const json_t *statements) {
    size_t at = (size_t)json_integer_value(json_object_get(json_array_get(statements, 1), "stmt_location"));
    while (at < statement.size && isspace((unsigned char)statement.data[at]))
        at++;
    return at;
}

// {"version":..,"stmts":[{"stmt":{..},"stmt_location":..}]}
static json_t *pg_parse_only(struct span statement, const char *tree, struct pg_parse_error *error) {
    json_t *all = json_loads(tree, 0, NULL);
    if (all == NULL)
        return pg_parse_fail(error, "out of memory, or nested too deeply", 0);
    const json_t *statements = json_object_get(all, "stmts");
    const json_t *first = json_array_get(statements, 0);
    json_t *only = NULL;
    error->several = json_array_size(statements) > 1;
    if (error->several)
        (void)pg_parse_fail(error,
                            "this statement is not told from the one before it, and would not be carried out",
                            pg_parse_second(statement, statements));
    else
        only = first != NULL ? json_incref(json_object_get(first, "stmt")) : json_object();
    json_decref(all);
    return only;
}

json_t *pg_parse(struct span statement, struct pg_parse_error *error) {
    // The parser takes bytes of any encoding, JSON does not.
    size_t valid = utf8_valid(statement.data, statement.size);
    if (valid < statement.size)
        return pg_parse_fail(error, PG_PARSE_NOT_UTF8, valid);
    CLEANUP(free_charp) char *text = strndup(statement.data, statement.size);
    if (text == NULL)
        return pg_parse_fail(error, "out of memory", 0);
    PgQueryParseResult result = pg_query_parse(text);
    json_t *tree = result.error != NULL ? pg_parse_fail(error, result.error->message,
                                                        pg_parse_byte_of(statement, result.error->cursorpos))
                                        : pg_parse_only(statement, result.parse_tree, error);
    pg_query_free_parse_result(result);
    return tree;
}

const char *pg_parse_version(void) {
    return PG_VERSION;
}
