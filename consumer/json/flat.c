#include "consumer/json/flat.h"

#include "consumer/json/scan.h"

static inline const char *json_flat_pass_scalar(const char *p, const char *end) {
    bool escaped;
    if (p == end)
        return NULL;
    switch (*p) {
    case '"':
        return pass_plain_string(p, end, &escaped);
    case 'n':
        return pass_word(p, end, SPAN("null"));
    case 't':
        return pass_word(p, end, SPAN("true"));
    case 'f':
        return pass_word(p, end, SPAN("false"));
    default:
        return is_digit(*p) || *p == '-' ? pass_plain_number(p, end) : NULL;
    }
}

// Past `"key":`.
static inline const char *json_flat_pass_key(const char *p, const char *end) {
    bool escaped;
    if (p == end || *p != '"')
        return NULL;
    p = pass_plain_string(p, end, &escaped);
    return p != NULL && p < end && *p == ':' ? p + 1 : NULL;
}

static const char *json_flat_pass_object(const char *at, const char *end) {
    const char *p = at + 1;
    if (p < end && *p == '}')
        return p + 1;
    for (;;) {
        p = json_flat_pass_key(p, end);
        p = p != NULL ? json_flat_pass_scalar(p, end) : NULL;
        if (p == NULL || p == end)
            return NULL;
        if (*p == '}')
            return p + 1;
        if (*p++ != ',')
            return NULL;
    }
}

static const char *json_flat_pass_array(const char *at, const char *end) {
    const char *p = at + 1;
    if (p < end && *p == ']')
        return p + 1;
    for (;;) {
        if (p == end)
            return NULL;
        p = *p == '{' ? json_flat_pass_object(p, end) : json_flat_pass_scalar(p, end);
        if (p == NULL || p == end)
            return NULL;
        if (*p == ']')
            return p + 1;
        if (*p++ != ',')
            return NULL;
    }
}

const char *json_flat_end(const char *at, const char *end) {
    if (at == end)
        return NULL;
    if (*at == '{')
        return json_flat_pass_object(at, end);
    return *at == '[' ? json_flat_pass_array(at, end) : json_flat_pass_scalar(at, end);
}
