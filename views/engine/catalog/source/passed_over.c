#include "views/engine/catalog/source/passed_over.h"

#include <strings.h>

static bool passed_over_word(const struct source_statement *statement, int number, const char *text) {
    return number < statement->word_count && statement->words[number].size == strlen(text) &&
           strncasecmp(statement->words[number].data, text, statement->words[number].size) == 0;
}

static bool passed_over_word_among(const struct source_statement *statement, int number,
                                   const char *const *words) {
    for (; *words != NULL; words++)
        if (passed_over_word(statement, number, *words))
            return true;
    return false;
}

// What an ALTER TYPE or DOMAIN and a DROP INDEX do that is kept: a label, a default, a key. A program of before passed over all.
static bool passed_over_alters_kept(const struct source_statement *statement) {
    static const struct {
        const char *first, *second;
    } kept[] = {{"add", "value"}, {"rename", "value"}, {"set", "default"}, {"drop", "default"}};
    if (passed_over_word(statement, 0, "drop"))
        return passed_over_word(statement, 1, "index");
    if (!passed_over_word(statement, 0, "alter") ||
        (!passed_over_word(statement, 1, "type") && !passed_over_word(statement, 1, "domain")))
        return false;
    for (int i = 2; i + 1 < statement->word_count; i++)
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
            if (passed_over_word(statement, i, kept[k].first) &&
                passed_over_word(statement, i + 1, kept[k].second))
                return true;
    return false;
}

bool source_passed_over(const struct source_statement *statement, bool as_before) {
    static const char *const verbs[] = {
        "analyze", "begin",    "call",   "checkpoint", "cluster",  "comment",  "commit", "copy",
        "do",      "end",      "grant",  "import",     "insert",   "lock",     "notify", "reassign",
        "refresh", "reindex",  "reset",  "revoke",     "rollback", "security", "select", "set",
        "start",   "truncate", "update", "vacuum",     "delete",   "merge",    NULL};
    static const char *const before[] = {"or",        "replace", "global",   "local",
                                         "temporary", "temp",    "unlogged", NULL};
    static const char *const objects[] = {
        "access",       "aggregate", "cast",      "conversion", "database",  "default",     "event",
        "extension",    "foreign",   "function",  "group",      "index",     "language",    "large",
        "materialized", "operator",  "policy",    "procedural", "procedure", "publication", "recursive",
        "role",         "routine",   "rule",      "sequence",   "server",    "statistics",  "subscription",
        "tablespace",   "text",      "transform", "trigger",    "trusted",   "user",        "view",
        "constraint",   NULL};
    if (passed_over_word_among(statement, 0, verbs))
        return true;
    if (!as_before && passed_over_alters_kept(statement))
        return false;
    bool create = passed_over_word(statement, 0, "create");
    bool alter = passed_over_word(statement, 0, "alter");
    if (!create && !alter && !passed_over_word(statement, 0, "drop"))
        return false;
    int object = 1;
    while (passed_over_word_among(statement, object, before))
        object++;
    return passed_over_word_among(statement, object, objects) ||
           (!create &&
            (passed_over_word(statement, object, "type") || passed_over_word(statement, object, "domain"))) ||
           ((!create || as_before) && (passed_over_word(statement, object, "schema") ||
                                       passed_over_word(statement, object, "collation")));
}
