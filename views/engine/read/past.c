// Reading the file as it was. See read.h.
#include "views/engine/read/rows.h"
#include "views/engine/sqlite/feed_sql.h"

// --- what a statement reads

struct past_reads {
    void (*visit)(void *self, const char *table);
    void *self;
};

static int past_note_read(void *self, int action, const char *table, const char *column, const char *database,
                          const char *view) {
    const struct past_reads *reads = self;
    (void)column, (void)view;
    if (action == SQLITE_READ && table != NULL && database != NULL && strcmp(database, "main") == 0)
        reads->visit(reads->self, table);
    return SQLITE_OK;
}

int rows_tables(const struct rows *rows, void (*visit)(void *self, const char *table), void *self,
                struct error *error) {
    sqlite3 *db = rows->reader->db;
    const char *sql = sqlite3_sql(rows->statement->stmt);
    struct past_reads reads = {visit, self};
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    (void)sqlite3_set_authorizer(db, past_note_read, &reads);
    int status = stmt_prepare(db, sql, rows->what, &stmt, error);
    (void)sqlite3_set_authorizer(db, NULL, NULL);
    return status;
}

// --- a reader of then

// What is read of the file itself, and not through the views of then, would be of now. Our own tables are, but for the one
// that a question may be about.
static int past_allow(void *self, int action, const char *table, const char *column, const char *database,
                      const char *view) {
    const struct reader *reader = self;
    (void)column;
    if (action != SQLITE_READ || table == NULL || database == NULL || strcmp(database, "main") != 0 ||
        (table[0] == '_' && strcmp(table, "_quarantine") != 0))
        return SQLITE_OK;
    // The inner-most view: one of ours has the table's name.
    bool ours = view != NULL && strcmp(view, table) == 0 && reader->past_tables > 0;
    return ours ? SQLITE_OK : SQLITE_DENY;
}

static int past_show(struct reader *reader, const char *table, int64_t version, struct error *error) {
    CLEANUP(feed_sql_free) struct feed_sql feed = {0};
    int usable = feed_sql_read(&feed, reader->db, table, error);
    if (usable <= 0)
        return usable;
    CLEANUP(stmt_free_text) char *sql = feed_sql_past(&feed, version);
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(reader->db, sql, table, error) == 0 ? 1 : -1;
}

static int past_show_all(struct reader *reader, int64_t version, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(reader->db, "select name from main._feed where since <= :version", reader->path, &stmt,
                     error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":version", version);
    int row;
    while ((row = stmt_row(stmt, reader->path, error)) == 1) {
        int shown = past_show(reader, (const char *)sqlite3_column_text(stmt, 0), version, error);
        if (shown < 0)
            return -1;
        reader->past_tables++;
    }
    return row;
}

static int past_has_feeds(struct reader *reader, bool *ret, struct error *error) {
    int64_t there = 0;
    if (stmt_read_integer(reader->db,
                          "select count(*) from main.sqlite_schema where name in ('_feed', '_feed_commits')",
                          reader->path, &there, error) != 0)
        return -1;
    *ret = there == 2;
    return 0;
}

int reader_open_past(struct reader **ret, const char *path, const struct catalog *catalog, int64_t version,
                     struct error *error) {
    CLEANUP(reader_free) struct reader *reader = NULL;
    bool there;
    *ret = NULL;
    if (reader_open(&reader, path, catalog, error) != 0 || past_has_feeds(reader, &there, error) != 0)
        return -1;
    if (!there)
        return 0;
    if (stmt_run(reader->db, "pragma query_only = 0", path, error) != 0 ||
        past_show_all(reader, version, error) != 0 ||
        stmt_run(reader->db, "pragma query_only = 1", path, error) != 0)
        return -1;
    if (reader->past_tables == 0)
        return 0;
    (void)sqlite3_set_authorizer(reader->db, past_allow, reader);
    *ret = reader;
    reader = NULL;
    return 0;
}

// As many feeds as were shown, all commits since then, and none by a program that keeps none.
int reader_knows_past(struct reader *reader, int64_t version, uint64_t hash, bool *ret, struct error *error) {
    static const char sql[] = "select (select count(*) from main._feed where since <= :version) is :tables"
                              " and (select hash from main._feed_commits where version = :version) is :hash"
                              " and (select max(version) from main._feed_commits) is"
                              " (select version from main._position where id = 1)";
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(reader->db, sql, reader->path, &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":version", version);
    stmt_bind_integer(stmt, ":tables", reader->past_tables);
    stmt_bind_integer(stmt, ":hash", (int64_t)hash);
    int row = stmt_row(stmt, reader->path, error);
    *ret = row == 1 && sqlite3_column_int(stmt, 0) != 0;
    return row < 0 ? -1 : 0;
}
