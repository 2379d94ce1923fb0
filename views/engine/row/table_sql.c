#include "views/engine/row/table_sql.h"

#include "views/engine/row/column_type.h"

#include <sqlite3.h>

enum { STORED_TYPE_SIZE = 32 };

static sqlite3_str *table_sql_begin(void) {
    return sqlite3_str_new(NULL);
}

// "a","b" of the key columns.
static void table_sql_key_names(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "", table->columns[table->keys[i]].name);
}

// "a"=:key1 and "b"=:key2
static void table_sql_key_equals(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"=:key%d", i > 0 ? " and " : "", table->columns[table->keys[i]].name,
                            i + 1);
}

static void table_sql_column_names(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "", table->columns[i].name);
}

static bool table_sql_is_rowid_key(const struct table *table) {
    return table->key_count == 1 && table->columns[table->keys[0]].type == COLUMN_INTEGER;
}

static void table_sql_key_declarations(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->key_count; i++) {
        const struct column *column = &table->columns[table->keys[i]];
        char stored[STORED_TYPE_SIZE];
        column_type_stored(column, stored, sizeof stored);
        sqlite3_str_appendf(sql, "\"%w\" %s not null,", column->name, stored);
    }
}

bool table_sql_is_engine_column(struct span name) {
    static const char *const names[] = {"_lsn", "_snapshot"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name.size == strlen(names[i]) && sqlite3_strnicmp(name.data, names[i], (int)name.size) == 0)
            return true;
    return false;
}

char *table_sql_create(const struct table *table) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "create table \"%w\"(", table->name);
    for (int i = 0; i < table->column_count; i++) {
        char stored[STORED_TYPE_SIZE];
        column_type_stored(&table->columns[i], stored, sizeof stored);
        const char *suffix = "";
        if (table->columns[i].key != 0)
            suffix = table_sql_is_rowid_key(table) ? " primary key" : " not null";
        sqlite3_str_appendf(sql, "\"%w\" %s%s,", table->columns[i].name, stored, suffix);
    }
    // NOT NULL of the source is not repeated: a column that events lack must be able to be NULL here.
    sqlite3_str_appendall(sql, "_lsn integer default -1,_snapshot integer default -1");
    if (!table_sql_is_rowid_key(table)) {
        sqlite3_str_appendall(sql, ",primary key(");
        table_sql_key_names(sql, table);
        sqlite3_str_appendall(sql, ")) without rowid;");
    } else {
        sqlite3_str_appendall(sql, ");");
    }
    sqlite3_str_appendf(sql, "create table \"_deleted_%w\"(", table->name);
    sqlite3_str_appendall(sql, "_part integer not null,");
    table_sql_key_declarations(sql, table);
    sqlite3_str_appendall(sql, "_lsn integer,_ts_ms integer,primary key(_part,");
    table_sql_key_names(sql, table);
    sqlite3_str_appendall(sql, ")) without rowid;");
    return sqlite3_str_finish(sql);
}

// A column's new value, or the one that is there where its keep bit is set.
static void table_sql_kept_or_new(sqlite3_str *sql, const struct table *table, int number) {
    const char *name = table->columns[number].name;
    sqlite3_str_appendf(sql, "case when (:keep%d>>%d)&1 then \"%w\".\"%w\" else excluded.\"%w\" end",
                        number / TABLE_SQL_KEEP_BITS, number % TABLE_SQL_KEEP_BITS, table->name, name, name);
}

static void table_sql_upsert_column(sqlite3_str *sql, const struct table *table, int number, bool masked,
                                    const char *comma) {
    const char *name = table->columns[number].name;
    sqlite3_str_appendf(sql, "%s\"%w\"=", comma, name);
    if (masked)
        table_sql_kept_or_new(sql, table, number);
    else
        sqlite3_str_appendf(sql, "excluded.\"%w\"", name);
}

// The column that an upsert's position goes into, NULL = none.
static const char *const table_sql_position[] = {
    [UPSERT_STREAMED] = "_lsn", [UPSERT_SNAPSHOT] = "_snapshot", [UPSERT_FORCED] = NULL};

