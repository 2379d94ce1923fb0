#include "views/base/json_same.h"

#include "views/base/cleanup.h"
#include "views/base/hex.h"
#include "views/base/json_text.h"
#include "views/base/utf8.h"

#include <stdlib.h>

enum { ESCAPE_SIZE = 6, EXPONENT_DIGITS_MAX = 9 };

static uint32_t json_same_hex(const char *digits) {
    uint32_t code = 0;
    for (int i = 0; i < 4; i++)
        code = code << 4 | (uint32_t)hex_digit(digits[i]);
    return code;
}

// A character of a string as strings have it that escape no more than they must.
static void json_same_character(struct buffer *out, uint32_t c) {
    if (c < 0x20) {
        buffer_format(out, "\\u%04x", (unsigned)c);
        return;
    }
    char bytes[4];
    if (c == '"' || c == '\\')
        buffer_char(out, '\\');
    buffer_append(out, bytes, utf8_write(c, bytes));
}

// The escape at the beginning of `text`: its size.
static size_t json_same_escape(struct buffer *out, struct span text) {
    static const char letters[] = "bfnrt\"\\/";
    static const char meant[] = "\b\f\n\r\t\"\\/";
    if (text.data[1] != 'u') {
        json_same_character(out, (unsigned char)meant[strchr(letters, text.data[1]) - letters]);
        return 2;
    }
    uint32_t high = json_same_hex(text.data + 2);
    bool half = high >= 0xD800 && high <= 0xDFFF;
    if (half && high < 0xDC00 && text.size > 2 * (size_t)ESCAPE_SIZE && text.data[ESCAPE_SIZE] == '\\' &&
        text.data[ESCAPE_SIZE + 1] == 'u') {
        uint32_t low = json_same_hex(text.data + ESCAPE_SIZE + 2);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            json_same_character(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            return 2 * (size_t)ESCAPE_SIZE;
        }
    }
    if (half)
        buffer_format(out, "\\u%04x", (unsigned)high);
    else
        json_same_character(out, high);
    return ESCAPE_SIZE;
}

// The string at the beginning of `text`, with its quotes: its size.
static size_t json_same_string(struct buffer *out, struct span text) {
    size_t at = 1;
    buffer_char(out, '"');
    while (text.data[at] != '"') {
        size_t plain = at;
        while (text.data[plain] != '"' && text.data[plain] != '\\')
            plain++;
        buffer_append(out, text.data + at, plain - at);
        at = plain;
        if (text.data[at] == '\\')
            at += json_same_escape(out, (struct span){text.data + at, text.size - at});
    }
    buffer_char(out, '"');
    return at + 1;
}

static size_t json_same_digits(struct span text, size_t at) {
    size_t end = at;
    while (end < text.size && text.data[end] >= '0' && text.data[end] <= '9')
        end++;
    return end;
}

// The power of ten behind the number's digits, which end at `at`. False when it is one that nobody computes with.
static bool json_same_exponent(struct span text, size_t at, int64_t *ret, size_t *ret_end) {
    *ret = 0;
    *ret_end = at;
    if (at == text.size || (text.data[at] != 'e' && text.data[at] != 'E'))
        return true;
    bool negative = text.data[at + 1] == '-';
    size_t first = at + 1 + (negative || text.data[at + 1] == '+');
    *ret_end = json_same_digits(text, first);
    if (*ret_end - first > EXPONENT_DIGITS_MAX)
        return false;
    for (size_t i = first; i < *ret_end; i++)
        *ret = *ret * 10 + (text.data[i] - '0');
    if (negative)
        *ret = -*ret;
    return true;
}

// The number at the beginning of `text`: its size. Written are its digits from the first to the last that is not 0, `e`, and the
// power of ten of the last one: 1.50 and 150e-2 are 15e-1.
static size_t json_same_number(struct buffer *out, struct span text) {
    bool negative = text.data[0] == '-';
    size_t whole = json_same_digits(text, negative);
    bool point = whole < text.size && text.data[whole] == '.';
    size_t digits = point ? json_same_digits(text, whole + 1) : whole;
    int64_t power;
    size_t end;
    if (!json_same_exponent(text, digits, &power, &end)) {
        buffer_append(out, text.data, end);
        return end;
    }
    size_t first = negative;
    size_t last = digits; // behind it
    while (first < last && (text.data[first] == '0' || text.data[first] == '.'))
        first++;
    while (last > first && (text.data[last - 1] == '0' || text.data[last - 1] == '.'))
        last--;
    if (first == last) {
        buffer_char(out, '0');
        return end;
    }
    if (negative)
        buffer_char(out, '-');
    for (size_t i = first; i < last; i++)
        if (text.data[i] != '.')
            buffer_char(out, text.data[i]);
    power += last <= whole ? (int64_t)(whole - last) : (int64_t)(whole + 1) - (int64_t)last;
    buffer_char(out, 'e');
    buffer_integer(out, power);
    return end;
}

