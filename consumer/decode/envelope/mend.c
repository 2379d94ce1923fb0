#include "consumer/decode/envelope/mend.h"

#include "consumer/decode/envelope/escaped_label.h"
#include "consumer/decode/envelope/shifted_uuid.h"

static int mend_values(const struct members *members, const struct table *table, struct value *values,
                       struct arena *arena, struct error *error) {
    bool mariadb = members_may_be_mariadb(members);
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if ((column->variant == COLUMN_UUID && mariadb &&
             shifted_uuid_mend(column, &values[i], arena, error) != 0) ||
            (column->label_count > 0 && escaped_label_mend(column, &values[i], arena, error) != 0))
            return -1;
    }
    return 0;
}

int mend_key(struct event *event, enum mend_uuids uuids, struct error *error) {
    const struct table *table = event->change.table;
    for (int k = 0; k < table->key_count; k++) {
        const struct column *column = &table->columns[table->keys[k]];
        struct value *value = &event->values[table->keys[k]];
        struct span came = value->bytes;
        if (column->label_count > 0 && escaped_label_mend(column, value, &event->arena, error) != 0)
            return -1;
        if (column->variant != COLUMN_UUID || uuids == MEND_UUIDS_STAY)
            continue;
        if (shifted_uuid_mend(column, value, &event->arena, error) != 0)
            return -1;
        if (uuids == MEND_UUIDS_UNSURE && value->kind == VALUE_TEXT && !span_equal(came, value->bytes))
            return error_set(
                error, ERROR_INPUT,
                "column %s (declared %s): %.*s: a tombstone before any row of its table says no connector, and "
                "MariaDB's streams a UUID so that ends with zero bytes; try it again when a row came",
                column->name, column->declared, (int)came.size, came.data);
    }
    return 0;
}

int mend_row(struct event *event, const struct members *members, struct error *error) {
    const struct change *change = &event->change;
    if (!members_is_mysql(members) || change->op == CHANGE_READ || change->op == CHANGE_TRUNCATE)
        return 0;
    if (mend_values(members, change->table, event->values, &event->arena, error) != 0)
        return -1;
    return event->moved_from != NULL
               ? mend_values(members, change->table, event->moved_from, &event->arena, error)
               : 0;
}
