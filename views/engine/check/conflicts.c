#include "views/engine/check/conflicts.h"

#include "views/engine/check/guard.h"
#include "views/engine/check/tokens.h"

#include <stdbool.h>
#include <string.h>

static bool conflicts_is(struct span token, const char *word) {
    return token.size == strlen(word) && sqlite3_strnicmp(token.data, word, (int)token.size) == 0;
}

// `before` are the two tokens before it; NULL = none of the three ways to say what becomes of a conflict.
static const char *conflicts_remedy(const struct span before[2]) {
    if (conflicts_is(before[0], "raise") && conflicts_is(before[1], "("))
        return "raise(abort, ..)";
    if (conflicts_is(before[0], "on") && conflicts_is(before[1], "conflict"))
        return "on conflict abort";
    bool writes = conflicts_is(before[0], "insert") || conflicts_is(before[0], "update");
    return writes && conflicts_is(before[1], "or") ? "or abort" : NULL;
}

int conflicts_check(const char *file, const char *sql, struct error *error) {
    struct span before[2] = {SPAN(""), SPAN("")};
    for (const char *at = stmt_skip_blank(sql); *at != '\0';) {
        const struct span token = {at, (size_t)(tokens_end(at) - at)};
        bool fails = conflicts_is(token, "fail");
        const char *remedy = fails || conflicts_is(token, "rollback") ? conflicts_remedy(before) : NULL;
        if (remedy != NULL) {
            (void)error_set(
                error, ERROR_INPUT, "%s:%d: %.*s %s; write %s, which refuses the one change", file,
                stmt_line(sql, (size_t)(at - sql)), (int)token.size, at,
                fails ? "keeps a half of what it refuses: the row would stay and its message be in quarantine"
                      : "undoes all changes since the last commit",
                remedy);
            return guard_show(sql, (size_t)(at - sql), error);
        }
        before[0] = before[1];
        before[1] = token;
        at = stmt_skip_blank(at + token.size);
    }
    return 0;
}
