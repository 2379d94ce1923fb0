// The list of what was found. Inside the doctor only.
#ifndef TIDEMARK_DOCTOR_FINDINGS_H
#define TIDEMARK_DOCTOR_FINDINGS_H

#include "consumer/evidence/facts.h"

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL, VERDICT_NOT_SEEN };

enum {
    FINDINGS_MAX = 48,       // checks that there are
    FINDING_SEEN_SIZE = 900, // two lists of names, with what is said of each
    FINDING_REMEDY_SIZE = 320,
};

struct finding {
    const char *check;
    enum verdict verdict;
    char seen[FINDING_SEEN_SIZE];
    char remedy[FINDING_REMEDY_SIZE]; // "" = none is needed
};

struct findings {
    struct finding list[FINDINGS_MAX];
    int count;
};

// `remedy` NULL: none. The text is cut where it is too long; each check is added once, so there is room.
void findings_add(struct findings *findings, const char *check, enum verdict verdict, const char *remedy,
                  const char *seen, ...) __attribute__((format(printf, 5, 6)));

// Names one after another, as many as there is room for: "a, b and 3 more".
struct finding_names {
    char text[240];
    int shown;
    int count;
};
void finding_names_add(struct finding_names *names, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *finding_names_text(struct finding_names *names);

#endif
