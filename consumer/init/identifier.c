#include "consumer/init/identifier.h"

#include <string.h>

// Reserved by PostgreSQL 15 to 18 (appendix C of its manual) or by SQLite (lang_keywords.html), as far as a column or a table
// may not be called so without quotes.
static const char identifier_words[] =
    " all alter analyse analyze and any array as asc asymmetric authorization autoincrement begin between binary both by case "
    "cast check collate collation column commit concurrently constraint create cross current current_catalog current_date "
    "current_role current_schema current_time current_timestamp current_user default deferrable delete desc distinct do drop "
    "each else end escape except exclude exists explain fail false fetch first following for foreign freeze from full glob "
    "grant group groups having if ignore ilike immediate in index indexed initially inner insert instead intersect into is "
    "isnull join key last lateral leading left like limit localtime localtimestamp match natural no not nothing notnull null "
    "nulls of offset on only or order others outer over overlaps partition placing plan pragma preceding primary query raise "
    "range recursive references regexp reindex release rename replace restrict returning right rollback row rows savepoint "
    "select session_user set similar some symmetric system_user table tablesample temp temporary then ties to trailing "
    "transaction trigger true unbounded union unique update user using vacuum values variadic verbose view virtual when where "
    "window with without ";

static bool identifier_is_plain(const char *name) {
    char word[64];
    size_t size = strlen(name);
    if (size == 0 || size + 3 > sizeof word || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < size; i++)
        if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
            return false;
    word[0] = ' ';
    memcpy(word + 1, name, size);
    memcpy(word + 1 + size, " ", 2);
    return strstr(identifier_words, word) == NULL;
}

void identifier_write(struct buffer *out, const char *name) {
    if (identifier_is_plain(name)) {
        buffer_text(out, name);
        return;
    }
    buffer_quoted(out, span_of(name));
}
