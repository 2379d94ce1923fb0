#include "views/engine/store/kept.h"

#include "views/engine/sqlite/stmt.h"

// Takes `sql`, which may be NULL for want of memory.
static int kept_run(sqlite3 *db, char *sql, const char *table, struct error *error) {
    CLEANUP(stmt_free_text) char *made = sql;
    return made == NULL ? error_set(error, ERROR_SYSTEM, "out of memory") : stmt_run(db, made, table, error);
}

// What may be written: generated columns are not among them. sqlite3_free.
static int kept_columns(sqlite3 *db, const char *table, char **ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "select group_concat(printf('\"%w\"', name)) from pragma_table_info(:table, 'main')",
                     table, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table));
    if (stmt_row(stmt, table, error) != 1)
        return -1;
    *ret = sqlite3_mprintf("%s", (const char *)sqlite3_column_text(stmt, 0));
    return *ret != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

static const char kept_sequences[] = "select count(*) from main.sqlite_schema where name = 'sqlite_sequence'";

// SQLite makes it with the first AUTOINCREMENT of a file.
static int kept_has_sequences(sqlite3 *db, const char *sql, bool *ret, struct error *error) {
    int64_t count = 0;
    int status = stmt_read_integer(db, sql, "sqlite_sequence", &count, error);
    *ret = count > 0;
    return status;
}

bool kept_is_name(struct span a, struct span b) {
    return a.size == b.size && sqlite3_strnicmp(a.data, b.data, (int)a.size) == 0;
}

int kept_take(struct sqlite3 *db, const char *table, struct error *error) {
    CLEANUP(stmt_free_text) char *columns = NULL;
    bool sequences;
    if (kept_columns(db, table, &columns, error) != 0 ||
        kept_run(db,
                 sqlite3_mprintf("create temp table \"_kept_%w\" as select %s from main.\"%w\";"
                                 "create temp table \"_kept_sequence_%w\"(seq integer)",
                                 table, columns, table, table),
                 table, error) != 0 ||
        kept_has_sequences(db, kept_sequences, &sequences, error) != 0)
        return -1;
    return sequences ? kept_run(db,
                                sqlite3_mprintf("insert into temp.\"_kept_sequence_%w\" select seq from "
                                                "main.sqlite_sequence where name = %Q collate nocase",
                                                table, table),
                                table, error)
                     : 0;
}

// The rows that came back had one each, and what is gone had higher ones.
static int kept_give_back_sequence(sqlite3 *db, const char *table, struct error *error) {
    bool sequences;
    if (kept_has_sequences(db, kept_sequences, &sequences, error) != 0)
        return -1;
    return sequences
               ? kept_run(db,
                          sqlite3_mprintf("delete from main.sqlite_sequence where name = %Q collate nocase"
                                          " and exists (select 1 from temp.\"_kept_sequence_%w\");"
                                          "insert into main.sqlite_sequence(name, seq) select"
                                          " (select name from main.sqlite_schema where type = 'table' and"
                                          " name = %Q collate nocase), seq"
                                          " from temp.\"_kept_sequence_%w\"",
                                          table, table, table, table),
                          table, error)
               : 0;
}

int kept_give_back(struct sqlite3 *db, const char *table, struct error *error) {
    CLEANUP(stmt_free_text) char *columns = NULL;
    return kept_columns(db, table, &columns, error) != 0
               ? -1
               : kept_run(db,
                          sqlite3_mprintf("insert into main.\"%w\"(%s) select * from temp.\"_kept_%w\"",
                                          table, columns, table),
                          table, error);
}

int kept_settle(struct sqlite3 *db, const char *table, struct error *error) {
    bool triggers;
    if (kept_has_triggers(db, &triggers, error) != 0)
        return -1;
    if (triggers && (kept_run(db, sqlite3_mprintf("delete from main.\"%w\"", table), table, error) != 0 ||
                     kept_give_back(db, table, error) != 0))
        return -1;
    if (kept_give_back_sequence(db, table, error) != 0)
        return -1;
    return kept_run(
        db,
        sqlite3_mprintf("drop table temp.\"_kept_%w\"; drop table temp.\"_kept_sequence_%w\"", table, table),
        table, error);
}

void kept_set_triggers(struct sqlite3 *db, bool on) {
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, (int)on, NULL);
}

int kept_has_triggers(struct sqlite3 *db, bool *ret, struct error *error) {
    int64_t count = 0;
    int status = stmt_read_integer(db, "select count(*) from main.sqlite_schema where type = 'trigger'",
                                   "sqlite_schema", &count, error);
    *ret = count > 0;
    return status;
}

int kept_carry_sequence(struct sqlite3 *db, const char *table, struct error *error) {
    bool both;
    if (kept_has_sequences(db,
                           "select exists(select 1 from main.sqlite_schema where name = 'sqlite_sequence')"
                           " and exists(select 1 from old.sqlite_schema where name = 'sqlite_sequence')",
                           &both, error) != 0)
        return -1;
    return both
               ? kept_run(
                     db,
                     sqlite3_mprintf(
                         "insert into main.sqlite_sequence(name, seq) select"
                         " (select name from main.sqlite_schema where type = 'table' and name = %Q collate nocase), seq"
                         " from old.sqlite_sequence where name = %Q collate nocase and not exists"
                         " (select 1 from main.sqlite_sequence where name = %Q collate nocase);"
                         "update main.sqlite_sequence set seq = max(seq, ifnull("
                         "(select seq from old.sqlite_sequence where name = %Q collate nocase), 0))"
                         " where name = %Q collate nocase",
                         table, table, table, table, table),
                     table, error)
               : 0;
}
