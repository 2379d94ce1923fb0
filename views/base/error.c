#include "views/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// A message is one line, whatever the cause had in it (SQL text, message bytes).
static void error_one_line(char *text) {
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...) {
    if (error == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    error->kind = kind;
    error_one_line(error->message);
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
        (void)snprintf(error->message + n, sizeof error->message - (size_t)n, ": %s", tail);
    error_one_line(error->message);
    return -1;
}
