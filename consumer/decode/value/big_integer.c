#include "consumer/decode/value/big_integer.h"

enum { LIMB_DIGITS = 9, LIMB = 1000000000 };
// A byte is log10(256) = 2.41 digits.
enum {
    DIGITS_MAX = BIG_INTEGER_BYTES_MAX * 241 / 100 + LIMB_DIGITS + 1,
    WORDS_MAX = BIG_INTEGER_BYTES_MAX / 4
};

bool big_integer_to_int64(struct span bytes, int64_t *ret) {
    if (bytes.size == 0)
        return false;
    unsigned char sign = bytes.data[0] & 0x80 ? 0xFF : 0;
    while (bytes.size > 8 && (unsigned char)bytes.data[0] == sign) {
        bytes.data++;
        bytes.size--;
    }
    if (bytes.size > 8 || (bytes.data[0] & 0x80) != (sign & 0x80))
        return false;
    uint64_t value = sign != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | (unsigned char)bytes.data[i];
    *ret = (int64_t)value;
    return true;
}

// The number without its sign, most significant word first.
static size_t big_integer_magnitude(struct span bytes, uint32_t words[WORDS_MAX]) {
    size_t count = (bytes.size + 3) / 4;
    bool negative = bytes.data[0] & 0x80;
    uint32_t carry = negative;
    for (size_t w = 0; w < count; w++) {
        uint32_t word = 0;
        for (size_t b = 0; b < 4; b++) {
            size_t place = w * 4 + b; // from the least significant byte
            uint32_t fill = negative ? 0xFF : 0;
            uint32_t byte = place < bytes.size ? (unsigned char)bytes.data[bytes.size - 1 - place] : fill;
            word |= byte << (8 * b);
        }
        if (negative) {
            word = ~word + carry;
            carry = carry && word == 0;
        }
        words[count - 1 - w] = word;
    }
    return count;
}

// Decimal digits, right-aligned in `digits`, without leading zeros but one for zero. Returns their count.
static size_t big_integer_write_digits(uint32_t *words, size_t count, char digits[DIGITS_MAX]) {
    size_t size = 0;
    while (count > 0) {
        uint64_t rest = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t value = rest << 32 | words[i];
            words[i] = (uint32_t)(value / LIMB);
            rest = value % LIMB;
        }
        while (count > 0 && words[0] == 0) {
            words++;
            count--;
        }
        for (int i = 0; i < LIMB_DIGITS; i++, rest /= 10)
            digits[DIGITS_MAX - ++size] = (char)('0' + rest % 10);
    }
    while (size > 1 && digits[DIGITS_MAX - size] == '0')
        size--;
    return size;
}

bool big_integer_to_text(struct span bytes, int scale, struct arena *arena, struct span *ret) {
    uint32_t words[WORDS_MAX];
    char digits[DIGITS_MAX];
    size_t size = big_integer_write_digits(words, big_integer_magnitude(bytes, words), digits);
    const char *first = digits + DIGITS_MAX - size;
    bool zero = size == 1 && *first == '0';
    size_t trailing = scale < 0 && !zero ? (size_t)-scale : 0, fraction = scale > 0 ? (size_t)scale : 0;
    size_t whole = size > fraction ? size - fraction : 0, leading = fraction > size ? fraction - size : 0;
    char *out = arena_take(arena, 3 + size + leading + trailing), *start = out;
    if (out == NULL)
        return false;
    if (bytes.data[0] & 0x80)
        *out++ = '-';
    if (whole == 0)
        *out++ = '0';
    memcpy(out, first, whole);
    out += whole;
    memset(out, '0', trailing);
    out += trailing;
    if (fraction > 0)
        *out++ = '.';
    memset(out, '0', leading);
    out += leading;
    memcpy(out, first + whole, size - whole);
    out += size - whole;
    arena_return(arena, 3 + size + leading + trailing - (size_t)(out - start));
    *ret = (struct span){start, (size_t)(out - start)};
    return true;
}
