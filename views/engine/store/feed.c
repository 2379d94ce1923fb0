#include "views/engine/store/feed.h"

#include "views/base/hash.h"
#include "views/base/log.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/feed_sql.h"

#include <stdio.h>

enum {
    FEED_PURGE_MS = 1000,  // between two looks at what is too old
    FEED_WANTED_PARTS = 8, // of the window: how exactly the file knows when a table was followed last
};

enum feed_statement {
    FEED_NOW_SET,
    FEED_NOTE,
    FEED_POSITION,
    FEED_SIZE,
    FEED_OLDEST,
    FEED_PURGE,
    FEED_STATEMENTS
};

static const char *const feed_names[FEED_STATEMENTS] = {
    [FEED_NOW_SET] = "feed_now_set",       [FEED_NOTE] = "feed_note",
    [FEED_POSITION] = "feed_position",     [FEED_SIZE] = "feed_commits_size",
    [FEED_OLDEST] = "feed_commits_oldest", [FEED_PURGE] = "feed_commits_purge",
};

struct feed_table {
    char name[FEED_NAME_SIZE];
    int64_t wanted_ms;
    int64_t saved_ms; // as the file has it
    sqlite3_stmt *bytes;
    sqlite3_stmt *purge;
};

// What the accepting thread was told.
struct feed_wish {
    char name[FEED_NAME_SIZE];
    int64_t wanted_ms;
    bool refused; // the table cannot be followed so
};

struct feed {
    sqlite3 *db;
    char *store_id;
    int64_t window_ms;
    struct feed_wish wishes[FEED_TABLES_MAX];
    int wish_count;
    struct feed_table tables[FEED_TABLES_MAX];
    int table_count;
    sqlite3_stmt *statements[FEED_STATEMENTS]; // prepared when there is a feed
    int64_t version;                           // of the commit that the transaction will be
    int64_t purged_ms;
    int64_t bytes; // of all commits that are kept, -1 = not known
};

// --- statements

static sqlite3_stmt *feed_statement(struct feed *feed, enum feed_statement which, struct error *error) {
    sqlite3_stmt **stmt = &feed->statements[which];
    if (*stmt == NULL && engine_sql_prepare(feed->db, feed_names[which], stmt, error) != 0)
        return NULL;
    return *stmt;
}

static void feed_finalize(struct feed *feed) {
    for (int i = 0; i < FEED_STATEMENTS; i++)
        stmt_finalize(&feed->statements[i]);
    for (int i = 0; i < feed->table_count; i++) {
        stmt_finalize(&feed->tables[i].bytes);
        stmt_finalize(&feed->tables[i].purge);
    }
}

static int feed_run_text(struct feed *feed, char *sql, struct error *error) {
    CLEANUP(stmt_free_text) char *text = sql;
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(feed->db, text, "feed", error);
}

static int feed_prepare_text(struct feed *feed, char *sql, sqlite3_stmt **ret, struct error *error) {
    CLEANUP(stmt_free_text) char *text = sql;
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_prepare(feed->db, text, "feed", ret, error);
}

// --- one table

static int feed_prepare_table(struct feed *feed, struct feed_table *table, const struct feed_sql *sql,
                              struct error *error) {
    return feed_prepare_text(feed, feed_sql_bytes(sql), &table->bytes, error) != 0
               ? -1
               : feed_prepare_text(feed, feed_sql_purge(sql), &table->purge, error);
}

// The triggers are this connection's own: readers and other programs see none.
static int feed_watch(struct feed *feed, const char *name, int64_t wanted_ms, const struct feed_sql *sql,
                      struct error *error) {
    struct feed_table *table = &feed->tables[feed->table_count];
    *table = (struct feed_table){.wanted_ms = wanted_ms, .saved_ms = wanted_ms};
    (void)snprintf(table->name, sizeof table->name, "%s", name);
    feed->table_count++;
    if (engine_sql_run(feed->db, "feed_now_create", error) != 0 ||
        feed_run_text(feed, feed_sql_trigger(sql), error) != 0)
        return -1;
    return feed_prepare_table(feed, table, sql, error);
}

