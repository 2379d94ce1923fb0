#include "views/engine/prove/compare.h"

#include "views/engine/read.h"
#include "views/engine/sqlite/stmt.h"

#include <stdio.h>
#include <stdlib.h>

enum { COMPARE_COLUMNS_MAX = 2000 };

// --- values as text

static void compare_append(char text[PROVE_TEXT_SIZE], const char *more) {
    size_t used = strlen(text);
    (void)snprintf(text + used, PROVE_TEXT_SIZE - used, "%s", more);
}

static void compare_add_bytes(char text[PROVE_TEXT_SIZE], sqlite3_stmt *row, int column) {
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    const size_t size = (size_t)sqlite3_column_bytes(row, column);
    compare_append(text, "x'");
    for (size_t i = 0; i < size && i < PROVE_TEXT_SIZE; i++) {
        char digits[sizeof "ff"];
        (void)snprintf(digits, sizeof digits, "%02x", (unsigned)bytes[i]);
        compare_append(text, digits);
    }
    compare_append(text, "'");
}

// As SQL writes it: x'' is another key than ''.
static void compare_add_value(char text[PROVE_TEXT_SIZE], sqlite3_stmt *row, int column) {
    int type = sqlite3_column_type(row, column);
    const char *quote = type == SQLITE_TEXT ? "'" : "";
    const char *const pieces[] = {text[0] != '\0' ? ", " : "", sqlite3_column_name(row, column), " = ",
                                  quote};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        compare_append(text, pieces[i]);
    if (type == SQLITE_BLOB) {
        compare_add_bytes(text, row, column);
        return;
    }
    const char *value = (const char *)sqlite3_column_text(row, column);
    compare_append(text, value != NULL ? value : "null");
    compare_append(text, quote);
}

// --- tables

// A row that only one side has, or has more times.
struct compare_row {
    sqlite3_stmt *stmt;
    int columns; // of the table; then comes how many times more the file has it
    int keys;    // the first so many
};

static bool compare_is_zero(sqlite3_stmt *row, int column, bool *ret_number) {
    char *end = NULL;
    const char *text;
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        *ret_number = true;
        return sqlite3_column_double(row, column) == 0;
    case SQLITE_TEXT: // a NUMERIC that is kept as text
        text = (const char *)sqlite3_column_text(row, column);
        *ret_number |= text != NULL && strtod(text, &end) == 0 && end != text && *end == '\0';
        return text == NULL || end == text || *end != '\0' || strtod(text, NULL) == 0;
    default:
        return true;
    }
}

// A group that is empty by now, and stays in the file: its counts and sums are 0, or it has a max or the like alone, which is
// NULL of no rows. What the view's queries show of it they are compared for.
static bool compare_is_empty(const struct compare_row *row) {
    bool number = false, nothing = row->keys < row->columns;
    for (int i = row->keys; i < row->columns; i++) {
        if (!compare_is_zero(row->stmt, i, &number))
            return false;
        nothing &= sqlite3_column_type(row->stmt, i) == SQLITE_NULL;
    }
    return number || nothing;
}

static void compare_describe(const struct compare_row *row, int from, int to, char ret[PROVE_TEXT_SIZE]) {
    ret[0] = '\0';
    for (int i = from; i < to; i++)
        compare_add_value(ret, row->stmt, i);
}

// Takes the differing rows in the order of their keys: two neighbours of one key are what the row is and should be.
static int compare_first(const struct compare_row *row, const char *table, struct prove_difference *ret,
                         struct error *error) {
    bool pending = false; // `ret` has one side
    bool empty = false;
    int found;
    (void)snprintf(ret->where, sizeof ret->where, "table %s", table);
    while ((found = stmt_row(row->stmt, table, error)) == 1) {
        char key[PROVE_TEXT_SIZE];
        bool more = sqlite3_column_int64(row->stmt, row->columns) > 0;
        compare_describe(row, 0, row->keys, key);
        bool same = pending && row->keys < row->columns && strcmp(key, ret->key) == 0;
        if (pending && !same && !empty)
            break;
        if (!same) {
            (void)snprintf(ret->key, sizeof ret->key, "%s", key);
            (void)snprintf(ret->got, sizeof ret->got, "no row");
            (void)snprintf(ret->wanted, sizeof ret->wanted, "no row");
        }
        char *side = more ? ret->got : ret->wanted;
        compare_describe(row, row->keys, row->columns, side);
        if (side[0] == '\0')
            (void)snprintf(side, PROVE_TEXT_SIZE, "a row %lld times more",
                           llabs(sqlite3_column_int64(row->stmt, row->columns)));
        empty = !same && more && compare_is_empty(row);
        pending = true;
    }
    (void)sqlite3_reset(row->stmt);
    return found < 0 ? -1 : pending && !empty;
}

