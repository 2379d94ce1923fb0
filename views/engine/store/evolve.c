#include "views/engine/store/evolve.h"

#include "views/engine/catalog/stored_files.h"
#include "views/engine/line_name.h"
#include "views/engine/row/column_type.h"
#include "views/engine/row/key_text.h"
#include "views/engine/row/table_change.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/store/defaults.h"
#include "views/engine/store/fills.h"
#include "views/engine/store/made_with.h"

#include <stdarg.h>
#include <stdio.h>

static int evolve_out_of_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

static int evolve_error_unknown(struct error *error) {
    return error_set(
        error, ERROR_INPUT,
        "source.sql declares other tables or columns than this file was made with, and the file does not "
        "know its own source.sql: start this tidemark once with the source.sql of before, then with the "
        "new one; or read the topics again into a new --db file");
}

// Whether the file was made with what its source.sql declares by this reading.
static int evolve_is_made_with(sqlite3 *db, const char *source, enum source_reading reading, bool *ret,
                               struct error *error) {
    struct table *tables;
    int count;
    if (source_sql_read_as(source, reading, &tables, &count, error) != 0)
        return -1;
    CLEANUP(stmt_free_text) char *mirror = table_change_mirror(tables, count);
    source_sql_free(&tables, &count);
    return mirror == NULL ? evolve_out_of_memory(error) : made_with_mirror(db, mirror, ret, error);
}

// How the program that made the file read its source.sql: of those readings that it allows, the first that says what the file
// is made with (`same`: what is declared now). *ret SOURCE_READINGS: none does.
static int evolve_find_reading(sqlite3 *db, const char *source, bool same, enum source_reading *ret,
                               struct error *error) {
    struct error refused = {0};
    bool readable = false;
    for (*ret = SOURCE_AS_NOW; *ret < SOURCE_READINGS; ++*ret) {
        struct error failure = {0};
        bool known = false;
        int status = evolve_is_made_with(db, source, *ret, &known, &failure);
        if (status == 0 && (known || same))
            return 0;
        if (status != 0 && failure.kind != ERROR_INPUT) {
            *error = failure;
            return -1;
        }
        if (status != 0 && *ret == SOURCE_AS_NOW)
            refused = failure;
        readable |= status == 0;
    }
    if (readable)
        return 0;
    *error = refused;
    return error_prefix(error, "the source.sql that the file was made with");
}

// From the source.sql that the file knows. *ret_known: whether the file was made with what that declares.
static int evolve_find_told(sqlite3 *db, const char *source, bool same, const struct catalog *catalog,
                            struct evolve *evolve, bool *ret_known, struct error *error) {
    enum source_reading reading;
    if (evolve_find_reading(db, source, same, &reading, error) != 0)
        return -1;
    *ret_known = reading != SOURCE_READINGS;
    if (!*ret_known)
        return 0;
    if (evolution_find(&evolve->evolution, source, reading, catalog, error) != 0)
        return -1;
    evolve->mirror = table_change_mirror(evolve->evolution.old, evolve->evolution.old_count);
    return evolve->mirror == NULL ? evolve_out_of_memory(error) : 0;
}

// Where no row is null, a default that is told later, or understood later, says nothing of the rows.
static int evolve_find_defaulted(sqlite3 *db, struct evolution *evolution, const struct defaults *defaults,
                                 const struct table *is, struct error *error) {
    const struct evolution_table *table = &evolution->tables[is->index];
    for (int i = 0; table->was != NULL && i < is->column_count; i++) {
        struct evolution_column *column = &table->columns[i];
        column->defaulted |= column->was >= 0 && !column->retyped &&
                             defaults_may_lack(defaults, table->was, &table->was->columns[column->was]) &&
                             column_has_default(&is->columns[i]) && is->columns[i].not_null;
        if (!column->defaulted)
            continue;
        CLEANUP(stmt_free_text)
        char *sql = table_change_has_null(table->was->name, table->was->columns[column->was].name);
        int64_t found = 0;
        if (sql == NULL)
            return evolve_out_of_memory(error);
        if (stmt_read_integer(db, sql, is->name, &found, error) != 0)
            return -1;
        column->defaulted = found != 0;
        column->reread |= column->defaulted;
        evolution->changes |= column->defaulted;
        evolution->rebuilds |= column->defaulted;
        evolution->only_adds &= !column->defaulted;
    }
    return 0;
}

