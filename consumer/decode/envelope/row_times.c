#include "consumer/decode/envelope/row_times.h"
#include "views/engine/line_name.h"

// A time that a transform has put some ten thousands of years ahead: see value_time_is_stretched.
static int row_times_check_far(const struct row_reader *row, int64_t source_ms, struct error *error) {
    const struct column *column = &row->table->columns[row->far];
    const struct value *value = &row->values[row->far];
    if (!value_time_is_stretched(value, source_ms))
        return 0;
    return error_set(
        error, ERROR_INPUT,
        "column %s (declared %s): %.*s: a thousandth of it is a time of ours, as where a transform takes "
        "microseconds for milliseconds: unix.precision=microseconds of TimestampConverter; where it is "
        "right, say so in source.sql: -- tidemark: time %s = adaptive",
        column->name, column->declared, (int)value->bytes.size, value->bytes.data,
        line_name_table(row->table->name).text);
}

// A time that would be decades from its row's is never stored unasked: see value_time_is_unsure.
static int row_times_check_unit(const struct row_reader *row, int64_t source_ms, struct error *error) {
    const struct column *column = &row->table->columns[row->unsure];
    if (!value_time_is_misread(row->unsure_units, column, row->settings, source_ms))
        return 0;
    bool date = (column->type == COLUMN_ARRAY ? column->element : column->type) == COLUMN_DATE;
    const char *ask = "say which";
    const char *modes =
        "connect (milliseconds), nanoseconds, or adaptive (as declared: timestamp(7) is nanoseconds)";
    if (date) {
        ask = "where it is a count of days, say so";
        modes = "adaptive (days)";
    } else if (row->settings->bare_time_unsure) {
        ask =
            "declare its digits (timestamp(0) to timestamp(3) are milliseconds, timestamp(6) microseconds, timestamp(7) nanoseconds), or say which";
        modes = "connect (milliseconds), microseconds, or nanoseconds";
    } else if (row->settings->bare_unsure) {
        ask = "declare its digits (timestamp(0) is milliseconds, timestamp(6) microseconds), or say which";
        modes = "connect (milliseconds), or adaptive_time_microseconds (as declared)";
    }
    return error_set(error, ERROR_INPUT,
                     "column %s (declared %s): %lld is of another unit of time than the column's, or %s from "
                     "the row's own time; %s in source.sql: -- tidemark: time %s = %s",
                     column->name, column->declared, (long long)row->unsure_units,
                     date ? "millennia" : "decades", ask, line_name_table(row->table->name).text, modes);
}

int row_times_check(const struct row_reader *row, int64_t source_ms, struct error *error) {
    if (source_ms <= 0)
        return 0;
    if (row->unsure >= 0 && row_times_check_unit(row, source_ms, error) != 0)
        return -1;
    return row->far >= 0 && !row->settings->declared ? row_times_check_far(row, source_ms, error) : 0;
}
