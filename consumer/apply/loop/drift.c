#include "consumer/apply/loop/drift.h"

#include "views/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct drift_column {
    const struct table *table;
    struct span name; // owned
    int64_t times;
};

void drift_free(struct drift *drift) {
    for (int i = 0; i < drift->count; i++)
        free((char *)drift->columns[i].name.data);
    free(drift->columns);
    *drift = (struct drift){0};
}

static struct drift_column *drift_add(struct drift *drift, const struct table *table, struct span name) {
    if (drift->count == DRIFT_MAX)
        return NULL;
    if (drift->count == drift->capacity) {
        int capacity = drift->capacity == 0 ? 8 : drift->capacity * 2;
        struct drift_column *grown = realloc(drift->columns, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        drift->columns = grown;
        drift->capacity = capacity;
    }
    char *copy = malloc(name.size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, name.data, name.size);
    drift->columns[drift->count] = (struct drift_column){table, {copy, name.size}, 0};
    return &drift->columns[drift->count++];
}

static struct drift_column *drift_find(struct drift *drift, const struct table *table, struct span name) {
    for (int i = 0; i < drift->count; i++) {
        int at = drift->next + i < drift->count ? drift->next + i : drift->next + i - drift->count;
        struct drift_column *column = &drift->columns[at];
        if (column->table == table && span_equal(column->name, name)) {
            drift->next = at + 1 < drift->count ? at + 1 : 0;
            return column;
        }
    }
    return NULL;
}

void drift_count(struct drift *drift, const struct table *table, struct span name, int64_t times) {
    if (table_leaves_out(table, name))
        return;
    name.size = utf8_fit(name.data, name.size, DRIFT_NAME_SIZE);
    struct drift_column *column = drift_find(drift, table, name);
    if (column == NULL)
        column = drift_add(drift, table, name);
    if (column != NULL)
        column->times += times;
}

void drift_move(struct drift *drift, struct drift *from) {
    for (int i = 0; i < from->count; i++) {
        struct drift_column *column = &from->columns[i];
        if (column->times > 0)
            drift_count(drift, column->table, column->name, column->times);
        column->times = 0;
    }
}

void drift_report(struct drift *drift, struct progress *progress) {
    for (int i = 0; i < drift->count; i++) {
        struct drift_column *column = &drift->columns[i];
        if (column->times > 0)
            progress_drift(progress, column->table->name, column->name.data, (int)column->name.size,
                           column->times);
        column->times = 0;
    }
}
