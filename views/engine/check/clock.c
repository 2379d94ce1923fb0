#include "views/engine/check/clock.h"

#include "views/engine/check/guard.h"
#include "views/engine/check/tokens.h"
#include "views/engine/row/table_sql.h"

#include <string.h>

enum { EXPLAIN_OPCODE = 1, EXPLAIN_P4 = 5 };

static bool clock_is_one_of(struct span name, const char *const *names) {
    while (*names != NULL &&
           (name.size != strlen(*names) || sqlite3_strnicmp(*names, name.data, (int)name.size) != 0))
        names++;
    return *names != NULL;
}

static bool clock_is_of_times(struct span name) {
    static const char *const names[] = {"date",      "time",     "datetime", "julianday",
                                        "unixepoch", "strftime", "timediff", NULL};
    return clock_is_one_of(name, names);
}

// Calls that mean now by what they leave out: how a message has them, and how many arguments they have.
static const struct clock_short {
    const char *name;
    const char *shown;
    int arguments;
} clock_shorts[] = {{"date", "date()", 0},           {"time", "time()", 0},
                    {"datetime", "datetime()", 0},   {"julianday", "julianday()", 0},
                    {"unixepoch", "unixepoch()", 0}, {"strftime", "strftime(FORMAT)", 1}};

static void clock_give_null(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    (void)values;
    sqlite3_result_null(context);
}

// A statement's program does not say how many arguments a function of any number of them has. One of this name and number is
// taken before that, and the program says so: "date(0)". What is looked at never runs. Once there, it stays where a statement is under way.
static void clock_tell_shorts(struct sqlite3 *db) {
    for (size_t i = 0; i < sizeof clock_shorts / sizeof *clock_shorts; i++)
        (void)sqlite3_create_function_v2(db, clock_shorts[i].name, clock_shorts[i].arguments,
                                         SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                         clock_give_null, NULL, NULL, NULL);
}

// NULL = the function as the program calls it is none of them.
static const char *clock_shown_short(const char *p4) {
    for (size_t i = 0; i < sizeof clock_shorts / sizeof *clock_shorts; i++) {
        char called[32];
        (void)sqlite3_snprintf(sizeof called, called, "%s(%d)", clock_shorts[i].name,
                               clock_shorts[i].arguments);
        if (sqlite3_stricmp(p4, called) == 0)
            return clock_shorts[i].shown;
    }
    return NULL;
}

static bool clock_is_text(const char *text, const char *quoted) {
    size_t size = strlen(text);
    return size + 2 == strlen(quoted) && sqlite3_strnicmp(text, quoted + 1, (int)size) == 0;
}

// One step of the program: what it calls ("date(-1)"), or a text that it may call it with.
static void clock_note_step(struct clock_asked *asked, bool *of_times, const char *opcode, const char *p4) {
    static const char *const alone[] = {"current_timestamp", "current_date", "current_time", "random",
                                        "randomblob"};
    static const char *const zones[] = {"'localtime'", "'utc'"};
    static const char now[] = "'now'";
    struct span function = {p4, strcspn(p4, "(")};
    if (strcmp(opcode, "Function") == 0 || strcmp(opcode, "PureFunc") == 0) {
        *of_times |= clock_is_of_times(function);
        for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
            if (span_is(function, alone[i]))
                asked->now = alone[i];
        if (asked->now == NULL || asked->now[0] == '\'')
            asked->now = clock_shown_short(p4) != NULL ? clock_shown_short(p4) : asked->now;
    } else if (strcmp(opcode, "String8") == 0) {
        if (asked->now == NULL && clock_is_text(p4, now))
            asked->now = now;
        for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
            if (clock_is_text(p4, zones[i]))
                asked->zone = zones[i];
    }
}

