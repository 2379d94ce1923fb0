#include "views/engine/row/numeric_sum.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    GROUP_DIGITS = 9,
    GROUP_BASE = 1000000000,
};

// Adding that often keeps every group within 64 bits: (PENDING_MAX + 1) * GROUP_BASE < 2^63.
static const int64_t pending_max = (int64_t)1 << 32;

static const int64_t powers_of_ten[GROUP_DIGITS] = {1,      10,      100,      1000,     10000,
                                                    100000, 1000000, 10000000, 100000000};

// --- reading

struct numeric_literal {
    bool negative;
    struct span whole; // digits
    struct span fraction;
    int64_t exponent;
};

static struct span numeric_sum_take_digits(struct span *text) {
    size_t size = 0;
    while (size < text->size && text->data[size] >= '0' && text->data[size] <= '9')
        size++;
    const struct span digits = {text->data, size};
    *text = (struct span){text->data + size, text->size - size};
    return digits;
}

static bool numeric_sum_take_sign(struct span *text) {
    bool negative = text->size > 0 && text->data[0] == '-';
    if (negative || (text->size > 0 && text->data[0] == '+'))
        *text = (struct span){text->data + 1, text->size - 1};
    return negative;
}

// [+-]digits, all of `text`. More than any text has places for is as good as that.
static bool numeric_sum_read_exponent(struct span text, int64_t *ret) {
    bool negative = numeric_sum_take_sign(&text);
    const struct span digits = numeric_sum_take_digits(&text);
    if (digits.size == 0 || text.size > 0)
        return false;
    int64_t exponent = 0;
    for (size_t i = 0; i < digits.size && exponent <= INT32_MAX; i++)
        exponent = exponent * 10 + (digits.data[i] - '0');
    *ret = negative ? -exponent : exponent;
    return true;
}

static bool numeric_sum_read(struct span text, struct numeric_literal *ret) {
    *ret = (struct numeric_literal){.negative = numeric_sum_take_sign(&text)};
    ret->whole = numeric_sum_take_digits(&text);
    if (text.size > 0 && text.data[0] == '.') {
        text = (struct span){text.data + 1, text.size - 1};
        ret->fraction = numeric_sum_take_digits(&text);
    }
    if (ret->whole.size + ret->fraction.size == 0)
        return false;
    if (text.size > 0 && (text.data[0] == 'e' || text.data[0] == 'E') &&
        !numeric_sum_read_exponent((struct span){text.data + 1, text.size - 1}, &ret->exponent))
        return false;
    return text.size == 0 || text.data[0] == 'e' || text.data[0] == 'E';
}

