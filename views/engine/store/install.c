#include "views/engine/store/install.h"

#include "views/engine/catalog/stored_files.h"

#include "views/engine/delta/dedup.h"
#include "views/engine/delta/delta.h"
#include "views/engine/delta/exact_sums.h"
#include "views/engine/row/table_change.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store/defaults.h"
#include "views/engine/store/disabled.h"
#include "views/engine/store/evolve.h"
#include "views/engine/store/kept.h"
#include "views/engine/store/key_forms.h"
#include "views/engine/store/told_before.h"

#include <stdio.h>

enum { INSTALL_OBJECTS_MAX = 4096, INSTALL_REAL_TEXT_SIZE = 256 };

// real_text.sql with SQLite 3.40, which has made every file that does not say.
static const char install_first_real_text[] =
    "0.1 0.3 0.333333333333333 1.0e+23 435.0 9.00719925474099e+15 1.0e+15";

// What the views are brought in step with.
struct install {
    sqlite3 *db;
    const struct catalog *catalog;
    struct evolve evolve; // of the mirrored tables
    char *mirror;         // as SQL, as they are afterwards
    bool *changed;        // by view: it is made anew
    bool **told;          // by view and apply: what it tells again is in a table that is carried over
};

static void install_done(struct install *install) {
    evolve_free(&install->evolve);
    stmt_free_text(&install->mirror);
    free(install->changed);
    for (int i = 0; install->told != NULL && i < install->catalog->view_count; i++)
        free(install->told[i]);
    free(install->told);
}

struct object {
    char *type; // table, index, view, trigger
    char *name;
    char *sql;
    char *columns; // of a table, their names and types; NULL when they were not asked for
};

struct objects {
    struct object *list;
    int count;
};

static void install_free_objects(struct objects *objects) {
    for (int i = 0; i < objects->count; i++) {
        free(objects->list[i].type);
        free(objects->list[i].name);
        free(objects->list[i].sql);
        free(objects->list[i].columns);
    }
    free(objects->list);
    *objects = (struct objects){0};
}

static char *install_copy_text(sqlite3_stmt *stmt, int column) {
    return column < sqlite3_column_count(stmt) ? stmt_copy_text(stmt, column) : NULL;
}

