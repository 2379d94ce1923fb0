// Where each partition stands: what the snapshot has applied beside what the consumer knows of it.
#ifndef TIDEMARK_HTTP_PARTITIONS_H
#define TIDEMARK_HTTP_PARTITIONS_H

#include "http/exchange.h"

struct partition_row {
    struct span topic; // lives until the reader's next reader_offsets, or as long as the progress
    int32_t partition;
    int64_t applied; // -1 = not known, as the two that follow
    int64_t high;
    int64_t high_at_ms;
    int64_t log_start; // the log's oldest offset when reading it began, -1 = not known
};

struct partition_rows {
    struct partition_row *rows; // by topic and partition
    int count;
    struct partition_progress *known;
    int64_t behind; // sum of high - applied of those that are read, -1 = some high watermark is not known
};

// Within a snapshot. The exchange's lag then counts what is listed, not watermarks of a moment before.
int partition_rows_read(struct exchange *exchange, struct partition_rows *ret, struct error *error);
void partition_rows_free(struct partition_rows *rows); // safe for one that is all zeros
// high - applied, -1 = not known
int64_t partition_row_lag(const struct partition_row *row);
// at_ms: a moment of the wall clock, -1 = none is known; then so is the age.
int64_t partition_age_ms(int64_t at_ms, int64_t now_ms);

#endif
