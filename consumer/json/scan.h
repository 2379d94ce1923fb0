// Scanning bytes of JSON, shared by the reader (json.c), the flat objects (flat.c), the shapes (shape.c) and
// decode/envelope (members.c, boundary.c, transaction.c and learn.c). Inside those only.
#ifndef TIDEMARK_JSON_SCAN_H
#define TIDEMARK_JSON_SCAN_H

#include "views/base/span.h"

#include <stdint.h>

// JSON_PORTABLE: without vector instructions, as on a machine that has none (the tests build both).
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
#define JSON_SSE2 1
#include <emmintrin.h>
#endif

#define likely(condition) __builtin_expect(!!(condition), 1)

// JSON's white space only.
static inline const char *pass_space(const char *p, const char *end) {
    if (likely(p < end && (unsigned char)*p > ' '))
        return p;
    while (p < end && (unsigned char)*p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static inline bool is_digit(char c) {
    return (unsigned char)(c - '0') <= 9;
}

static inline bool is_plain(char c) {
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

// Every byte of the eight is plain: none has its high bit, is below 0x20, a quote or a backslash.
static inline bool eight_plain(const char *p) {
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t word;
    memcpy(&word, p, sizeof word);
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    uint64_t odd = word | (word - ones * 0x20) | (quote - ones) | (backslash - ones);
    return (odd & highs) == 0;
}

#ifdef JSON_SSE2
// A bit for each of sixteen bytes that is not plain.
static inline int odd_of_sixteen(const char *p) {
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    // The comparison is of signed bytes: those with the high bit are below the space too.
    __m128i odd = _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, quote));
    return _mm_movemask_epi8(_mm_or_si128(odd, _mm_cmpeq_epi8(bytes, backslash)));
}
#endif

// The first byte from `p` on that is a quote, a backslash, a control character or not ASCII, or `end`.
static inline const char *pass_plain(const char *p, const char *end) {
#ifdef JSON_SSE2
    for (; end - p >= 16; p += 16) {
        int odd = odd_of_sixteen(p);
        if (odd != 0)
            return p + __builtin_ctz((unsigned)odd);
    }
#endif
    while (end - p >= 8 && eight_plain(p))
        p += 8;
    while (p < end && is_plain(*p))
        p++;
    return p;
}

static inline bool eight_are_digits(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return (((word - 0x3030303030303030) | (word + 0x4646464646464646)) & 0x8080808080808080) == 0;
}

static inline const char *pass_few_digits(const char *p, const char *end) {
    while (p < end && is_digit(*p))
        p++;
    return p;
}

// The first byte from `p` on that is no digit, or `end`.
static inline const char *pass_digits(const char *p, const char *end) {
#ifdef JSON_SSE2
    if (likely(end - p >= 16)) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
        __m128i are_digits = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
        unsigned others = (unsigned)_mm_movemask_epi8(are_digits) ^ 0xFFFF;
        return likely(others != 0) ? p + __builtin_ctz(others) : pass_few_digits(p + 16, end);
    }
#endif
    if (end - p >= 8 && eight_are_digits(p))
        p += 8;
    return pass_few_digits(p, end);
}

// Past the closing quote of the string whose opening quote is at `p`; NULL when it is not plain ASCII with
// short escapes.
static inline const char *pass_plain_string(const char *p, const char *end, bool *ret_escaped) {
    static const char escapes[256] = {
        ['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1};
    p = pass_plain(p + 1, end);
    *ret_escaped = p < end && *p == '\\';
    while (p < end && *p == '\\') {
        if (end - p < 2 || !escapes[(unsigned char)p[1]])
            return NULL;
        p = pass_plain(p + 2, end);
    }
    return p < end && *p == '"' ? p + 1 : NULL;
}

// Past the closing quote of a string of fifteen plain bytes at most, whose opening quote is at `p`; NULL when it is another, or
// stands at the very end.
static inline const char *pass_short_string(const char *p, const char *end) {
#ifdef JSON_SSE2
    if (likely(end - p > 16)) {
        int odd = odd_of_sixteen(p + 1);
        const char *first = p + 1 + __builtin_ctz((unsigned)odd | 1U << 16);
        return odd != 0 && *first == '"' ? first + 1 : NULL;
    }
#endif
    (void)p, (void)end;
    return NULL;
}

// Past an integer or plain decimal; NULL when it is neither (an exponent is for the general reader).
static inline const char *pass_plain_number(const char *p, const char *end) {
    p += *p == '-';
    const char *digits = p;
    p = pass_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return NULL;
    if (p < end && *p == '.') {
        digits = ++p;
        p = pass_digits(p, end);
        if (p == digits)
            return NULL;
    }
    return p < end && (*p | 0x20) == 'e' ? NULL : p;
}

// The bytes of `word` stand at `p`: its end, else NULL.
static inline const char *pass_word(const char *p, const char *end, struct span word) {
    return (size_t)(end - p) >= word.size && memcmp(p, word.data, word.size) == 0 ? p + word.size : NULL;
}

#endif
