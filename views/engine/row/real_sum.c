#include "views/engine/row/real_sum.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORD_BITS = 64,
    MANTISSA_BITS = 53, // of a double, the hidden one included
    LOWEST_EXPONENT = -1074,
    NUMBER_SIZE = 8,
    FIRST_SIZE = 2,
};

// --- words

static uint64_t real_sum_sign(const struct real_sum *sum) {
    return sum->count > 0 && sum->words[sum->count - 1] >> (WORD_BITS - 1) != 0 ? UINT64_MAX : 0;
}

// Makes room for the words from `first` up to `end`, which is not one of them; the sum is the same.
static int real_sum_cover(struct real_sum *sum, int first, int end) {
    if (sum->count > 0) {
        first = first < sum->first ? first : sum->first;
        end = end > sum->first + sum->count ? end : sum->first + sum->count;
        if (end - first == sum->count)
            return 0;
    }
    assert(first >= 0 && end <= REAL_SUM_WORDS_MAX);
    uint64_t sign = real_sum_sign(sum);
    uint64_t *words = malloc((size_t)(end - first) * sizeof *words);
    if (words == NULL)
        return -1;
    for (int i = first; i < end; i++)
        words[i - first] = sum->count == 0 || i < sum->first ? 0
                           : i < sum->first + sum->count     ? sum->words[i - sum->first]
                                                             : sign;
    free(sum->words);
    sum->words = words;
    sum->first = first;
    sum->count = end - first;
    return 0;
}

// Adds `count` words of two's complement at the place `at`. The words up to at + count are there, so that one more
// than any addend has takes the carries.
static void real_sum_add_words(struct real_sum *sum, int at, const uint64_t *words, int count) {
    uint64_t sign = words[count - 1] >> (WORD_BITS - 1) != 0 ? UINT64_MAX : 0;
    unsigned carry = 0;
    for (int i = at - sum->first; i < sum->count; i++) {
        uint64_t word = i - (at - sum->first) < count ? words[i - (at - sum->first)] : sign;
        uint64_t total;
        bool over = __builtin_add_overflow(sum->words[i], word, &total);
        sum->words[i] = total + carry;
        carry = over || (carry != 0 && sum->words[i] == 0);
    }
}

// --- adding

static bool real_sum_add_special(struct real_sum *sum, double value, int weight) {
    if (isfinite(value))
        return false;
    sum->specials[isnan(value) ? REAL_NAN : value > 0 ? REAL_INFINITY : REAL_MINUS_INFINITY] += weight;
    return true;
}

int real_sum_add(struct real_sum *sum, double value, int weight) {
    static_assert(sizeof(double) == sizeof(uint64_t), "IEEE 754 binary64");
    if (value == 0 || real_sum_add_special(sum, value, weight))
        return 0;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> (MANTISSA_BITS - 1) & 0x7ff);
    uint64_t mantissa = bits & (((uint64_t)1 << (MANTISSA_BITS - 1)) - 1);
    if (exponent > 0)
        mantissa |= (uint64_t)1 << (MANTISSA_BITS - 1);
    int place = exponent > 0 ? exponent - 1 : 0;
    int shift = place % WORD_BITS;
    uint64_t words[3] = {mantissa << shift, shift > 0 ? mantissa >> (WORD_BITS - shift) : 0, 0};
    if ((value < 0) != (weight < 0)) {
        words[0] = ~words[0] + 1;
        words[1] = ~words[1] + (words[0] == 0);
        words[2] = UINT64_MAX;
    }
    int at = place / WORD_BITS;
    if (real_sum_cover(sum, at, at + 4) != 0)
        return -1;
    real_sum_add_words(sum, at, words, 3);
    return 0;
}

int real_sum_add_sum(struct real_sum *sum, const struct real_sum *other) {
    if (other->count > 0) {
        if (real_sum_cover(sum, other->first, other->first + other->count + 1) != 0)
            return -1;
        real_sum_add_words(sum, other->first, other->words, other->count);
    }
    for (int i = 0; i < REAL_SPECIALS; i++)
        sum->specials[i] += other->specials[i];
    return 0;
}

bool real_sum_is_zero(const struct real_sum *sum) {
    for (int i = 0; i < REAL_SPECIALS; i++)
        if (sum->specials[i] != 0)
            return false;
    for (int i = 0; i < sum->count; i++)
        if (sum->words[i] != 0)
            return false;
    return true;
}

// --- answering

// The sum without its sign; returns how many words, the highest of them not 0.
static int real_sum_magnitude(const struct real_sum *sum, uint64_t ret[REAL_SUM_WORDS_MAX]) {
    uint64_t sign = real_sum_sign(sum);
    bool carry = sign != 0;
    for (int i = 0; i < sum->count; i++) {
        ret[i] = (sum->words[i] ^ sign) + carry;
        carry = carry && ret[i] == 0;
    }
    int count = sum->count;
    while (count > 0 && ret[count - 1] == 0)
        count--;
    return count;
}

