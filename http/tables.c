#include "http/tables.h"

#include "views/base/clock.h"

#include <stdlib.h>

struct table_look {
    struct table_row *row;
    const struct partition_rows *partitions;
};

// -1 as soon as one partition of the topics is not known. Partitions and topics are both by the topic's name.
static int64_t tables_lag_of(const struct table_progress *table, const struct partition_rows *partitions) {
    int64_t lag = 0;
    int seen = 0;
    int topic = 0;
    for (int i = 0; i < partitions->count; i++) {
        const struct partition_row *row = &partitions->rows[i];
        while (topic < table->topic_count && span_order(span_of(table->topics[topic]), row->topic) < 0)
            topic++;
        if (topic == table->topic_count || !span_is(row->topic, table->topics[topic]))
            continue;
        if (partition_row_lag(row) < 0)
            return -1;
        lag += partition_row_lag(row);
        seen++;
    }
    return seen > 0 ? lag : -1;
}

static void tables_look(void *self, const struct table_progress *table) {
    struct table_look *look = self;
    look->row->topic_count = table->topic_count;
    look->row->partitions = table->partitions;
    look->row->newest_event_ms = table->newest_event_ms;
    look->row->complete = table->incomplete == NULL;
    look->row->lag = tables_lag_of(table, look->partitions);
}

struct table_row *table_rows_read(struct exchange *exchange, const struct partition_rows *partitions) {
    const struct catalog *catalog = exchange->routes->config.catalog;
    struct table_row *rows = calloc((size_t)catalog->table_count + 1, sizeof *rows);
    int64_t until = clock_monotonic_ms() + TABLES_COUNT_MS;
    for (int i = 0; rows != NULL && i < catalog->table_count; i++) {
        struct error error;
        struct table_look look = {&rows[i], partitions};
        rows[i] = (struct table_row){.table = &catalog->tables[i], .rows = -1};
        progress_table_visit(exchange->routes->config.progress, catalog->tables[i].index, tables_look, &look);
        if (clock_monotonic_ms() <= until &&
            reader_count_rows(exchange->reader, &catalog->tables[i], &rows[i].rows, &error) != 0)
            rows[i].rows = -1;
    }
    return rows;
}
