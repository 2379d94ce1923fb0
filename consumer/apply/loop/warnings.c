#include "consumer/apply/loop/warnings.h"

#include <stdarg.h>
#include <stdio.h>

void warnings_add(struct warnings *warnings, const char *format, ...) {
    int place = (warnings->next + warnings->count) % WARNINGS_MAX;
    if (warnings->count == WARNINGS_MAX)
        warnings->next = (warnings->next + 1) % WARNINGS_MAX;
    else
        warnings->count++;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(warnings->texts[place], ERROR_MESSAGE_SIZE, format, args);
    va_end(args);
}

const char *warnings_take(struct warnings *warnings) {
    if (warnings->count == 0)
        return NULL;
    const char *text = warnings->texts[warnings->next];
    warnings->next = (warnings->next + 1) % WARNINGS_MAX;
    warnings->count--;
    return text;
}