// on conflict(KEY) do update set ... for newer rows
static void table_sql_on_conflict(sqlite3_str *sql, const struct table *table, enum mirror_upsert kind,
                                  bool masked, bool behind) {
    const char *position = table_sql_position[kind];
    sqlite3_str_appendall(sql, " on conflict(");
    table_sql_key_names(sql, table);
    sqlite3_str_appendall(sql, ") do ");
    const char *comma = "";
    bool set = false;
    for (int i = 0; i < table->column_count; i++) {
        if (table->columns[i].key != 0)
            continue;
        if (!set)
            sqlite3_str_appendall(sql, "update set ");
        table_sql_upsert_column(sql, table, i, masked, comma);
        comma = ",";
        set = true;
    }
    if (position != NULL)
        sqlite3_str_appendf(sql, "%s%s=excluded.%s", set ? "," : "update set ", position, position);
    if (behind) // a row that the snapshot named stays named
        sqlite3_str_appendf(
            sql,
            "%s_snapshot=iif(\"%w\"._snapshot=-2-excluded._snapshot,\"%w\"._snapshot,excluded._snapshot)",
            set || position != NULL ? "," : "update set ", table->name, table->name);
    else if (position == NULL && !set)
        sqlite3_str_appendall(sql, "nothing");
    if (kind == UPSERT_STREAMED)
        sqlite3_str_appendf(sql, " where excluded._lsn>\"%w\"._lsn", table->name);
    if (kind == UPSERT_SNAPSHOT)
        sqlite3_str_appendf(sql, " where \"%w\"._lsn<=excluded._snapshot", table->name);
}

// VERB into "table"(COLUMNS) values(?1,..)
static sqlite3_str *table_sql_begin_insert(const struct table *table, enum mirror_upsert kind, bool behind,
                                           const char *verb) {
    const char *position = table_sql_position[kind];
    static const char *const parameter[] = {
        [UPSERT_STREAMED] = ":lsn", [UPSERT_SNAPSHOT] = ":snapshot", [UPSERT_FORCED] = NULL};
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "%s into \"%w\"(", verb, table->name);
    table_sql_column_names(sql, table);
    if (position != NULL)
        sqlite3_str_appendf(sql, ",%s", position);
    sqlite3_str_appendall(sql, behind ? ",_snapshot) values(" : ") values(");
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s?%d", i > 0 ? "," : "", i + 1);
    if (parameter[kind] != NULL)
        sqlite3_str_appendf(sql, ",%s", parameter[kind]);
    sqlite3_str_appendall(sql, behind ? ",:behind)" : ")");
    return sql;
}

char *table_sql_upsert(const struct table *table, enum mirror_upsert kind, bool masked) {
    sqlite3_str *sql = table_sql_begin_insert(table, kind, false, "insert");
    table_sql_on_conflict(sql, table, kind, masked, false);
    return sqlite3_str_finish(sql);
}

char *table_sql_upsert_behind(const struct table *table, enum mirror_upsert kind, bool masked) {
    sqlite3_str *sql = table_sql_begin_insert(table, kind, true, "insert");
    table_sql_on_conflict(sql, table, kind, masked, true);
    return sqlite3_str_finish(sql);
}

char *table_sql_insert_new(const struct table *table, enum mirror_upsert kind) {
    sqlite3_str *sql = table_sql_begin_insert(table, kind, false, "insert or rollback");
    sqlite3_str_appendall(sql, " on conflict(");
    table_sql_key_names(sql, table);
    sqlite3_str_appendall(sql, ") do nothing");
    return sqlite3_str_finish(sql);
}

