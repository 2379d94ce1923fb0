#include "views/engine/row/table_change.h"

#include "views/engine/row/column_type.h"
#include "views/engine/row/table_sql.h"

#include <sqlite3.h>

enum { STORED_TYPE_SIZE = 32 };

char *table_change_mirror(const struct table *tables, int count) {
    sqlite3_str *text = sqlite3_str_new(NULL);
    bool whole = true;
    for (int i = 0; i < count; i++) {
        char *sql = table_sql_create(&tables[i]);
        whole &= sql != NULL;
        if (sql != NULL)
            sqlite3_str_appendall(text, sql);
        sqlite3_free(sql);
    }
    char *made = sqlite3_str_finish(text);
    if (whole)
        return made;
    sqlite3_free(made);
    return NULL;
}

// A name in other letters is the same one to SQLite, which refuses it.
char *table_change_rename(const char *old_name, const char *new_name) {
    if (sqlite3_stricmp(old_name, new_name) == 0)
        return sqlite3_mprintf(
            "alter table \"%w\" rename to \"_renamed_%w\";alter table \"_renamed_%w\" rename to \"%w\";"
            "alter table \"_deleted_%w\" rename to \"_renamed_%w\";"
            "alter table \"_renamed_%w\" rename to \"_deleted_%w\"",
            old_name, old_name, old_name, new_name, old_name, old_name, old_name, new_name);
    return sqlite3_mprintf(
        "alter table \"%w\" rename to \"%w\";alter table \"_deleted_%w\" rename to \"_deleted_%w\"", old_name,
        new_name, old_name, new_name);
}

char *table_change_drop(const char *name) {
    return sqlite3_mprintf("drop table \"%w\";drop table \"_deleted_%w\"", name, name);
}

char *table_change_rename_column(const char *table, const char *old_name, const char *new_name, bool key) {
    return key ? sqlite3_mprintf("alter table \"%w\" rename column \"%w\" to \"%w\";"
                                 "alter table \"_deleted_%w\" rename column \"%w\" to \"%w\"",
                                 table, old_name, new_name, table, old_name, new_name)
               : sqlite3_mprintf("alter table \"%w\" rename column \"%w\" to \"%w\"", table, old_name,
                                 new_name);
}

char *table_change_drop_column(const char *table, const char *column) {
    return sqlite3_mprintf("alter table \"%w\" drop column \"%w\"", table, column);
}

char *table_change_other_form(const char *table, const struct column *column) {
    const char *other = column->variant == COLUMN_UUID          ? "glob '*[A-F]*'"
                        : strchr(column->declared, ',') != NULL ? "is null"
                                                                : "glob '*.*0'";
    return sqlite3_mprintf("select \"%w\" from \"%w\" where \"%w\" %s limit 1", column->name, table,
                           column->name, other);
}

static void table_change_literal(sqlite3_str *sql, const struct value *value) {
    if (value->kind == VALUE_INTEGER)
        sqlite3_str_appendf(sql, "%lld", (long long)value->integer);
    else if (value->kind == VALUE_REAL)
        sqlite3_str_appendf(sql, "%!.17g", value->real);
    else if (value->kind == VALUE_TEXT)
        sqlite3_str_appendf(sql, "'%.*q'", (int)value->bytes.size, value->bytes.data);
    else if (value->kind == VALUE_BLOB) {
        sqlite3_str_appendall(sql, "x'");
        for (size_t i = 0; i < value->bytes.size; i++)
            sqlite3_str_appendf(sql, "%02x", (unsigned)(unsigned char)value->bytes.data[i]);
        sqlite3_str_appendall(sql, "'");
    } else
        sqlite3_str_appendall(sql, "null");
}

char *table_change_add_column(const char *table, const struct column *column) {
    char stored[STORED_TYPE_SIZE];
    sqlite3_str *sql = sqlite3_str_new(NULL);
    column_type_stored(column, stored, sizeof stored);
    sqlite3_str_appendf(sql, "alter table \"%w\" add column \"%w\" %s", table, column->name, stored);
    // Not by SQLite's `default`: its preupdate hook shows null in rows that were not written since (3.40).
    if (column_has_default(column)) {
        sqlite3_str_appendf(sql, ";update \"%w\" set \"%w\"=", table, column->name);
        table_change_literal(sql, &column->fallback);
    }
    return sqlite3_str_finish(sql);
}

char *table_change_has_null(const char *table, const char *column) {
    return sqlite3_mprintf("select exists(select 1 from \"%w\" where \"%w\" is null)", table, column);
}

char *table_change_default(const char *table, const struct column *column) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "update \"%w\" set \"%w\"=", table, column->name);
    table_change_literal(sql, &column->fallback);
    sqlite3_str_appendf(sql, " where \"%w\" is null", column->name);
    return sqlite3_str_finish(sql);
}

