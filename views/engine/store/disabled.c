#include "views/engine/store/disabled.h"

#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/stmt.h"

#include <stdio.h>

enum {
    DISABLED_NAME_SIZE = sizeof "disabled:" + ERROR_SUBJECT_SIZE,
    DISABLED_VALUE_SIZE = ERROR_MESSAGE_SIZE + 32
};

static void disabled_name(char ret[DISABLED_NAME_SIZE], const char *view) {
    (void)snprintf(ret, DISABLED_NAME_SIZE, "disabled:%s", view);
}

const char *disabled_reason(const char *value) {
    const char *blank = strchr(value, ' ');
    return blank != NULL ? blank + 1 : "";
}

int disabled_note(struct sqlite3 *db, const struct view *view, const char *reason, struct error *error) {
    char name[DISABLED_NAME_SIZE];
    char value[DISABLED_VALUE_SIZE];
    disabled_name(name, view->name);
    (void)snprintf(value, sizeof value, "%s %s", view->hash, reason);
    return meta_set(db, name, value, error);
}

int disabled_drop(struct sqlite3 *db, const char *view, struct error *error) {
    static const char *const names[] = {"applies_forget", "views_unset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
        if (engine_sql_prepare(db, names[i], &stmt, error) != 0)
            return -1;
        stmt_bind_text(stmt, ":view", span_of(view));
        if (stmt_step(stmt, names[i], NULL, error) != 0)
            return -1;
    }
    return 0;
}

int disabled_is(struct sqlite3 *db, const struct view *view, struct error *error) {
    char name[DISABLED_NAME_SIZE];
    char value[DISABLED_VALUE_SIZE];
    disabled_name(name, view->name);
    int found = meta_get(db, name, value, sizeof value, error);
    size_t size = strlen(view->hash);
    return found == 1 ? strncmp(value, view->hash, size) == 0 && value[size] == ' ' : found;
}

int disabled_forget(struct sqlite3 *db, const char *view, struct error *error) {
    char name[DISABLED_NAME_SIZE];
    disabled_name(name, view);
    return meta_unset(db, name, error);
}