char *table_sql_update_older(const struct table *table, enum mirror_upsert kind) {
    const char *position = table_sql_position[kind];
    static const char *const is_older[] = {
        [UPSERT_STREAMED] = " and _lsn<?", [UPSERT_SNAPSHOT] = " and _lsn<=?", [UPSERT_FORCED] = NULL};
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "update or rollback \"%w\" set ", table->name);
    const char *comma = "";
    for (int i = 0; i < table->column_count; i++) {
        if (table->columns[i].key != 0)
            continue;
        sqlite3_str_appendf(sql, "%s\"%w\"=?%d", comma, table->columns[i].name, i + 1);
        comma = ",";
    }
    if (position != NULL)
        sqlite3_str_appendf(sql, "%s%s=?%d", comma, position, table->column_count + 1);
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"=?%d", i == 0 ? " where " : " and ",
                            table->columns[table->keys[i]].name, table->keys[i] + 1);
    if (is_older[kind] != NULL)
        sqlite3_str_appendf(sql, "%s%d", is_older[kind], table->column_count + 1);
    return sqlite3_str_finish(sql);
}

// The values come first: so their parameters have the columns' numbers.
char *table_sql_write_again(const struct table *table) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "insert into \"%w\"(", table->name);
    table_sql_column_names(sql, table);
    sqlite3_str_appendall(sql, ")");
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s?%d", i > 0 ? "," : " select ", i + 1);
    sqlite3_str_appendf(sql, " where exists(select 1 from \"%w\" where _lsn=:lsn and _snapshot<:lsn",
                        table->name);
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, " and \"%w\"=?%d", table->columns[table->keys[i]].name, table->keys[i] + 1);
    sqlite3_str_appendall(sql, ")");
    table_sql_on_conflict(sql, table, UPSERT_FORCED, true, false);
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\".\"%w\"", i > 0 ? "," : " where (", table->name,
                            table->columns[i].name);
    for (int i = 0; i < table->column_count; i++) {
        sqlite3_str_appendall(sql, i > 0 ? "," : ") is not (");
        table_sql_kept_or_new(sql, table, i);
    }
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

// A failure undoes the whole transaction, so SQLite need not keep what the pages were before the statement.
char *table_sql_write_pending(const struct table *table, enum mirror_upsert kind) {
    const char *position = table_sql_position[kind];
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "insert or rollback into \"%w\"(", table->name);
    table_sql_column_names(sql, table);
    if (position != NULL)
        sqlite3_str_appendf(sql, ",%s", position);
    sqlite3_str_appendall(sql, ") select ");
    table_sql_column_names(sql, table);
    sqlite3_str_appendf(sql, "%s from \"_pending_%w\" where true", position != NULL ? ",_lsn" : "",
                        table->name);
    table_sql_on_conflict(sql, table, kind, false, false);
    return sqlite3_str_finish(sql);
}

// verb "table" where KEY [tail]
static char *table_sql_by_key(const struct table *table, const char *verb, const char *prefix,
                              const char *tail) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "%s \"%s%w\" where ", verb, prefix, table->name);
    table_sql_key_equals(sql, table);
    sqlite3_str_appendall(sql, tail);
    return sqlite3_str_finish(sql);
}

char *table_sql_delete(const struct table *table) {
    return table_sql_by_key(table, "delete from", "", " and _lsn<:lsn");
}

char *table_sql_delete_key(const struct table *table) {
    return table_sql_by_key(table, "delete from", "", "");
}

char *table_sql_deleted_lsn(const struct table *table) {
    return table_sql_by_key(table, "select _lsn from", "_deleted_", " and _part=:part");
}

char *table_sql_deleted_lately(const struct table *table) {
    return table_sql_by_key(table, "select _lsn from", "_deleted_", " and _part in(:part,:part-1)");
}

char *table_sql_next_part(const struct table *table) {
    return sqlite3_mprintf("select min(_part) from \"_deleted_%w\" where _part>:part", table->name);
}

char *table_sql_part(const struct table *table) {
    return sqlite3_mprintf("select coalesce(max(_lsn),-1),count(*) from \"_deleted_%w\" where _part=:part",
                           table->name);
}

char *table_sql_truncate_key(const struct table *table) {
    return table_sql_by_key(table, "delete from", "", " and max(_lsn,_snapshot)<:lsn");
}