char *table_change_generate(const struct table *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "update \"%w\" set ", table->name);
    const char *comma = "";
    for (int i = 0; i < table->column_count; i++) {
        if (table->columns[i].generated == NULL)
            continue;
        sqlite3_str_appendf(sql, "%s\"%w\"=%s", comma, table->columns[i].name, table->columns[i].generated);
        comma = ",";
    }
    return sqlite3_str_finish(sql);
}

// Whatever the columns are called: WHERE would take one for an alias of its name.
char *table_change_beyond(const struct table *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "with row(number");
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, ",key%d", i + 1);
    sqlite3_str_appendall(sql, ") as (select ");
    table_sql_beyond(sql, table);
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, ",\"%w\"", table->columns[table->keys[i]].name);
    sqlite3_str_appendf(sql, " from main.\"%w\") select * from row where number is not null limit 1",
                        table->name);
    return sqlite3_str_finish(sql);
}

char *table_change_unpad(const char *table, const char *column, int width) {
    return sqlite3_mprintf("update \"%w\" set \"%w\"=rtrim(\"%w\",' ') where length(\"%w\")=%d", table,
                           column, column, column, width);
}

char *table_change_key(const struct table *is, const char *const *from) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    char *create = table_sql_create(is);
    sqlite3_str_appendf(sql,
                        "alter table \"%w\" rename to \"_rekeyed_%w\";drop table \"_deleted_%w\";%s"
                        "insert or ignore into \"%w\"(",
                        is->name, is->name, is->name, create != NULL ? create : "", is->name);
    for (int i = 0; i < is->column_count; i++)
        sqlite3_str_appendf(sql, "\"%w\",", is->columns[i].name);
    sqlite3_str_appendall(sql, "_lsn,_snapshot) select ");
    for (int i = 0; i < is->column_count; i++) {
        if (from[i] != NULL)
            sqlite3_str_appendf(sql, "\"%w\"", from[i]);
        else
            table_change_literal(sql, &is->columns[i].fallback);
        sqlite3_str_appendall(sql, ",");
    }
    sqlite3_str_appendf(sql, "_lsn,_snapshot from \"_rekeyed_%w\" where true", is->name);
    for (int i = 0; i < is->key_count; i++) {
        const char *key = from[is->keys[i]];
        if (key != NULL)
            sqlite3_str_appendf(sql, " and \"%w\" is not null", key);
        else
            sqlite3_str_appendall(sql, " and false");
    }
    sqlite3_str_appendf(sql, ";drop table \"_rekeyed_%w\"", is->name);
    char *made = sqlite3_str_finish(sql);
    if (create == NULL) {
        sqlite3_free(made);
        made = NULL;
    }
    sqlite3_free(create);
    return made;
}

// m.KEY=f.KEY and ..
static void table_change_join(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->key_count; i++) {
        const char *name = table->columns[table->keys[i]].name;
        sqlite3_str_appendf(sql, "%sm.\"%w\"=f.\"%w\"", i > 0 ? " and " : "", name, name);
    }
}

// PREFIX"a",PREFIX"b" of the key.
static void table_change_keys(sqlite3_str *sql, const struct table *table, const char *prefix) {
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s%s\"%w\"", i > 0 ? "," : "", prefix, table->columns[table->keys[i]].name);
}

// One event wrote both rows' present state, a snapshot's or a streamed one: what came before it does not matter.
#define TABLE_CHANGE_SAME                                                                                    \
    "max(m._lsn,m._snapshot)=max(f._lsn,f._snapshot) and (m._snapshot<m._lsn)=(f._snapshot<f._lsn)"

// Whether no event that was read again told the column.
static void table_change_untold(sqlite3_str *sql, const struct column *column) {
    sqlite3_str_appendf(sql, "typeof(f.\"%w\")='%s'", column->name,
                        column_type_untold(column).kind == VALUE_TEXT ? "text" : "blob");
}

// A column that is not awaited has what its event said, but where that was unchanged TOAST: the value that came with an
// event which the old declaration put into quarantine is in the log only, and null says nothing there.
static bool table_change_stays(const struct column *column, bool awaited) {
    return !awaited && column->key == 0 && column->generated == NULL;
}

// What the row gets of the column. A null beside a stored value that may be TOASTed is an unchanged one of which the log has
// no value any more.
static void table_change_value(sqlite3_str *sql, const struct column *column, bool awaited) {
    if (awaited && column_type_toastable(column->type))
        sqlite3_str_appendf(sql,
                            "ifnull(f.\"%w\",case when length(cast(m.\"%w\" as blob))>=%d then m.\"%w\" end)",
                            column->name, column->name, COLUMN_TOAST_ROW_MIN, column->name);
    else
        sqlite3_str_appendf(sql, "f.\"%w\"", column->name);
}

