#include "views/base/error.h"

#include "views/base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// A character takes at most four bytes: what a cut leaves of the last one is shorter.
static size_t error_whole_characters(const char *text, size_t size) {
    enum { SEQUENCE_MAX = 4 };
    for (size_t back = 1; back < SEQUENCE_MAX && back <= size; back++) {
        unsigned char c = (unsigned char)text[size - back];
        if (c < 0x80)
            break;
        if (c >= 0xC0) // it begins a character
            return utf8_sequence(text + size - back, back) == 0 ? size - back : size;
    }
    return size;
}

// A message is one line of UTF-8, whatever the cause had in it (SQL text, message bytes).
static void error_tidy(char *text, bool is_cut) {
    size_t size = strlen(text);
    if (is_cut) {
        size = error_whole_characters(text, size);
        text[size] = '\0';
    }
    for (size_t at = 0; at < size;) {
        size_t sequence = utf8_sequence(text + at, size - at);
        if (sequence == 0)
            text[at] = '?';
        else if ((unsigned char)text[at] < ' ')
            text[at] = ' ';
        at += sequence > 0 ? sequence : 1;
    }
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...) {
    if (error == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    error->kind = kind;
    error->excerpt[0] = error->subject[0] = '\0';
    error_tidy(error->message, n < 0 || (size_t)n >= sizeof error->message);
    return -1;
}

int error_prefix(struct error *error, const char *format, ...) {
    if (error == NULL)
        return -1;
    char tail[ERROR_MESSAGE_SIZE];
    memcpy(tail, error->message, sizeof tail);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof error->message)
        n += snprintf(error->message + n, sizeof error->message - (size_t)n, ": %s", tail);
    error_tidy(error->message, n < 0 || (size_t)n >= sizeof error->message);
    return -1;
}

// Bytes that continue a UTF-8 character take no place of their own.
void error_excerpt(char ret[ERROR_EXCERPT_SIZE], const char *text, size_t size, size_t at) {
    enum { BEFORE = 40, AFTER = 70 };
    at = at < size ? at : size;
    size_t first = at;
    while (first > 0 && text[first - 1] != '\n')
        first--;
    size_t begin = at - first > BEFORE ? at - BEFORE : first;
    while (begin < at && ((unsigned char)text[begin] & 0xC0) == 0x80)
        begin++;
    size_t end = at;
    while (end < size && text[end] != '\n' && text[end] != '\r' && end - at < AFTER)
        end++;
    while (end > at && end < size && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    size_t used = 0;
    for (size_t i = begin; i < end; i++)
        ret[used++] = text[i] == '\t' ? ' ' : text[i];
    ret[used++] = '\n';
    for (size_t i = begin; i < at; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            ret[used++] = ' ';
    ret[used++] = '^';
    ret[used] = '\0';
    static_assert(2 * BEFORE + AFTER + 3 <= ERROR_EXCERPT_SIZE, "the excerpt has room");
}

int error_blame(struct error *error, enum error_kind kind, const char *subject) {
    if (error != NULL)
        (void)snprintf(error->subject, sizeof error->subject, "%s", subject);
    return error_become(error, kind);
}

int error_become(struct error *error, enum error_kind kind) {
    if (error != NULL)
        error->kind = kind;
    return -1;
}