struct clock_asked clock_look(struct sqlite3 *db, const char *sql) {
    struct clock_asked asked = {0};
    bool of_times = false;
    clock_tell_shorts(db);
    CLEANUP(stmt_free_text) char *explain = sqlite3_mprintf("explain %s", sql);
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (explain == NULL || sqlite3_prepare_v2(db, explain, -1, &stmt, NULL) != SQLITE_OK)
        return asked;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(stmt, EXPLAIN_OPCODE);
        const char *p4 = (const char *)sqlite3_column_text(stmt, EXPLAIN_P4);
        if (opcode != NULL && p4 != NULL)
            clock_note_step(&asked, &of_times, opcode, p4);
    }
    // the texts are as any other where no such function is called
    bool by_text = asked.now != NULL && asked.now[0] == '\'';
    return of_times ? asked : (struct clock_asked){.now = by_text ? NULL : asked.now};
}

// Whether the statement calls at `at` what leaves the time out, and is shown so.
static bool clock_is_short(const struct tokens *tokens, int at, const char *shown) {
    const int behind = tokens_behind(tokens, at + 1);
    for (size_t i = 0; i < sizeof clock_shorts / sizeof *clock_shorts; i++) {
        const struct clock_short *one = &clock_shorts[i];
        if (one->shown != shown || !tokens_is(tokens, at, one->name) || !tokens_is(tokens, at + 1, "("))
            continue;
        int arguments = behind > at + 3;
        for (int j = at + 2; j < behind - 1; j = tokens_is(tokens, j, "(") ? tokens_behind(tokens, j) : j + 1)
            arguments += tokens_is(tokens, j, ",");
        return arguments == one->arguments;
    }
    return false;
}

// Where the statement itself says it; its beginning where a trigger or a default does.
static const char *clock_place(const char *sql, const char *word) {
    struct tokens tokens;
    tokens_read(&tokens, sql);
    for (int i = 0; i < tokens.count; i++)
        if (tokens_is(&tokens, i, word) || clock_is_short(&tokens, i, word))
            return tokens_at(&tokens, i).data;
    return stmt_skip_blank(sql);
}

// `instead`: what tells the source's time.
static void clock_warn(struct catalog *catalog, const char *file, const char *text, struct clock_asked asked,
                       const char *instead) {
    if (asked.now != NULL)
        catalog_warn_at(
            catalog, file, text, clock_place(text, asked.now),
            "%s is another each time it is asked, so that a restart, a rebuild or another file has other rows: "
            "let a query ask for it; the source's time is %s",
            asked.now, instead);
    if (asked.zone != NULL)
        catalog_warn_at(
            catalog, file, text, clock_place(text, asked.zone),
            "%s is the time zone of the machine that runs this, so that another has other rows: name the "
            "offset, '+02:00'",
            asked.zone);
}

void clock_lint_apply(struct catalog *catalog, struct sqlite3 *db, const struct apply_statement *apply) {
    clock_warn(catalog, apply->file, apply->sql, clock_look(db, apply->sql), "_ts_ms of _changes_TABLE");
}

void clock_lint_triggers(struct catalog *catalog, struct sqlite3 *db, const struct view *view) {
    CLEANUP(stmt_finalize) sqlite3_stmt *tables = NULL;
    if (stmt_prepare(db, "select distinct tbl_name from sqlite_schema where type = 'trigger'", view->file,
                     &tables, NULL) != 0)
        return;
    while (stmt_row(tables, view->file, NULL) == 1) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        const struct table *table = name != NULL ? catalog_table(catalog, name, strlen(name)) : NULL;
        CLEANUP(stmt_free_text)
        char *upsert = table != NULL ? table_sql_upsert(table, UPSERT_STREAMED, false) : NULL;
        CLEANUP(stmt_free_text) char *delete = table != NULL ? table_sql_delete(table) : NULL;
        struct clock_asked asked = upsert != NULL ? clock_look(db, upsert) : (struct clock_asked){0};
        if (asked.now == NULL && asked.zone == NULL && delete != NULL)
            asked = clock_look(db, delete);
        clock_warn(catalog, view->file, view->schema, asked, "change_ts_ms()");
    }
}
