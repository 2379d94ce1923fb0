#include "views/engine/catalog/source/default_array.h"

#include "views/base/cleanup.h"

#include <strings.h>

static const char default_array_blanks[] = " \t\n\v\f\r"; // which PostgreSQL passes over around an element

static const char *default_array_skip(const char *at) {
    return at + strspn(at, default_array_blanks);
}

// What stands before the next comma or brace; `quoted`: within double quotes, a backslash makes the next character plain.
static const char *default_array_element(const char *at, struct buffer *ret, bool *ret_quoted) {
    buffer_clear(ret);
    at = default_array_skip(at);
    *ret_quoted = *at == '"';
    if (!*ret_quoted) {
        size_t size = strcspn(at, ",{}\"\\");
        const char *behind = at + size;
        while (size > 0 && strchr(default_array_blanks, at[size - 1]) != NULL)
            size--;
        buffer_append(ret, at, size);
        return size > 0 ? behind : NULL;
    }
    for (at++; *at != '"'; at++) {
        at += *at == '\\';
        if (*at == '\0')
            return NULL;
        buffer_char(ret, *at);
    }
    return default_array_skip(at + 1);
}

bool default_array_each(const char *literal, bool (*take)(void *self, const char *text, bool is_null),
                        void *self) {
    CLEANUP(buffer_free) struct buffer text = {0};
    const char *at = literal;
    bool quoted;
    if (*at++ != '{')
        return false;
    at = default_array_skip(at);
    while (*at != '}') {
        at = default_array_element(at, &text, &quoted);
        if (at == NULL || (*at != ',' && *at != '}'))
            return false;
        buffer_char(&text, '\0');
        if (text.failed || !take(self, text.data, !quoted && strcasecmp(text.data, "null") == 0))
            return false;
        if (*at == ',' && *++at == '}')
            return false;
    }
    return at[1] == '\0';
}

void default_array_append(struct buffer *literal, const char *element) {
    if (literal->size > 1)
        buffer_char(literal, ',');
    if (element == NULL) {
        buffer_text(literal, "NULL");
        return;
    }
    buffer_char(literal, '"');
    for (const char *c = element; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buffer_char(literal, '\\');
        buffer_char(literal, *c);
    }
    buffer_char(literal, '"');
}