// What finds no room ends with dots.
static __attribute__((format(printf, 3, 4))) void evolve_append(char *text, size_t size, const char *format,
                                                                ...) {
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
    if (wanted >= (int)(size - used))
        memcpy(text + size - sizeof " ..", " ..", sizeof " ..");
}

// The number of the old table's column in the table as it is now, -1 = it is gone.
static int evolve_find_column(const struct evolution_table *change, const struct table *is, int was) {
    for (int i = 0; i < is->column_count; i++)
        if (change->columns[i].was == was)
            return i;
    return -1;
}

// Who forgets --views, or gives a folder without its source.sql, does not mean that his tables go: no ERROR_INPUT, since
// --rebuild would take the file's place with another that has not got them.
static int evolve_refuse_built_in(const struct evolution *evolution, struct error *error) {
    char gone[512] = "";
    for (int i = 0; i < evolution->old_count; i++)
        if (evolution->gone[i])
            evolve_append(gone, sizeof gone, "%s%s", gone[0] != '\0' ? ", " : "", evolution->old[i].name);
    for (int t = 0; t < evolution->catalog->table_count; t++) {
        const struct table *is = &evolution->catalog->tables[t];
        const struct evolution_table *change = &evolution->tables[t];
        for (int c = 0; change->was != NULL && c < change->was->column_count; c++)
            if (evolve_find_column(change, is, c) < 0)
                evolve_append(gone, sizeof gone, "%s%s.%s", gone[0] != '\0' ? ", " : "", is->name,
                              change->was->columns[c].name);
    }
    return gone[0] == '\0'
               ? 0
               : error_set(error, ERROR_STORE,
                           "the file was made with another source.sql than the built-in one, which is taken "
                           "without --views and with a folder that has none, and would lose %s: give the "
                           "--views that it was made with; the built-in views are for another --db file",
                           gone);
}

int evolve_find(struct sqlite3 *db, const struct catalog *catalog, struct evolve *ret, struct error *error) {
    CLEANUP(view_files_free) struct view_files files = {0};
    CLEANUP(evolve_free) struct evolve evolve = {0};
    CLEANUP(defaults_free) struct defaults defaults = {0};
    CLEANUP(stmt_free_text) char *mirror = table_change_mirror(catalog->tables, catalog->table_count);
    bool same;
    if (mirror == NULL)
        return evolve_out_of_memory(error);
    if (made_with_mirror(db, mirror, &same, error) != 0 || defaults_load(db, &defaults, error) != 0 ||
        stored_files_read(db, "_files", &files, error) != 0)
        return -1;
    const char *source = view_files_text(&files, "source.sql");
    bool told = source != NULL &&
                (!same || strcmp(source, catalog->source) != 0 || defaults_has_more(&defaults, catalog));
    bool known = same;
    if (told && evolve_find_told(db, source, same, catalog, &evolve, &known, error) != 0)
        return -1;
    if (!same && !known)
        return evolve_error_unknown(error);
    for (int i = 0; told && i < catalog->table_count; i++)
        if (evolve_find_defaulted(db, &evolve.evolution, &defaults, &catalog->tables[i], error) != 0)
            return -1;
    if (told && catalog->built_in && evolve_refuse_built_in(&evolve.evolution, error) != 0)
        return -1;
    // The order of columns, or the digits of a number: the tables stay as they are.
    evolve.evolution.changes |= told && !same;
    if (evolve.mirror == NULL) {
        evolve.mirror = mirror;
        mirror = NULL;
    }
    *ret = evolve;
    evolve = (struct evolve){0};
    return 0;
}

