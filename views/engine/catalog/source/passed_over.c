#include "views/engine/catalog/source/passed_over.h"

static bool passed_over_word(const struct source_statement *statement, int number, const char *text) {
    return source_text_word_among(statement, number, (const char *const[]){text, NULL});
}

// The place of the word that says what is made, changed or dropped.
static int passed_over_object(const struct source_statement *statement) {
    static const char *const before[] = {"or",        "replace", "global",   "local",
                                         "temporary", "temp",    "unlogged", NULL};
    int object = 1;
    while (source_text_word_among(statement, object, before))
        object++;
    return object;
}

bool source_passed_over_unread(const struct source_statement *statement) {
    const bool alter = passed_over_word(statement, 0, "alter");
    const int object = passed_over_object(statement);
    static const char *const objects[] = {"index", "type", "domain", "schema", NULL};
    return (alter || passed_over_word(statement, 0, "drop")) &&
           source_text_word_among(statement, object, objects);
}

bool source_passed_over(const struct source_statement *statement, bool as_before) {
    static const char *const verbs[] = {
        "analyze", "begin",    "call",   "checkpoint", "cluster",  "comment",  "commit", "copy",
        "do",      "end",      "grant",  "import",     "insert",   "lock",     "notify", "reassign",
        "refresh", "reindex",  "reset",  "revoke",     "rollback", "security", "select", "set",
        "start",   "truncate", "update", "vacuum",     "delete",   "merge",    NULL};
    static const char *const objects[] = {
        "access",       "aggregate", "cast",      "conversion", "database",  "default",     "event",
        "extension",    "foreign",   "function",  "group",      "index",     "language",    "large",
        "materialized", "operator",  "policy",    "procedural", "procedure", "publication", "recursive",
        "role",         "routine",   "rule",      "sequence",   "server",    "statistics",  "subscription",
        "tablespace",   "text",      "transform", "trigger",    "trusted",   "user",        "view",
        "constraint",   NULL};
    if (source_text_word_among(statement, 0, verbs))
        return true;
    const bool create = passed_over_word(statement, 0, "create");
    const int object = passed_over_object(statement);
    if (!create && !passed_over_word(statement, 0, "alter") && !passed_over_word(statement, 0, "drop"))
        return false;
    if (source_passed_over_unread(statement))
        return as_before;
    return source_text_word_among(statement, object, objects) ||
           ((!create || as_before) && (passed_over_word(statement, object, "schema") ||
                                       passed_over_word(statement, object, "collation")));
}
