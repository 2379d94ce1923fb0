#include "views/engine/mirror/deferral.h"

#include "views/engine/sqlite/engine_sql.h"

#include <ctype.h>
#include <strings.h>

// Behind the quoted text that begins at `at`: '...', "...", `...` or [...]; a quote within is doubled.
static const char *mirror_deferral_skip_quoted(const char *at) {
    char close = *at == '[' ? ']' : *at;
    for (at++; *at != '\0'; at++) {
        if (*at != close)
            continue;
        if (close == ']' || at[1] != close)
            return at + 1;
        at++;
    }
    return at;
}

static const char *mirror_deferral_skip_comment(const char *at) {
    const char *end = at[0] == '-' ? strchr(at, '\n') : strstr(at + 2, "*/");
    if (end == NULL)
        return at + strlen(at);
    return at[0] == '-' ? end + 1 : end + 2;
}

static bool mirror_deferral_is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

// The next token, `at` behind it; of size 0 at the end. Quoted names and texts are tokens; operators have one letter,
// but for ->.
static struct span mirror_deferral_next(const char **at) {
    const char *from = *at;
    for (;;) {
        if (isspace((unsigned char)*from))
            from++;
        else if ((from[0] == '-' && from[1] == '-') || (from[0] == '/' && from[1] == '*'))
            from = mirror_deferral_skip_comment(from);
        else
            break;
    }
    const char *end = from;
    if (*from == '\'' || *from == '"' || *from == '`' || *from == '[')
        end = mirror_deferral_skip_quoted(from);
    else if (mirror_deferral_is_word(*from))
        while (mirror_deferral_is_word(*end))
            end++;
    else if (from[0] == '-' && from[1] == '>')
        end += 2;
    else if (*from != '\0')
        end++;
    *at = end;
    return (struct span){from, (size_t)(end - from)};
}

static bool mirror_deferral_is(struct span token, const char *word) {
    return token.size == strlen(word) && strncasecmp(token.data, word, token.size) == 0;
}

static bool mirror_deferral_token_computes(struct span token) {
    static const char *const computing[] = {"(", "->", "like", "glob", "match", "regexp", "cast"};
    for (size_t i = 0; i < sizeof computing / sizeof *computing; i++)
        if (mirror_deferral_is(token, computing[i]))
            return true;
    return false;
}

bool mirror_deferral_computes(const char *sql) {
    int depth = 0;
    bool condition = false;
    for (struct span token = mirror_deferral_next(&sql); token.size > 0; token = mirror_deferral_next(&sql)) {
        if (condition && mirror_deferral_token_computes(token))
            return true;
        depth += mirror_deferral_is(token, "(") ? 1 : mirror_deferral_is(token, ")") ? -1 : 0;
        condition |= depth == 0 && mirror_deferral_is(token, "where");
    }
    return !condition;
}

static bool mirror_deferral_token_resolves(struct span token) {
    static const char *const words[] = {"ignore", "replace", "abort", "fail", "rollback"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mirror_deferral_is(token, words[i]))
            return true;
    return false;
}

int mirror_deferral_resolves(sqlite3 *db, bool *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "views_objects", &stmt, error) != 0)
        return -1;
    *ret = false;
    int row;
    while ((row = stmt_row(stmt, "sqlite_schema", error)) == 1) {
        const char *sql = (const char *)sqlite3_column_text(stmt, 0);
        if (sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        for (struct span token = mirror_deferral_next(&sql); token.size > 0;
             token = mirror_deferral_next(&sql))
            *ret |= mirror_deferral_token_resolves(token);
    }
    return row;
}

static int mirror_deferral_has_trigger(struct mirror_table *table, bool *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(table->db, "table_has_trigger", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table->table->name));
    if (stmt_row(stmt, table->table->name, error) != 1)
        return -1;
    *ret = sqlite3_column_int(stmt, 0) != 0;
    return 0;
}

static int mirror_deferral_has_refusing_index(struct mirror_table *table, bool *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(table->db, "table_indexes", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table->table->name));
    *ret = false;
    int row;
    while ((row = stmt_row(stmt, table->table->name, error)) == 1) {
        const char *sql = (const char *)sqlite3_column_text(stmt, 2);
        *ret |= sqlite3_column_int(stmt, 0) != 0 ||
                (sqlite3_column_int(stmt, 1) != 0 && (sql == NULL || mirror_deferral_computes(sql)));
    }
    return row;
}

int mirror_deferral_find(struct mirror_table *table, struct error *error) {
    bool trigger = false;
    bool index = false;
    if (mirror_deferral_has_trigger(table, &trigger, error) != 0 ||
        mirror_deferral_has_refusing_index(table, &index, error) != 0)
        return -1;
    // Two keys that differ by their bytes may be one number.
    bool exact = true;
    for (int i = 0; i < table->table->key_count; i++)
        exact &= table->table->columns[table->table->keys[i]].type != COLUMN_REAL;
    table->may_defer = exact && !trigger && !index;
    table->in_order = exact && (trigger || index);
    return 0;
}