// The engine's statement `name` selects type, name, sql and, if it likes, columns.
static int install_read_objects(sqlite3 *db, const char *name, struct objects *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, name, &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, "sqlite_schema", error)) == 1) {
        if (ret->count == INSTALL_OBJECTS_MAX)
            return error_set(
                error, ERROR_INPUT,
                "more than %d views, or tables, indexes and triggers of one: make several files of them",
                INSTALL_OBJECTS_MAX);
        struct object *grown = realloc(ret->list, ((size_t)ret->count + 1) * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        ret->list = grown;
        struct object *object = &ret->list[ret->count++];
        *object = (struct object){.type = install_copy_text(stmt, 0),
                                  .name = install_copy_text(stmt, 1),
                                  .sql = install_copy_text(stmt, 2),
                                  .columns = install_copy_text(stmt, 3)};
        if (object->type == NULL || object->name == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    return row;
}

int install_mirror(struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    CLEANUP(stmt_free_text) char *sql = table_change_mirror(catalog->tables, catalog->table_count);
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(db, sql, "mirror", error) != 0 ? -1 : meta_set(db, "source", sql, error);
}

// What a schema makes, found out in a database of its own. `mirror`: the mirrored tables that it was written for.
static int install_schema_objects(const char *mirror, const char *schema, struct objects *ret,
                                  struct error *error) {
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    if (sqlite3_open(":memory:", &scratch) != SQLITE_OK)
        return stmt_error(error, scratch, "schema");
    if (functions_register(scratch, NULL, error) != 0 || stmt_run(scratch, mirror, "mirror", error) != 0 ||
        engine_sql_run(scratch, "schema_before", error) != 0 ||
        stmt_run(scratch, schema, "schema.sql of the file", error) != 0)
        return -1;
    return install_read_objects(scratch, "schema_made", ret, error);
}

static int install_run_named(sqlite3 *db, const char *format, const char *name, struct error *error) {
    CLEANUP(stmt_free_text) char *sql = sqlite3_mprintf(format, name, name, name);
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(db, sql, name, error);
}

// Triggers and indexes go with their tables or before them, and so do the tables behind one of fts5: a name that is gone is not
// looked for in another database.
static int install_drop_objects(sqlite3 *db, const struct objects *objects, struct error *error) {
    static const struct {
        const char *type;
        const char *sql;
    } drops[] = {{"trigger", "drop trigger if exists main.\"%w\""},
                 {"view", "drop view if exists main.\"%w\""},
                 {"index", "drop index if exists main.\"%w\""},
                 {"table", "drop table if exists main.\"%w\""}};
    for (size_t d = 0; d < sizeof drops / sizeof *drops; d++)
        for (int i = 0; i < objects->count; i++)
            if (strcmp(objects->list[i].type, drops[d].type) == 0 &&
                install_run_named(db, drops[d].sql, objects->list[i].name, error) != 0)
                return -1;
    return 0;
}

static const struct object *install_find_object(const struct objects *objects, struct span name) {
    for (int i = 0; i < objects->count; i++)
        if (kept_is_name(span_of(objects->list[i].name), name))
            return &objects->list[i];
    return NULL;
}

struct installed {
    char *hash;
    char *schema;
};

static void install_free_installed(struct installed *installed) {
    free(installed->hash);
    free(installed->schema);
    *installed = (struct installed){0};
}

// The file's record of a view. 1 = found, 0 = it has none, -1 = error.
static int install_find_installed(sqlite3 *db, const char *name, struct installed *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "views_find", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    int row = stmt_row(stmt, "_views", error);
    if (row != 1)
        return row;
    *ret = (struct installed){stmt_copy_text(stmt, 0), stmt_copy_text(stmt, 1)};
    return ret->hash != NULL && ret->schema != NULL ? 1 : error_set(error, ERROR_SYSTEM, "out of memory");
}

static bool install_has_same_columns(const struct object *was, const struct object *is) {
    return was != NULL && is != NULL && was->columns != NULL && is->columns != NULL &&
           strcmp(was->columns, is->columns) == 0;
}

static bool install_has_history(const char *schema) {
    return schema_next_history(&schema).data != NULL;
}

static bool install_keeps(const char *schema, struct span table) {
    for (;;) {
        struct span name = schema_next_history(&schema);
        if (name.data == NULL || kept_is_name(name, table))
            return name.data != NULL;
    }
}

// What once() was told of a table that is kept stays: rows that are gone from it count.
static int install_forget_once(sqlite3 *db, const struct objects *objects, const char *kept_by,
                               struct error *error) {
    for (int i = 0; i < objects->count; i++)
        if (strcmp(objects->list[i].type, "table") == 0 &&
            !install_keeps(kept_by, span_of(objects->list[i].name)) &&
            dedup_drop(db, objects->list[i].name, error) != 0)
            return -1;
    return 0;
}

// History that the old schema kept must be kept by the new one, in the same columns.
static int install_check_kept(const struct install *install, const struct view *view, const char *old_schema,
                              const struct objects *old_objects, struct error *error) {
    CLEANUP(install_free_objects) struct objects new_objects = {0};
    if (install_schema_objects(install->mirror, view->schema, &new_objects, error) != 0)
        return error_prefix(error, "%s", view->file);
    const char *at = old_schema;
    for (struct span name = schema_next_history(&at); name.data != NULL; name = schema_next_history(&at))
        if (!install_keeps(view->schema, name) ||
            !install_has_same_columns(install_find_object(old_objects, name),
                                      install_find_object(&new_objects, name)))
            return error_set(
                error, ERROR_INPUT,
                "%s: table %.*s of view %s is history that the mirror cannot rebuild: keep it, "
                "with the same columns, or let `run --rebuild` build another file from the topics",
                view->file, (int)name.size, name.data, view->name);
    return 0;
}

// For each table that both schemas keep.
static int install_each_kept(sqlite3 *db, const struct view *view, const char *old_schema,
                             int (*step)(struct sqlite3 *db, const char *table, struct error *error),
                             struct error *error) {
    for (int i = 0; i < view->history_count; i++)
        if (install_keeps(old_schema, span_of(view->history[i])) && step(db, view->history[i], error) != 0)
            return -1;
    return 0;
}

static int install_forget_applies(sqlite3 *db, const char *view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "applies_forget", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":view", span_of(view));
    return stmt_step(stmt, "_applies", NULL, error) != 0 ? -1 : exact_sums_drop(db, view, error);
}

static int install_record_applies(sqlite3 *db, const struct view *view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (install_forget_applies(db, view->name, error) != 0 ||
        engine_sql_prepare(db, "applies_add", &stmt, error) != 0)
        return -1;
    for (int i = 0; i < view->apply_count; i++) {
        stmt_bind_text(stmt, ":view", span_of(view->name));
        stmt_bind_text(stmt, ":name", span_of(view->applies[i].name));
        stmt_bind_text(stmt, ":sql", span_of(view->applies[i].sql));
        if (stmt_step(stmt, "_applies", NULL, error) != 0)
            return -1;
    }
    return 0;
}

static int install_record(sqlite3 *db, const struct view *view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "views_set", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(view->name));
    stmt_bind_text(stmt, ":hash", span_of(view->hash));
    stmt_bind_text(stmt, ":schema", span_of(view->schema));
    return stmt_step(stmt, "_views", NULL, error) != 0 ? -1 : install_record_applies(db, view, error);
}

