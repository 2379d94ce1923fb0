#include "views/engine/catalog/source/mysql_words.h"

#include <ctype.h>
#include <string.h>

static bool mysql_words_part(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static bool mysql_words_among(struct span word, const char *const *words) {
    for (; *words != NULL; words++)
        if (strlen(*words) == word.size && strncasecmp(word.data, *words, word.size) == 0)
            return true;
    return false;
}

// The word that ends before `at`, but for blanks.
static struct span mysql_words_before(struct span statement, size_t at) {
    while (at > 0 && isspace((unsigned char)statement.data[at - 1]))
        at--;
    size_t begin = at;
    while (begin > 0 && mysql_words_part(statement.data[begin - 1]))
        begin--;
    return (struct span){statement.data + begin, at - begin};
}

bool source_is_mysql(struct span statement, size_t at) {
    static const char *const words[] = {
        "auto_increment", "character", "charset",  "comment", "delimiter", "engine", "fulltext",
        "invisible",      "spatial",   "unsigned", "use",     "zerofill",  NULL};
    static const char *const sized[] = {"bigint", "double", "int", "integer", "real", "smallint", NULL};
    if (at >= statement.size)
        return false;
    const char stopped = statement.data[at];
    if (stopped == '(')
        return mysql_words_among(mysql_words_before(statement, at), sized);
    size_t end = at;
    while (end < statement.size && mysql_words_part(statement.data[end]))
        end++;
    return stopped == '`' || stopped == '#' ||
           mysql_words_among((struct span){statement.data + at, end - at}, words);
}
