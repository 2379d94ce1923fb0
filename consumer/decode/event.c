#include "consumer/decode/event.h"

#include <stdlib.h>

int event_init(struct event *event, const struct catalog *catalog, struct error *error) {
    *event = (struct event){.expected = calloc((size_t)catalog->table_count, sizeof(int64_t)),
                            .values = calloc(TABLE_COLUMNS_MAX, sizeof(struct value))};
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
