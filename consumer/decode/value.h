// One JSON value of a Debezium row into the form the mirror stores, by the column's declared type and, where
// the message brings a schema, by the schema's semantic name. Pure; converted bytes go to the arena.
#ifndef TIDEMARK_DECODE_VALUE_H
#define TIDEMARK_DECODE_VALUE_H

#include "consumer/decode/semantic.h"
#include "consumer/json/json.h"
#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/engine/change.h"

// Reads the value that comes next from `json` (after its KEY) into `ret`. On ERROR_INPUT the message names
// the column, its declared type and what came; the JSON reader then stands after the value, so that the rest
// can still be read, unless the JSON itself is broken (json->error is set). ERROR_SYSTEM: out of memory.
//
// null is VALUE_NULL for every column. A TOAST placeholder in any of its forms (string; base64 for BYTEA;
// text, base64, byte and uuid arrays and hstore for ARRAY and JSON) is VALUE_UNAVAILABLE when
// `may_be_unavailable` (u, or c: the log says it only there), else the user's own value. What is likely another
// placeholder than the default, of which nobody has told, is an error then. By declared type:
// - INTEGER: a JSON integer, or a string that is one (bigint as string); what the column held before it was retyped:
//   what PostgreSQL reads of a text (" 007", "+5"), true and false, a decimal without digits behind its point, in its
//   binary forms too.
// - BOOLEAN: true, false, the strings that PostgreSQL takes for them, and an integer, true but for 0 (MariaDB's
//   tinyint(1), a column that was an integer).
// - DECIMAL: base64 by the schema's scale, {"scale","value"}, a string or a number's digits, never through a
//   double; digits past the declared ones are an error unless they are zeros, and so is NaN. Without a schema
//   a string is a decimal literal: base64 cannot be read then.
// - NUMERIC: the same, of any size up to BIG_INTEGER_BYTES_MAX, as exact text; text as it was written; also
//   'NaN', 'Infinity', '-Infinity'. An exponent (of a double of ten million or more, as number or text) is written out.
// - REAL: a number, "Infinity", "-Infinity"; "NaN" becomes the text 'NaN', since SQLite makes NULL of a NaN;
//   beyond all numbers it stands in SQLite's order, as in PostgreSQL's.
// - TEXT: a string; also what the column held before it was retyped: a number's digits, true and false, and by a
//   schema's semantic a decimal, a date, a time, bits, bytes, an interval or a double as PostgreSQL's cast writes them
//   (retyped.c). A UUID is written in small letters.
// - OTHER: the same, and the JSON text of an object or array. An INTERVAL's times are a count of microseconds.
// - BIT: a boolean (of one bit), or base64 of the bytes, least significant first, as text of 0 and 1. What varies in
//   width comes without its leading zeros.
// - JSON: a string, or the bytes of an object, an array, a number, true or false.
// - ARRAY: the bytes of an array or object, or a string that holds one; elements that are dates, times, decimals,
//   bits or bytes are written as columns of that type are, as JSON text, bytes as base64; numbers of a text[] as text.
// - DATE, TIME, TIMESTAMP, TIMESTAMPTZ: as views/base/iso8601.h writes them. Numbers by the schema's unit, without
//   one DATE in days and the others by `settings`; TIMESTAMPTZ takes a string with an offset only. DATE and TIMESTAMP
//   take each other's semantics (a retyped column). Infinities are 'infinity' and '-infinity', also as the sentinels
//   that Debezium sends for them (times.c); what PostgreSQL cannot hold is an error.
// - BYTEA: base64, either alphabet. What may be hex as well is an error, unless the schema's type is bytes.
// A schema's semantic that cannot stand for the declared type is an error that names both.
int value_read(struct json_reader *json, const struct column *column, struct value_field field,
               const struct value_settings *settings, bool may_be_unavailable, struct arena *arena,
               struct value *ret, struct error *error);
// The same for a value that has been passed over.
int value_take(const struct json_value *json, const struct column *column, struct value_field field,
               const struct value_settings *settings, bool may_be_unavailable, struct arena *arena,
               struct value *ret, struct error *error);

// A count of milliseconds read as microseconds is a moment of January 1970, and a count of microseconds read as
// milliseconds one after the year 9999: without a schema the number alone does not say which it is. These say when to
// look twice, and what to do then. The rule, for a TIMESTAMP without a schema whose unit nobody has told:
// - read in the unit that its declared precision has in Debezium's adaptive mode, it is within ten years of the row's
//   source.ts_ms: it is taken;
// - it is zero, or a midnight (a birthday in January 1970 is one): it is taken;
// - read as days, seconds, milliseconds, microseconds or nanoseconds it lies between 100 years before source.ts_ms and 50
//   years after it, and read in its own unit within 50 days of 1970-01-01 or after the year 9999: it is refused; but
//   milliseconds that would be days or seconds of 1960 to 1979 are taken.
// A DATE is days in every mode. After the year 88311 it is refused where it is such a time in seconds or less, but for
// PostgreSQL's last day, which stands for the end of time.
// Every other number is taken: no unit but its own makes sense of it.
// Connect's own types and texts need no unit, and are still of another one where Kafka's TimestampConverter has written them: it takes
// the connector's microseconds for milliseconds, unless unix.precision says so, and 2026 becomes the year 58863. Such a time after
// the year 9999, or before 4714 BC, is refused where a thousandth or a millionth of it is plausible as above, but for a year's
// first or last day, which stands for no end. Java's ISO texts (`isostring`) have a sign before so long a year, and are taken.
uint8_t value_time_sure_digits(const struct column *column,
                               struct value_field field); // so many are always sure; 0 = no time
// What source.sql says of a table's times, over what all tables have.
struct value_settings value_settings_of(const struct table *table, const struct value_settings *all);
// The same, where the connector is MySQL's or MariaDB's and source.sql says no mode: a TIME is microseconds whatever its
// digits, and a TIMESTAMP that is declared without digits and may be a DATETIME in milliseconds is refused.
struct value_settings value_settings_of_mysql(const struct value_settings *settings);
// The same, where the connector is PostgreSQL's. With either a count of nanoseconds that is no whole microsecond has wrapped around
// in the connector's int64 (before 1677-09-21 and after 2262-04-11), and is unwound.
struct value_settings value_settings_of_postgres(const struct value_settings *settings);
// The same, of SQL Server's, Db2's and Informix': a TIME that is declared without digits is refused, and a TIMESTAMP as with MySQL's.
struct value_settings value_settings_of_others(const struct value_settings *settings);
// The same, where no connector is named, or one that is not known: it may be CockroachDB's changefeed, whose bits are digits.
struct value_settings value_settings_of_nameless(const struct value_settings *settings);
bool value_time_is_unsure(const struct json_value *json, const struct column *column,
                          struct value_field field, const struct value_settings *settings);
// The first such number of a TIMESTAMP[] or DATE[]. False: there is none.
bool value_time_find_unsure(const struct json_value *array, const struct column *column,
                            struct value_field field, const struct value_settings *settings,
                            int64_t *ret_units);
// Whether such a number must be refused beside the source's time (ms since 1970).
bool value_time_is_misread(int64_t units, const struct column *column, const struct value_settings *settings,
                           int64_t source_ms);
// Whether the DATE or TIMESTAMP that was read of `json` is such a time, and must be refused beside the source's time.
bool value_time_is_far(const struct json_value *json, struct value_field field, const struct value *value);
bool value_time_is_stretched(const struct value *value, int64_t source_ms);

#endif
