#include "views/engine/catalog/source/collation.h"

#include "views/engine/catalog/source/type.h"

#include <ctype.h>

// "C", "en_US", "de_DE.utf8", "de-x-icu": what PostgreSQL and initdb make is deterministic, all of it.
static bool source_collation_is_builtin(const char *name) {
    static const char *const names[] = {"C",         "POSIX",   "default",        "ucs_basic",
                                        "pg_c_utf8", "unicode", "pg_unicode_fast"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    size_t language = strspn(name, "abcdefghijklmnopqrstuvwxyz");
    bool region = name[language] == '_' && isupper((unsigned char)name[language + 1]) != 0;
    // glibc's "C.UTF-8"
    bool plain = strncmp(name, "C.", strlen("C.")) == 0 || strncmp(name, "POSIX.", strlen("POSIX.")) == 0;
    return plain || strstr(name, "-x-icu") != NULL || ((language == 2 || language == 3) && region);
}

static bool source_collation_is_exact(const struct source_draft *draft, const json_t *list) {
    const char *name = source_type_name(list).relation;
    for (int i = 0; name != NULL && i < draft->collation_count; i++)
        if (strcmp(draft->collations[i], name) == 0)
            return true;
    return name != NULL && source_collation_is_builtin(name);
}

bool source_collation_is_loose(const struct source_draft *draft, const json_t *clause) {
    return clause != NULL && !source_collation_is_exact(draft, json_object_get(clause, "collname"));
}

int source_collation_create(struct source_draft *draft, const json_t *node) {
    const char *name = source_type_name(json_object_get(node, "defnames")).relation;
    const char *kind = json_string_value(json_object_get(node, "kind"));
    const json_t *element;
    size_t i;
    bool exact = true;
    if (name == NULL || kind == NULL || strcmp(kind, "OBJECT_COLLATION") != 0)
        return 0;
    json_array_foreach(json_object_get(node, "definition"), i, element) {
        const json_t *option = json_object_get(element, "DefElem");
        const char *what = json_string_value(json_object_get(option, "defname"));
        const json_t *is = json_object_get(option, "arg");
        const char *word = source_type_string(is);
        if (what != NULL && strcmp(what, "deterministic") == 0)
            exact = word != NULL && strcmp(word, "true") == 0;
        if (what != NULL && strcmp(what, "from") == 0)
            exact = source_collation_is_exact(draft, json_object_get(json_object_get(is, "List"), "items"));
    }
    return exact ? source_draft_append(draft, &draft->collations, &draft->collation_count, name) : 0;
}
