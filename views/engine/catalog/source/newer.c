#include "views/engine/catalog/source/newer.h"

#include "views/base/cleanup.h"

#include <ctype.h>
#include <strings.h>

// A word, a quoted thing or a single other character.
struct token {
    char *at;
    size_t size;
};

struct newer_tokens {
    struct token *list;
    int count;
};

static bool source_newer_is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t source_newer_token_size(const char *at) {
    size_t size = 1;
    if (*at == '\'' || *at == '"') {
        while (at[size] != '\0' && at[size] != *at)
            size++;
        return at[size] != '\0' ? size + 1 : size;
    }
    if (strncmp(at, "--", 2) == 0)
        return strcspn(at, "\n");
    while (source_newer_is_word(*at) && source_newer_is_word(at[size]))
        size++;
    return size;
}

// A doubled quote makes two tokens of one, which is all the same here. False: out of memory.
static bool source_newer_cut(char *text, struct newer_tokens *ret) {
    int room = 0;
    for (char *at = text; *at != '\0';) {
        size_t size = source_newer_token_size(at);
        if (!isspace((unsigned char)*at) && strncmp(at, "--", 2) != 0) {
            if (ret->count == room) {
                room = room * 2 + 64;
                struct token *grown = realloc(ret->list, (size_t)room * sizeof *grown);
                if (grown == NULL)
                    return false;
                ret->list = grown;
            }
            ret->list[ret->count++] = (struct token){at, size};
        }
        at += size;
    }
    return true;
}

static bool source_newer_is(const struct newer_tokens *tokens, int number, const char *word) {
    return number >= 0 && number < tokens->count && tokens->list[number].size == strlen(word) &&
           strncasecmp(tokens->list[number].at, word, tokens->list[number].size) == 0;
}

static bool source_newer_is_name(const struct newer_tokens *tokens, int number) {
    return number < tokens->count &&
           (source_newer_is_word(*tokens->list[number].at) || *tokens->list[number].at == '"');
}

static void source_newer_blank(const struct newer_tokens *tokens, int number) {
    memset(tokens->list[number].at, ' ', tokens->list[number].size);
}

static void source_newer_write(const struct newer_tokens *tokens, int first, int last, const char *words) {
    char *from = tokens->list[first].at;
    const struct token *end = &tokens->list[last];
    memset(from, ' ', (size_t)(end->at + end->size - from));
    memcpy(from, words, strlen(words));
}

