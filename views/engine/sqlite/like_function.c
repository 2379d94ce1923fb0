#include "views/engine/sqlite/like_function.h"

#include "views/engine/sqlite/bounded.h"

#include <string.h>

struct like_pattern {
    const char *escape; // one character, NULL = none
    size_t escape_size;
};

static size_t like_function_character_size(const char *at) {
    size_t size = 1;
    while ((unsigned char)at[0] >= 0xc0 && ((unsigned char)at[size] & 0xc0) == 0x80)
        size++;
    return size;
}

static char like_function_small(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool like_function_is_escape(const struct like_pattern *pattern, const char *at) {
    return pattern->escape != NULL && strncmp(at, pattern->escape, pattern->escape_size) == 0;
}

// By bytes. An escaped character is itself, and so is one that the escape takes its meaning from.
static bool like_function_is_next(const void *self, const char **at, const char **text) {
    const struct like_pattern *pattern = self;
    const char *p = *at;
    bool escaped = like_function_is_escape(pattern, p);
    if (escaped)
        p += pattern->escape_size;
    if (*p == '\0')
        return false;
    bool any = !escaped && *p == '_';
    if (!any && like_function_small(*p) != like_function_small(**text))
        return false;
    *at = p + 1;
    *text += any ? like_function_character_size(*text) : 1;
    return true;
}

static bool like_function_is_any(const void *self, const char *at) {
    return *at == '%' && !like_function_is_escape(self, at);
}

static void like_function_pass(const char **text) {
    *text += like_function_character_size(*text);
}

static bool like_function_read_escape(sqlite3_context *context, sqlite3_value *value,
                                      struct like_pattern *ret) {
    ret->escape = (const char *)sqlite3_value_text(value);
    if (ret->escape == NULL)
        return false;
    ret->escape_size = ret->escape[0] != '\0' ? like_function_character_size(ret->escape) : 0;
    if (ret->escape_size > 0 && (size_t)sqlite3_value_bytes(value) == ret->escape_size)
        return true;
    sqlite3_result_error(context, "ESCAPE expression must be a single character", -1);
    return false;
}

static void like_function_call(sqlite3_context *context, int count, sqlite3_value **values) {
    struct bounded_match match;
    struct like_pattern like = {.escape = NULL};
    const struct bounded_pattern pattern = {.is_any = like_function_is_any,
                                            .is_next = like_function_is_next,
                                            .pass = like_function_pass,
                                            .self = &like};
    if (!bounded_match_read(context, values, &match) ||
        (count == 3 && !like_function_read_escape(context, values[2], &like)) || match.pattern == NULL)
        return;
    bool matches = false;
    if (match.is_short && like.escape == NULL)
        matches = sqlite3_strlike(match.pattern, match.text, 0) == 0;
    else if (!bounded_search(context, &pattern, match.pattern, match.text, &matches))
        return;
    sqlite3_result_int(context, matches);
}

int like_function_register(struct sqlite3 *db) {
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function_v2(db, "like", 2, flags, NULL, like_function_call, NULL, NULL, NULL);
    return code != SQLITE_OK
               ? code
               : sqlite3_create_function_v2(db, "like", 3, flags, NULL, like_function_call, NULL, NULL, NULL);
}
