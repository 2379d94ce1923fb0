#include "consumer/decode/event.h"

#include <stdlib.h>

// Columns of the widest table: there are many events at a time, and few tables have 1600.
static int event_columns_max(const struct catalog *catalog) {
    int max = 1;
    for (int i = 0; i < catalog->table_count; i++)
        max = catalog->tables[i].column_count > max ? catalog->tables[i].column_count : max;
    return max;
}

int event_init(struct event *event, const struct catalog *catalog, struct error *error) {
    *event = (struct event){.expected = calloc((size_t)catalog->table_count, sizeof(int64_t)),
                            .values = calloc((size_t)event_columns_max(catalog), sizeof(struct value))};
    if (event->expected != NULL && event->values != NULL)
        return 0;
    event_done(event);
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

void event_done(struct event *event) {
    free(event->expected);
    free(event->values);
    arena_free(&event->arena);
    *event = (struct event){0};
}

struct change event_moved_away(const struct event *event) {
    struct change gone = event->change;
    gone.op = CHANGE_DELETE;
    gone.values = event->moved_from;
    gone.packed = (struct change_packed){0};
    return gone;
}
