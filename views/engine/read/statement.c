#include "views/engine/read/statement.h"

#include "views/engine/decimal.h"
#include "views/engine/row/table_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void statement_free(struct statement *statement) {
    stmt_finalize(&statement->stmt);
    buffer_free(&statement->members);
    buffer_free(&statement->names);
    buffer_free(&statement->text);
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
           own->equal_count == key->equal_count && span_equal(own->text, key->text) &&
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

// SQLite gives the words of the declaration as they stand there. How wide an integer is they do not say.
static struct column_form statement_form_declared(const char *declared) {
    const struct column_form any = {.integers = CELL_BIGINT, .texts = CELL_TEXT};
    if (declared != NULL && strcasecmp(declared, "boolean") == 0)
        return (struct column_form){.integers = CELL_BOOLEAN, .texts = CELL_TEXT};
    int scale = decimal_declared_scale(declared);
    if (scale < 0)
        return any;
    return (struct column_form){.integers = CELL_DECIMAL, .texts = CELL_TEXT, .scale = scale};
}

static struct column_form statement_form_of(const struct column *column) {
    bool json = column->type == COLUMN_JSON || column->type == COLUMN_ARRAY;
    struct column_form form = {.integers = CELL_INTEGER, .texts = json ? CELL_JSON : CELL_TEXT};
    if (column->type == COLUMN_BOOLEAN)
        form.integers = CELL_BOOLEAN;
    else if (column->type == COLUMN_INTEGER && column->variant == COLUMN_BIGINT)
        form.integers = CELL_BIGINT;
    else if (column->type == COLUMN_DECIMAL)
        form = (struct column_form){CELL_DECIMAL, CELL_TEXT, .scale = column->scale};
    return form;
}

static void statement_add_name(struct statement *statement, int number, struct span name) {
    struct buffer *members = &statement->members;
    buffer_char(members, number == 0 ? '{' : ',');
    buffer_json_string(members, name);
    buffer_char(members, ':');
    statement->forms[number].member_end = members->size;
    statement->forms[number].name = statement->names.size;
    buffer_append(&statement->names, name.data, name.size);
    buffer_char(&statement->names, '\0');
}

static void statement_describe(struct statement *statement, bool without_engine_columns) {
    const int count = statement->column_count;
    statement->column_count = 0;
    for (int i = 0; i < count; i++) {
        const struct span name = span_of(sqlite3_column_name(statement->stmt, i));
        if (without_engine_columns && table_sql_is_engine_column(name))
            continue;
        struct column_form *form = &statement->forms[statement->column_count];
        *form = statement_form_declared(sqlite3_column_decltype(statement->stmt, i));
        form->place = i;
        statement_add_name(statement, statement->column_count++, name);
    }
}

static void statement_describe_table(struct statement *statement, const struct statement_columns *columns) {
    for (int i = 0; i < columns->count; i++) {
        const struct column *column =
            &columns->table->columns[columns->columns != NULL ? columns->columns[i] : i];
        statement->forms[i] = statement_form_of(column);
        statement->forms[i].place = i;
        statement_add_name(statement, i, columns->names != NULL ? columns->names[i] : span_of(column->name));
    }
    statement->column_count = columns->count;
}

// All but the statement itself.
static bool statement_fill(struct statement *statement, const struct statement_key *key,
                           const struct statement_columns *columns) {
    int count = sqlite3_column_count(statement->stmt);
    statement->forms = calloc((size_t)count + 1, sizeof *statement->forms);
    if (statement->forms == NULL)
        return false;
    statement->key = *key;
    statement->column_count = count;
    // The columns that only cursors need are as SQLite says: what they are is bound again.
    statement_describe(statement, columns != NULL && columns->table == NULL);
    if (columns != NULL && columns->table != NULL) {
        buffer_clear(&statement->members);
        buffer_clear(&statement->names);
        statement_describe_table(statement, columns);
    }
    buffer_append(&statement->text, key->text.data, key->text.size);
    statement->key.text = (struct span){statement->text.data, statement->text.size};
    return !statement->members.failed && !statement->names.failed && !statement->text.failed;
}

struct statement *statement_prepare(struct statement_cache *cache, sqlite3 *db,
                                    const struct statement_key *key, const char *sql, const char *what,
                                    const struct statement_columns *columns, struct error *error) {
    struct statement made = {.used = ++cache->used};
    if (stmt_prepare(db, sql, what, &made.stmt, error) != 0)
        return NULL;
    if (!statement_fill(&made, key, columns)) {
        statement_free(&made);
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    struct statement *statement = statement_make_room(cache);
    *statement = made;
    return statement;
}
