// What is known of each declared table: its rows in the file, and what the consumer reads it from.
#ifndef TIDEMARK_HTTP_TABLES_H
#define TIDEMARK_HTTP_TABLES_H

#include "http/partitions.h"

enum { TABLES_COUNT_MS = 25 }; // in all, for counting rows: what takes longer is not known

struct table_row {
    const struct table *table;
    int64_t rows; // -1 = counting takes too long
    int topic_count;
    int partitions;
    int64_t lag; // messages that are not applied; -1 = not known, or no topic
    int64_t newest_event_ms;
    bool complete;
};

// All of the catalog's tables, in its order; memory of the caller, freed with free(). NULL out of memory. Asked
// last of a snapshot: a count may use up the reader's deadline.
struct table_row *table_rows_read(struct exchange *exchange, const struct partition_rows *partitions);

#endif
