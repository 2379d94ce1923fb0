#include "views/engine/sqlite/feed_sql.h"

#include <string.h>

struct feed_column {
    const char *name;
    const char *type;
    bool is_key;
};

void feed_sql_free(struct feed_sql *feed) {
    struct buffer *const all[] = {&feed->name,        &feed->columns,     &feed->old,
                                  &feed->added,       &feed->declared,    &feed->keys,
                                  &feed->old_is_feed, &feed->new_is_feed, &feed->new_is_row,
                                  &feed->new_is_old,  &feed->feed_is_row, &feed->sizes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buffer_free(all[i]);
}

// The pieces behind `join`, unless they are the first.
static void feed_sql_add(struct buffer *out, const char *join, const char *before, const char *name,
                         const char *behind) {
    buffer_text(out, out->size > 0 ? join : "");
    buffer_text(out, before);
    buffer_text(out, name);
    buffer_text(out, behind);
}

// `f."a" is old."a"`
static void feed_sql_add_equal(struct buffer *out, const char *one, const char *other, const char *name) {
    feed_sql_add(out, " and ", one, name, " is ");
    buffer_text(out, other);
    buffer_text(out, name);
}

static void feed_sql_add_column(struct feed_sql *feed, const struct feed_column *column) {
    CLEANUP(stmt_free_text)
    char *name =
        column->name != NULL && column->type != NULL ? sqlite3_mprintf("\"%w\"", column->name) : NULL;
    if (name == NULL) {
        feed->columns.failed = true;
        return;
    }
    feed_sql_add(&feed->columns, ",", "", name, "");
    feed_sql_add(&feed->old, ",", "old.", name, "");
    feed_sql_add(&feed->declared, ",", "", name, " ");
    // In a STRICT table ANY leaves a value as it is; here it would make a number of '007'.
    buffer_text(&feed->declared, sqlite3_stricmp(column->type, "any") == 0 ? "" : column->type);
    feed_sql_add(&feed->sizes, "+", "ifnull(length(cast(", name, " as blob)),0)");
    feed_sql_add(&feed->added, ",", column->is_key ? "new." : "null", column->is_key ? name : "", "");
    if (!column->is_key)
        return;
    feed_sql_add(&feed->keys, ",", "", name, "");
    feed_sql_add_equal(&feed->old_is_feed, "f.", "old.", name);
    feed_sql_add_equal(&feed->new_is_feed, "f.", "new.", name);
    feed_sql_add_equal(&feed->new_is_row, "m.", "new.", name);
    feed_sql_add_equal(&feed->new_is_old, "new.", "old.", name);
    feed_sql_add_equal(&feed->feed_is_row, "f.", "m.", name);
}

static void feed_sql_add_name(struct feed_sql *feed, const char *table) {
    CLEANUP(stmt_free_text) char *name = sqlite3_mprintf("%w", table);
    feed->name.failed |= name == NULL;
    buffer_text(&feed->name, name != NULL ? name : "");
}

// 1 = the statement, bound to the table, has a row.
static int feed_sql_ask(sqlite3 *db, const char *sql, const char *table, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, sql, table, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table));
    return stmt_row(stmt, table, error);
}

static bool feed_sql_end_texts(struct feed_sql *feed) {
    struct buffer *const all[] = {&feed->name,        &feed->columns,     &feed->old,
                                  &feed->added,       &feed->declared,    &feed->keys,
                                  &feed->old_is_feed, &feed->new_is_feed, &feed->new_is_row,
                                  &feed->new_is_old,  &feed->feed_is_row, &feed->sizes};
    bool failed = false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buffer_char(all[i], '\0');
        failed |= all[i]->failed;
    }
    return !failed;
}

int feed_sql_read(struct feed_sql *ret, sqlite3 *db, const char *table, struct error *error) {
    *ret = (struct feed_sql){0};
    int usable = feed_sql_ask(db,
                              "select 1 from main.sqlite_schema where type = 'table' and name = :table"
                              " and sql not like 'create virtual%' and not exists("
                              "select 1 from pragma_index_list(:table) where \"unique\" and origin <> 'pk')",
                              table, error);
    if (usable <= 0)
        return usable;
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db,
                     "select name, type, pk from pragma_table_xinfo(:table) where hidden <> 1 order by cid",
                     table, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table));
    feed_sql_add_name(ret, table);
    int row;
    int count = 0;
    while ((row = stmt_row(stmt, table, error)) == 1 && ++count <= FEED_COLUMNS_MAX)
        feed_sql_add_column(ret, &(struct feed_column){.name = (const char *)sqlite3_column_text(stmt, 0),
                                                       .type = (const char *)sqlite3_column_text(stmt, 1),
                                                       .is_key = sqlite3_column_int(stmt, 2) > 0});
    bool has_key = ret->keys.size > 0 && count <= FEED_COLUMNS_MAX;
    if (row >= 0 && !feed_sql_end_texts(ret))
        row = error_set(error, ERROR_SYSTEM, "out of memory");
    if (row < 0 || !has_key)
        feed_sql_free(ret);
    return row < 0 ? -1 : has_key;
}

