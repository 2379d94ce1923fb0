// The types that need no file of their own: integers, booleans, doubles, texts, documents, bytes and bits.
#include "consumer/decode/value/reading.h"
#include "views/base/hex.h"
#include "views/base/real.h"
#include "views/base/uuid.h"
#include "views/engine/decimal.h"

#include <math.h>
#include <strings.h>

static struct span value_scalars_trim(struct span text) {
    while (text.size > 0 && strchr(" \t\n\r\v\f", text.data[0]) != NULL)
        text = (struct span){text.data + 1, text.size - 1};
    while (text.size > 0 && strchr(" \t\n\r\v\f", text.data[text.size - 1]) != NULL)
        text.size--;
    return text;
}

// What PostgreSQL reads of a column that was a text before: " 007", "+5".
static bool value_scalars_read_loose_integer(struct span text, int64_t *ret) {
    text = value_scalars_trim(text);
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative || (text.size > 0 && text.data[0] == '+'))
        text = (struct span){text.data + 1, text.size - 1};
    while (text.size > 1 && text.data[0] == '0')
        text = (struct span){text.data + 1, text.size - 1};
    if (text.size == 0 || text.data[0] < '0' || text.data[0] > '9' || !integer_parse(text, ret))
        return false;
    *ret = negative ? -*ret : *ret;
    return true;
}

int reading_integer(const struct reading *reading) {
    enum { YEAR_OF_BYTE_ZERO = 1900 };
    int64_t integer;
    if (reading->kind == JSON_NUMBER && json_to_integer(reading->text, &integer))
        return reading_give_integer(
            reading, reading->field.semantic == SEMANTIC_YEAR && integer == YEAR_OF_BYTE_ZERO ? 0 : integer);
    if (reading->kind == JSON_STRING &&
        (integer_parse(reading->text, &integer) || value_scalars_read_loose_integer(reading->text, &integer)))
        return reading_give_integer(reading, integer);
    if (reading->kind == JSON_TRUE || reading->kind == JSON_FALSE) // a column that was BOOLEAN before
        return reading_give_integer(reading, reading->kind == JSON_TRUE);
    // A column that was NUMERIC before: 12.00.
    bool decimal = memchr(reading->text.data, '.', reading->text.size) != NULL;
    if ((reading->kind == JSON_NUMBER || reading->kind == JSON_STRING) && decimal &&
        decimal_parse(reading->text, DECIMAL_PRECISION_MAX, 0, &integer))
        return reading_give_integer(reading, integer);
    return reading_refuse(reading, "not a 64-bit integer");
}

// PostgreSQL's boolin: a beginning of true, false, yes, no, on or off that no other has, 1 or 0. 1, 0, -1: neither.
static int value_scalars_truth(struct span text) {
    static const struct {
        const char *word;
        size_t least;
        int truth;
    } words[] = {{"true", 1, 1},  {"yes", 1, 1}, {"on", 2, 1},  {"1", 1, 1},
                 {"false", 1, 0}, {"no", 1, 0},  {"off", 2, 0}, {"0", 1, 0}};
    text = value_scalars_trim(text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text.size >= words[i].least && text.size <= strlen(words[i].word) &&
            strncasecmp(text.data, words[i].word, text.size) == 0)
            return words[i].truth;
    return -1;
}

// An integer is what it is to PostgreSQL and MariaDB: true but for 0.
int reading_boolean(const struct reading *reading) {
    int64_t integer;
    if (reading->kind == JSON_TRUE || reading->kind == JSON_FALSE)
        return reading_give_integer(reading, reading->kind == JSON_TRUE);
    if (reading->kind == JSON_NUMBER && json_to_integer(reading->text, &integer))
        return reading_give_integer(reading, integer != 0);
    int truth = reading->kind == JSON_STRING ? value_scalars_truth(reading->text) : -1;
    return truth >= 0 ? reading_give_integer(reading, truth) : reading_refuse(reading, "not true or false");
}

