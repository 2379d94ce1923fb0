#include "views/engine/read/filter/column_value.h"

#include "views/base/base64.h"
#include "views/base/cleanup.h"
#include "views/base/iso8601.h"
#include "views/base/json_text.h"
#include "views/base/real.h"
#include "views/base/utf8.h"
#include "views/base/uuid.h"
#include "views/engine/decimal.h"
#include "views/engine/read/filter/address_text.h"
#include "views/engine/read/literals.h"
#include "views/engine/sqlite/numeric_order.h"
#include "views/engine/sqlite/time_order.h"

#include <assert.h>
#include <math.h>

enum { SHOWN_MAX = 100 };

static struct cell column_value_text(struct span text) {
    return (struct cell){.kind = CELL_TEXT, .bytes = text};
}

static int column_value_no_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

static bool column_value_read_boolean(struct span text, struct cell *ret) {
    bool yes;
    if (!literals_boolean(text, &yes))
        return false;
    *ret = (struct cell){.kind = CELL_BOOLEAN, .integer = yes};
    return true;
}

// A decimal that the column could not hold is a number all the same: it is compared as one.
static bool column_value_read_decimal(const struct column *column, struct span text,
                                      struct column_value *ret) {
    char room[LITERAL_NUMBER_SIZE];
    ret->cell = (struct cell){.kind = CELL_DECIMAL};
    if (decimal_parse(literals_number(text, room), column->precision, column->scale, &ret->cell.integer))
        return true;
    ret->cell = column_value_text(text);
    ret->compare = COMPARE_DECIMAL;
    return numeric_is_valid(text);
}

// SQLite has no NaN of its own: the mirror keeps it as text.
static bool column_value_read_real(const struct column *column, struct span text, struct column_value *ret) {
    ret->cell = (struct cell){.kind = CELL_REAL};
    if (strcmp(column->declared, "real") == 0 || strcmp(column->declared, "float4") == 0)
        ret->compare = COMPARE_SINGLE;
    if (!literals_real(text, &ret->cell.real))
        return false;
    if (isnan(ret->cell.real))
        ret->cell = column_value_text(SPAN("NaN"));
    return true;
}

// Texts of all kinds. `made` has room for a UUID.
static bool column_value_read_text(const struct column *column, struct span text, char *made,
                                   struct column_value *ret) {
    switch (column->variant) {
    case COLUMN_UUID:
        ret->cell.bytes = (struct span){made, UUID_SIZE};
        return uuid_read(text, made);
    case COLUMN_CITEXT:
        ret->compare = COMPARE_COLLATED;
        return true;
    case COLUMN_PADDED:
        ret->cell.bytes = literals_without_spaces_behind(text);
        ret->compare = COMPARE_PADDED;
        return true;
    case COLUMN_COMMON:
    case COLUMN_BIGINT:
    case COLUMN_ENUM:
    case COLUMN_NAME:
        return true;
    }
    return true;
}

// A moment: a date and a time of day, or midnight of a date. One without an offset is UTC where the column has a zone;
// where it has none, PostgreSQL passes over an offset, and one that is not of UTC would move it.
static bool column_value_read_timestamp(struct span text, bool zoned, char *made, size_t *ret_size) {
    struct moment moment = {0};
    enum iso8601_zone zone = ISO8601_ZONE_NONE;
    if (!iso8601_read_timestamp(text, &moment, &zone) && !iso8601_read_date(text, &moment.days))
        return false;
    if (!zoned && zone == ISO8601_ZONE_GIVEN && !literals_ends_in_utc(text))
        return false;
    *ret_size = iso8601_write_timestamp(moment, zoned, made);
    return true;
}

static bool column_value_write_time(const struct column *column, struct span text, char *made,
                                    size_t *ret_size) {
    enum iso8601_zone zone;
    int64_t number;
    switch (column->type) {
    case COLUMN_DATE:
        if (!iso8601_read_date(text, &number))
            return false;
        *ret_size = iso8601_write_date(number, made);
        return true;
    case COLUMN_TIME:
        if (!iso8601_read_time(text, &number, &zone))
            return false;
        *ret_size = iso8601_write_time(number, made);
        return true;
    default:
        return column_value_read_timestamp(text, column->type == COLUMN_TIMESTAMPTZ, made, ret_size);
    }
}

