// A statement's words as the rules of check look at them: without blanks and comments, a quoted name or text whole, a
// name with its table's (`o.total`) as one. SQLite has no public tokenizer. All of its quotes are known here, and only here:
// '..', "..", `..`, [..]. Pure.
#ifndef TIDEMARK_CHECK_TOKENS_H
#define TIDEMARK_CHECK_TOKENS_H

#include "views/base/span.h"

enum { TOKENS_MAX = 4096 };

struct tokens {
    const char *sql;
    struct span list[TOKENS_MAX];
    int count;
};

// Tokens beyond TOKENS_MAX are left out.
void tokens_read(struct tokens *ret, const char *sql);
// Past the ends there is an empty token.
struct span tokens_at(const struct tokens *tokens, int number);
// In any case.
bool tokens_is(const struct tokens *tokens, int number, const char *word);
// What stands within the quotes of any kind, where a quote is still doubled; a token without quotes as it is.
struct span tokens_unquoted(struct span token);
// The same as SQLite takes it, a doubled quote once. False: it has no room.
bool tokens_copy_name(struct span token, char *ret, size_t room);
// A name without its table's and its quotes, of which one within it is still doubled; empty when the token is none.
struct span tokens_name(const struct tokens *tokens, int number);
// The first token from `from` on that is the word, or of all; the count when there is none.
int tokens_next(const struct tokens *tokens, int from, const char *word);
int tokens_find(const struct tokens *tokens, const char *word);
// The token behind the bracket that closes the one at `open`; the count when none does.
int tokens_behind(const struct tokens *tokens, int open);
// Whether the name begins so, in any case, and goes on.
bool tokens_begins(struct span name, const char *prefix);
// The token's line in the text, from 1.
int tokens_line(const struct tokens *tokens, int number);
// The end of the token that `sql` begins with: a name in quotes of any kind, a word without its table's, or one
// character. For who reads a text without a bound.
const char *tokens_end(const char *sql);
// The first byte outside of comments that is no part of a character in UTF-8; NULL = there is none.
const char *tokens_not_utf8(const char *sql);

#endif