void evolve_free(struct evolve *evolve) {
    evolution_free(&evolve->evolution);
    stmt_free_text(&evolve->mirror);
}

static void evolve_tell(struct store_report *report, const char *what, const char *table,
                        const char *column) {
    evolve_append(report->evolved, sizeof report->evolved, "%s%s%s%s %s",
                  report->evolved[0] != '\0' ? ", " : "", table, column != NULL ? "." : "",
                  column != NULL ? column : "", what);
}

// A column that came where another of its type went may be that one.
static void evolve_doubt_column(const struct evolution_table *change, const struct table *is, int number,
                                struct store_report *report) {
    const struct column *column = &is->columns[number];
    for (int c = 0; c < change->was->column_count; c++) {
        const struct column *was = &change->was->columns[c];
        if (evolve_find_column(change, is, c) >= 0 || was->type != column->type ||
            was->element != column->element || was->generated != NULL)
            continue;
        evolve_append(
            report->doubts, sizeof report->doubts,
            "%s%s.%s went and %s came: if it was renamed, say so (`-- tidemark: renamed %s.%s from %s`), and "
            "rows that have it by that name are read again, else they are null there, or have the default",
            report->doubts[0] != '\0' ? "; " : "", is->name, was->name, column->name,
            line_name_table(is->name).text, line_name_column(column->name).text,
            line_name_column(was->name).text);
        return;
    }
}

static bool evolve_has_same_columns(const struct table *was, const struct table *is) {
    bool same = was->column_count == is->column_count;
    for (int i = 0; same && i < is->column_count; i++)
        same = table_column(was, is->columns[i].name, strlen(is->columns[i].name)) >= 0;
    return same;
}

// The same of a table.
static void evolve_doubt_table(const struct evolution *evolution, const struct table *is,
                               struct store_report *report) {
    for (int i = 0; i < evolution->old_count; i++) {
        const struct table *was = &evolution->old[i];
        if (!evolution->gone[i] || !evolve_has_same_columns(was, is))
            continue;
        evolve_append(
            report->doubts, sizeof report->doubts,
            "%stable %s went and %s came, with the same columns: if it was renamed, a line `-- tidemark: renamed "
            "%s from %s` would have kept its rows, and a line `-- tidemark: topic %s = /REGEX/` that both "
            "topics match brings them again, else they are not there",
            report->doubts[0] != '\0' ? "; " : "", was->name, is->name, line_name_table(is->name).text,
            line_name_table(was->name).text, line_name_table(is->name).text);
        return;
    }
}

static bool evolve_left_out(const struct evolution *evolution, const struct table *is) {
    for (int i = 0; i < evolution->ignored_count; i++) {
        const struct ignored_table *ignored = &evolution->ignored[i];
        if (strcmp(ignored->relation, is->relation) == 0 &&
            (ignored->schema == NULL || is->schema == NULL || strcmp(ignored->schema, is->schema) == 0))
            return true;
    }
    return false;
}

// A table that was left out is read from the topics that are its own. Its rows in another's went by.
static int evolve_doubt_left_out(sqlite3 *db, const struct evolution *evolution, const struct table *is,
                                 struct store_report *report, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (is->topic != NULL || !evolve_left_out(evolution, is))
        return 0;
    if (engine_sql_prepare(db, "others_topic", &stmt, error) != 0)
        return -1;
    int row = stmt_row(stmt, "_meta", error);
    const char *topic = row == 1 ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (topic != NULL)
        evolve_append(
            report->doubts, sizeof report->doubts,
            "%s%s was left out, and rows of other tables came in topic %s: if its were among them, they are not "
            "there; a line `-- tidemark: topic %s = %s`, and the same one of the table whose topic that is, "
            "bring them",
            report->doubts[0] != '\0' ? "; " : "", is->name, topic, line_name_table(is->name).text, topic);
    return row < 0 ? -1 : 0;
}

// Takes `sql`.
static int evolve_run_sql(sqlite3 *db, char *sql, const char *what, struct error *error) {
    CLEANUP(stmt_free_text) char *made = sql;
    return made == NULL ? evolve_out_of_memory(error) : stmt_run(db, made, what, error);
}