// The columns that tell rows apart: of the primary key, else of a unique index, else all of them. Of an index of expressions,
// such as ifnull(tier, ''), those that they name.
static const char compare_columns_sql[] =
    "with the(name) as (select name from pragma_index_list(:table)"
    " where \"unique\" and not partial and origin <> 'pk' order by seq limit 1),"
    " words(text) as (select ' ' || replace(replace(replace(replace(substr(sql, instr(sql, '(')), '(', ' '), ')', ' '), ',', ' '), '\"', ' ')"
    " || ' ' from sqlite_schema where type = 'index' and name in (select name from the)"
    " and exists (select 1 from the, pragma_index_info(the.name) i where i.name is null)),"
    " own(name) as (select name from pragma_table_info(:table) where pk > 0),"
    " keys(name) as (select name from own union all select i.name from the, pragma_index_info(the.name) i"
    " where not exists (select 1 from own) union all select t.name from pragma_table_info(:table) t, words w"
    " where not exists (select 1 from own) and instr(lower(w.text), ' ' || lower(t.name) || ' ') > 0)"
    " select t.name, t.name in (select name from keys where name is not null) as k from pragma_table_info(:table) t"
    " order by k desc, t.cid";

// Whether texts of other bytes count as one there: of a key they do, since of a group either spelling may stand for all, and of
// numbers, which are the same ones. Any other column with a collation (nocase, citext, rtrim) is stale by one letter.
static bool compare_needs_bytes(sqlite3 *db, const char *table, const char *column, bool is_key) {
    const char *collation = NULL;
    return !is_key &&
           sqlite3_table_column_metadata(db, "was", table, column, NULL, &collation, NULL, NULL, NULL) ==
               SQLITE_OK &&
           collation != NULL && sqlite3_stricmp(collation, "numeric") != 0 &&
           sqlite3_stricmp(collation, "binary") != 0;
}

// `"a","b"` into `list`, and into `groups` as they are told apart; how many columns there are, -1 = error.
static int compare_columns(sqlite3 *db, const char *table, sqlite3_str *list, sqlite3_str *groups,
                           int *ret_keys, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, compare_columns_sql, table, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table));
    int count = 0;
    int row;
    *ret_keys = 0;
    while ((row = stmt_row(stmt, table, error)) == 1 && count < COMPARE_COLUMNS_MAX) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        int is_key = sqlite3_column_int(stmt, 1);
        bool bytes = name != NULL && compare_needs_bytes(db, table, name, is_key != 0);
        sqlite3_str_appendf(list, "%s\"%w\"", count > 0 ? "," : "", name);
        sqlite3_str_appendf(groups, "%s\"%w\"%s", count > 0 ? "," : "", name, bytes ? " collate binary" : "");
        *ret_keys += is_key;
        count++;
    }
    if (*ret_keys == 0)
        *ret_keys = count;
    return row < 0 ? -1 : count;
}

int compare_table(struct sqlite3 *db, const char *table, struct prove_difference *ret, struct error *error) {
    sqlite3_str *names = sqlite3_str_new(db);
    sqlite3_str *terms = sqlite3_str_new(db);
    struct compare_row row = {0};
    row.columns = compare_columns(db, table, names, terms, &row.keys, error);
    CLEANUP(stmt_free_text) char *list = sqlite3_str_finish(names);
    CLEANUP(stmt_free_text) char *groups = sqlite3_str_finish(terms);
    if (row.columns <= 0)
        return row.columns;
    CLEANUP(stmt_free_text)
    char *sql =
        sqlite3_mprintf("select %s, sum(side) as times from (select *, 1 as side from was.\"%w\" union all"
                        " select *, -1 from main.\"%w\") group by %s having times <> 0 order by %s",
                        list, table, table, groups, groups);
    if (list == NULL || groups == NULL || sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, sql, table, &stmt, error) != 0)
        return -1;
    row.stmt = stmt;
    return compare_first(&row, table, ret, error);
}

// --- the index behind a table for searching

int compare_index(struct sqlite3 *db, const char *table, struct prove_difference *ret, struct error *error) {
    CLEANUP(stmt_free_text)
    char *sql =
        sqlite3_mprintf("insert into was.\"%w\"(\"%w\", rank) values ('integrity-check', 1)", table, table);
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return 0; // it is none of fts5
    int code = sqlite3_step(stmt) & 0xff;
    if (code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_CORRUPT)
        return stmt_error(error, db, table);
    (void)snprintf(ret->where, sizeof ret->where, "table %s", table);
    (void)snprintf(ret->key, sizeof ret->key, "its index of words");
    (void)snprintf(ret->got, sizeof ret->got, "others than its rows have");
    (void)snprintf(ret->wanted, sizeof ret->wanted, "those of its rows");
    return 1;
}

// --- queries

// Without what may stand behind it; a comment may still end it.
static void compare_add_query(sqlite3_str *text, const struct query *query) {
    const char *sql = stmt_skip_blank(query->sql);
    size_t size = strlen(sql);
    while (size > 0 && strchr("; \t\r\n", sql[size - 1]) != NULL)
        size--;
    sqlite3_str_appendf(text, "(%.*s\n)", (int)size, sql);
}

static void compare_bind_limit(sqlite3_stmt *stmt) {
    int limit = sqlite3_bind_parameter_index(stmt, ":limit");
    if (limit > 0)
        (void)sqlite3_bind_int(stmt, limit, READ_LIMIT_MAX);
}