char *feed_sql_create(const struct feed_sql *feed) {
    return sqlite3_mprintf("CREATE TABLE \"_feed_%s\"(_version integer not null,_absent integer not null,%s)",
                           feed->name.data, feed->declared.data);
}

char *feed_sql_index(const struct feed_sql *feed) {
    return sqlite3_mprintf("create index main.\"_feed_by_%s\" on \"_feed_%s\"(_version,%s)", feed->name.data,
                           feed->name.data, feed->keys.data);
}

// An upsert tries to insert first, a replace deletes without a trigger: so the row that is there is looked at before. The
// first image of a commit counts.
char *feed_sql_trigger(const struct feed_sql *feed) {
    const char *name = feed->name.data;
    sqlite3_str *sql = sqlite3_str_new(NULL);
#define FEED_NEW_HERE                                                                                        \
    "not exists(select 1 from \"_feed_%s\" f where f._version=(select version from _feed_now) and %s)"
#define FEED_FROM_ROW                                                                                        \
    "insert into \"_feed_%s\" select (select version from _feed_now),0,%s from main.\"%s\" m where %s and "
    sqlite3_str_appendf(
        sql,
        "create temp trigger \"_feed_1_%s\" before insert on main.\"%s\" begin " FEED_FROM_ROW FEED_NEW_HERE
        "; end;",
        name, name, name, feed->columns.data, name, feed->new_is_row.data, name, feed->new_is_feed.data);
    sqlite3_str_appendf(
        sql,
        "create temp trigger \"_feed_2_%s\" before update on main.\"%s\" when not(%s) begin " FEED_FROM_ROW
            FEED_NEW_HERE "; end;",
        name, name, feed->new_is_old.data, name, feed->columns.data, name, feed->new_is_row.data, name,
        feed->new_is_feed.data);
#define FEED_OLD                                                                                             \
    "insert into \"_feed_%s\" select (select version from _feed_now),0,%s where " FEED_NEW_HERE ";"
#define FEED_ADDED                                                                                           \
    "insert into \"_feed_%s\" select (select version from _feed_now),1,%s where " FEED_NEW_HERE ";"
    sqlite3_str_appendf(
        sql, "create temp trigger \"_feed_3_%s\" after insert on main.\"%s\" begin " FEED_ADDED " end;", name,
        name, name, feed->added.data, name, feed->new_is_feed.data);
    sqlite3_str_appendf(
        sql,
        "create temp trigger \"_feed_4_%s\" after update on main.\"%s\" begin " FEED_OLD FEED_ADDED " end;",
        name, name, name, feed->old.data, name, feed->old_is_feed.data, name, feed->added.data, name,
        feed->new_is_feed.data);
    sqlite3_str_appendf(
        sql, "create temp trigger \"_feed_5_%s\" after delete on main.\"%s\" begin " FEED_OLD " end;", name,
        name, name, feed->old.data, name, feed->old_is_feed.data);
    return sqlite3_str_finish(sql);
}

static void feed_sql_append_unwatch(sqlite3_str *sql, const char *table) {
    for (int i = 1; i <= 5; i++)
        sqlite3_str_appendf(sql, "drop trigger if exists temp.\"_feed_%d_%w\";", i, table);
}

char *feed_sql_unwatch(const char *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    feed_sql_append_unwatch(sql, table);
    return sqlite3_str_finish(sql);
}

char *feed_sql_drop(const char *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    feed_sql_append_unwatch(sql, table);
    sqlite3_str_appendf(sql, "drop table if exists main.\"_feed_%w\"", table);
    return sqlite3_str_finish(sql);
}

char *feed_sql_bytes(const struct feed_sql *feed) {
    return sqlite3_mprintf("select sum(%s+64) from \"_feed_%s\" where _version=:version", feed->sizes.data,
                           feed->name.data);
}

char *feed_sql_purge(const struct feed_sql *feed) {
    return sqlite3_mprintf("delete from \"_feed_%s\" where _version<=:version", feed->name.data);
}

// A key's oldest image since then is its row as it was.
char *feed_sql_past(const struct feed_sql *feed, int64_t version) {
    const char *name = feed->name.data;
    const char *columns = feed->columns.data;
    return sqlite3_mprintf(
        "create temp view \"%s\" as select %s from main.\"%s\" m where not exists(select 1 from main.\"_feed_%s\" f"
        " where f._version>%lld and %s) union all select %s from (select %s,_absent,min(_version) from main.\"_feed_%s\""
        " where _version>%lld group by %s) where not _absent",
        name, columns, name, name, (long long)version, feed->feed_is_row.data, columns, columns, name,
        (long long)version, feed->keys.data);
}