// What the view's old form has made; its history goes into temporary tables.
static int install_remove_old(const struct install *install, const struct view *view, struct error *error) {
    CLEANUP(install_free_installed) struct installed old = {0};
    CLEANUP(install_free_objects) struct objects objects = {0};
    int found = install_find_installed(install->db, view->name, &old, error);
    if (found <= 0)
        return found;
    if (install_schema_objects(install->evolve.mirror, old.schema, &objects, error) != 0 ||
        install_check_kept(install, view, old.schema, &objects, error) != 0 ||
        install_each_kept(install->db, view, old.schema, kept_take, error) != 0 ||
        install_drop_objects(install->db, &objects, error) != 0)
        return -1;
    return install_forget_once(install->db, &objects, view->schema, error);
}

// Triggers make of it what is made of it. Then each table is as it was, also one that triggers of another write.
static int install_give_back(const struct install *install, const struct view *view, const char *old_schema,
                             struct error *error) {
    if (install_each_kept(install->db, view, old_schema, kept_give_back, error) != 0)
        return -1;
    kept_set_triggers(install->db, false);
    int status = install_each_kept(install->db, view, old_schema, kept_settle, error);
    kept_set_triggers(install->db, true);
    return status;
}

static int install_make_view(const struct install *install, const struct view *view, struct error *error) {
    CLEANUP(install_free_installed) struct installed old = {0};
    int found = install_find_installed(install->db, view->name, &old, error);
    if (found < 0)
        return -1;
    if (stmt_run(install->db, view->schema, view->file, error) != 0 ||
        install_give_back(install, view, found == 1 ? old.schema : "", error) != 0)
        return -1;
    return install_record(install->db, view, error);
}

