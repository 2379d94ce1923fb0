#include "views/engine/check/tokens.h"

#include "views/base/utf8.h"
#include "views/engine/sqlite/stmt.h"

#include <ctype.h>
#include <string.h>

static bool tokens_is_word(char c) {
    return c == '_' || c == ':' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool tokens_is_quote(char c) {
    return c == '\'' || c == '"' || c == '`' || c == '[';
}

// Bytes that `text` begins with and that say nothing: blanks and comments.
static size_t tokens_blank_size(const char *text) {
    if (strchr(" \t\r\n", text[0]) != NULL)
        return 1;
    if (strncmp(text, "--", 2) == 0)
        return strcspn(text, "\n");
    if (strncmp(text, "/*", 2) != 0)
        return 0;
    const char *end = strstr(text + 2, "*/");
    return end != NULL ? (size_t)(end - text) + 2 : strlen(text);
}

static size_t tokens_size(const char *text) {
    size_t size = 0;
    if (tokens_is_quote(text[0]))
        return (size_t)(tokens_end(text) - text);
    while (text[size] != '\0' && tokens_is_word(text[size]))
        size++;
    if (size > 0)
        return size;
    static const char *const pairs[] = {"<=", ">=", "<>", "!=", "=="};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strncmp(text, pairs[i], 2) == 0)
            return 2;
    return 1;
}

void tokens_read(struct tokens *ret, const char *sql) {
    ret->sql = sql;
    ret->count = 0;
    for (const char *at = sql; *at != '\0' && ret->count < TOKENS_MAX;) {
        size_t blank = tokens_blank_size(at);
        if (blank > 0) {
            at += blank;
            continue;
        }
        size_t size = tokens_size(at);
        ret->list[ret->count++] = (struct span){at, size};
        at += size;
    }
}

struct span tokens_at(const struct tokens *tokens, int number) {
    return number >= 0 && number < tokens->count ? tokens->list[number] : SPAN("");
}

bool tokens_is(const struct tokens *tokens, int number, const char *word) {
    struct span token = tokens_at(tokens, number);
    return token.size == strlen(word) && sqlite3_strnicmp(token.data, word, (int)token.size) == 0;
}

struct span tokens_unquoted(struct span token) {
    return token.size >= 2 && tokens_is_quote(token.data[0]) ? (struct span){token.data + 1, token.size - 2}
                                                             : token;
}

bool tokens_copy_name(struct span token, char *ret, size_t room) {
    const struct span name = tokens_unquoted(token);
    const char twice = (char)(name.size < token.size && token.data[0] != '[' ? token.data[0] : '\0');
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < room; i++) {
        ret[size++] = name.data[i];
        i += twice != '\0' && name.data[i] == twice;
    }
    if (size == room)
        return false;
    ret[size] = '\0';
    return true;
}

struct span tokens_name(const struct tokens *tokens, int number) {
    struct span token = tokens_at(tokens, number);
    if (token.size > 0 && token.data[0] != '\'' && tokens_is_quote(token.data[0]))
        return tokens_unquoted(token);
    if (token.size == 0 || !tokens_is_word(token.data[0]) || token.data[0] == ':' ||
        (token.data[0] >= '0' && token.data[0] <= '9'))
        return SPAN("");
    for (size_t i = token.size; i > 0; i--)
        if (token.data[i - 1] == '.')
            return (struct span){token.data + i, token.size - i};
    return token;
}

int tokens_next(const struct tokens *tokens, int from, const char *word) {
    while (from < tokens->count && !tokens_is(tokens, from, word))
        from++;
    return from;
}

int tokens_find(const struct tokens *tokens, const char *word) {
    return tokens_next(tokens, 0, word);
}

int tokens_behind(const struct tokens *tokens, int open) {
    int depth = 0;
    for (int i = open; i < tokens->count; i++) {
        depth += tokens_is(tokens, i, "(");
        depth -= tokens_is(tokens, i, ")");
        if (depth == 0)
            return i + 1;
    }
    return tokens->count;
}

bool tokens_begins(struct span name, const char *prefix) {
    return name.size > strlen(prefix) && sqlite3_strnicmp(name.data, prefix, (int)strlen(prefix)) == 0;
}

int tokens_line(const struct tokens *tokens, int number) {
    return stmt_line(tokens->sql, (size_t)(tokens_at(tokens, number).data - tokens->sql));
}

const char *tokens_end(const char *sql) {
    const char close = (char)(*sql == '[' ? ']' : *sql);
    if (close == '"' || close == '\'' || close == '`' || close == ']') {
        for (sql++; *sql != '\0'; sql++)
            if (*sql == close && (close == ']' || *++sql != close)) // a quote within a name stands twice
                return sql + (close == ']');
        return sql;
    }
    const char *end = sql;
    while (isalnum((unsigned char)*end) || *end == '_' || *end == '$' || (unsigned char)*end >= 0x80)
        end++;
    return end > sql || *sql == '\0' ? end : end + 1;
}

const char *tokens_not_utf8(const char *sql) {
    for (const char *end; *sql != '\0'; sql = end) {
        size_t blank = tokens_blank_size(sql);
        end = blank > 0 ? sql + blank : tokens_end(sql);
        size_t valid = blank > 0 ? blank : utf8_valid(sql, (size_t)(end - sql));
        if (sql + valid < end)
            return sql + valid;
    }
    return NULL;
}
