#include "consumer/apply/loop/warnings.h"

#include <stdarg.h>
#include <stdio.h>

void warnings_add(struct warnings *warnings, const char *format, ...) {
    int place = (warnings->next + warnings->count) % WARNINGS_MAX;
    if (warnings->count == WARNINGS_MAX)
        warnings->next = (warnings->next + 1) % WARNINGS_MAX;
    else
        warnings->count++;
    struct warning *warning = &warnings->list[place];
    warning->event = "apply";
    warning->about = (struct log_fields){0};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(warning->text, sizeof warning->text, format, args);
    va_end(args);
}

void warnings_about(struct warnings *warnings, const char *event, const struct log_fields *about) {
    struct warning *newest =
        &warnings->list[(warnings->next + warnings->count + WARNINGS_MAX - 1) % WARNINGS_MAX];
    newest->event = event;
    newest->about = *about;
    (void)snprintf(newest->topic, sizeof newest->topic, "%s", about->topic != NULL ? about->topic : "");
    newest->about.topic = about->topic != NULL ? newest->topic : NULL;
}

const struct warning *warnings_take(struct warnings *warnings) {
    if (warnings->count == 0)
        return NULL;
    const struct warning *warning = &warnings->list[warnings->next];
    warnings->next = (warnings->next + 1) % WARNINGS_MAX;
    warnings->count--;
    return warning;
}
