// A row's times beside its own: what is likely of another unit than it was read in is never stored unasked (value.h says when).
// Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_ROW_TIMES_H
#define TIDEMARK_DECODE_ENVELOPE_ROW_TIMES_H

#include "consumer/decode/envelope/row.h"

// `source_ms`: when the row was written, since 1970; 0 = nobody knows, and nothing is looked at. ERROR_INPUT names the column.
int row_times_check(const struct row_reader *row, int64_t source_ms, struct error *error);

#endif
