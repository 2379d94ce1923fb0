#include "views/engine/read/statement.h"

#include "views/engine/decimal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void statement_free(struct statement *statement) {
    stmt_finalize(&statement->stmt);
    buffer_free(&statement->members);
    free(statement->forms);
}

void statement_cache_free(struct statement_cache *cache) {
    for (int i = 0; i < cache->count; i++)
        statement_free(&cache->statements[i]);
    cache->count = 0;
}

static bool statement_has_key(const struct statement *statement, const struct statement_key *key) {
    const struct statement_key *own = &statement->key;
    return own->subject == key->subject && own->keyset == key->keyset && own->count == key->count &&
           own->equal_count == key->equal_count &&
           memcmp(own->equals, key->equals, (size_t)key->equal_count * sizeof *key->equals) == 0;
}

struct statement *statement_find(struct statement_cache *cache, const struct statement_key *key) {
    for (int i = 0; i < cache->count; i++)
        if (statement_has_key(&cache->statements[i], key)) {
            cache->statements[i].used = ++cache->used;
            return &cache->statements[i];
        }
    return NULL;
}

// A free place, or that of the statement that was used longest ago.
static struct statement *statement_make_room(struct statement_cache *cache) {
    if (cache->count < READ_STATEMENTS_MAX)
        return &cache->statements[cache->count++];
    struct statement *oldest = &cache->statements[0];
    for (int i = 1; i < cache->count; i++)
        if (cache->statements[i].used < oldest->used)
            oldest = &cache->statements[i];
    statement_free(oldest);
    return oldest;
}

// DECIMAL(p,s), DECIMAL(p) and BOOLEAN; SQLite gives the words of the declaration as they stand there.
static struct column_form statement_form_of(const char *declared) {
    if (declared != NULL && strcasecmp(declared, "boolean") == 0)
        return (struct column_form){.integers = CELL_BOOLEAN};
    if (declared == NULL || strncasecmp(declared, "decimal", 7) != 0)
        return (struct column_form){.integers = CELL_INTEGER};
    const char *comma = strchr(declared, ',');
    long scale = comma != NULL ? strtol(comma + 1, NULL, 10) : 0;
    if (scale < 0 || scale > DECIMAL_PRECISION_MAX)
        return (struct column_form){.integers = CELL_INTEGER};
    return (struct column_form){.integers = CELL_DECIMAL, .scale = (int)scale};
}

static void statement_read_forms(sqlite3_stmt *stmt, int count, struct column_form *forms,
                                 struct buffer *members) {
    for (int i = 0; i < count; i++) {
        forms[i] = statement_form_of(sqlite3_column_decltype(stmt, i));
        buffer_char(members, i == 0 ? '{' : ',');
        buffer_json_string(members, span_of(sqlite3_column_name(stmt, i)));
        buffer_char(members, ':');
        forms[i].member_end = members->size;
    }
}

struct statement *statement_prepare(struct statement_cache *cache, sqlite3 *db,
                                    const struct statement_key *key, const char *sql, const char *what,
                                    struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, sql, what, &stmt, error) != 0)
        return NULL;
    int count = sqlite3_column_count(stmt);
    CLEANUP(buffer_free) struct buffer members = {0};
    struct column_form *forms = calloc((size_t)count + 1, sizeof *forms);
    if (forms != NULL)
        statement_read_forms(stmt, count, forms, &members);
    if (forms == NULL || members.failed) {
        free(forms);
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    struct statement *statement = statement_make_room(cache);
    *statement = (struct statement){.stmt = stmt,
                                    .key = *key,
                                    .used = ++cache->used,
                                    .column_count = count,
                                    .forms = forms,
                                    .members = members};
    stmt = NULL;
    members = (struct buffer){0};
    return statement;
}
