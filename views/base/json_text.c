#include "views/base/json_text.h"

#include "views/base/utf8.h"

#include <stdint.h>

// What may come next.
enum json_text_state {
    STATE_VALUE,        // a value
    STATE_FIRST_VALUE,  // a value, or the end of an empty array
    STATE_FIRST_MEMBER, // a name, or the end of an empty object
    STATE_MEMBER,       // a name
    STATE_AFTER,        // a comma or the end of what is open
};

struct json_text {
    const char *at;
    const char *end;
    int depth;
    uint8_t objects[JSON_TEXT_DEPTH_MAX / 8]; // a bit for each depth: it is an object
};

static void json_text_skip_space(struct json_text *json) {
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
        json->at++;
}

static bool json_text_is_digit(const struct json_text *json) {
    return json->at < json->end && *json->at >= '0' && *json->at <= '9';
}

static bool json_text_take(struct json_text *json, char c) {
    if (json->at == json->end || *json->at != c)
        return false;
    json->at++;
    return true;
}

static bool json_text_take_word(struct json_text *json, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0)
        return false;
    json->at += size;
    return true;
}

static bool json_text_take_digits(struct json_text *json) {
    bool any = json_text_is_digit(json);
    while (json_text_is_digit(json))
        json->at++;
    return any;
}

static bool json_text_take_number(struct json_text *json) {
    (void)json_text_take(json, '-');
    if (!json_text_take(json, '0') && !json_text_take_digits(json))
        return false;
    if (json_text_take(json, '.') && !json_text_take_digits(json))
        return false;
    if (!json_text_take(json, 'e') && !json_text_take(json, 'E'))
        return true;
    if (!json_text_take(json, '+'))
        (void)json_text_take(json, '-');
    return json_text_take_digits(json);
}

static bool json_text_take_escape(struct json_text *json) {
    if (json->at == json->end || *json->at == '\0' || strchr("\"\\/bfnrtu", *json->at) == NULL)
        return false;
    if (*json->at++ != 'u')
        return true;
    for (int i = 0; i < 4; i++, json->at++)
        if (json->at == json->end || *json->at == '\0' || strchr("0123456789abcdefABCDEF", *json->at) == NULL)
            return false;
    return true;
}

// Behind its opening quote.
static bool json_text_take_string(struct json_text *json) {
    while (json->at < json->end) {
        unsigned char c = (unsigned char)*json->at;
        size_t size = 1;
        if (c > '"' && c < 0x80 && c != '\\') {
            json->at++;
            continue;
        }
        if (c == '"') {
            json->at++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c >= 0x80 && (size = utf8_sequence(json->at, (size_t)(json->end - json->at))) == 0)
            return false;
        json->at += size;
        if (c == '\\' && !json_text_take_escape(json))
            return false;
    }
    return false;
}

static bool json_text_is_object(const struct json_text *json) {
    int at = json->depth - 1;
    return (json->objects[at / 8] >> at % 8 & 1) != 0;
}

static bool json_text_open(struct json_text *json, bool object) {
    if (json->depth == JSON_TEXT_DEPTH_MAX)
        return false;
    uint8_t bit = (uint8_t)(1u << json->depth % 8);
    uint8_t *byte = &json->objects[json->depth / 8];
    *byte = (uint8_t)(object ? *byte | bit : *byte & (uint8_t)~bit);
    json->depth++;
    return true;
}

static bool json_text_take_value(struct json_text *json, enum json_text_state *state) {
    *state = STATE_AFTER;
    if (json_text_take(json, '{')) {
        *state = STATE_FIRST_MEMBER;
        return json_text_open(json, true);
    }
    if (json_text_take(json, '[')) {
        *state = STATE_FIRST_VALUE;
        return json_text_open(json, false);
    }
    if (json_text_take(json, '"'))
        return json_text_take_string(json);
    return json_text_take_word(json, "true") || json_text_take_word(json, "false") ||
           json_text_take_word(json, "null") || json_text_take_number(json);
}

static bool json_text_take_name(struct json_text *json, enum json_text_state *state) {
    *state = STATE_VALUE;
    if (!json_text_take(json, '"') || !json_text_take_string(json))
        return false;
    json_text_skip_space(json);
    return json_text_take(json, ':');
}

// A comma, or the end of the array or object that is open.
static bool json_text_take_after(struct json_text *json, enum json_text_state *state) {
    bool object = json_text_is_object(json);
    if (json_text_take(json, ',')) {
        *state = object ? STATE_MEMBER : STATE_VALUE;
        return true;
    }
    *state = STATE_AFTER;
    json->depth--;
    return json_text_take(json, object ? '}' : ']');
}

static bool json_text_step(struct json_text *json, enum json_text_state *state) {
    bool empty = json->at < json->end && ((*state == STATE_FIRST_MEMBER && *json->at == '}') ||
                                          (*state == STATE_FIRST_VALUE && *json->at == ']'));
    if (empty || *state == STATE_AFTER)
        return json_text_take_after(json, state);
    if (*state == STATE_MEMBER || *state == STATE_FIRST_MEMBER)
        return json_text_take_name(json, state);
    return json_text_take_value(json, state);
}

bool json_text_is_valid(struct span text) {
    struct json_text json = {.at = text.data, .end = text.data + text.size};
    enum json_text_state state = STATE_VALUE;
    do {
        json_text_skip_space(&json);
        if (json.at == json.end || !json_text_step(&json, &state))
            return false;
    } while (state != STATE_AFTER || json.depth > 0);
    json_text_skip_space(&json);
    return json.at == json.end;
}
