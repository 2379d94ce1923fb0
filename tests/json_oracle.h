// jansson as the judge of consumer/json: the same acceptance and the same values, but for the exceptions that
// consumer/json/json.h names. Used by the unit test and by the fuzz target.
#ifndef TIDEMARK_JSON_ORACLE_H
#define TIDEMARK_JSON_ORACLE_H

#include <jansson.h>
#include <stdlib.h>

// Four kinds have the same name in both headers: here the names are consumer/json's from now on.
enum {
    JANSSON_STRING = JSON_STRING,
    JANSSON_TRUE = JSON_TRUE,
    JANSSON_FALSE = JSON_FALSE,
    JANSSON_NULL = JSON_NULL,
};
#define JSON_STRING TOKEN_STRING
#define JSON_TRUE TOKEN_TRUE
#define JSON_FALSE TOKEN_FALSE
#define JSON_NULL TOKEN_NULL
#include "consumer/json/json.h"

static inline const char *oracle_value(struct json_reader *reader, enum json_kind kind, const json_t *want,
                                       struct arena *arena);

static inline const char *oracle_text(const struct json_reader *reader, const json_t *want,
                                      struct arena *arena) {
    struct span text;
    if (json_typeof(want) != (json_type)JANSSON_STRING)
        return "a string, jansson has something else";
    if (!json_unescape(reader, arena, &text))
        return "out of memory";
    struct span wanted = {json_string_value(want), json_string_length(want)};
    if (!json_escaped_is(reader, wanted))
        return "json_escaped_is disagrees";
    return span_equal(text, wanted) ? NULL : "another string";
}

static inline const char *oracle_number(struct span text, const json_t *want) {
    int64_t integer;
    if (json_to_integer(text, &integer) != json_is_integer(want))
        return "an integer for one of the two only";
    if (json_is_integer(want))
        return integer == json_integer_value(want) ? NULL : "another integer";
    if (!json_is_real(want))
        return "a number, jansson has something else";
    char *copy = strndup(text.data, text.size);
    double real = copy != NULL ? strtod(copy, NULL) : 0;
    free(copy);
    return real == json_real_value(want) ? NULL : "another real";
}

static inline const char *oracle_object(struct json_reader *reader, const json_t *want, struct arena *arena) {
    size_t count = 0;
    enum json_kind kind;
    while ((kind = json_next(reader)) == JSON_KEY) {
        struct span key;
        if (!json_unescape(reader, arena, &key))
            return "out of memory";
        if (!json_key_is(reader, key.data, key.size))
            return "json_key_is disagrees";
        const json_t *member = json_object_getn(want, key.data, key.size);
        if (member == NULL)
            return "a key that jansson does not have";
        const char *problem = oracle_value(reader, json_next(reader), member, arena);
        if (problem != NULL)
            return problem;
        count++;
    }
    if (kind != JSON_OBJECT_END)
        return "no end of the object";
    return count == json_object_size(want) ? NULL : "another count of keys";
}

static inline const char *oracle_array(struct json_reader *reader, const json_t *want, struct arena *arena) {
    size_t count = 0;
    enum json_kind kind;
    while ((kind = json_next(reader)) != JSON_ARRAY_END) {
        const char *problem = oracle_value(reader, kind, json_array_get(want, count), arena);
        if (problem != NULL)
            return problem;
        count++;
    }
    return count == json_array_size(want) ? NULL : "another count of elements";
}

static inline const char *oracle_value(struct json_reader *reader, enum json_kind kind, const json_t *want,
                                       struct arena *arena) {
    switch (kind) {
    case JSON_OBJECT_BEGIN:
        return json_is_object(want) ? oracle_object(reader, want, arena) : "an object";
    case JSON_ARRAY_BEGIN:
        return json_is_array(want) ? oracle_array(reader, want, arena) : "an array";
    case JSON_STRING:
        return oracle_text(reader, want, arena);
    case JSON_NUMBER:
        return oracle_number(reader->text, want);
    case JSON_TRUE:
        return (json_typeof(want) == (json_type)JANSSON_TRUE) ? NULL : "true";
    case JSON_FALSE:
        return (json_typeof(want) == (json_type)JANSSON_FALSE) ? NULL : "false";
    case JSON_NULL:
        return (json_typeof(want) == (json_type)JANSSON_NULL) ? NULL : "null";
    default:
        return "no value where jansson has one";
    }
}

// Token by token, in one skip, and as raw bytes: all three take the document or none does.
static inline const char *oracle_ways(struct span input, bool *ret_taken, const char **ret_error,
                                      bool *ret_at_nul) {
    struct json_reader reader;
    json_open(&reader, input);
    enum json_kind kind;
    while ((kind = json_next(&reader)) != JSON_END && kind != JSON_ERROR)
        ;
    *ret_taken = kind == JSON_END;
    *ret_error = reader.error;
    size_t offset = json_offset(&reader);
    *ret_at_nul = offset < input.size && input.data[offset] == '\0';
    json_open(&reader, input);
    bool skipped = json_skip(&reader) && json_next(&reader) == JSON_END;
    if (skipped != *ret_taken || reader.error != *ret_error || json_offset(&reader) != offset)
        return "json_skip and json_next disagree";
    if (json_next(&reader) != (skipped ? JSON_END : JSON_ERROR))
        return "the end or the error does not stay";
    if (!skipped)
        return NULL;
    struct span raw;
    json_open(&reader, input);
    if (!json_raw(&reader, &raw) || json_next(&reader) != JSON_END)
        return "json_raw and json_next disagree";
    json_open(&reader, raw);
    return json_skip(&reader) && json_offset(&reader) == raw.size ? NULL : "json_raw is not the value";
}

// NULL when consumer/json and jansson agree on `input`, else what they differ in.
static inline const char *oracle_disagreement(struct span input, bool *ret_taken) {
    bool taken, at_nul;
    const char *error, *problem = oracle_ways(input, &taken, &error, &at_nul);
    *ret_taken = taken;
    if (problem != NULL)
        return problem;
    json_error_t why;
    json_t *value = json_loadb(input.data, input.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    json_decref(value);
    if (taken != (value != NULL)) {
        enum json_error_code code = value == NULL ? json_error_code(&why) : json_error_unknown;
        if (taken && (code == json_error_numeric_overflow || code == json_error_null_byte_in_key))
            return NULL;
        if (!taken && (at_nul || strcmp(error, "nested too deeply") == 0))
            return NULL;
        return taken ? "taken, jansson refuses it" : error;
    }
    value =
        json_loadb(input.data, input.size, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
    if (value == NULL)
        return !taken || json_error_code(&why) == json_error_duplicate_key ? NULL : "no duplicate key";
    struct arena arena = {0};
    struct json_reader reader;
    json_open(&reader, input);
    problem = oracle_value(&reader, json_next(&reader), value, &arena);
    arena_free(&arena);
    json_decref(value);
    return problem;
}

#endif