// The parenthesis that closes the one at `number`.
static int source_newer_closing(const struct newer_tokens *tokens, int number) {
    int depth = 0;
    for (int i = number; i < tokens->count; i++) {
        depth += source_newer_is(tokens, i, "(") ? 1 : source_newer_is(tokens, i, ")") ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return tokens->count;
}

static void source_newer_generated(const struct newer_tokens *tokens, int at) {
    if (!source_newer_is(tokens, at, "generated") || !source_newer_is(tokens, at + 1, "always") ||
        !source_newer_is(tokens, at + 2, "as") || !source_newer_is(tokens, at + 3, "("))
        return;
    int end = source_newer_closing(tokens, at + 3);
    if (source_newer_is(tokens, end + 1, "stored"))
        return;
    if (source_newer_is(tokens, end + 1, "virtual"))
        source_newer_blank(tokens, end + 1);
    source_newer_write(tokens, at, at + 2, "default");
}

// A table's NOT NULL stands behind a comma, an opening parenthesis or ADD, with a name or without.
static void source_newer_not_null(const struct newer_tokens *tokens, int at) {
    if (!source_newer_is(tokens, at, "not") || !source_newer_is(tokens, at + 1, "null") ||
        !source_newer_is_name(tokens, at + 2))
        return;
    int before = at - 1;
    if (source_newer_is(tokens, at - 2, "constraint"))
        before = at - 3;
    if (source_newer_is(tokens, before, ",") || source_newer_is(tokens, before, "(") ||
        source_newer_is(tokens, before, "add"))
        source_newer_write(tokens, at, at + 2, "check(1=1)");
}

// A column's NOT NULL may say NO INHERIT, as a CHECK always could.
static void source_newer_no_inherit(const struct newer_tokens *tokens, int at) {
    if (source_newer_is(tokens, at, "not") && source_newer_is(tokens, at + 1, "null") &&
        source_newer_is(tokens, at + 2, "no") && source_newer_is(tokens, at + 3, "inherit"))
        source_newer_write(tokens, at + 2, at + 3, " ");
}

// SQL's own functions of JSON, with words and colons among their arguments: a default of theirs is no literal. A table may be called
// so, too.
static void source_newer_json(const struct newer_tokens *tokens, int at) {
    static const char any[] = "now()";
    static const char *const functions[] = {"json_object", "json_array",     "json_scalar", "json_value",
                                            "json_query",  "json_serialize", "json_exists"};
    static const char *const before_a_table[] = {"table", "exists", "references"};
    const int end = source_newer_closing(tokens, at + 1);
    if (!source_newer_is(tokens, at + 1, "(") || end == tokens->count)
        return;
    for (size_t i = 0; i < sizeof before_a_table / sizeof *before_a_table; i++)
        if (source_newer_is(tokens, at - 1, before_a_table[i]))
            return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (source_newer_is(tokens, at, functions[i]))
            source_newer_write(tokens, at, end, any);
}

// What a CHECK asks is nothing to the mirror: IS JSON, JSON_VALUE(.. RETURNING ..) and what else expressions have learnt.
static void source_newer_check(const struct newer_tokens *tokens, int at) {
    static const char anything[] = "(1=1)";
    int end = source_newer_closing(tokens, at + 1);
    if (!source_newer_is(tokens, at, "check") || !source_newer_is(tokens, at + 1, "(") ||
        end == tokens->count ||
        tokens->list[end].at + 1 - tokens->list[at + 1].at < (ptrdiff_t)sizeof anything - 1)
        return;
    source_newer_write(tokens, at + 1, end, anything);
}

// A column's STORAGE in CREATE TABLE; one that is called so stands behind a comma or a parenthesis.
static void source_newer_storage(const struct newer_tokens *tokens, int at) {
    static const char *const kinds[] = {"plain", "external", "extended", "main", "default"};
    if (!source_newer_is(tokens, at, "storage") || source_newer_is(tokens, at - 1, ",") ||
        source_newer_is(tokens, at - 1, "("))
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (source_newer_is(tokens, at + 1, kinds[i]))
            source_newer_write(tokens, at, at + 1, " ");
}

static void source_newer_words(const struct newer_tokens *tokens, int at) {
    bool enforced = source_newer_is(tokens, at, "enforced");
    if (enforced && source_newer_is(tokens, at - 1, "not"))
        source_newer_blank(tokens, at - 1);
    if (enforced)
        source_newer_blank(tokens, at);
    if (source_newer_is(tokens, at, "set") && source_newer_is(tokens, at + 1, "expression") &&
        source_newer_is(tokens, at + 2, "as"))
        source_newer_write(tokens, at + 1, at + 2, "default");
    if (source_newer_is(tokens, at, "without") && source_newer_is(tokens, at + 1, "overlaps"))
        source_newer_write(tokens, at, at + 1, " ");
    if (source_newer_is(tokens, at, "period") && source_newer_is(tokens, at - 1, ",") &&
        source_newer_is_name(tokens, at + 1))
        source_newer_blank(tokens, at);
}

json_t *source_newer_parse(struct span statement, struct pg_parse_error *error) {
    json_t *tree = pg_parse(statement, error);
    if (tree != NULL)
        return tree;
    CLEANUP(free_charp) char *older = strndup(statement.data, statement.size);
    struct newer_tokens tokens = {0};
    if (older != NULL && source_newer_cut(older, &tokens)) {
        for (int at = 0; at < tokens.count; at++) {
            source_newer_generated(&tokens, at);
            source_newer_not_null(&tokens, at);
            source_newer_check(&tokens, at);
            source_newer_no_inherit(&tokens, at);
            source_newer_json(&tokens, at);
            source_newer_storage(&tokens, at);
            source_newer_words(&tokens, at);
        }
        struct pg_parse_error of_older = {0}; // its syntax errors are of what is not written there
        tree = pg_parse((struct span){older, statement.size}, &of_older);
        if (of_older.several)
            *error = of_older;
    }
    free(tokens.list);
    return tree;
}
