#include "views/engine/sqlite/glob_function.h"

#include "views/engine/sqlite/bounded.h"

#include <string.h>

// The next character, as SQLite reads one (a byte that begins none is taken for one), 0 at the end; *at goes behind it.
static uint32_t glob_function_read(const char **at) {
    const unsigned char *next = (const unsigned char *)*at;
    uint32_t c = *next;
    if (c == 0)
        return 0;
    next++;
    if (c >= 0xc0) {
        static const unsigned char first_bits[] = {0x1f, 0x0f, 0x07, 0x03, 0x01};
        int kind = c < 0xe0 ? 0 : c < 0xf0 ? 1 : c < 0xf8 ? 2 : c < 0xfc ? 3 : 4;
        c = c < 0xfe ? c & first_bits[kind] : 0;
        while ((*next & 0xc0) == 0x80)
            c = (c << 6) + (0x3f & *next++);
        if (c < 0x80 || (c & 0xfffff800) == 0xd800 || (c & 0xfffffffe) == 0xfffe)
            c = 0xfffd;
    }
    *at = (const char *)next;
    return c;
}

// Whether `c` is one of the set whose [ was read; *at goes behind its ]. A set without one has nothing.
static bool glob_function_is_in_set(const char **at, uint32_t c) {
    uint32_t member = glob_function_read(at);
    bool inverted = member == '^';
    bool seen = false;
    uint32_t from = 0; // what a range may begin with
    if (inverted)
        member = glob_function_read(at);
    if (member == ']') {
        seen = c == ']';
        member = glob_function_read(at);
    }
    for (; member != 0 && member != ']'; member = glob_function_read(at)) {
        if (member == '-' && **at != ']' && **at != '\0' && from > 0) {
            member = glob_function_read(at);
            seen |= c >= from && c <= member;
            from = 0;
        } else {
            seen |= c == member;
            from = member;
        }
    }
    return member != 0 && seen != inverted;
}

static bool glob_function_is_next(const void *self, const char **at, const char **text) {
    (void)self;
    const char *p = *at;
    const char *t = *text;
    uint32_t wanted = glob_function_read(&p);
    uint32_t c = glob_function_read(&t);
    bool is = wanted == '[' ? glob_function_is_in_set(&p, c) : wanted != 0 && (wanted == '?' || wanted == c);
    if (is) {
        *at = p;
        *text = t;
    }
    return is;
}

static bool glob_function_is_any(const void *self, const char *at) {
    (void)self;
    return *at == '*';
}

static void glob_function_pass(const char **text) {
    (void)glob_function_read(text);
}

static void glob_function_call(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    static const struct bounded_pattern pattern = {
        .is_any = glob_function_is_any, .is_next = glob_function_is_next, .pass = glob_function_pass};
    struct bounded_match match;
    if (!bounded_match_read(context, values, &match) || match.pattern == NULL)
        return;
    bool matches = false;
    if (match.is_short)
        matches = sqlite3_strglob(match.pattern, match.text) == 0;
    else if (!bounded_search(context, &pattern, match.pattern, match.text, &matches))
        return;
    sqlite3_result_int(context, matches);
}

int glob_function_register(struct sqlite3 *db) {
    return sqlite3_create_function_v2(db, "glob", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                      NULL, glob_function_call, NULL, NULL, NULL);
}
