// What one statement of a view takes away or adds and another brings, as far as their words show that they do not fit: rows that
// are looked for where they are gone, counts of rows that came before what they are counted in.
// Warnings with file, line and remedy; none refuses.
#ifndef TIDEMARK_CHECK_LINT_HALVES_H
#define TIDEMARK_CHECK_LINT_HALVES_H

struct lint_drift;

void lint_halves(const struct lint_drift *lint);

#endif