int reading_real(const struct reading *reading) {
    double real;
    bool named = reading->kind == JSON_STRING;
    if (named && (span_is(reading->text, "NaN") || span_is(reading->text, "NAN")))
        return reading_give_text(reading, SPAN("NaN"));
    if (named && (span_is(reading->text, "POSITIVE_INFINITY") || span_is(reading->text, "NEGATIVE_INFINITY")))
        real = reading->text.data[0] == 'P' ? (double)INFINITY : (double)-INFINITY;
    // Digits as text are those of a column that was NUMERIC before.
    else if ((reading->kind != JSON_NUMBER && !named) || !real_parse(reading->text, &real) ||
             (isinf(real) && !named))
        return reading_refuse(reading, "not a double");
    *reading->ret = (struct value){.kind = VALUE_REAL, .real = real};
    return 0;
}

// In small letters and with hyphens, as PostgreSQL writes it: SQL Server's, and those of a column that was a text, may be otherwise.
static int value_scalars_give_uuid(const struct reading *reading) {
    struct span text = reading->text;
    size_t capitals = 0;
    for (size_t i = 0; i < text.size; i++)
        capitals += text.data[i] >= 'A' && text.data[i] <= 'F';
    if (capitals == 0 && text.size == UUID_SIZE)
        return reading_give_text(reading, text);
    char *spelt = arena_take(reading->arena, UUID_SIZE);
    if (spelt == NULL)
        return reading_no_memory(reading);
    return reading_give_text(reading, uuid_read(text, spelt) ? (struct span){spelt, UUID_SIZE} : text);
}

// What was a NUMERIC before comes with its scale: no text is an object.
static int value_scalars_give_variable_scale(const struct reading *reading) {
    struct error ignored = {0};
    struct column plain = *reading->column;
    struct reading numeric = *reading;
    plain.key = 0; // a key's digits are a NUMERIC's alone
    numeric.column = &plain;
    numeric.error = &ignored;
    return reading_numeric(&numeric) == 0 ? 0 : reading_refuse(reading, "not a string");
}

// A number or a boolean is what the column held before it was retyped.
int reading_text(const struct reading *reading) {
    if (reading->kind == JSON_OBJECT_BEGIN)
        return value_scalars_give_variable_scale(reading);
    if (reading->kind == JSON_ARRAY_BEGIN)
        return reading_refuse(reading, "not a string");
    if (reading->column->variant != COLUMN_UUID)
        return reading_give_text(reading, reading->text);
    return reading->kind == JSON_STRING
               ? value_scalars_give_uuid(reading)
               : reading_refuse(reading,
                                "not a UUID: declare the column as what it is, or where it was of another "
                                "type before, take an incremental snapshot of the table");
}

// An object, an array, or a text of JSON; a number or a boolean is what the column held before it was retyped.
int reading_json(const struct reading *reading) {
    return reading_give_text(reading, reading->text);
}

int reading_array(const struct reading *reading) {
    if (reading->kind == JSON_OBJECT_BEGIN || reading->kind == JSON_ARRAY_BEGIN)
        return reading_give_text(reading, reading->text);
    struct json_reader json;
    json_open(&json, reading->text);
    if (reading->kind == JSON_STRING) {
        enum json_kind kind = json_next(&json);
        if ((kind == JSON_OBJECT_BEGIN || kind == JSON_ARRAY_BEGIN) && json_leave(&json, 0) &&
            json_next(&json) == JSON_END)
            return reading_give_text(reading, reading->text);
    }
    return reading_refuse(reading, "not an array or object");
}

// "101" is 5 for PostgreSQL, and comes as base64 of its bytes, least significant first; bit(1) as a boolean.
// (PostgresValueConverter.convertBits, Debezium 2.7 to 3.7; with binary modes the same bytes.)
int reading_bit(const struct reading *reading) {
    return reading_bits(reading, (size_t)reading->column->precision);
}

static bool value_scalars_is_bits(struct span text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '0' && text.data[i] != '1')
            return false;
    return text.size > 0;
}

