#include "consumer/apply/loop/drift.h"

#include "views/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct drift_column {
    const struct table *table;
    struct span name; // owned
    int64_t times;
};

// Where one table's columns are, -1 = it has none.
struct drift_start {
    int first; // of its columns
    int next;  // where the search begins
};

void drift_free(struct drift *drift) {
    for (int i = 0; i < drift->count; i++)
        free((char *)drift->columns[i].name.data);
    free(drift->columns);
    free(drift->starts);
    *drift = (struct drift){0};
}

// It is then known of every table up to this one where its columns begin.
static bool drift_make_start(struct drift *drift, const struct table *table) {
    if (table->index < drift->start_count)
        return true;
    int count = table->index + 1;
    struct drift_start *grown = realloc(drift->starts, (size_t)count * sizeof *grown);
    if (grown == NULL)
        return false;
    for (int i = drift->start_count; i < count; i++)
        grown[i] = (struct drift_start){-1, -1};
    drift->starts = grown;
    drift->start_count = count;
    return true;
}

static struct drift_column *drift_add(struct drift *drift, const struct table *table, struct span name) {
    if (drift->count == DRIFT_MAX || !drift_make_start(drift, table))
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
    struct drift_start *start = &drift->starts[table->index];
    if (start->first < 0)
        start->first = start->next = drift->count;
    return &drift->columns[drift->count++];
}

static inline bool drift_is(const struct drift_column *column, const struct table *table, struct span name) {
    return column->table == table && span_equal(column->name, name);
}

// The search for the table's next column begins behind this one, or with its first.
static inline struct drift_column *drift_take(struct drift *drift, const struct table *table, int at) {
    struct drift_start *start = &drift->starts[table->index];
    bool more = at + 1 < drift->count && drift->columns[at + 1].table == table;
    start->next = more ? at + 1 : start->first;
    return &drift->columns[at];
}

static struct drift_column *drift_find(struct drift *drift, const struct table *table, struct span name) {
    for (int i = 0; i < drift->count; i++)
        if (drift_is(&drift->columns[i], table, name))
            return drift_take(drift, table, i);
    return NULL;
}

// One that is not the next of its table, or is new.
static __attribute__((noinline)) void drift_count_other(struct drift *drift, const struct table *table,
                                                        struct span name, int64_t times) {
    name.size = utf8_fit(name.data, name.size, DRIFT_NAME_SIZE);
    struct drift_column *column = drift_find(drift, table, name);
    if (column == NULL)
        column = drift_add(drift, table, name);
    if (column != NULL)
        column->times += times;
}

void drift_count(struct drift *drift, const struct table *table, struct span name, int64_t times) {
    int next = table->index < drift->start_count ? drift->starts[table->index].next : -1;
    if (next >= 0 && drift_is(&drift->columns[next], table, name))
        drift_take(drift, table, next)->times += times;
    else
        drift_count_other(drift, table, name, times);
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