void table_sql_select(struct sqlite3_str *sql, const struct table *table, const bool *columns) {
    int named = 0;
    for (int i = 0; i < table->column_count; i++)
        if (columns == NULL || columns[i])
            sqlite3_str_appendf(sql, "%s\"%w\"", named++ > 0 ? "," : "select ", table->columns[i].name);
    sqlite3_str_appendf(sql, "%s from main.\"%w\"", named == 0 ? "select 1" : "", table->name);
}

char *table_sql_some_columns(const struct table *table, const bool *columns) {
    sqlite3_str *sql = table_sql_begin();
    table_sql_select(sql, table, columns);
    sqlite3_str_appendall(sql, " where ");
    table_sql_key_equals(sql, table);
    return sqlite3_str_finish(sql);
}

char *table_sql_lsn(const struct table *table) {
    return table_sql_by_key(table, "select _lsn from", "", "");
}

// A row that came behind the snapshot has -2 - its LSN: a position that is older than any, so that a truncate takes it.
static const char table_sql_truncated[] = "_lsn<:lsn and _snapshot<:named";
static const char table_sql_swept[] = "_snapshot not in (:snapshot,-2-:snapshot) and _lsn<:snapshot";

// VERB into _deleted_T(_part,KEY,_lsn,_ts_ms): what a delete leaves behind.
static sqlite3_str *table_sql_begin_note(const struct table *table, const char *verb) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "%s into \"_deleted_%w\"(_part,", verb, table->name);
    table_sql_key_names(sql, table);
    sqlite3_str_appendall(sql, ",_lsn,_ts_ms) ");
    return sql;
}

// The newest delete of a key stays.
static char *table_sql_finish_note(sqlite3_str *sql, const struct table *table) {
    sqlite3_str_appendall(sql, " on conflict(_part,");
    table_sql_key_names(sql, table);
    sqlite3_str_appendf(sql,
                        ") do update set _lsn=excluded._lsn,_ts_ms=excluded._ts_ms where excluded._lsn>"
                        "\"_deleted_%w\"._lsn",
                        table->name);
    return sqlite3_str_finish(sql);
}

char *table_sql_note_deleted(const struct table *table) {
    sqlite3_str *sql = table_sql_begin_note(table, "insert");
    sqlite3_str_appendall(sql, "values(:part,");
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, ":key%d,", i + 1);
    sqlite3_str_appendall(sql, ":lsn,:ts_ms)");
    return table_sql_finish_note(sql, table);
}

char *table_sql_note_pending_deletes(const struct table *table) {
    sqlite3_str *sql = table_sql_begin_note(table, "insert or rollback");
    sqlite3_str_appendall(sql, "select :part,");
    table_sql_key_names(sql, table);
    sqlite3_str_appendf(sql, ",_lsn,_ts_ms from \"_pending_%w\" where true", table->name);
    return table_sql_finish_note(sql, table);
}

char *table_sql_note_swept(const struct table *table) {
    sqlite3_str *sql = table_sql_begin_note(table, "insert");
    sqlite3_str_appendall(sql, "select :part,");
    table_sql_key_names(sql, table);
    sqlite3_str_appendf(sql, ",_lsn,:ts_ms from \"%w\" where %s and _lsn>=0", table->name, table_sql_swept);
    return table_sql_finish_note(sql, table);
}

char *table_sql_recall_pending(const struct table *table, const bool *columns) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendall(sql, "select p._step");
    for (int i = 0; i < table->column_count; i++)
        if (columns[i])
            sqlite3_str_appendf(sql, ",t.\"%w\"", table->columns[i].name);
    sqlite3_str_appendf(sql, " from \"_pending_%w\" p cross join main.\"%w\" t on ", table->name,
                        table->name);
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%st.\"%w\"=p.\"%w\"", i > 0 ? " and " : "",
                            table->columns[table->keys[i]].name, table->columns[table->keys[i]].name);
    return sqlite3_str_finish(sql);
}

char *table_sql_has_rows(const struct table *table) {
    return sqlite3_mprintf("select exists(select 1 from main.\"%w\")", table->name);
}

char *table_sql_highest_key(const struct table *table) {
    return sqlite3_mprintf("select max(\"%w\") from main.\"%w\"", table->columns[table->keys[0]].name,
                           table->name);
}