static bool column_value_read_time(const struct column *column, struct span text, char *made,
                                   struct column_value *ret) {
    size_t size;
    ret->compare = COMPARE_COLLATED;
    ret->cell = column_value_text(text);
    if (column->type != COLUMN_TIME && (span_is(text, "infinity") || span_is(text, "-infinity")))
        return true;
    if (!column_value_write_time(column, text, made, &size))
        return false;
    ret->cell.bytes = (struct span){made, size};
    if (column->type == COLUMN_TIME)
        ret->compare = COMPARE_PLAIN;
    else if (time_order_is_common(ret->cell.bytes) &&
             (column->type != COLUMN_TIMESTAMPTZ || size <= sizeof "YYYY-MM-DDTHH:MM:SS.ffffffZ" - 1))
        ret->compare = COMPARE_TIME;
    return true;
}

// Other types are compared as the texts that they are written as. `made`: room for an address.
static bool column_value_read_other(const struct column *column, struct span text, char *made,
                                    struct column_value *ret) {
    enum address_kind kind = address_kind_of(column->declared);
    int64_t micros;
    if (column_is_interval(column)) // PostgreSQL's own forms, 01:00:00, are none that a row has
        return integer_parse(text, &micros) || (text.size > 0 && text.data[0] == 'P');
    if (kind == ADDRESS_NONE)
        return true;
    size_t size = address_text_write(kind, text, made);
    ret->cell.bytes = (struct span){made, size};
    return size > 0;
}

// An array of PostgreSQL's, which no other JSON is equal to; COLUMN_ARRAY has objects, too, such as those of hstore.
static bool column_value_is_list(const struct column *column) {
    size_t size = strlen(column->declared);
    return size > 0 && column->declared[size - 1] == ']';
}

static bool column_value_begins_list(struct span text) {
    text = literals_trimmed(text);
    return text.size > 0 && text.data[0] == '[';
}

static bool column_value_is_bits(struct span text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '0' && text.data[i] != '1')
            return false;
    return true;
}

static int column_value_read_bytes(struct span text, struct arena *arena, struct cell *ret, bool *ret_valid,
                                   struct error *error) {
    CLEANUP(buffer_free) struct buffer bytes = {0};
    *ret_valid = base64_read(&bytes, text);
    char *copy = arena_take(arena, bytes.size + 1);
    if (copy == NULL || bytes.failed)
        return column_value_no_memory(error);
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    *ret = (struct cell){.kind = CELL_BLOB, .bytes = {copy, bytes.size}};
    return 0;
}

// `made`: room for a time, a UUID or an address.
static bool column_value_read_as(const struct column *column, struct span text, char *made,
                                 struct column_value *ret) {
    ret->cell = column_value_text(text);
    switch (column->type) {
    case COLUMN_INTEGER:
        ret->cell = (struct cell){.kind = CELL_INTEGER};
        return literals_integer(text, &ret->cell.integer);
    case COLUMN_BOOLEAN:
        return column_value_read_boolean(text, &ret->cell);
    case COLUMN_DECIMAL:
        return column_value_read_decimal(column, text, ret);
    case COLUMN_REAL:
        return column_value_read_real(column, text, ret);
    case COLUMN_NUMERIC:
        ret->compare = COMPARE_COLLATED;
        return numeric_is_valid(text);
    case COLUMN_TEXT:
        return column_value_read_text(column, text, made, ret);
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return column_value_read_time(column, text, made, ret);
    case COLUMN_JSON:
        ret->compare = COMPARE_JSON;
        return json_text_is_valid(text);
    case COLUMN_ARRAY:
        ret->compare = COMPARE_JSON;
        return json_text_is_valid(text) && (!column_value_is_list(column) || column_value_begins_list(text));
    case COLUMN_BIT:
        return column_value_is_bits(text);
    case COLUMN_OTHER:
        return column_value_read_other(column, text, made, ret);
    case COLUMN_BYTEA:
        return true;
    }
    return false;
}

// Whether its values are written anew.
static bool column_value_needs_room(const struct column *column) {
    return column->variant == COLUMN_UUID ||
           (column->type == COLUMN_OTHER && address_kind_of(column->declared) != ADDRESS_NONE) ||
           (column->type >= COLUMN_DATE && column->type <= COLUMN_TIMESTAMPTZ);
}

