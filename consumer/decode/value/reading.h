// Inside value_read: one JSON value on its way into a column. value.c reads the token and dispatches; each function
// here takes it for some declared types, fills reading->ret and returns 0, or refuses it.
#ifndef TIDEMARK_DECODE_VALUE_READING_H
#define TIDEMARK_DECODE_VALUE_READING_H

#include "consumer/decode/semantic.h"
#include "consumer/json/json.h"
#include "views/base/error.h"
#include "views/engine/change.h"

struct reading {
    const struct column *column;
    const struct value_settings *settings;
    struct arena *arena;
    struct value *ret;
    struct error *error;
    struct value_field field;
    enum json_kind kind;
    struct span raw;  // the value's bytes in the message
    struct span text; // of a string: unescaped; of all else: raw
};

// ERROR_INPUT naming the column, its declared type, what came and why it cannot be.
int reading_refuse(const struct reading *reading, const char *why);
int reading_no_memory(const struct reading *reading);
// The bytes of `text` (base64), or a refusal.
int reading_base64(const struct reading *reading, struct span text, struct span *ret);

static inline int reading_give_text(const struct reading *reading, struct span text) {
    *reading->ret = (struct value){.kind = VALUE_TEXT, .bytes = text};
    return 0;
}

static inline int reading_give_integer(const struct reading *reading, int64_t integer) {
    *reading->ret = (struct value){.kind = VALUE_INTEGER, .integer = integer};
    return 0;
}

int reading_integer(const struct reading *reading);
int reading_boolean(const struct reading *reading);
int reading_real(const struct reading *reading);
int reading_text(const struct reading *reading);
int reading_json(const struct reading *reading);
int reading_array(const struct reading *reading);
int reading_bit(const struct reading *reading);
// As text of 0 and 1, as many as `width`; 0 = as many as there are from the first 1 on.
int reading_bits(const struct reading *reading, size_t width);
// Into a TEXT: by the schema's semantic, as PostgreSQL writes what the column was before (retyped.c).
int reading_retyped(const struct reading *reading);
int reading_bytea(const struct reading *reading);
int reading_decimal(const struct reading *reading);
int reading_numeric(const struct reading *reading);
int reading_date(const struct reading *reading);
int reading_time(const struct reading *reading);
int reading_timestamp(const struct reading *reading);
// A time as a number, of an INTERVAL: as a count of microseconds.
int reading_time_span(const struct reading *reading);
// The time just read as PostgreSQL writes it: a space for the T, no zeros at its end.
int reading_short_time(const struct reading *reading);
int reading_timestamptz(const struct reading *reading);

#endif