static void install_add_name(char *list, size_t size, const char *name) {
    size_t used = strlen(list);
    (void)snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

// A changed source.sql that leaves no statement of before sure to hold.
static bool install_takes_away(const struct install *install) {
    return install->evolve.evolution.changes && !install->evolve.evolution.only_adds;
}

// What a view of the file has made goes, with all that is known of it.
static int install_drop_view(const struct install *install, const struct object *view, struct error *error) {
    CLEANUP(install_free_objects) struct objects objects = {0};
    CLEANUP(stmt_finalize) sqlite3_stmt *forget = NULL;
    if (install_schema_objects(install->evolve.mirror, view->sql, &objects, error) != 0 ||
        install_drop_objects(install->db, &objects, error) != 0 ||
        install_forget_once(install->db, &objects, "", error) != 0 ||
        engine_sql_prepare(install->db, "views_forget", &forget, error) != 0)
        return -1;
    stmt_bind_text(forget, ":name", span_of(view->name));
    return stmt_step(forget, "_views", NULL, error) != 0 ||
                   install_forget_applies(install->db, view->name, error) != 0
               ? -1
               : disabled_forget(install->db, view->name, error);
}

// The loaded view that the file has not, and that keeps all that this one of the file keeps: its folder has another name now.
// NULL = there is none.
static const struct view *install_find_renamed(const struct install *install, const struct object *view,
                                               int *ret_status, struct error *error) {
    for (int i = 0; i < install->catalog->view_count; i++) {
        const struct view *loaded = &install->catalog->views[i];
        CLEANUP(install_free_installed) struct installed installed = {0};
        bool keeps = true;
        const char *at = view->sql;
        for (struct span name = schema_next_history(&at); name.data != NULL && keeps;
             name = schema_next_history(&at))
            keeps = install_keeps(loaded->schema, name);
        if (!keeps)
            continue;
        *ret_status = install_find_installed(install->db, loaded->name, &installed, error);
        if (*ret_status <= 0)
            return *ret_status == 0 ? loaded : NULL;
    }
    *ret_status = 0;
    return NULL;
}

static int install_rename_view(const struct install *install, const char *old_name, const char *new_name,
                               struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(install->db, "views_rename", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":old", span_of(old_name));
    stmt_bind_text(stmt, ":new", span_of(new_name));
    return stmt_step(stmt, "_views", NULL, error) != 0 ||
                   install_forget_applies(install->db, old_name, error) != 0
               ? -1
               : disabled_forget(install->db, old_name, error);
}

// Views of the file that are not loaded any more: one that holds history stays and is kept up to date by the
// triggers and statements that the file has. They were written for the tables as they were.
static int install_drop_unloaded(const struct install *install, struct store_report *report,
                                 struct error *error) {
    CLEANUP(install_free_objects) struct objects views = {0};
    if (install_read_objects(install->db, "views_list", &views, error) != 0)
        return -1;
    for (int i = 0; i < views.count; i++) {
        const char *name = views.list[i].name;
        if (catalog_view(install->catalog, name) != NULL)
            continue;
        if (!install_has_history(views.list[i].sql)) {
            if (install_drop_view(install, &views.list[i], error) != 0)
                return -1;
            report->views_dropped++;
            install_add_name(report->dropped, sizeof report->dropped, name);
            continue;
        }
        int status;
        const struct view *renamed = install_find_renamed(install, &views.list[i], &status, error);
        if (status < 0 || (renamed != NULL && install_rename_view(install, name, renamed->name, error) != 0))
            return -1;
        if (renamed != NULL)
            continue;
        if (install_takes_away(install))
            return error_set(
                error, ERROR_INPUT,
                "source.sql drops, renames or retypes what view %s may read, which is not loaded and holds "
                "history: load that view too (--views, --only), for this start at least",
                name);
        install_add_name(report->left, sizeof report->left, name);
    }
    return 0;
}

// Whether the apply takes away what another, which is not run, would put in again.
static bool install_takes_told(const struct view *view, const struct apply_statement *apply,
                               const bool *told) {
    for (int i = 0; i < view->apply_count; i++)
        if (told[i] && kept_is_name(span_of(view->applies[i].tells_again), span_of(apply->tells_again)))
            return true;
    return false;
}

// The view is made anew. Where the file does not have it, it has told nothing.
static int install_find_told(const struct install *install, int number, struct error *error) {
    CLEANUP(install_free_installed) struct installed old = {0};
    const struct view *view = &install->catalog->views[number];
    int found = install_find_installed(install->db, view->name, &old, error);
    if (found <= 0)
        return found;
    bool *told = calloc((size_t)view->apply_count + 1, sizeof *told);
    install->told[number] = told;
    if (told == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < view->apply_count; i++) {
        const struct apply_statement *apply = &view->applies[i];
        if (apply->tells_again == NULL || apply->takes_away ||
            !install_keeps(old.schema, span_of(apply->tells_again)))
            continue;
        int has = told_before(install->db, install->catalog, view, apply, error);
        if (has < 0)
            return -1;
        told[i] = has == 1;
    }
    for (int i = 0; i < view->apply_count; i++)
        if (view->applies[i].takes_away)
            told[i] = install_takes_told(view, &view->applies[i], told);
    return 0;
}

static bool install_is_changed(sqlite3 *db, const struct view *view, int *ret_status, struct error *error) {
    CLEANUP(install_free_installed) struct installed old = {0};
    *ret_status = install_find_installed(db, view->name, &old, error);
    return *ret_status == 0 || (*ret_status == 1 && strcmp(old.hash, view->hash) != 0);
}

// What the view's files made stays as it was, for its history; nothing runs any more. A hash that none has makes a
// program that knows no such notes build the view anew.
static int install_disable_view(const struct install *install, const struct view *view,
                                struct store_report *report, struct error *error) {
    CLEANUP(install_free_installed) struct installed old = {0};
    CLEANUP(install_free_objects) struct objects objects = {0};
    int found = install_find_installed(install->db, view->name, &old, error);
    if (found < 0 ||
        (found == 1 && install_schema_objects(install->evolve.mirror, old.schema, &objects, error) != 0))
        return -1;
    if (install_takes_away(install))
        return error_set(
            error, ERROR_INPUT,
            "source.sql drops, renames or retypes what view %s may read, which is disabled for an error: mend "
            "its files, or leave it out (--only), before the tables change",
            view->name);
    for (int i = 0; i < objects.count; i++)
        if (strcmp(objects.list[i].type, "trigger") == 0 &&
            install_run_named(install->db, "drop trigger if exists \"%w\"", objects.list[i].name, error) != 0)
            return -1;
    install_add_name(report->disabled, sizeof report->disabled, view->name);
    const struct view none = {.name = view->name, .hash = "", .schema = found == 1 ? old.schema : ""};
    return install_record(install->db, &none, error);
}

// The files of a view that was disabled may be others by now: then it is made as any other.
static int install_disable_views(const struct install *install, struct store_report *report,
                                 struct error *error) {
    for (int i = 0; i < install->catalog->view_count; i++) {
        const struct view *view = &install->catalog->views[i];
        int is = disabled_is(install->db, view, error);
        if (is < 0 || (is == 1 && install_disable_view(install, view, report, error) != 0) ||
            (is == 0 && install->changed[i] && disabled_forget(install->db, view->name, error) != 0))
            return -1;
        install->changed[i] &= is == 0;
    }
    return 0;
}

static int install_move_rows(sqlite3 *db, const struct catalog *catalog,
                             char *(*sql_of)(const struct table *), struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(stmt_free_text) char *sql = sql_of(&catalog->tables[i]);
        if (sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (stmt_run(db, sql, catalog->tables[i].name, error) != 0)
            return -1;
    }
    return 0;
}

// Takes the triggers of a view's old form out of the list of those that come back.
static int install_forget_old_triggers(const struct install *install, const struct view *view,
                                       struct objects *triggers, struct error *error) {
    CLEANUP(install_free_installed) struct installed old = {0};
    CLEANUP(install_free_objects) struct objects objects = {0};
    int found = install_find_installed(install->db, view->name, &old, error);
    if (found <= 0)
        return found;
    if (install_schema_objects(install->evolve.mirror, old.schema, &objects, error) != 0)
        return -1;
    for (int i = 0; i < triggers->count; i++)
        if (triggers->list[i].sql != NULL &&
            install_find_object(&objects, span_of(triggers->list[i].name)) != NULL) {
            free(triggers->list[i].sql);
            triggers->list[i].sql = NULL;
        }
    return 0;
}

static int install_read_triggers(const struct install *install, struct objects *ret, struct error *error) {
    if (install_read_objects(install->db, "triggers_list", ret, error) != 0)
        return -1;
    for (int i = 0; i < install->catalog->view_count; i++)
        if (install->changed[i] &&
            install_forget_old_triggers(install, &install->catalog->views[i], ret, error) != 0)
            return -1;
    return 0;
}

// Whether one of the changed views fills itself by triggers.
static int install_need_rows(const struct install *install, bool *ret, struct error *error) {
    *ret = false;
    for (int i = 0; i < install->catalog->view_count; i++) {
        CLEANUP(install_free_objects) struct objects objects = {0};
        const struct view *view = &install->catalog->views[i];
        if (!install->changed[i])
            continue;
        if (install_schema_objects(install->mirror, view->schema, &objects, error) != 0)
            return error_prefix(error, "%s", view->file);
        for (int o = 0; o < objects.count; o++)
            *ret |= strcmp(objects.list[o].type, "trigger") == 0;
    }
    return 0;
}

// Runs `step` for each view that is made anew.
static int install_each_changed(const struct install *install,
                                int (*step)(const struct install *install, const struct view *view,
                                            struct error *error),
                                struct error *error) {
    for (int i = 0; i < install->catalog->view_count; i++)
        if (install->changed[i] && step(install, &install->catalog->views[i], error) != 0)
            return -1;
    return 0;
}

// What a table has that is carried over is not put into it once more.
static bool install_passes(const void *self, int view, const struct apply_statement *apply) {
    const struct install *install = self;
    return install->told[view] != NULL && install->told[view][apply - install->catalog->views[view].applies];
}

// The rows come in again where they went out, and the new views see each as a snapshot's.
static int install_refill(const struct install *install, bool moves, const struct change **current,
                          struct error *error) {
    const struct change refill = {.op = CHANGE_READ, .snapshot = SNAPSHOT_FULL, .lsn = LSN_NONE, .txid = -1};
    *current = &refill;
    int status = moves ? install_move_rows(install->db, install->catalog, table_sql_copy_in, error) : 0;
    if (status == 0)
        status = delta_fill(install->db, install->catalog, install->changed, install_passes, install, error);
    *current = NULL;
    return status;
}

// What the changed views had goes, then the mirrored tables change. While only the new views' triggers are there the
// mirror's rows go out and come in again, when there are such triggers; then the new views' statements see every row:
// each view fills itself as it would from a snapshot.
static int install_build_views(const struct install *install, const struct change **current,
                               struct store_report *report, struct error *error) {
    CLEANUP(install_free_objects) struct objects triggers = {0};
    bool moves;
    if (install_need_rows(install, &moves, error) != 0 ||
        install_read_triggers(install, &triggers, error) != 0 ||
        install_drop_objects(install->db, &triggers, error) != 0 ||
        install_each_changed(install, install_remove_old, error) != 0)
        return -1;
    if (install->evolve.evolution.changes && evolve_run(install->db, &install->evolve, report, error) != 0)
        return -1;
    if ((moves && install_move_rows(install->db, install->catalog, table_sql_copy_out, error) != 0) ||
        install_each_changed(install, install_make_view, error) != 0 ||
        install_refill(install, moves, current, error) != 0)
        return -1;
    for (int i = 0; i < triggers.count; i++)
        if (triggers.list[i].sql != NULL &&
            stmt_run(install->db, triggers.list[i].sql, triggers.list[i].name, error) != 0)
            return -1;
    return 0;
}

// A view may have put a REAL's text into a key: with a library that writes it otherwise the same value would be another
// group from then on. 1 = so it is, and the file knows it now.
static int install_writes_reals_otherwise(sqlite3 *db, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    char was[INSTALL_REAL_TEXT_SIZE];
    if (engine_sql_prepare(db, "real_text", &stmt, error) != 0 || stmt_row(stmt, "real_text", error) != 1)
        return -1;
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    int known = meta_get(db, "real_text", was, sizeof was, error);
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (known < 0 || (known == 1 && strcmp(text, was) == 0))
        return known < 0 ? -1 : 0;
    if (meta_set(db, "real_text", text, error) != 0)
        return -1;
    return strcmp(text, known == 1 ? was : install_first_real_text) != 0;
}

static int install_find_changed(struct install *install, struct store_report *report, struct error *error) {
    const struct catalog *catalog = install->catalog;
    install->changed = calloc((size_t)catalog->view_count + 1, sizeof *install->changed);
    install->told = calloc((size_t)catalog->view_count + 1, sizeof *install->told);
    if (install->changed == NULL || install->told == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    int otherwise = install_writes_reals_otherwise(install->db, error);
    if (otherwise < 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++) {
        int status;
        install->changed[i] = install_is_changed(install->db, &catalog->views[i], &status, error) ||
                              install->evolve.evolution.rebuilds || otherwise == 1;
        if (status < 0 || (install->changed[i] && install_find_told(install, i, error) != 0))
            return -1;
    }
    if (install_disable_views(install, report, error) != 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++) {
        if (!install->changed[i])
            continue;
        report->views_built++;
        install_add_name(report->built, sizeof report->built, catalog->views[i].name);
    }
    return 0;
}

int install_views(struct sqlite3 *db, const struct catalog *catalog, const struct change **current,
                  struct store_report *report, struct error *error) {
    CLEANUP(install_done) struct install install = {.db = db, .catalog = catalog};
    install.mirror = table_change_mirror(catalog->tables, catalog->table_count);
    if (install.mirror == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (evolve_find(db, catalog, &install.evolve, error) != 0 ||
        install_drop_unloaded(&install, report, error) != 0 ||
        install_find_changed(&install, report, error) != 0)
        return -1;
    if ((report->views_built > 0 || install.evolve.evolution.changes) &&
        install_build_views(&install, current, report, error) != 0)
        return -1;
    if (key_forms_check(db, catalog, error) != 0 || defaults_keep(db, catalog, error) != 0)
        return -1;
    return stored_files_write(db, catalog, error);
}