// Numbers, booleans and times are the same with spaces around them, as PostgreSQL reads them: `in.(1, 2)`.
static struct span column_value_trimmed(const struct column *column, struct span text) {
    const bool trims =
        column->type <= COLUMN_REAL || (column->type >= COLUMN_DATE && column->type <= COLUMN_TIMESTAMPTZ);
    return trims ? literals_trimmed(text) : text;
}

int column_value_read(const struct column *column, struct span text, struct arena *arena,
                      struct column_value *ret, struct error *error) {
    static_assert((int)ISO8601_TEXT_SIZE >= (int)ADDRESS_TEXT_SIZE, "there is room for either");
    bool valid;
    ret->compare = COMPARE_PLAIN;
    if (column->type == COLUMN_BYTEA) {
        if (column_value_read_bytes(text, arena, &ret->cell, &valid, error) != 0)
            return -1;
    } else {
        char *made = column_value_needs_room(column) ? arena_take(arena, ISO8601_TEXT_SIZE) : NULL;
        if (made == NULL && column_value_needs_room(column))
            return column_value_no_memory(error);
        valid = column_value_read_as(column, column_value_trimmed(column, text), made, ret);
    }
    return valid ? 0 : column_value_bad(column, text, error);
}

// How the column's values are written, behind its type; "" = nobody needs to be told.
static const char *column_value_form(const struct column *column, struct span text) {
    switch (column->type) {
    case COLUMN_INTEGER:
        return ", a whole number of 64 bits in decimal digits";
    case COLUMN_DECIMAL:
    case COLUMN_NUMERIC:
    case COLUMN_REAL: // what is a number has too many digits, or is beyond what a double is
        return numeric_is_valid(text) ? "" : ", a number as 1234.50";
    case COLUMN_BOOLEAN:
        return ", true or false";
    case COLUMN_ARRAY:
        return column_value_is_list(column) ? ", written as JSON: [1,2]" : ", written as JSON";
    case COLUMN_DATE:
        return ", as 2026-01-31";
    case COLUMN_TIME:
        return ", as 22:32:34.5";
    case COLUMN_TIMESTAMP:
        return ", without a zone: a time with no offset, or UTC's, as 2026-01-31T22:32:34";
    case COLUMN_TIMESTAMPTZ:
        return ", as 2026-01-31T22:32:34Z; the + of an offset is %2B in a URL, where it would be a space";
    case COLUMN_BYTEA:
        return ", in base64";
    case COLUMN_BIT:
        return ", of 0 and 1";
    case COLUMN_OTHER:
        return column_is_interval(column) ? ", written as rows have it: microseconds, or P0Y0M0DT1H0M0S" : "";
    case COLUMN_TEXT:
    case COLUMN_JSON:
        break;
    }
    return "";
}

int column_value_bad(const struct column *column, struct span text, struct error *error) {
    return error_set(error, ERROR_USAGE, "%s=%.*s: the column is %s%s", column->name,
                     (int)(text.size < SHOWN_MAX ? text.size : SHOWN_MAX), text.data, column->declared,
                     column_value_form(column, text));
}

bool column_is_time(const struct column *column) {
    return column->type == COLUMN_DATE || column->type == COLUMN_TIMESTAMP ||
           column->type == COLUMN_TIMESTAMPTZ;
}

const char *column_lacks_order(const struct column *column) {
    if (column->type == COLUMN_JSON || column->type == COLUMN_ARRAY || column->type == COLUMN_OTHER)
        return "has no order here";
    return column->variant == COLUMN_ENUM ? "is an enum, whose declared order is not kept here" : NULL;
}

bool column_is_text(const struct column *column) {
    return column->type == COLUMN_TEXT || column->type == COLUMN_OTHER;
}

int column_pad(const struct column *column, struct span text, struct arena *arena, struct span *ret,
               struct error *error) {
    size_t characters = utf8_count(text.data, text.size);
    size_t width = (size_t)(column->padded_to > 0 ? column->padded_to : 0);
    size_t spaces = width > characters ? width - characters : 0;
    char *padded = arena_take(arena, text.size + spaces + 1);
    if (padded == NULL)
        return column_value_no_memory(error);
    memcpy(padded, text.data, text.size);
    memset(padded + text.size, ' ', spaces);
    *ret = (struct span){padded, text.size + spaces};
    return 0;
}