// Whether the row that is there lacks what the other has.
static void table_change_differs(sqlite3_str *sql, const struct column *column, bool awaited) {
    bool stays = table_change_stays(column, awaited);
    if (!awaited && !stays)
        return;
    sqlite3_str_appendall(sql, " or (not ");
    table_change_untold(sql, column);
    sqlite3_str_appendf(sql, " and m.\"%w\" is not ", column->name);
    table_change_value(sql, column, awaited);
    if (stays)
        sqlite3_str_appendf(sql, " and f.\"%w\" is not null", column->name);
    sqlite3_str_appendall(sql, ")");
}

// Behind the key that is bound.
static void table_change_behind(sqlite3_str *sql, const struct table *table) {
    sqlite3_str_appendall(sql, " and (");
    table_change_keys(sql, table, "f.");
    sqlite3_str_appendall(sql, ")>(");
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s?%d", i > 0 ? "," : "", i + 1);
    sqlite3_str_appendall(sql, ")");
}

char *table_change_fill_gone(const struct table *table, bool first) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "select ");
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, table->columns[i].key != 0 ? "f.\"%w\"," : "null,", table->columns[i].name);
    sqlite3_str_appendf(sql, "max(f._lsn),-1,0,0 from fill.\"_deleted_%w\" f join main.\"%w\" m on ",
                        table->name, table->name);
    table_change_join(sql, table);
    sqlite3_str_appendall(sql, " where f._lsn>max(m._lsn,m._snapshot)");
    if (!first)
        table_change_behind(sql, table);
    sqlite3_str_appendall(sql, " group by ");
    table_change_keys(sql, table, "f.");
    sqlite3_str_appendall(sql, " order by ");
    table_change_keys(sql, table, "f.");
    return sqlite3_str_finish(sql);
}

char *table_change_fill(const struct table *table, const bool *columns, bool first) {
    const char *key = table->columns[table->keys[0]].name;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "select ");
    for (int i = 0; i < table->column_count; i++) {
        table_change_value(sql, &table->columns[i], columns[i]);
        sqlite3_str_appendall(sql, ",");
    }
    sqlite3_str_appendf(sql,
                        "f._lsn,f._snapshot," TABLE_CHANGE_SAME ",m.\"%w\" is null "
                        "from fill.\"%w\" f left join main.\"%w\" m on ",
                        key, table->name, table->name);
    table_change_join(sql, table);
    sqlite3_str_appendf(sql, " where (m.\"%w\" is null or not(" TABLE_CHANGE_SAME ")", key);
    for (int i = 0; i < table->column_count; i++)
        table_change_differs(sql, &table->columns[i], columns[i]);
    sqlite3_str_appendall(sql, ")");
    if (!first)
        table_change_behind(sql, table);
    sqlite3_str_appendall(sql, " order by ");
    table_change_keys(sql, table, "f.");
    return sqlite3_str_finish(sql);
}

// Whether one of the columns would be null where that cannot be. `null`: where a row has it so.
static void table_change_lacks(sqlite3_str *sql, const struct table *table, const bool *columns,
                               bool (*null)(sqlite3_str *sql, const struct column *column)) {
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (!columns[i] || !column->not_null || column->key != 0 || !null(sql, column))
            continue;
        table_change_untold(sql, column);
        sqlite3_str_appendall(sql, ")");
    }
}

static bool table_change_null_there(sqlite3_str *sql, const struct column *column) {
    sqlite3_str_appendf(sql, " or (m.\"%w\" is null and ", column->name);
    return true;
}

static bool table_change_null_made(sqlite3_str *sql, const struct column *column) {
    bool made = !column_has_default(column);
    if (made)
        sqlite3_str_appendall(sql, " or (");
    return made;
}

char *table_change_lacking(const struct table *table, const bool *columns) {
    const char *key = table->columns[table->keys[0]].name;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "select (select count(*) from main.\"%w\" m left join fill.\"%w\" f on ",
                        table->name, table->name);
    table_change_join(sql, table);
    sqlite3_str_appendf(sql,
                        " where f.\"%w\" is null"
                        " or not(" TABLE_CHANGE_SAME " or max(f._lsn,f._snapshot)>max(m._lsn,m._snapshot))",
                        key);
    table_change_lacks(sql, table, columns, table_change_null_there);
    sqlite3_str_appendf(sql, ")+(select count(*) from fill.\"%w\" f left join main.\"%w\" m on ", table->name,
                        table->name);
    table_change_join(sql, table);
    sqlite3_str_appendf(sql, " where m.\"%w\" is null and (false", key);
    table_change_lacks(sql, table, columns, table_change_null_made);
    sqlite3_str_appendall(sql, "))");
    return sqlite3_str_finish(sql);
}

char *table_change_fill_deleted(const struct table *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql,
                        "insert into main.\"_deleted_%w\""
                        " select _part+(select coalesce(max(_part)+1,0) from main.\"_deleted_%w\"),",
                        table->name, table->name);
    table_change_keys(sql, table, "");
    sqlite3_str_appendf(sql, ",_lsn,_ts_ms from fill.\"_deleted_%w\"", table->name);
    return sqlite3_str_finish(sql);
}
