// Dates and times as the mirror stores them, from numbers and from ISO 8601 texts. Pure, any thread.
//
// Stored: 'YYYY-MM-DD', 'HH:MM:SS.ffffff', 'YYYY-MM-DDTHH:MM:SS.ffffff' and the same with Z. Years are those
// of java.time, which Debezium writes: proleptic Gregorian, four digits at least, '+' before more than four,
// year 0 is 1 BC ('0000-01-01'), '-0001' is 2 BC. Within years 0 to 9999 the order of texts is the order of
// times. Fractions have six digits; digits beyond them (nanoseconds) are kept as far as they are not zeros.
#ifndef TIDEMARK_BASE_ISO8601_H
#define TIDEMARK_BASE_ISO8601_H

#include "views/base/span.h"

#include <stdint.h>

enum { ISO8601_TEXT_SIZE = 64 };

#define ISO8601_NANOS_PER_DAY ((int64_t)86400 * 1000000000)

struct moment {
    int64_t days;  // since 1970-01-01
    int64_t nanos; // of the day; ISO8601_NANOS_PER_DAY is 24:00, which a time of day may be
};

enum iso8601_zone { ISO8601_ZONE_NONE, ISO8601_ZONE_GIVEN };

// `units` of 10^-`digits` seconds (digits 3, 6 or 9) since 1970.
struct moment iso8601_moment(int64_t units, int digits);

// Each returns the length; not NUL-terminated.
size_t iso8601_write_date(int64_t days, char ret[ISO8601_TEXT_SIZE]);
size_t iso8601_write_time(int64_t nanos, char ret[ISO8601_TEXT_SIZE]);
size_t iso8601_write_timestamp(struct moment moment, bool zulu, char ret[ISO8601_TEXT_SIZE]);

// ISO 8601 texts, whole: years as above, 'T' or a space between date and time, seconds and fraction (1 to 9
// digits) optional, then nothing, Z, or an offset (+02, +0200, +02:00, +02:00:00), which is taken off: what
// is given back is UTC. A date may end in Z. False when the text is not one or names no real day or time.
bool iso8601_read_date(struct span text, int64_t *ret_days);
bool iso8601_read_time(struct span text, int64_t *ret_nanos, enum iso8601_zone *ret_zone);
bool iso8601_read_timestamp(struct span text, struct moment *ret, enum iso8601_zone *ret_zone);

// "2026-11-22T22:32:00.828342Z", a real moment in the very form that is stored.
bool iso8601_is_stored(struct span text);

#endif
