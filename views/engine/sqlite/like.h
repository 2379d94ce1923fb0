// PostgreSQL's LIKE and ILIKE, and the order of CITEXT: texts compared without regard to case. Letters are those of
// Unicode as the C library's locale C.UTF-8 has them; where it has none, those of ASCII.
#ifndef TIDEMARK_SQLITE_LIKE_H
#define TIDEMARK_SQLITE_LIKE_H

#include "views/base/span.h"

#include <locale.h>

// 0 where there is no such locale. The caller gives it back by like_letters_free.
locale_t like_letters(void);
void like_letters_free(locale_t *letters);

// % stands for any text, _ for one character, a backslash makes the next one plain.
struct like {
    struct span pattern;
    bool any_case;
    locale_t letters;
    // Asked every LIKE_STEPS steps: whether to give up. NULL = never.
    int (*interrupted)(void *self);
    void *self;
};
enum { LIKE_STEPS = 4096 };
// 1 = it matches, 0 = it does not, -1 = interrupted.
int like_match(const struct like *like, struct span text);
// A pattern does not end in a backslash that stands for nothing.
bool like_is_pattern(struct span pattern);

// Below 0, 0 or above 0: the order of their characters, each in its small form.
int like_order(locale_t letters, struct span a, struct span b);

#endif
