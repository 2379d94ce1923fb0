#include "consumer/doctor/findings.h"

#include "views/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// What was printed, `size` bytes, into `room`: cut between characters.
static void findings_cut(char *text, int size, size_t room) {
    if (size > 0 && (size_t)size >= room)
        text[utf8_valid(text, room - 1)] = '\0';
}

void findings_add(struct findings *findings, const char *check, enum verdict verdict, const char *remedy,
                  const char *seen, ...) {
    if (findings->count == FINDINGS_MAX)
        return;
    struct finding *finding = &findings->list[findings->count++];
    va_list arguments;
    finding->check = check;
    finding->verdict = verdict;
    (void)snprintf(finding->remedy, sizeof finding->remedy, "%s", remedy != NULL ? remedy : "");
    va_start(arguments, seen);
    findings_cut(finding->seen, vsnprintf(finding->seen, sizeof finding->seen, seen, arguments),
                 sizeof finding->seen);
    va_end(arguments);
}

void finding_names_add(struct finding_names *names, const char *format, ...) {
    enum { TAIL = 24 }; // " and 4000 more"
    char name[160];
    va_list arguments;
    va_start(arguments, format);
    findings_cut(name, vsnprintf(name, sizeof name, format, arguments), sizeof name);
    va_end(arguments);
    size_t used = strlen(names->text);
    names->count++;
    if (names->shown + 1 < names->count || used + strlen(name) + TAIL > sizeof names->text)
        return;
    (void)snprintf(names->text + used, sizeof names->text - used, "%s%s", used > 0 ? ", " : "", name);
    names->shown++;
}

const char *finding_names_text(struct finding_names *names) {
    size_t used = strlen(names->text);
    if (names->count > names->shown)
        (void)snprintf(names->text + used, sizeof names->text - used, "%s%d more", used > 0 ? " and " : "",
                       names->count - names->shown);
    names->shown = names->count;
    return names->text;
}