struct evolve_parameter {
    const char *name;
    const char *value; // NULL = null
};

static int evolve_step(sqlite3 *db, const char *statement, const struct evolve_parameter *parameters,
                       int count, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, statement, &stmt, error) != 0)
        return -1;
    for (int i = 0; i < count; i++)
        stmt_bind_text(stmt, parameters[i].name,
                       parameters[i].value != NULL ? span_of(parameters[i].value) : (struct span){0});
    return stmt_step(stmt, statement, NULL, error);
}

static int evolve_await(sqlite3 *db, const char *table, const char *column, const char *kind,
                        struct error *error) {
    const struct evolve_parameter parameters[] = {{":table", table}, {":column", column}, {":kind", kind}};
    return evolve_step(db, "fill_add", parameters, 3, error);
}

static int evolve_forget(sqlite3 *db, const char *table, const char *column, struct error *error) {
    const struct evolve_parameter parameters[] = {{":table", table}, {":column", column}};
    return evolve_step(db, "carry_forget", parameters, 2, error) != 0
               ? -1
               : evolve_step(db, "fill_forget", parameters, 2, error);
}

// Messages in quarantine wait for a person: by another key of the table, or of one of its name, another row would settle them.
static int evolve_forget_quarantined(sqlite3 *db, const char *table, struct error *error) {
    return evolve_step(db, "quarantine_forget_keys", &(struct evolve_parameter){":table", table}, 1, error);
}

// --- tables

static int evolve_drop_table(sqlite3 *db, const char *name, struct store_report *report,
                             struct error *error) {
    const struct evolve_parameter parameters[] = {{":name", name}};
    evolve_tell(report, "dropped", name, NULL);
    if (evolve_run_sql(db, table_change_drop(name), name, error) != 0 ||
        evolve_step(db, "tables_forget", parameters, 1, error) != 0 ||
        evolve_step(db, "incomplete_forget", parameters, 1, error) != 0 ||
        evolve_forget(db, name, NULL, error) != 0 || evolve_forget_quarantined(db, name, error) != 0)
        return -1;
    return evolve_await(db, name, "", "gone", error);
}

static int evolve_rename_table(sqlite3 *db, const char *old_name, const char *new_name, bool topic,
                               struct store_report *report, struct error *error) {
    static const char *const statements[] = {"tables_rename", "carry_rename_table", "fill_rename_table",
                                             "quarantine_rename_table", "incomplete_rename"};
    const struct evolve_parameter parameters[] = {{":old", old_name}, {":new", new_name}};
    evolve_tell(report, "renamed", old_name, NULL);
    if (evolve_run_sql(db, table_change_rename(old_name, new_name), old_name, error) != 0)
        return -1;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (evolve_step(db, statements[i], parameters, 2, error) != 0)
            return -1;
    return topic ? evolve_await(db, new_name, "", "new", error) : 0;
}

static int evolve_add_table(sqlite3 *db, const struct table *table, struct store_report *report,
                            struct error *error) {
    evolve_tell(report, "added", table->name, NULL);
    if (evolve_run_sql(db, table_change_mirror(table, 1), table->name, error) != 0)
        return -1;
    return evolve_await(db, table->name, "", "new", error);
}

// --- columns

static int evolve_rename_column(sqlite3 *db, const struct table *table, const struct column *was,
                                const struct column *is, struct store_report *report, struct error *error) {
    const struct evolve_parameter parameters[] = {
        {":table", table->name}, {":old", was->name}, {":new", is->name}};
    evolve_tell(report, "renamed", table->name, was->name);
    if (evolve_run_sql(db, table_change_rename_column(table->name, was->name, is->name, was->key != 0),
                       table->name, error) != 0 ||
        evolve_step(db, "carry_rename_column", parameters, 3, error) != 0)
        return -1;
    return evolve_step(db, "fill_rename_column", parameters, 3, error);
}

