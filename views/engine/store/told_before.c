#include "views/engine/store/told_before.h"

#include "views/base/cleanup.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/stmt.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool told_before_is_letter(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c > 0x7f;
}

// Whether the words have the prefix and the name as one name.
static bool told_before_names(const char *sql, const char *prefix, const char *name) {
    const size_t before = strlen(prefix), size = strlen(name);
    for (const char *at = sql; *at != '\0'; at++)
        if ((at == sql || !told_before_is_letter(at[-1])) && strncasecmp(at, prefix, before) == 0 &&
            strncasecmp(at + before, name, size) == 0 && !told_before_is_letter(at[before + size]))
            return true;
    return false;
}

static bool told_before_reads(const char *sql, const struct table *table) {
    return told_before_names(sql, "_delta_", table->name) || told_before_names(sql, "_sums_", table->name) ||
           told_before_names(sql, "_changes_", table->name);
}

// Both of one table's changes, or one of none that is there: that has another name by now.
static bool told_before_is_same(const struct catalog *catalog, const char *was, const char *is) {
    bool was_any = false, is_any = false;
    for (int i = 0; i < catalog->table_count; i++) {
        const bool reads = told_before_reads(is, &catalog->tables[i]);
        if (!told_before_reads(was, &catalog->tables[i])) {
            is_any |= reads;
            continue;
        }
        if (reads)
            return true;
        was_any = true;
    }
    return !was_any || !is_any;
}

int told_before(struct sqlite3 *db, const struct catalog *catalog, const struct view *view,
                const struct apply_statement *apply, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "applies_find", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":view", span_of(view->name));
    int count = 0, row;
    for (; (row = stmt_row(stmt, "_applies", error)) == 1; count++) {
        const char *sql = (const char *)sqlite3_column_text(stmt, 0);
        if (sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (told_before_names(sql, "", apply->tells_again) && told_before_is_same(catalog, sql, apply->sql))
            return 1;
    }
    return row < 0 ? -1 : count == 0;
}