static bool numeric_sum_is_word(struct span text, const char *word) {
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static bool numeric_sum_read_special(struct span text, enum numeric_special *ret) {
    if (numeric_sum_is_word(text, "nan")) {
        *ret = NUMERIC_NAN;
        return true;
    }
    *ret = numeric_sum_take_sign(&text) ? NUMERIC_MINUS_INFINITY : NUMERIC_INFINITY;
    return numeric_sum_is_word(text, "infinity") || numeric_sum_is_word(text, "inf");
}

// --- adding

// The group that has the digit of 10^place.
static int numeric_sum_group(int64_t place) {
    return (int)(place >= 0 ? place / GROUP_DIGITS : -((-place + GROUP_DIGITS - 1) / GROUP_DIGITS));
}

// Makes room for the groups from `first` up to `end`, which is not one of them.
static int numeric_sum_cover(struct numeric_sum *sum, int first, int end) {
    if (sum->count > 0) {
        first = first < sum->first ? first : sum->first;
        end = end > sum->first + sum->count ? end : sum->first + sum->count;
        if (end - first == sum->count)
            return 0;
    }
    int64_t *groups = calloc((size_t)(end - first), sizeof *groups);
    if (groups == NULL)
        return -1;
    if (sum->count > 0)
        memcpy(groups + (sum->first - first), sum->groups, (size_t)sum->count * sizeof *groups);
    free(sum->groups);
    sum->groups = groups;
    sum->first = first;
    sum->count = end - first;
    return 0;
}

// Every group within 0 to GROUP_BASE - 1 but for the topmost, which has the sign.
static void numeric_sum_carry(struct numeric_sum *sum) {
    for (int i = 0; i + 1 < sum->count; i++) {
        int64_t carry = sum->groups[i] / GROUP_BASE;
        sum->groups[i] -= carry * GROUP_BASE;
        if (sum->groups[i] < 0) {
            sum->groups[i] += GROUP_BASE;
            carry--;
        }
        sum->groups[i + 1] += carry;
    }
    sum->pending = 0;
}

// A new carry is due before the groups could leave 64 bits.
static int numeric_sum_make_room(struct numeric_sum *sum, int64_t weight) {
    sum->pending += weight < 0 ? -weight : weight;
    if (sum->pending <= pending_max)
        return 0;
    numeric_sum_carry(sum);
    int64_t top = sum->count > 0 ? sum->groups[sum->count - 1] : 0;
    sum->pending = weight < 0 ? -weight : weight;
    // what the topmost has beyond its digits goes to one more
    if (top < GROUP_BASE && top > -GROUP_BASE)
        return 0;
    if (numeric_sum_cover(sum, sum->first, sum->first + sum->count + 1) != 0)
        return -1;
    sum->groups[sum->count - 1] = top / GROUP_BASE;
    sum->groups[sum->count - 2] = top % GROUP_BASE;
    return 0;
}

static void numeric_sum_add_digits(struct numeric_sum *sum, struct span digits, int64_t place,
                                   int64_t weight) {
    for (size_t i = 0; i < digits.size; i++, place--) {
        int64_t digit = digits.data[i] - '0';
        int group = numeric_sum_group(place);
        if (digit != 0)
            sum->groups[group - sum->first] +=
                weight * digit * powers_of_ten[place - (int64_t)group * GROUP_DIGITS];
    }
}

enum numeric_result numeric_sum_add(struct numeric_sum *sum, struct span text, int64_t weight) {
    enum numeric_special special;
    if (numeric_sum_read_special(text, &special)) {
        // minus one infinity is what takes one out
        sum->specials[special] += weight;
        return NUMERIC_OK;
    }
    struct numeric_literal literal;
    if (!numeric_sum_read(text, &literal))
        return NUMERIC_INVALID;
    while (literal.whole.size > 0 && literal.whole.data[0] == '0')
        literal.whole = (struct span){literal.whole.data + 1, literal.whole.size - 1};
    while (literal.fraction.size > 0 && literal.fraction.data[literal.fraction.size - 1] == '0')
        literal.fraction.size--;
    if (literal.whole.size + literal.fraction.size == 0 || weight == 0)
        return NUMERIC_OK;
    int64_t top = (int64_t)literal.whole.size - 1 + literal.exponent;
    int64_t last = literal.exponent - (int64_t)literal.fraction.size;
    if (top >= NUMERIC_PLACES_MAX || last < -(int64_t)NUMERIC_PLACES_MAX)
        return NUMERIC_INVALID;
    if (numeric_sum_cover(sum, numeric_sum_group(last), numeric_sum_group(top) + 1) != 0 ||
        numeric_sum_make_room(sum, weight) != 0)
        return NUMERIC_NO_MEMORY;
    int64_t signed_weight = literal.negative ? -weight : weight;
    numeric_sum_add_digits(sum, literal.whole, top, signed_weight);
    numeric_sum_add_digits(sum, literal.fraction, literal.exponent - 1, signed_weight);
    return NUMERIC_OK;
}

// --- answering

static const char *numeric_sum_special_text(const struct numeric_sum *sum) {
    bool plus = sum->specials[NUMERIC_INFINITY] != 0;
    bool minus = sum->specials[NUMERIC_MINUS_INFINITY] != 0;
    if (sum->specials[NUMERIC_NAN] != 0 || (plus && minus))
        return "NaN";
    // an infinity that is taken away is one of the other sign
    if (plus)
        return sum->specials[NUMERIC_INFINITY] > 0 ? "Infinity" : "-Infinity";
    if (minus)
        return sum->specials[NUMERIC_MINUS_INFINITY] > 0 ? "-Infinity" : "Infinity";
    return NULL;
}

int numeric_sum_rank(const struct numeric_sum *sum) {
    const char *special = numeric_sum_special_text(sum);
    if (special == NULL)
        return 0;
    return special[0] == 'N' ? 2 : special[0] == '-' ? -1 : 1;
}

int numeric_sum_sign(struct numeric_sum *sum) {
    const char *special = numeric_sum_special_text(sum);
    if (special != NULL)
        return special[0] == '-' ? -1 : 1;
    numeric_sum_carry(sum);
    // all but the topmost are positive now, so that it has the sign
    if (sum->count > 0 && sum->groups[sum->count - 1] < 0)
        return -1;
    for (int i = 0; i < sum->count; i++)
        if (sum->groups[i] != 0)
            return 1;
    return 0;
}

bool numeric_sum_is_zero(struct numeric_sum *sum) {
    return numeric_sum_sign(sum) == 0;
}

static void numeric_sum_negate(struct numeric_sum *sum) {
    for (int i = 0; i < sum->count; i++)
        sum->groups[i] = -sum->groups[i];
    numeric_sum_carry(sum);
}

// Group `number` from the point, of a positive sum.
static int64_t numeric_sum_at(const struct numeric_sum *sum, int number) {
    return number >= sum->first && number < sum->first + sum->count ? sum->groups[number - sum->first] : 0;
}

static char *numeric_sum_put_group(char *at, int64_t group) {
    for (int i = GROUP_DIGITS - 1; i >= 0; i--)
        *at++ = (char)('0' + group / powers_of_ten[i] % 10);
    return at;
}

// Writes all groups from the highest to the lowest, the point between. The sum is positive, its carries made.
static void numeric_sum_put(const struct numeric_sum *sum, char *at) {
    char *begin = at;
    int top = sum->first + sum->count - 1;
    for (int number = top > 0 ? top : 0; number >= 0; number--)
        at = numeric_sum_put_group(at, numeric_sum_at(sum, number));
    char *point = at;
    *at++ = '.';
    for (int number = -1; number >= sum->first; number--)
        at = numeric_sum_put_group(at, numeric_sum_at(sum, number));
    while (at[-1] == '0')
        at--;
    if (at - 1 == point)
        at = point;
    *at = '\0';
    char *first = begin;
    while (*first == '0' && first + 1 < point)
        first++;
    memmove(begin, first, strlen(first) + 1);
}

// The topmost group may have more than nine digits.
static int numeric_sum_normalize(struct numeric_sum *sum) {
    numeric_sum_carry(sum);
    while (sum->count > 0 && sum->groups[sum->count - 1] >= GROUP_BASE) {
        if (numeric_sum_cover(sum, sum->first, sum->first + sum->count + 1) != 0)
            return -1;
        numeric_sum_carry(sum);
    }
    return 0;
}

char *numeric_sum_text(struct numeric_sum *sum) {
    const char *special = numeric_sum_special_text(sum);
    if (special != NULL)
        return strdup(special);
    int sign = numeric_sum_sign(sum);
    if (sign == 0)
        return strdup("0");
    if (sign < 0)
        numeric_sum_negate(sum);
    char *text = NULL;
    if (numeric_sum_normalize(sum) == 0) {
        // the groups, those up to the point that are not there, and the sign, the point, a NUL
        int end = sum->first + sum->count > 1 ? sum->first + sum->count : 1;
        int first = sum->first < 0 ? sum->first : 0;
        text = malloc((size_t)(end - first) * GROUP_DIGITS + 3);
    }
    if (text != NULL) {
        text[0] = '-';
        numeric_sum_put(sum, text + (sign < 0));
    }
    if (sign < 0)
        numeric_sum_negate(sum);
    return text;
}

void numeric_sum_done(struct numeric_sum *sum) {
    free(sum->groups);
    *sum = (struct numeric_sum){0};
}
