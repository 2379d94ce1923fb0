#define _GNU_SOURCE // memmem
#include "views/engine/catalog/slips.h"

#include "views/engine/catalog/source/line.h"

#include <string.h>
#include <strings.h>

static const char slips_word[] = "tidemark", slips_of_view[] = "-- tidemark: ", slips_keep[] = "keep";

// A comment that names tidemark.
struct slip {
    const char *at;   // of its --
    struct span what; // behind tidemark, its colon and the blanks, to the line's end
    bool colon;
    bool is_read; // `--tidemark:` in source.sql, `-- tidemark: ` in a view
};

static bool slips_begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static struct span slips_trim(struct span text) {
    while (text.size > 0 && strchr(" \t\r", text.data[text.size - 1]) != NULL)
        text.size--;
    return text;
}

// The next from *at on, which goes behind it. False: there is none.
static bool slips_read(const char **at, bool of_source, struct slip *ret) {
    for (const char *found = strstr(*at, "--"); found != NULL; found = strstr(found + 2, "--")) {
        const char *word = found + 2 + strspn(found + 2, " \t");
        if (strncasecmp(word, slips_word, sizeof slips_word - 1) != 0)
            continue;
        const char *behind = word + sizeof slips_word - 1;
        const char *colon = behind + strspn(behind, " \t");
        const char *what = colon + (*colon == ':');
        what += strspn(what, " \t");
        *ret = (struct slip){.at = found, .what = {what, strcspn(what, "\n")}, .colon = *colon == ':'};
        ret->what = slips_trim(ret->what);
        ret->is_read = of_source
                           ? slips_begins(found + 2 + strspn(found + 2, " "), "tidemark:")
                           : slips_begins(found, slips_of_view) && what == found + sizeof slips_of_view - 1;
        *at = what;
        return true;
    }
    return false;
}

static size_t slips_word_size(struct span text) {
    size_t size = 0;
    while (size < text.size && strchr(" \t", text.data[size]) == NULL)
        size++;
    return size;
}

// Prose names tidemark too: what has no colon is a line of ours only if it is formed as one.
static bool slips_is_meant(const struct slip *slip) {
    const char *separator;
    const size_t size = slips_word_size(slip->what);
    if (!source_line_is_word((struct span){slip->what.data, size}, &separator))
        return false;
    const struct span rest = {slip->what.data + size, slip->what.size - size};
    return slip->colon ||
           (separator != NULL && memmem(rest.data, rest.size, separator, strlen(separator)) != NULL);
}

// `keep TABLE` and nothing behind it.
static bool slips_is_keep(struct span what) {
    const size_t size = slips_word_size(what);
    const size_t blanks = size < what.size ? strspn(what.data + size, " \t") : 0;
    const struct span name = {what.data + size + blanks, what.size - size - blanks};
    return size == sizeof slips_keep - 1 && strncasecmp(what.data, slips_keep, size) == 0 && blanks > 0 &&
           name.size > 0 && slips_word_size(name) == name.size;
}

static bool slips_is_one(const struct slip *slip, enum slips_of of) {
    switch (of) {
    case SLIPS_OF_SOURCE:
        return !slip->is_read && slips_is_meant(slip);
    case SLIPS_OF_SCHEMA:
        return slip->is_read ? !slips_begins(slip->what.data, "keep ") : slips_is_keep(slip->what);
    case SLIPS_OF_STATEMENT:
        return slip->is_read || slips_is_keep(slip->what);
    }
    return false;
}

// What stands in quotes or in a comment of several lines is blank.
static size_t slips_size_quoted(const char *at) {
    const char closing = *at == '[' ? ']' : *at;
    const char *end;
    if (slips_begins(at, "/*")) {
        end = strstr(at + 2, "*/");
        return end != NULL ? (size_t)(end + 2 - at) : strlen(at);
    }
    if (strchr("'\"`[", *at) == NULL)
        return 0;
    end = strchr(at + 1, closing);
    return end != NULL ? (size_t)(end + 1 - at) : strlen(at);
}

char *slips_comments_of_sql(const char *text) {
    char *copy = strdup(text);
    for (char *at = copy; at != NULL && *at != '\0';) {
        const size_t quoted = slips_size_quoted(at);
        const size_t size = slips_begins(at, "--") ? strcspn(at, "\n") : quoted > 0 ? quoted : 1;
        for (size_t i = 0; i < quoted; i++)
            at[i] = at[i] == '\n' ? '\n' : ' ';
        at += size;
    }
    return copy;
}

const char *slips_next(const char *at, enum slips_of of, const char **ret_says) {
    static const char *const says[] = {
        [SLIPS_OF_SOURCE] = "this line is passed over: one for tidemark begins with `-- tidemark: `",
        [SLIPS_OF_SCHEMA] =
            "this line is passed over: what keeps a table's rows is written `-- tidemark: keep TABLE`, "
            "and a schema has no other line for tidemark",
        [SLIPS_OF_STATEMENT] =
            "this line is passed over: a statement has none for tidemark; a table is kept by the "
            "view's schema.sql, a parameter's type is said by a query",
    };
    struct slip slip;
    *ret_says = says[of];
    while (slips_read(&at, of == SLIPS_OF_SOURCE, &slip))
        if (slips_is_one(&slip, of))
            return slip.at;
    return NULL;
}
