#include "consumer/apply/loop/freshness.h"

#include <stdlib.h>
#include <string.h>

int freshness_init(struct freshness *freshness, int tables, struct error *error) {
    int64_t *times = calloc(3 * (size_t)tables + 1, sizeof *times);
    if (times == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *freshness = (struct freshness){times, times + tables, times + 2 * tables, tables};
    return 0;
}

void freshness_free(struct freshness *freshness) {
    free(freshness->newest);
    *freshness = (struct freshness){0};
}

void freshness_hand_over(struct freshness *freshness) {
    memcpy(freshness->handed, freshness->newest, (size_t)freshness->count * sizeof *freshness->handed);
}

void freshness_publish(struct freshness *freshness, struct progress *progress) {
    for (int table = 0; table < freshness->count; table++) {
        if (freshness->reported[table] == freshness->handed[table])
            continue;
        progress_table_event(progress, table, freshness->handed[table]);
        freshness->reported[table] = freshness->handed[table];
    }
}