struct json_same_member {
    struct span name;
    struct span whole;
};

// Where the string at the beginning of `text` ends, behind its quote.
static size_t json_same_string_end(struct span text) {
    size_t at = 1;
    while (text.data[at] != '"')
        at += text.data[at] == '\\' ? 2 : 1;
    return at + 1;
}

// Takes the member at the beginning of `rest`, and the comma behind it. False when none is left.
static bool json_same_take_member(struct span *rest, struct json_same_member *ret) {
    if (rest->size == 0)
        return false;
    size_t at = json_same_string_end(*rest);
    ret->name = (struct span){rest->data, at};
    for (int depth = 0; at < rest->size && (depth > 0 || rest->data[at] != ',');) {
        char c = rest->data[at];
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        at += c == '"' ? json_same_string_end((struct span){rest->data + at, rest->size - at}) : 1;
    }
    ret->whole = (struct span){rest->data, at};
    at += at < rest->size;
    *rest = (struct span){rest->data + at, rest->size - at};
    return true;
}

// As jsonb has them, so that what came from one is in order already. Of one name by where they stand.
static int json_same_order(const void *a, const void *b) {
    const struct json_same_member *left = a;
    const struct json_same_member *right = b;
    if (left->name.size != right->name.size)
        return left->name.size < right->name.size ? -1 : 1;
    int order = span_order(left->name, right->name);
    return order != 0 ? order : left->name.data < right->name.data ? -1 : 1;
}

static size_t json_same_count(struct span text) {
    struct json_same_member member;
    size_t count = 0;
    while (json_same_take_member(&text, &member))
        count++;
    return count;
}

// The members of the object that is written from `start` on, behind its {, in order.
static void json_same_sort(struct buffer *out, size_t start) {
    CLEANUP(buffer_free) struct buffer copy = {0};
    buffer_append(&copy, out->data + start, out->size - start);
    const size_t count = json_same_count((struct span){out->data + start, out->size - start});
    struct json_same_member *members = calloc(count, sizeof *members);
    out->failed |= members == NULL || copy.failed;
    if (!out->failed) {
        struct span rest = {copy.data, copy.size};
        for (size_t i = 0; i < count; i++)
            (void)json_same_take_member(&rest, &members[i]);
        qsort(members, count, sizeof *members, json_same_order);
        out->size = start;
        for (size_t i = 0; i < count; i++) {
            if (i + 1 < count && span_equal(members[i].name, members[i + 1].name))
                continue;
            if (out->size > start)
                buffer_char(out, ',');
            buffer_append(out, members[i].whole.data, members[i].whole.size);
        }
    }
    free(members);
}

// An array or object that is written and not closed yet.
struct json_same_open {
    size_t members; // where they begin, 0 = it is an array
    size_t name;    // of its newest member, with its quotes
    size_t name_size;
    bool astray; // its members are not in order
};

// A string of it that comes next is a member's name.
static bool json_same_awaits_name(const struct buffer *out, const struct json_same_open *open) {
    return open->members > 0 && (out->size == open->members || out->data[out->size - 1] == ',');
}

// The string from `name` on is its newest member's name.
static void json_same_named(const struct buffer *out, struct json_same_open *open, size_t name) {
    const struct json_same_member before = {.name = {out->data + open->name, open->name_size}};
    const struct json_same_member now = {.name = {out->data + name, out->size - name}};
    if (name > open->members)
        open->astray |= span_equal(before.name, now.name) || json_same_order(&before, &now) > 0;
    open->name = name;
    open->name_size = now.name.size;
}

// Brackets, what separates, and literals.
static void json_same_token(struct buffer *out, char c, struct json_same_open *opened, int *depth) {
    const bool closes = c == '}' || c == ']';
    if (closes && opened[*depth - 1].astray && !out->failed)
        json_same_sort(out, opened[*depth - 1].members);
    *depth -= closes;
    buffer_char(out, c);
    if (c == '{' || c == '[')
        opened[(*depth)++] = (struct json_same_open){.members = c == '{' ? out->size : 0};
}

void json_same_write(struct buffer *out, struct span text) {
    struct json_same_open opened[JSON_TEXT_DEPTH_MAX];
    int depth = 0;
    for (size_t at = 0; at < text.size;) {
        const struct span rest = {text.data + at, text.size - at};
        const size_t begin = out->size;
        char c = *rest.data;
        if (c == '"') {
            const bool name = depth > 0 && !out->failed && json_same_awaits_name(out, &opened[depth - 1]);
            at += json_same_string(out, rest);
            if (name && !out->failed)
                json_same_named(out, &opened[depth - 1], begin);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            at += json_same_number(out, rest);
        } else {
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
                json_same_token(out, c, opened, &depth);
            at++;
        }
    }
}