int reading_bits(const struct reading *reading, size_t width) {
    // A column that was a text before. As base64 these would be more bits than are declared.
    bool is_text = reading->field.semantic == SEMANTIC_PLAIN || reading->text.size == width;
    if (reading->kind == JSON_STRING && is_text && value_scalars_is_bits(reading->text))
        return reading_give_text(reading, reading->text);
    // CockroachDB's changefeeds write bits as digits, four of which are base64 of three bytes as well. Debezium's connectors that are
    // known by their rows write base64.
    enum { BASE64_GROUP = 4 };
    bool may_be_digits = reading->settings->bits_unsure || reading->text.size % BASE64_GROUP != 0;
    if (reading->kind == JSON_STRING && reading->field.semantic == SEMANTIC_NONE && width == 0 &&
        may_be_digits && value_scalars_is_bits(reading->text))
        return reading_refuse(
            reading, "bits as digits, or base64 of bits: where they are digits, declare the column as text, "
                     "else send schemas");
    if (reading->kind == JSON_TRUE || reading->kind == JSON_FALSE)
        return reading_give_text(reading, reading->kind == JSON_TRUE ? SPAN("1") : SPAN("0"));
    struct span bytes;
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not bits as base64");
    if (reading_base64(reading, reading->text, &bytes) != 0)
        return -1;
    size_t most = bytes.size * 8;
    while (most > 0 && (bytes.data[(most - 1) / 8] >> ((most - 1) % 8) & 1) == 0)
        most--;
    if (width > 0 && most > width)
        return reading_refuse(reading, "more bits than are declared");
    size_t size = width > 0 ? width : most > 0 ? most : bytes.size > 0;
    char *text = arena_take(reading->arena, size);
    if (text == NULL && size > 0)
        return reading_no_memory(reading);
    for (size_t i = 0; i < size; i++) {
        size_t bit = size - 1 - i;
        bool set = bit / 8 < bytes.size && (bytes.data[bit / 8] >> (bit % 8) & 1);
        text[i] = set ? '1' : '0';
    }
    return reading_give_text(reading, (struct span){text, size});
}

// binary.handling.mode=hex writes digits that may be base64 as well. Debezium's are lower case.
static bool value_scalars_may_be_hex(struct span text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned)(text.data[i] - '0') > 9 && (unsigned)(text.data[i] - 'a') > 5)
            return false;
    return text.size > 0 && text.size % 2 == 0;
}

static int value_scalars_read_hex(const struct reading *reading) {
    struct span text = reading->text;
    char *out = arena_take(reading->arena, text.size / 2 + 1);
    if (out == NULL)
        return reading_no_memory(reading);
    for (size_t i = 0; i < text.size; i++) {
        int value = hex_digit(text.data[i]);
        if (value < 0 || text.size % 2 != 0)
            return reading_refuse(reading, reading->column->bytes == BYTES_HEX
                                               ? "not hex, as source.sql says it is"
                                               : "not hex");
        out[i / 2] = (char)(i % 2 == 0 ? value << 4 : ((unsigned char)out[i / 2] | value));
    }
    *reading->ret = (struct value){.kind = VALUE_BLOB, .bytes = {out, text.size / 2}};
    return 0;
}

// "\x6869", as a column that was a text before may have them.
static int value_scalars_read_escaped_hex(const struct reading *reading) {
    struct reading digits = *reading;
    digits.text = (struct span){reading->text.data + 2, reading->text.size - 2};
    return value_scalars_read_hex(&digits);
}

// Base64 and hex are told apart by the schema (bytes is base64), else by what source.sql says; never by the text.
int reading_bytea(const struct reading *reading) {
    enum semantic semantic = reading->field.semantic;
    bool is_bytes = semantic == SEMANTIC_BYTES || semantic == SEMANTIC_BITS;
    enum bytes_form form = is_bytes ? BYTES_BASE64 : reading->column->bytes;
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not base64");
    if (!is_bytes && reading->text.size >= 2 && memcmp(reading->text.data, "\\x", 2) == 0)
        return value_scalars_read_escaped_hex(reading);
    if (form == BYTES_HEX)
        return value_scalars_read_hex(reading);
    if (form == BYTES_UNSET && value_scalars_may_be_hex(reading->text))
        return reading_refuse(reading, "may be base64 or hex; say which in source.sql: -- tidemark: bytes "
                                       "TABLE.COLUMN = bytes, base64 or hex");
    struct span bytes;
    if (reading_base64(reading, reading->text, &bytes) != 0)
        return -1;
    *reading->ret = (struct value){.kind = VALUE_BLOB, .bytes = bytes};
    return 0;
}
