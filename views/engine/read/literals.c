#include "views/engine/read/literals.h"

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

struct span literals_without_spaces_behind(struct span text) {
    while (text.size > 0 && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

struct span literals_trimmed(struct span text) {
    while (text.size > 0 && text.data[0] == ' ')
        text = (struct span){text.data + 1, text.size - 1};
    return literals_without_spaces_behind(text);
}

static bool literals_is_digit(char c) {
    return c >= '0' && c <= '9';
}

// What stands behind the sign, if there is one.
static struct span literals_unsigned(struct span text, bool *ret_negative) {
    *ret_negative = text.size > 0 && text.data[0] == '-';
    size_t sign = *ret_negative || (text.size > 0 && text.data[0] == '+');
    return (struct span){text.data + sign, text.size - sign};
}

bool literals_integer(struct span text, int64_t *ret) {
    char shortest[24] = "-";
    bool negative;
    if (integer_parse(text, ret))
        return true;
    struct span digits = literals_unsigned(text, &negative);
    while (digits.size > 1 && digits.data[0] == '0')
        digits = (struct span){digits.data + 1, digits.size - 1};
    if (digits.size == 0 || digits.size >= sizeof shortest || !literals_is_digit(digits.data[0]))
        return false;
    negative = negative && !span_is(digits, "0");
    memcpy(shortest + negative, digits.data, digits.size);
    return integer_parse((struct span){shortest, digits.size + negative}, ret);
}

struct span literals_number(struct span text, char room[LITERAL_NUMBER_SIZE]) {
    enum { ADDED_MAX = 2 };
    bool negative;
    const struct span digits = literals_unsigned(text, &negative);
    if (text.size + ADDED_MAX > LITERAL_NUMBER_SIZE || digits.size == 0 ||
        (!literals_is_digit(digits.data[0]) && digits.data[0] != '.'))
        return text;
    const char *point = memchr(digits.data, '.', digits.size);
    const char *end = digits.data + digits.size;
    size_t before = point != NULL ? (size_t)(point - digits.data) : digits.size;
    bool follows = point != NULL && point + 1 < end && literals_is_digit(point[1]);
    if (before == 0 && !follows) // a point alone
        return text;
    size_t size = 0;
    if (negative)
        room[size++] = '-';
    if (before == 0)
        room[size++] = '0';
    memcpy(room + size, digits.data, before);
    size += before;
    if (point == NULL)
        return (struct span){room, size};
    room[size++] = '.';
    if (!follows)
        room[size++] = '0';
    memcpy(room + size, point + 1, (size_t)(end - point - 1));
    return (struct span){room, size + (size_t)(end - point - 1)};
}

static bool literals_is_zero(struct span number) {
    for (size_t i = 0; i < number.size && number.data[i] != 'e' && number.data[i] != 'E'; i++)
        if (number.data[i] >= '1' && number.data[i] <= '9')
            return false;
    return true;
}

bool literals_real(struct span text, double *ret) {
    char room[LITERAL_NUMBER_SIZE];
    bool negative;
    struct span word = literals_unsigned(text, &negative);
    if (literals_is(word, "inf") || literals_is(word, "infinity")) {
        *ret = negative ? (double)-INFINITY : (double)INFINITY;
        return true;
    }
    if (literals_is(text, "nan")) {
        *ret = (double)NAN;
        return true;
    }
    const struct span number = literals_number(text, room);
    return real_parse(number, ret) && isfinite(*ret) && (*ret != 0 || literals_is_zero(number));
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