static int feed_save_wanted(struct feed *feed, const char *name, int64_t since, int64_t wanted_ms,
                            struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(feed->db, "feed_set", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    stmt_bind_integer(stmt, ":since", since);
    stmt_bind_integer(stmt, ":wanted_ms", wanted_ms);
    return stmt_step(stmt, "feed", NULL, error);
}

static int feed_forget(struct feed *feed, const char *name, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(feed->db, "feed_forget", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    if (stmt_step(stmt, "feed", NULL, error) != 0)
        return -1;
    return feed_run_text(feed, feed_sql_drop(name), error);
}

static int feed_drop_table(struct feed *feed, int number, struct error *error) {
    struct feed_table table = feed->tables[number];
    stmt_finalize(&table.bytes);
    stmt_finalize(&table.purge);
    feed->tables[number] = feed->tables[--feed->table_count];
    return feed_forget(feed, table.name, error);
}

// --- what the file has

// 1 = the table's feed is as this program would make it, and is gone on with.
static int feed_take_up(struct feed *feed, const char *name, int64_t wanted_ms, struct error *error) {
    CLEANUP(feed_sql_free) struct feed_sql sql = {0};
    int usable = feed_sql_read(&sql, feed->db, name, error);
    if (usable <= 0)
        return usable;
    CLEANUP(stmt_free_text) char *create = feed_sql_create(&sql);
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (create == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (stmt_prepare(feed->db, "select 1 from sqlite_schema where sql = :sql", "feed", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":sql", span_of(create));
    int same = stmt_row(stmt, "feed", error);
    (void)sqlite3_reset(stmt);
    return same <= 0 ? same : feed_watch(feed, name, wanted_ms, &sql, error) != 0 ? -1 : 1;
}

struct feed_listed {
    char name[FEED_NAME_SIZE];
    int64_t wanted_ms;
};

static int feed_list(struct feed *feed, struct feed_listed *ret, int *ret_count, struct error *error) {
    int64_t there = 0;
    *ret_count = 0;
    if (stmt_read_integer(feed->db, "select count(*) from main.sqlite_schema where name = '_feed'", "feed",
                          &there, error) != 0)
        return -1;
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (there == 0)
        return 0;
    if (engine_sql_prepare(feed->db, "feed_list", &stmt, error) != 0)
        return -1;
    int row = 0;
    while (*ret_count < FEED_TABLES_MAX && (row = stmt_row(stmt, "feed", error)) == 1) {
        struct feed_listed *listed = &ret[(*ret_count)++];
        (void)snprintf(listed->name, sizeof listed->name, "%s", (const char *)sqlite3_column_text(stmt, 0));
        listed->wanted_ms = sqlite3_column_int64(stmt, 1);
    }
    return row < 0 ? -1 : 0;
}

// Commits that were written without the feeds are not in them: then nothing of them is worth anything.
static int feed_load(struct feed *feed, struct error *error) {
    struct feed_listed listed[FEED_TABLES_MAX];
    int count;
    int64_t whole = 0;
    if (feed_list(feed, listed, &count, error) != 0)
        return -1;
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (count > 0 &&
        (engine_sql_prepare(feed->db, "feed_whole", &stmt, error) != 0 || stmt_row(stmt, "feed", error) < 0))
        return -1;
    if (count > 0)
        whole = sqlite3_column_int64(stmt, 0);
    stmt_finalize(&stmt);
    for (int i = 0; i < count; i++) {
        int taken = whole ? feed_take_up(feed, listed[i].name, listed[i].wanted_ms, error) : 0;
        if (taken < 0 || (taken == 0 && feed_forget(feed, listed[i].name, error) != 0))
            return -1;
    }
    return 0;
}

int feed_check(struct sqlite3 *db, int64_t schema_before, bool refilled, struct error *error) {
    int64_t schema = 0;
    int64_t there = 0;
    if (stmt_read_integer(db, "pragma schema_version", "feed", &schema, error) != 0 ||
        stmt_read_integer(db, "select count(*) from main.sqlite_schema where name = '_feed_commits'", "feed",
                          &there, error) != 0)
        return -1;
    bool stale = there > 0 && (refilled || schema != schema_before);
    return stale ? engine_sql_run(db, "feed_invalidate", error) : 0;
}

int feed_new(struct feed **ret, struct sqlite3 *db, const char *store_id, int64_t window_ms,
             struct error *error) {
    *ret = NULL;
    if (window_ms <= 0)
        return 0;
    CLEANUP(feed_free) struct feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL || (feed->store_id = strdup(store_id)) == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    feed->db = db;
    feed->window_ms = window_ms;
    feed->bytes = -1;
    if (engine_sql_run(db, "begin", error) != 0)
        return -1;
    if (feed_load(feed, error) != 0 || engine_sql_run(db, "commit", error) != 0) {
        feed_finalize(feed);
        (void)engine_sql_run(db, "rollback", NULL);
        return -1;
    }
    *ret = feed;
    feed = NULL;
    return 0;
}

void feed_free(struct feed **feed) {
    if (*feed == NULL)
        return;
    for (int i = 0; i < (*feed)->table_count; i++)
        (void)feed_run_text(*feed, feed_sql_unwatch((*feed)->tables[i].name), NULL);
    feed_finalize(*feed);
    free((*feed)->store_id);
    free(*feed);
    *feed = NULL;
}

// Where the table's wish is, a new place when there is none; NULL = there is no room. What was refused is remembered before
// what was done.
static struct feed_wish *feed_wish_place(struct feed *feed, const char *table) {
    struct feed_wish *left = NULL;
    for (int i = 0; i < feed->wish_count; i++) {
        struct feed_wish *at = &feed->wishes[i];
        if (strcmp(at->name, table) == 0)
            return at;
        if (at->wanted_ms == 0 && (left == NULL || left->refused))
            left = at;
    }
    if (feed->wish_count < FEED_TABLES_MAX)
        left = &feed->wishes[feed->wish_count++];
    if (left != NULL) {
        *left = (struct feed_wish){0};
        (void)snprintf(left->name, sizeof left->name, "%s", table);
    }
    return left;
}

void feed_want(struct feed *feed, const char *table, int64_t now_ms) {
    if (feed == NULL || strlen(table) >= FEED_NAME_SIZE)
        return;
    struct feed_wish *wish = feed_wish_place(feed, table);
    if (wish != NULL)
        wish->wanted_ms = now_ms;
}

// --- a transaction

static struct feed_table *feed_find(struct feed *feed, const char *name) {
    for (int i = 0; i < feed->table_count; i++)
        if (strcmp(feed->tables[i].name, name) == 0)
            return &feed->tables[i];
    return NULL;
}

// Notes the position as the file has it.
static int feed_note_version(struct feed *feed, int64_t now_ms, int64_t *ret_version, struct error *error) {
    sqlite3_stmt *position = feed_statement(feed, FEED_POSITION, error);
    sqlite3_stmt *note = position != NULL ? feed_statement(feed, FEED_NOTE, error) : NULL;
    if (note == NULL || stmt_row(position, "feed", error) < 0)
        return -1;
    struct span offsets = {(const char *)sqlite3_column_text(position, 1),
                           (size_t)sqlite3_column_bytes(position, 1)};
    *ret_version = sqlite3_column_int64(position, 0);
    stmt_bind_integer(note, ":version", *ret_version);
    stmt_bind_integer(note, ":hash", (int64_t)hash_position(span_of(feed->store_id), offsets));
    stmt_bind_integer(note, ":at_ms", now_ms);
    (void)sqlite3_reset(position);
    return stmt_step(note, "feed", NULL, error);
}

// 1; 0 when its rows cannot be followed so.
static int feed_make_table(struct feed *feed, const struct feed_wish *wish, struct error *error) {
    CLEANUP(feed_sql_free) struct feed_sql sql = {0};
    int usable = feed_sql_read(&sql, feed->db, wish->name, error);
    if (usable <= 0)
        return usable;
    int64_t since;
    return engine_sql_run(feed->db, "feed_create", error) != 0 ||
                   feed_note_version(feed, wish->wanted_ms, &since, error) != 0 ||
                   feed_run_text(feed, feed_sql_create(&sql), error) != 0 ||
                   feed_run_text(feed, feed_sql_index(&sql), error) != 0 ||
                   feed_watch(feed, wish->name, wish->wanted_ms, &sql, error) != 0
               ? -1
           : feed_save_wanted(feed, wish->name, since, wish->wanted_ms, error) != 0 ? -1
                                                                                    : 1;
}

// A follower's wish never stops the consumer: what cannot be made is refused, and the followers begin anew after a
// restart.
static int feed_start_table(struct feed *feed, struct feed_wish *wish, struct error *error) {
    struct error why = {0};
    if (stmt_run(feed->db, "savepoint feed", "feed", error) != 0)
        return -1;
    int made = feed_make_table(feed, wish, &why);
    if (made == 1)
        return stmt_run(feed->db, "release feed", "feed", error);
    wish->refused = true;
    struct feed_table *table = feed_find(feed, wish->name);
    if (table != NULL) { // the newest one
        stmt_finalize(&table->bytes);
        stmt_finalize(&table->purge);
        feed->table_count--;
    }
    log_info("followers of table %s begin anew after a restart: %s", wish->name,
             made < 0 ? why.message : "it has no primary key, more unique columns, or too many of them");
    return stmt_run(feed->db, "rollback to feed; release feed", "feed", error);
}

static int feed_take_wishes(struct feed *feed, struct error *error) {
    for (int i = 0; i < feed->wish_count; i++) {
        struct feed_wish *wish = &feed->wishes[i];
        struct feed_table *table = feed_find(feed, wish->name);
        if (table == NULL && !wish->refused && wish->wanted_ms > 0 && feed->table_count < FEED_TABLES_MAX &&
            feed_start_table(feed, wish, error) != 0)
            return -1;
        if (table != NULL && table->wanted_ms < wish->wanted_ms)
            table->wanted_ms = wish->wanted_ms;
        wish->wanted_ms = 0;
    }
    return 0;
}

static int feed_let_go(struct feed *feed, int64_t now_ms, struct error *error) {
    for (int i = feed->table_count - 1; i >= 0; i--) {
        struct feed_table *table = &feed->tables[i];
        if (now_ms - table->wanted_ms > feed->window_ms) {
            if (feed_drop_table(feed, i, error) != 0)
                return -1;
        } else if (table->wanted_ms - table->saved_ms > feed->window_ms / FEED_WANTED_PARTS) {
            table->saved_ms = table->wanted_ms;
            if (feed_save_wanted(feed, table->name, 0, table->wanted_ms, error) != 0)
                return -1;
        }
    }
    return 0;
}

int feed_begin(struct feed *feed, int64_t now_ms, struct error *error) {
    if (feed == NULL || (feed->wish_count == 0 && feed->table_count == 0))
        return 0;
    if (feed_take_wishes(feed, error) != 0 || feed_let_go(feed, now_ms, error) != 0)
        return -1;
    if (feed->table_count == 0)
        return 0;
    sqlite3_stmt *position = feed_statement(feed, FEED_POSITION, error);
    sqlite3_stmt *now = position != NULL ? feed_statement(feed, FEED_NOW_SET, error) : NULL;
    if (now == NULL || stmt_row(position, "feed", error) < 0)
        return -1;
    feed->version = sqlite3_column_int64(position, 0) + 1;
    (void)sqlite3_reset(position);
    stmt_bind_integer(now, ":version", feed->version);
    return stmt_step(now, "feed", NULL, error);
}

int feed_note(struct feed *feed, int64_t now_ms, struct error *error) {
    int64_t version;
    return feed != NULL && feed->table_count > 0 ? feed_note_version(feed, now_ms, &version, error) : 0;
}

// The newest commit that is to go, 0 = none: it is too old, or there are too many bytes. Not this one.
static int feed_find_oldest(struct feed *feed, int64_t now_ms, int64_t *ret, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *commits = feed_statement(feed, FEED_OLDEST, error);
    *ret = 0;
    if (commits == NULL)
        return -1;
    int row;
    while ((row = stmt_row(commits, "feed", error)) == 1) {
        int64_t version = sqlite3_column_int64(commits, 0);
        bool goes =
            sqlite3_column_int64(commits, 1) < now_ms - feed->window_ms || feed->bytes > FEED_BYTES_MAX;
        if (!goes || version >= feed->version)
            return 0;
        *ret = version;
        feed->bytes -= sqlite3_column_int64(commits, 2);
    }
    return row;
}

static int feed_purge(struct feed *feed, int64_t version, struct error *error) {
    sqlite3_stmt *purge = feed_statement(feed, FEED_PURGE, error);
    if (purge == NULL)
        return -1;
    stmt_bind_integer(purge, ":version", version);
    if (stmt_step(purge, "feed", NULL, error) != 0)
        return -1;
    for (int i = 0; i < feed->table_count; i++) {
        stmt_bind_integer(feed->tables[i].purge, ":version", version);
        if (stmt_step(feed->tables[i].purge, "feed", NULL, error) != 0)
            return -1;
    }
    return 0;
}

static int feed_measure(struct feed *feed, struct error *error) {
    int64_t bytes = 0;
    if (feed->bytes < 0 &&
        stmt_read_integer(feed->db, engine_sql("feed_commits_total"), "feed", &feed->bytes, error) != 0)
        return -1;
    for (int i = 0; i < feed->table_count; i++) {
        CLEANUP(stmt_reset) sqlite3_stmt *stmt = feed->tables[i].bytes;
        stmt_bind_integer(stmt, ":version", feed->version);
        if (stmt_row(stmt, "feed", error) < 0)
            return -1;
        bytes += sqlite3_column_int64(stmt, 0);
    }
    feed->bytes += bytes;
    sqlite3_stmt *size = feed_statement(feed, FEED_SIZE, error);
    if (size == NULL)
        return -1;
    stmt_bind_integer(size, ":bytes", bytes);
    stmt_bind_integer(size, ":version", feed->version);
    return stmt_step(size, "feed", NULL, error);
}

int feed_finish(struct feed *feed, int64_t now_ms, struct error *error) {
    if (feed == NULL || feed->table_count == 0)
        return 0;
    if (feed_measure(feed, error) != 0)
        return -1;
    if (now_ms - feed->purged_ms < FEED_PURGE_MS && feed->bytes <= FEED_BYTES_MAX)
        return 0;
    feed->purged_ms = now_ms;
    int64_t version;
    if (feed_find_oldest(feed, now_ms, &version, error) != 0)
        return -1;
    return version > 0 ? feed_purge(feed, version, error) : 0;
}

// What the transaction made or dropped is as it was before it.
int feed_reload(struct feed *feed, struct error *error) {
    struct feed_listed listed[FEED_TABLES_MAX];
    int count;
    if (feed == NULL)
        return 0;
    feed_finalize(feed);
    feed->table_count = 0;
    feed->bytes = -1;
    if (feed_list(feed, listed, &count, error) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        CLEANUP(feed_sql_free) struct feed_sql sql = {0};
        int usable = feed_sql_read(&sql, feed->db, listed[i].name, error);
        if (usable < 0)
            return -1;
        struct feed_table *table = &feed->tables[feed->table_count++];
        *table = (struct feed_table){.wanted_ms = listed[i].wanted_ms, .saved_ms = listed[i].wanted_ms};
        (void)snprintf(table->name, sizeof table->name, "%s", listed[i].name);
        if (usable == 0 || feed_prepare_table(feed, table, &sql, error) != 0)
            return -1;
    }
    return 0;
}