// Rows in the order of all their columns; of a query that cannot stand within another, in its own.
static int compare_ask(sqlite3 *db, const struct query *query, sqlite3_stmt **ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *plain = NULL;
    if (sqlite3_prepare_v2(db, query->sql, -1, &plain, NULL) != SQLITE_OK)
        return stmt_error(error, db, query->file);
    sqlite3_str *text = sqlite3_str_new(db);
    sqlite3_str_appendall(text, "select * from ");
    compare_add_query(text, query);
    sqlite3_str_appendall(text, " order by ");
    for (int i = 1; i <= sqlite3_column_count(plain); i++)
        sqlite3_str_appendf(text, "%s%d", i > 1 ? "," : "", i);
    CLEANUP(stmt_free_text) char *ordered = sqlite3_str_finish(text);
    if (ordered == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    // one that cannot stand within another is asked as it is
    if (sqlite3_prepare_v2(db, ordered, -1, ret, NULL) != SQLITE_OK) {
        *ret = plain;
        plain = NULL;
    }
    compare_bind_limit(*ret);
    return 0;
}

// Whether two texts of the answers' column are one by its collation: of a group of CITEXT or NUMERIC either spelling may stand
// for all. A row of the answer that is equal to both says so; where the columns' collation is none, none is.
static bool compare_is_alike(sqlite3 *db, const struct query *query, sqlite3_stmt *a, sqlite3_stmt *b,
                             int column) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    sqlite3_str *text = sqlite3_str_new(db);
    sqlite3_str_appendall(text, "with _answer(");
    for (int i = 0; i < sqlite3_column_count(a); i++)
        sqlite3_str_appendf(text, "%sc%d", i > 0 ? "," : "", i);
    sqlite3_str_appendall(text, ") as ");
    compare_add_query(text, query);
    sqlite3_str_appendf(text, " select 1 from _answer where c%d = :_left and c%d = :_right limit 1", column,
                        column);
    CLEANUP(stmt_free_text) char *sql = sqlite3_str_finish(text);
    if (sql == NULL || sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return false;
    compare_bind_limit(stmt);
    (void)sqlite3_bind_value(stmt, sqlite3_bind_parameter_index(stmt, ":_left"),
                             sqlite3_column_value(a, column));
    (void)sqlite3_bind_value(stmt, sqlite3_bind_parameter_index(stmt, ":_right"),
                             sqlite3_column_value(b, column));
    return sqlite3_step(stmt) == SQLITE_ROW;
}

static bool compare_same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
    int type = sqlite3_column_type(a, column);
    if (type != sqlite3_column_type(b, column))
        return false;
    if (type == SQLITE_FLOAT)
        return sqlite3_column_double(a, column) == sqlite3_column_double(b, column);
    const void *left = sqlite3_column_blob(a, column);
    const void *right = sqlite3_column_blob(b, column);
    int size = sqlite3_column_bytes(a, column);
    return size == sqlite3_column_bytes(b, column) && (size == 0 || memcmp(left, right, (size_t)size) == 0);
}

static bool compare_same_row(sqlite3 *db, const struct query *query, sqlite3_stmt *a, sqlite3_stmt *b) {
    for (int i = 0; i < sqlite3_column_count(a); i++) {
        bool texts = sqlite3_column_type(a, i) == SQLITE_TEXT && sqlite3_column_type(b, i) == SQLITE_TEXT;
        if (!compare_same_value(a, b, i) && !(texts && compare_is_alike(db, query, a, b, i)))
            return false;
    }
    return true;
}

static void compare_describe_answer(sqlite3_stmt *stmt, bool there, char ret[PROVE_TEXT_SIZE]) {
    ret[0] = '\0';
    for (int i = 0; there && i < sqlite3_column_count(stmt); i++)
        compare_add_value(ret, stmt, i);
    if (!there)
        (void)snprintf(ret, PROVE_TEXT_SIZE, "no row");
}

int compare_query(struct sqlite3 *was, struct sqlite3 *anew, const struct query *query,
                  struct prove_difference *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *got = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *wanted = NULL;
    if (compare_ask(was, query, &got, error) != 0 || compare_ask(anew, query, &wanted, error) != 0)
        return -1;
    for (int64_t row = 1;; row++) {
        int left = sqlite3_step(got);
        int right = sqlite3_step(wanted);
        // what it cannot answer without parameters says nothing of the view
        if (left != right && (left == SQLITE_ROW || left == SQLITE_DONE) && right != SQLITE_ROW &&
            right != SQLITE_DONE)
            return stmt_error(error, anew, query->file);
        if (left != SQLITE_ROW && right != SQLITE_ROW)
            return 0;
        if (left == SQLITE_ROW && right == SQLITE_ROW && compare_same_row(anew, query, got, wanted))
            continue;
        (void)snprintf(ret->where, sizeof ret->where, "query %s", query->name);
        (void)snprintf(ret->key, sizeof ret->key, "row %lld of its answer", (long long)row);
        compare_describe_answer(got, left == SQLITE_ROW, ret->got);
        compare_describe_answer(wanted, right == SQLITE_ROW, ret->wanted);
        return 1;
    }
}
