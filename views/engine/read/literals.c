#include "views/engine/read/literals.h"

#include "views/base/hex.h"
#include "views/base/real.h"

#include <math.h>
#include <strings.h>

static bool literals_is(struct span text, const char *word) {
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

bool literals_boolean(struct span text, bool *ret) {
    static const char *const words[] = {"true", "t", "1", "false", "f", "0"};
    enum { WORDS = sizeof words / sizeof *words };
    for (size_t i = 0; i < WORDS; i++)
        if (literals_is(text, words[i])) {
            *ret = i < WORDS / 2;
            return true;
        }
    return false;
}

bool literals_uuid(struct span text, char ret[LITERAL_UUID_SIZE]) {
    static const char form[] = "        -    -    -    -            ";
    enum { DIGITS = 32, GROUP = 4 };
    size_t at = 0;
    size_t digits = 0;
    if (text.size > 2 && text.data[0] == '{' && text.data[text.size - 1] == '}')
        text = (struct span){text.data + 1, text.size - 2};
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '-' && i > 0 && text.data[i - 1] != '-' && digits % GROUP == 0 && digits < DIGITS)
            continue;
        int digit = hex_digit(text.data[i]);
        if (digit < 0 || digits++ == DIGITS)
            return false;
        if (form[at] == '-')
            ret[at++] = '-';
        ret[at++] = "0123456789abcdef"[digit];
    }
    return digits == DIGITS;
}

bool literals_real(struct span text, double *ret) {
    bool negative = text.size > 0 && text.data[0] == '-';
    struct span word = {text.data + negative, text.size - negative};
    if (literals_is(word, "inf") || literals_is(word, "infinity"))
        *ret = negative ? (double)-INFINITY : (double)INFINITY;
    else if (literals_is(text, "nan"))
        *ret = (double)NAN;
    else
        return real_parse(text, ret);
    return true;
}

bool literals_ends_in_utc(struct span text) {
    static const char *const ends[] = {"Z", "+00", "+0000", "+00:00", "-00:00"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t size = strlen(ends[i]);
        if (text.size > size && memcmp(text.data + text.size - size, ends[i], size) == 0)
            return true;
    }
    return false;
}
