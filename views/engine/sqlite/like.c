#include "views/engine/sqlite/like.h"

#include "views/base/utf8.h"

#include <stdint.h>
#include <wctype.h>

locale_t like_letters(void) {
    return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void like_letters_free(locale_t *letters) {
    if (*letters != (locale_t)0)
        freelocale(*letters);
    *letters = (locale_t)0;
}

// The character at `at`, which is within the text; *ret_size has its bytes. A byte that begins none stands for itself.
static uint32_t like_character(struct span text, size_t at, size_t *ret_size) {
    const unsigned char *p = (const unsigned char *)text.data + at;
    size_t size = utf8_sequence(text.data + at, text.size - at);
    *ret_size = size > 0 ? size : 1;
    if (size <= 1)
        return size == 1 ? p[0] : 0x110000u + p[0];
    uint32_t value = p[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++)
        value = value << 6 | (p[i] & 0x3fu);
    return value;
}

static uint32_t like_small(locale_t letters, uint32_t c) {
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    return letters != (locale_t)0 && c < 0x110000u ? (uint32_t)towlower_l((wint_t)c, letters) : c;
}

int like_order(locale_t letters, struct span a, struct span b) {
    size_t i = 0;
    size_t j = 0;
    while (i < a.size && j < b.size) {
        size_t left;
        size_t right;
        uint32_t x = like_small(letters, like_character(a, i, &left));
        uint32_t y = like_small(letters, like_character(b, j, &right));
        if (x != y)
            return x < y ? -1 : 1;
        i += left;
        j += right;
    }
    return (i < a.size) - (j < b.size);
}

bool like_is_pattern(struct span pattern) {
    size_t at = 0;
    while (at < pattern.size)
        at += pattern.data[at] == '\\' ? 2 : 1;
    return at == pattern.size;
}

// Whether what stands at `*at` of the pattern, which is no %, takes the character; then *at is behind it.
static bool like_takes(const struct like *like, size_t *at, uint32_t c) {
    size_t size;
    size_t from = *at;
    uint32_t wanted = like_character(like->pattern, from, &size);
    if (wanted == '_') {
        *at = from + size;
        return true;
    }
    if (wanted == '\\') {
        from += size;
        wanted = like_character(like->pattern, from, &size);
    }
    if (wanted != c && !(like->any_case && like_small(like->letters, wanted) == like_small(like->letters, c)))
        return false;
    *at = from + size;
    return true;
}

// The newest % is given one character more whenever what follows it does not match: those before it have what they need.
int like_match(const struct like *like, struct span text) {
    const struct span pattern = like->pattern;
    size_t at = 0;
    size_t in_pattern = 0;
    size_t behind_any = SIZE_MAX; // of the pattern, behind its newest %
    size_t given = 0;             // of the text: where what follows that % is tried
    for (unsigned steps = 1; at < text.size; steps++) {
        size_t size;
        if (steps % LIKE_STEPS == 0 && like->interrupted != NULL && like->interrupted(like->self))
            return -1;
        if (in_pattern < pattern.size && pattern.data[in_pattern] == '%') {
            behind_any = ++in_pattern;
            given = at;
            continue;
        }
        uint32_t c = like_character(text, at, &size);
        if (in_pattern < pattern.size && like_takes(like, &in_pattern, c)) {
            at += size;
            continue;
        }
        if (behind_any == SIZE_MAX)
            return 0;
        (void)like_character(text, given, &size);
        given += size;
        at = given;
        in_pattern = behind_any;
    }
    while (in_pattern < pattern.size && pattern.data[in_pattern] == '%')
        in_pattern++;
    return in_pattern == pattern.size;
}