char *table_sql_newest_lsn(const struct table *table) {
    return sqlite3_mprintf("select max(coalesce((select max(_lsn) from \"%w\"),-1),"
                           "coalesce((select max(_lsn) from \"_deleted_%w\"),-1))",
                           table->name, table->name);
}

//  from "table" where CONDITION order by KEY limit :limit
static void table_sql_first_by_key(sqlite3_str *sql, const struct table *table, const char *condition) {
    sqlite3_str_appendf(sql, " from \"%w\" where %s order by ", table->name, condition);
    table_sql_key_names(sql, table);
    sqlite3_str_appendall(sql, " limit :limit");
}

static char *table_sql_delete_some(const struct table *table, const char *condition) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "delete from \"%w\" where (", table->name);
    table_sql_key_names(sql, table);
    sqlite3_str_appendall(sql, ") in (select ");
    table_sql_key_names(sql, table);
    table_sql_first_by_key(sql, table, condition);
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

static char *table_sql_sizes_of_some(const struct table *table, const bool *columns, const char *condition) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendall(sql, "select 0");
    for (int i = 0; i < table->column_count; i++)
        if (columns[i])
            sqlite3_str_appendf(sql, "+coalesce(length(cast(\"%w\" as blob)),0)", table->columns[i].name);
    table_sql_first_by_key(sql, table, condition);
    return sqlite3_str_finish(sql);
}

char *table_sql_truncate(const struct table *table) {
    return table_sql_delete_some(table, table_sql_truncated);
}

char *table_sql_truncate_sizes(const struct table *table, const bool *columns) {
    return table_sql_sizes_of_some(table, columns, table_sql_truncated);
}

char *table_sql_sweep(const struct table *table) {
    return table_sql_delete_some(table, table_sql_swept);
}

char *table_sql_sweep_sizes(const struct table *table, const bool *columns) {
    return table_sql_sizes_of_some(table, columns, table_sql_swept);
}

// A chunk's rows have neither an LSN nor a snapshot's: when they came nothing says.
char *table_sql_unnamed(const struct table *table) {
    return sqlite3_mprintf(
        "select 1 from main.\"%w\" where %s and (_lsn>=0 or _snapshot<>-1) and _lsn<:below limit 1",
        table->name, table_sql_swept);
}

char *table_sql_purge_deleted(const struct table *table) {
    return sqlite3_mprintf("delete from \"_deleted_%w\" where _ts_ms<:before_ms", table->name);
}

char *table_sql_copy_out(const struct table *table) {
    return sqlite3_mprintf(
        "create temp table \"_rebuild_%w\" as select * from main.\"%w\";delete from main.\"%w\"", table->name,
        table->name, table->name);
}

char *table_sql_copy_in(const struct table *table) {
    return sqlite3_mprintf("insert into main.\"%w\" select * from temp.\"_rebuild_%w\";"
                           "drop table temp.\"_rebuild_%w\"",
                           table->name, table->name, table->name);
}

// What a generated column is computed from: the row's columns under their names, but ":value" for `column`; ?N for
// all when it is -1.
static void table_sql_operands(sqlite3_str *sql, const struct table *table, int column) {
    const char *comma = "";
    for (int i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        if (table->columns[i].generated != NULL)
            continue;
        if (column < 0)
            sqlite3_str_appendf(sql, "%s?%d as \"%w\"", comma, i + 1, name);
        else if (i == column)
            sqlite3_str_appendf(sql, "%s:value as \"%w\"", comma, name);
        else
            sqlite3_str_appendf(sql, "%s\"%w\".\"%w\" as \"%w\"", comma, table->name, name, name);
        comma = ",";
    }
}

char *table_sql_compute_generated(const struct table *table) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendall(sql, "select ");
    const char *comma = "";
    for (int i = 0; i < table->column_count; i++)
        if (table->columns[i].generated != NULL) {
            sqlite3_str_appendf(sql, "%s%s", comma, table->columns[i].generated);
            comma = ",";
        }
    sqlite3_str_appendall(sql, " from (select ");
    table_sql_operands(sql, table, -1);
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