// The column as it was, where its name is another now; NULL = it is not.
static const struct column *evolve_renamed(const struct evolution_table *change, const struct table *is,
                                           int number) {
    int before = change->columns[number].was;
    const struct column *was = before >= 0 ? &change->was->columns[before] : NULL;
    return was != NULL && strcmp(was->name, is->columns[number].name) != 0 ? was : NULL;
}

// Whether another column still has the name that this one gets.
static bool evolve_waits(const struct evolution_table *change, const struct table *is, const bool *done,
                         int number) {
    for (int i = 0; i < is->column_count; i++) {
        const struct column *was = evolve_renamed(change, is, i);
        if (was != NULL && i != number && !done[i] &&
            sqlite3_stricmp(was->name, is->columns[number].name) == 0)
            return true;
    }
    return false;
}

// A name that one column leaves may be the next one's: each pass renames at least one of a chain.
static int evolve_rename_columns(sqlite3 *db, const struct evolution_table *change, const struct table *is,
                                 struct store_report *report, struct error *error) {
    bool done[TABLE_COLUMNS_MAX] = {false};
    bool waits = true;
    for (int pass = 0; waits && pass < is->column_count; pass++) {
        waits = false;
        for (int i = 0; i < is->column_count; i++) {
            const struct column *was = done[i] ? NULL : evolve_renamed(change, is, i);
            bool later = was != NULL && evolve_waits(change, is, done, i);
            waits |= later;
            if (was == NULL || later)
                continue;
            if (evolve_rename_column(db, is, was, &is->columns[i], report, error) != 0)
                return -1;
            done[i] = true;
        }
    }
    return 0;
}

static int evolve_drop_columns(sqlite3 *db, const struct evolution_table *change, const struct table *is,
                               struct store_report *report, struct error *error) {
    for (int c = 0; c < change->was->column_count; c++) {
        int now = evolve_find_column(change, is, c);
        if (now >= 0 && !change->columns[now].retyped)
            continue;
        const char *name = now >= 0 ? is->columns[now].name : change->was->columns[c].name;
        if (now < 0)
            evolve_tell(report, "dropped", is->name, name);
        if (evolve_forget(db, is->name, name, error) != 0)
            return -1;
        if (!change->anew && evolve_run_sql(db, table_change_drop_column(is->name, name), name, error) != 0)
            return -1;
    }
    return 0;
}

static void evolve_tell_label(struct store_report *report, const char *table, const char *column,
                              const char *label) {
    char text[192];
    (void)snprintf(
        text, sizeof text,
        "has no label '%.60s' any more (rows that have it keep it until an event or a snapshot names them)",
        label);
    evolve_tell(report, text, table, column);
}

// The declaration does not say whether a column had its default when it was added: rows of before have it then, else NULL.
static const char *evolve_added(const struct column *is) {
    if (is->source_default)
        return "added (its default is the source's to compute: rows that no event names since stay NULL until a snapshot)";
    if (!column_has_default(is))
        return "added";
    return is->not_null
               ? "added (rows that no event names since have its default: at the source they have that of then)"
               : "added (rows that no event names since have its default: they are NULL at the source, if it was set later)";
}

// By a cast the source's rows keep what they had: the literal of now need not be that.
static const char *evolve_retyped(const struct column *is) {
    return column_has_default(is)
               ? "retyped (rows that no event names with it have its default of now: at the source "
                 "they have what they had before, cast)"
               : "retyped";
}

// A null that stands for a value which only a message before the log's beginning had is none.
static const char *evolve_defaulted(const struct column *is) {
    return column_type_toastable(is->type)
               ? "has its default where it was null (also in rows of which the log has no event any more and whose "
                 "unchanged TOAST value was not known)"
               : "has its default where it was null";
}

// The key of a row that table_change_beyond has found.
static int evolve_write_key(struct buffer *out, const struct table *table, sqlite3_stmt *row) {
    struct value values[TABLE_COLUMNS_MAX];
    for (int i = 0; i < table->key_count; i++)
        if (sqlite_value_borrow(sqlite3_column_value(row, i + 1), &values[table->keys[i]]) != SQLITE_OK)
            return -1;
    return key_text_write(out, table, values) && !out->failed ? 0 : -1;
}

