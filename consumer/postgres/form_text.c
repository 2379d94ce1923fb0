#include "consumer/postgres/form_text.h"

#include "consumer/postgres/form_interval.h"
#include "views/base/real.h"

#include <string.h>

void form_text_write_hex(struct span bytes, struct buffer *out) {
    static const char digits[] = "0123456789abcdef";
    if (!buffer_reserve(out, bytes.size * 2))
        return;
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        out->data[out->size++] = digits[byte >> 4];
        out->data[out->size++] = digits[byte & 15];
    }
}

// The bits of a number, highest byte first. Zero has one form, and so has what is no number.
void form_text_write_real(double value, bool is_short, struct buffer *out) {
    unsigned char bytes[8];
    uint64_t bits;
    int size = is_short ? 4 : 8;
    if (value == 0)
        value = 0;
    if (is_short) {
        float narrow = (float)value;
        uint32_t half;
        memcpy(&half, &narrow, sizeof half);
        bits = value != value ? 0x7fc00000U : value == 0 ? 0 : half;
    } else {
        memcpy(&bits, &value, sizeof bits);
        bits = value != value ? 0x7ff8000000000000U : value == 0 ? 0 : bits;
    }
    for (int i = 0; i < size; i++)
        bytes[i] = (unsigned char)(bits >> 8 * (size - 1 - i));
    form_text_write_hex((struct span){(const char *)bytes, (size_t)size}, out);
}

// Without the zeros that end a fraction.
static struct span form_text_trim_scale(struct span digits) {
    if (memchr(digits.data, '.', digits.size) == NULL || memchr(digits.data, 'E', digits.size) != NULL ||
        memchr(digits.data, 'e', digits.size) != NULL)
        return digits;
    while (digits.data[digits.size - 1] == '0')
        digits.size--;
    digits.size -= digits.data[digits.size - 1] == '.';
    return digits;
}

// The years of java.time to PostgreSQL's: year 0 is 1 BC. What stands before the first dash behind the year's sign.
static void form_text_write_year(struct span *text, bool *ret_before_christ, struct buffer *out) {
    bool negative = text->data[0] == '-', positive = text->data[0] == '+';
    size_t at = negative || positive;
    int64_t year = 0;
    for (; at < text->size && text->data[at] >= '0' && text->data[at] <= '9' && at < 10; at++)
        year = year * 10 + (text->data[at] - '0');
    *ret_before_christ = negative || year == 0;
    buffer_format(out, "%04lld", (long long)(*ret_before_christ ? year + 1 : year));
    text->data += at;
    text->size -= at;
}

// `2026-11-23T09:00:00.500000Z` as PostgreSQL writes it: `2026-11-23 09:00:00.5+00`; a date, a time of day.
static void form_text_write_moment(enum form_kind kind, struct span text, struct buffer *out) {
    bool before_christ = false;
    bool zulu = false;
    size_t begin = out->size;
    if (text.size < 8 || span_is(text, "infinity") || span_is(text, "-infinity")) {
        buffer_append(out, text.data, text.size);
        return;
    }
    if (kind != FORM_TIME && (text.data[0] < '0' || text.data[0] > '9' || memcmp(text.data, "0000", 4) == 0))
        form_text_write_year(&text, &before_christ, out);
    if (text.data[text.size - 1] == 'Z') {
        zulu = true;
        text.size--;
    }
    if (memchr(text.data, '.', text.size) != NULL)
        text = form_text_trim_scale(text);
    if (!buffer_reserve(out, text.size))
        return;
    memcpy(out->data + out->size, text.data, text.size);
    out->size += text.size;
    char *between = memchr(out->data + begin, 'T', out->size - begin);
    if (between != NULL)
        *between = ' ';
    if (zulu && kind == FORM_TIMESTAMPTZ)
        buffer_append(out, "+00", 3);
    if (before_christ)
        buffer_append(out, " BC", 3);
}

static void form_text_write_parsed(struct span text, bool is_short, struct buffer *out) {
    double value;
    if (real_parse(text, &value))
        form_text_write_real(value, is_short, out);
    else
        buffer_append(out, text.data, text.size);
}

void form_text_write(enum form_kind kind, struct span text, struct buffer *out) {
    switch (kind) {
    case FORM_NUMERIC:
        text = text.size > 0 ? form_text_trim_scale(text) : text;
        break;
    case FORM_REAL:
    case FORM_SHORT:
        form_text_write_parsed(text, kind == FORM_SHORT, out);
        return;
    case FORM_DATE:
    case FORM_TIME:
    case FORM_TIMESTAMP:
    case FORM_TIMESTAMPTZ:
        form_text_write_moment(kind, text, out);
        return;
    case FORM_INTERVAL:
        form_interval_write(text, out);
        return;
    case FORM_INTERVAL_KEY:
        form_interval_write_micros(text, out);
        return;
    case FORM_PADDED:
        while (text.size > 0 && text.data[text.size - 1] == ' ')
            text.size--;
        break;
    case FORM_BITS:
        while (text.size > 0 && text.data[0] == '0')
            text.data++, text.size--;
        break;
    default:
        break;
    }
    buffer_append(out, text.data, text.size);
}
