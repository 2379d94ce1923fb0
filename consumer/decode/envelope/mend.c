#include "consumer/decode/envelope/mend.h"

#include "consumer/decode/envelope/escaped_label.h"
#include "consumer/decode/envelope/shifted_uuid.h"

static int mend_values(const struct members *members, const struct table *table, struct value *values,
                       struct arena *arena, struct error *error) {
    bool mariadb = TEXT_IS(members->connector, "mariadb");
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if ((column->variant == COLUMN_UUID && mariadb &&
             shifted_uuid_mend(column, &values[i], arena, error) != 0) ||
            (column->label_count > 0 && escaped_label_mend(column, &values[i], arena, error) != 0))
            return -1;
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