// What cannot be computed of a row that is there is no value of the column.
static int evolve_generate(sqlite3 *db, const struct table *is, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    CLEANUP(stmt_free_text) char *sql = table_change_beyond(is);
    if (sql == NULL)
        return evolve_out_of_memory(error);
    if (stmt_prepare(db, sql, is->name, &stmt, error) != 0)
        return -1;
    int row = stmt_row(stmt, is->name, error);
    if (row == 0)
        return evolve_run_sql(db, table_change_generate(is), is->name, error);
    if (row < 0)
        return -1;
    CLEANUP(buffer_free) struct buffer key = {0};
    const struct column *column = &is->columns[sqlite3_column_int(stmt, 0)];
    if (evolve_write_key(&key, is, stmt) != 0)
        return evolve_out_of_memory(error);
    return error_set(
        error, ERROR_INPUT,
        "table %s: column %s is generated, and %s in the row "
        "of key %.*s: leave it out with `-- tidemark: ignore %s.%s`, or declare it as a plain column "
        "where the events carry it",
        is->name, column->name, table_sql_beyond_what(column), (int)key.size, key.data,
        line_name_table(is->name).text, line_name_column(column->name).text);
}

static int evolve_add_columns(sqlite3 *db, const struct evolution_table *change, const struct table *is,
                              struct store_report *report, struct error *error) {
    bool generate = false;
    for (int i = 0; i < is->column_count; i++) {
        const struct evolution_column *column = &change->columns[i];
        bool is_new = column->was < 0 || column->retyped;
        if (column->was < 0) {
            evolve_tell(report, evolve_added(&is->columns[i]), is->name, is->columns[i].name);
            evolve_doubt_column(change, is, i, report);
        } else if (column->retyped)
            evolve_tell(report, evolve_retyped(&is->columns[i]), is->name, is->columns[i].name);
        else if (column->unpadded)
            evolve_tell(report, "has no spaces at its end any more, as the source's cast takes them",
                        is->name, is->columns[i].name);
        else if (column->defaulted)
            evolve_tell(report, evolve_defaulted(&is->columns[i]), is->name, is->columns[i].name);
        else if (column->was_computed)
            evolve_tell(
                report,
                "declared otherwise, and computed no more (rows whose newest event lacks it have what an older one or a snapshot said, "
                "which may be stale: a snapshot, an incremental one does, puts it right)",
                is->name, is->columns[i].name);
        else if ((column->reread && evolve_renamed(change, is, i) == NULL) || column->generated)
            evolve_tell(report, "declared otherwise", is->name, is->columns[i].name);
        generate |= is->columns[i].generated != NULL && (is_new || column->generated);
        if (column->remade && !is_new)
            evolve_tell(
                report,
                "dropped and added anew (rows that no event names since have what they had before, and at the source its "
                "default, or null: a snapshot, an incremental one does, puts it right)",
                is->name, is->columns[i].name);
        if (column->lost_label != NULL)
            evolve_tell_label(report, is->name, is->columns[i].name, column->lost_label);
        if (column->unpadded &&
            evolve_run_sql(db,
                           table_change_unpad(is->name, is->columns[i].name,
                                              change->was->columns[column->was].padded_to),
                           is->name, error) != 0)
            return -1;
        if (column->defaulted &&
            evolve_run_sql(db, table_change_default(is->name, &is->columns[i]), is->name, error) != 0)
            return -1;
        if (is_new && !change->anew &&
            evolve_run_sql(db, table_change_add_column(is->name, &is->columns[i]), is->name, error) != 0)
            return -1;
        if (!change->anew && evolution_fills(column, &is->columns[i]) &&
            evolve_await(db, is->name, is->columns[i].name, "column", error) != 0)
            return -1;
    }
    return generate ? evolve_generate(db, is, error) : 0;
}

