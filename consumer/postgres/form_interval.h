// INTERVAL: Debezium's ISO 8601 text (interval.handling.mode string), or its count of microseconds (numeric). Pure.
#ifndef TIDEMARK_POSTGRES_FORM_INTERVAL_H
#define TIDEMARK_POSTGRES_FORM_INTERVAL_H

#include "views/base/buffer.h"

struct interval {
    int64_t months;
    int64_t days;
    int64_t micros;
};

// `MONTHS DAYS MICROS` of an ISO 8601 duration; any other text as it is.
void form_interval_write(struct span text, struct buffer *out);
// The count of microseconds of one, as form_interval_micros has it; any other text as it is.
void form_interval_write_micros(struct span text, struct buffer *out);
// Reads such a form. False when it is none.
bool form_interval_read(struct span form, struct interval *ret);
// The microseconds that interval.handling.mode numeric makes of it: a month has 365.25 / 12 days, and the count is a
// double's, cut (io.debezium.time.MicroDuration, 2.7 to 3.6).
double form_interval_micros(const struct interval *interval);

#endif
