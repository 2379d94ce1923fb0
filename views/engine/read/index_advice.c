#include "views/engine/read/index_advice.h"

#include "views/base/buffer.h"

#include <ctype.h>

void index_advice_column(struct index_advice *advice, int column) {
    for (int i = 0; i < advice->count; i++)
        if (advice->columns[i] == column)
            return;
    if (advice->count < INDEX_ADVICE_COLUMNS_MAX)
        advice->columns[advice->count++] = (uint16_t)column;
}

// What names may be made of without quotes.
static void index_advice_word(struct buffer *out, const char *name) {
    for (; *name != '\0'; name++)
        buffer_char(out, isalnum((unsigned char)*name) ? *name : '_');
}

void index_advice_add(const struct index_advice *advice, const struct table *table, sqlite3_stmt *stmt,
                      struct error *error) {
    if (sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) == 0 &&
        sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_SORT, 0) == 0)
        return;
    struct buffer told = {0};
    buffer_text(&told, "no index serves it");
    if (advice->count == 0) {
        buffer_text(&told, ", and none can: ask for less, or by other columns");
    } else {
        buffer_text(&told, "; add one to the schema.sql of a view: create index ");
        index_advice_word(&told, table->name);
        for (int i = 0; i < advice->count; i++) {
            buffer_char(&told, '_');
            index_advice_word(&told, table->columns[advice->columns[i]].name);
        }
        buffer_text(&told, " on ");
        buffer_quoted(&told, span_of(table->name));
        for (int i = 0; i < advice->count; i++) {
            buffer_char(&told, i > 0 ? ',' : '(');
            buffer_quoted(&told, span_of(table->columns[advice->columns[i]].name));
        }
        buffer_char(&told, ')');
    }
    buffer_char(&told, '\0');
    if (!told.failed) {
        struct error before = *error;
        (void)error_set(error, before.kind, "%s, and %s", before.message, told.data);
    }
    buffer_free(&told);
}