static bool real_sum_bit(const uint64_t *words, int bit) {
    return (words[bit / WORD_BITS] >> bit % WORD_BITS & 1) != 0;
}

static bool real_sum_any_below(const uint64_t *words, int bit) {
    for (int i = 0; i < bit / WORD_BITS; i++)
        if (words[i] != 0)
            return true;
    return (words[bit / WORD_BITS] & (((uint64_t)1 << bit % WORD_BITS) - 1)) != 0;
}

double real_sum_value(const struct real_sum *sum) {
    bool plus = sum->specials[REAL_INFINITY] != 0;
    bool minus = sum->specials[REAL_MINUS_INFINITY] != 0;
    if (sum->specials[REAL_NAN] != 0 || (plus && minus))
        return NAN;
    if (plus || minus)
        return plus ? INFINITY : -INFINITY;
    uint64_t words[REAL_SUM_WORDS_MAX];
    int count = real_sum_magnitude(sum, words);
    if (count <= 0)
        return 0;
    int top = count * WORD_BITS - 1 - __builtin_clzll(words[count - 1]);
    int low = top >= MANTISSA_BITS ? top - MANTISSA_BITS + 1 : 0; // the lowest bit that a double has room for
    uint64_t mantissa = 0;
    for (int bit = top; bit >= low; bit--)
        mantissa = mantissa << 1 | real_sum_bit(words, bit);
    if (low > 0 && real_sum_bit(words, low - 1) &&
        ((mantissa & 1) != 0 || real_sum_any_below(words, low - 1)))
        mantissa++;
    double value = ldexp((double)mantissa, sum->first * WORD_BITS + low + LOWEST_EXPONENT);
    return real_sum_sign(sum) != 0 ? -value : value;
}

void real_sum_done(struct real_sum *sum) {
    free(sum->words);
    *sum = (struct real_sum){0};
}

// --- as bytes

static uint64_t real_sum_get(const char *bytes, int size) {
    uint64_t number = 0;
    for (int i = 0; i < size; i++)
        number |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    return number;
}

static void real_sum_append(struct buffer *buffer, uint64_t number, int size) {
    char bytes[NUMBER_SIZE];
    for (int i = 0; i < size; i++)
        bytes[i] = (char)(number >> 8 * i & 0xff);
    buffer_append(buffer, bytes, (size_t)size);
}

void real_sum_write(const struct real_sum *sum, struct buffer *ret) {
    bool special = false;
    for (int i = 0; i < REAL_SPECIALS; i++)
        special |= sum->specials[i] != 0;
    real_sum_append(ret, special, 1);
    for (int i = 0; special && i < REAL_SPECIALS; i++)
        real_sum_append(ret, (uint64_t)sum->specials[i], NUMBER_SIZE);
    uint64_t sign = real_sum_sign(sum);
    int low = 0;
    int end = sum->count;
    while (end > 0 && sum->words[end - 1] == sign)
        end--;
    while (low < end && sum->words[low] == 0)
        low++;
    bool none = end == 0 && sign == 0;
    real_sum_append(ret, none ? 0 : (uint64_t)(sum->first + low), FIRST_SIZE);
    for (int i = low; i < end; i++)
        real_sum_append(ret, sum->words[i], NUMBER_SIZE);
    if (!none)
        real_sum_append(ret, sign, NUMBER_SIZE);
}

// Whether `size` bytes may follow, which begin at *at; goes past them.
static bool real_sum_take(struct span bytes, size_t size, size_t *at) {
    *at += size;
    return *at <= bytes.size;
}

int real_sum_read(struct span bytes, struct real_sum *ret, bool *ret_valid) {
    size_t at = 0;
    *ret_valid = false;
    if (!real_sum_take(bytes, 1, &at) || (unsigned char)bytes.data[0] > 1)
        return -1;
    if (bytes.data[0] == 1) {
        if (!real_sum_take(bytes, (size_t)REAL_SPECIALS * NUMBER_SIZE, &at))
            return -1;
        for (int i = 0; i < REAL_SPECIALS; i++)
            ret->specials[i] =
                (int64_t)real_sum_get(bytes.data + 1 + (ptrdiff_t)i * NUMBER_SIZE, NUMBER_SIZE);
    }
    if (!real_sum_take(bytes, FIRST_SIZE, &at) || (bytes.size - at) % NUMBER_SIZE != 0)
        return -1;
    size_t count = (bytes.size - at) / NUMBER_SIZE;
    size_t first = (size_t)real_sum_get(bytes.data + at - FIRST_SIZE, FIRST_SIZE);
    if (first + count > REAL_SUM_WORDS_MAX)
        return -1;
    *ret_valid = true;
    if (count == 0)
        return 0;
    if (real_sum_cover(ret, (int)first, (int)(first + count)) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        ret->words[i] = real_sum_get(bytes.data + at + i * NUMBER_SIZE, NUMBER_SIZE);
    return 0;
}
