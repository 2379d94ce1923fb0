#include "consumer/apply/loop/warnings.h"

#include <stdarg.h>
#include <stdio.h>

void warnings_add(struct warnings *warnings, const char *format, ...) {
    int place = (warnings->next + warnings->count) % WARNINGS_MAX;
    bool full = warnings->count == WARNINGS_MAX;
    warnings->next = (warnings->next + full) % WARNINGS_MAX;
    warnings->count += !full;
    warnings->left_out += full;
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

static const struct warning *warnings_take_left_out(struct warnings *warnings) {
    struct warning *told = &warnings->of_left_out;
    *told = (struct warning){.event = "apply"};
    (void)snprintf(
        told->text, sizeof told->text,
        "%d warnings came at once before the next %d, and are left out here: /v1/status and /v1/quarantine "
        "have what they were of",
        warnings->left_out, warnings->count);
    warnings->left_out = 0;
    return told;
}

const struct warning *warnings_take(struct warnings *warnings) {
    if (warnings->left_out > 0)
        return warnings_take_left_out(warnings);
    if (warnings->count == 0)
        return NULL;
    const struct warning *warning = &warnings->list[warnings->next];
    warnings->next = (warnings->next + 1) % WARNINGS_MAX;
    warnings->count--;
    return warning;
}