// The columns have their new names, and those that are gone or of another type are there still.
static int evolve_change_key(sqlite3 *db, const struct evolution_table *change, const struct table *is,
                             struct store_report *report, struct error *error) {
    const char *from[TABLE_COLUMNS_MAX];
    for (int i = 0; i < is->column_count; i++)
        from[i] = change->columns[i].was >= 0 && !change->columns[i].retyped ? is->columns[i].name : NULL;
    evolve_tell(report, "has another key", is->name, NULL);
    if (evolve_run_sql(db, table_change_key(is, from), is->name, error) != 0 ||
        evolve_forget(db, is->name, NULL, error) != 0 || evolve_forget_quarantined(db, is->name, error) != 0)
        return -1;
    return evolve_await(db, is->name, "", "table", error);
}

// The topics that it has now are read again, for rows that were not its own. Of one that it has no more, nothing says which
// rows came from there.
static int evolve_change_topics(sqlite3 *db, const struct evolution_table *change, const struct table *is,
                                struct store_report *report, struct error *error) {
    for (int i = 0; i < change->was->partition_count; i++)
        if (!evolution_has_partition(is, change->was->partitions[i]))
            evolve_tell(report, "is no partition any more (its rows stay until a full snapshot)", is->name,
                        change->was->partitions[i]);
    if (!change->refeed)
        return 0;
    evolve_tell(report, "has more topics", is->name, NULL);
    return evolve_await(db, is->name, "", "table", error);
}

static int evolve_change_table(sqlite3 *db, const struct evolution_table *change, const struct table *is,
                               struct store_report *report, struct error *error) {
    if (change->remade)
        evolve_tell(report, "dropped and made anew (rows of the one before stay until a full snapshot)",
                    is->name, NULL);
    if (evolve_rename_columns(db, change, is, report, error) != 0 ||
        evolve_drop_columns(db, change, is, report, error) != 0)
        return -1;
    if ((change->anew && evolve_change_key(db, change, is, report, error) != 0) ||
        evolve_change_topics(db, change, is, report, error) != 0)
        return -1;
    return evolve_add_columns(db, change, is, report, error);
}

int evolve_run(struct sqlite3 *db, const struct evolve *evolve, struct store_report *report,
               struct error *error) {
    const struct evolution *evolution = &evolve->evolution;
    const struct catalog *catalog = evolution->catalog;
    CLEANUP(stmt_free_text) char *mirror = table_change_mirror(catalog->tables, catalog->table_count);
    int64_t number = 0;
    if (mirror == NULL)
        return evolve_out_of_memory(error);
    for (int i = 0; i < evolution->old_count; i++)
        if (evolution->gone[i] && evolve_drop_table(db, evolution->old[i].name, report, error) != 0)
            return -1;
    for (int i = 0; i < catalog->table_count; i++) {
        const struct table *was = evolution->tables[i].was;
        if (was != NULL && strcmp(was->name, catalog->tables[i].name) != 0 &&
            evolve_rename_table(db, was->name, catalog->tables[i].name, evolution->tables[i].renamed_topic,
                                report, error) != 0)
            return -1;
    }
    for (int i = 0; i < catalog->table_count; i++)
        if (evolution->tables[i].was == NULL) {
            evolve_doubt_table(evolution, &catalog->tables[i], report);
            if (evolve_doubt_left_out(db, evolution, &catalog->tables[i], report, error) != 0)
                return -1;
        }
    for (int i = 0; i < catalog->table_count; i++)
        if (evolution->tables[i].was == NULL
                ? evolve_add_table(db, &catalog->tables[i], report, error) != 0
                : evolve_change_table(db, &evolution->tables[i], &catalog->tables[i], report, error) != 0)
            return -1;
    if (meta_get_integer(db, "evolution", &number, error) != 0 ||
        meta_set_integer(db, "evolution", number + 1, error) != 0 ||
        meta_set(db, "source", mirror, error) != 0)
        return -1;
    return fills_tell_awaited(db, error);
}