char *table_sql_set_generated(const struct table *table) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "update \"%w\" set ", table->name);
    const char *comma = "";
    for (int i = 0; i < table->column_count; i++)
        if (table->columns[i].generated != NULL) {
            sqlite3_str_appendf(sql, "%s\"%w\"=%s", comma, table->columns[i].name,
                                table->columns[i].generated);
            comma = ",";
        }
    sqlite3_str_appendall(sql, " where ");
    table_sql_key_equals(sql, table);
    return sqlite3_str_finish(sql);
}

// The number of a generated column whose result, or one on the way to it, is beyond 64 bits, where SQLite goes on in floating
// point; else null. It is asked before the value is stored: INTEGER makes of a REAL an integer again, where it can.
void table_sql_beyond(struct sqlite3_str *sql, const struct table *table) {
    bool any = false;
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        // A column of another type has NULL for its expression.
        if (column->generated == NULL || (column->type != COLUMN_INTEGER && column->type != COLUMN_DECIMAL &&
                                          column->type != COLUMN_BOOLEAN && column->type != COLUMN_TEXT))
            continue;
        sqlite3_str_appendf(sql, "%swhen typeof(%s)='real' then %d", any ? " " : "case ", column->generated,
                            i);
        any = true;
    }
    sqlite3_str_appendall(sql, any ? " end" : "null");
}

const char *table_sql_beyond_what(const struct column *column) {
    return column->variant == COLUMN_NAME || strcmp(column->declared, "\"char\"") == 0
               ? "a result on the way to it is beyond 64 bits, or it is longer than its type, which cuts it"
               : "a result on the way to it is beyond 64 bits";
}

// The values come first: so their parameters have the columns' numbers.
char *table_sql_beyond_upsert(const struct table *table) {
    const char *key = table->columns[table->keys[0]].name;
    sqlite3_str *sql = table_sql_begin();
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s?%d as \"%w\"", i > 0 ? "," : "with event as (select ", i + 1,
                            table->columns[i].name);
    sqlite3_str_appendall(sql, ") select ");
    table_sql_beyond(sql, table);
    const char *comma = " from (select ";
    for (int i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        if (table->columns[i].generated != NULL)
            continue;
        sqlite3_str_appendf(
            sql, "%siif((:keep%d>>%d)&1 and row.\"%w\" is not null,row.\"%w\",event.\"%w\") as \"%w\"", comma,
            i / TABLE_SQL_KEEP_BITS, i % TABLE_SQL_KEEP_BITS, key, name, name, name);
        comma = ",";
    }
    sqlite3_str_appendf(sql, " from event left join main.\"%w\" as row on ", table->name);
    for (int i = 0; i < table->key_count; i++) {
        const char *name = table->columns[table->keys[i]].name;
        sqlite3_str_appendf(sql, "%srow.\"%w\"=event.\"%w\"", i > 0 ? " and " : "", name, name);
    }
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

char *table_sql_lacks_column(const struct table *table, int column) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "select 1 from \"%w\" where ", table->name);
    table_sql_key_equals(sql, table);
    sqlite3_str_appendf(sql, " and \"%w\" is null", table->columns[column].name);
    return sqlite3_str_finish(sql);
}

char *table_sql_set_column(const struct table *table, int column) {
    sqlite3_str *sql = table_sql_begin();
    sqlite3_str_appendf(sql, "update \"%w\" set \"%w\"=:value", table->name, table->columns[column].name);
    for (int i = 0; i < table->column_count; i++)
        if (table->columns[i].generated != NULL) {
            sqlite3_str_appendf(sql, ",\"%w\"=(select %s from (select ", table->columns[i].name,
                                table->columns[i].generated);
            table_sql_operands(sql, table, column);
            sqlite3_str_appendall(sql, "))");
        }
    sqlite3_str_appendall(sql, " where ");
    table_sql_key_equals(sql, table);
    return sqlite3_str_finish(sql);
}
