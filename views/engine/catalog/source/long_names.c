#include "views/engine/catalog/source/long_names.h"

#include "views/base/cleanup.h"
#include "views/base/utf8.h"
#include "views/engine/catalog/source/newer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define STANDING "_tidemark_name_" // no table or column of the mirror begins so

// As the grammar has it: without quotes, or in small letters.
static char *source_long_names_read(const struct source_text *text, const struct source_long_name *name) {
    char *read = malloc(name->size + 1);
    const char *written = text->text + name->at;
    size_t size = 0;
    if (read == NULL)
        return NULL;
    if (written[0] != '"') {
        for (; size < name->size; size++)
            read[size] = (char)((unsigned char)written[size] < 0x80 ? tolower(written[size]) : written[size]);
    } else {
        for (size_t i = 1; i + 1 < name->size; i += written[i] == '"' ? 2 : 1)
            read[size++] = written[i];
    }
    read[size] = '\0';
    return read;
}

// The name that the text stands for, NULL = for none.
static const struct source_long_name *source_long_names_of(const struct source_text *text,
                                                           const char *found) {
    char *end;
    if (strncmp(found, STANDING, strlen(STANDING)) != 0)
        return NULL;
    long number = strtol(found + strlen(STANDING), &end, 10);
    return *end == '\0' && number >= 0 && number < text->long_name_count ? &text->long_names[number] : NULL;
}

static bool source_long_names_restore(const struct source_text *text, json_t *node);

static bool source_long_names_restore_text(const struct source_text *text, json_t *node) {
    const struct source_long_name *name = source_long_names_of(text, json_string_value(node));
    if (name == NULL)
        return true;
    CLEANUP(free_charp) char *read = source_long_names_read(text, name);
    return read != NULL && json_string_set(node, read) == 0;
}

// False: out of memory. As deep as jansson reads.
static bool source_long_names_restore(const struct source_text *text, json_t *node) {
    const char *key;
    size_t index;
    json_t *member;
    bool done = !json_is_string(node) || source_long_names_restore_text(text, node);
    json_object_foreach(node, key, member) done = done && source_long_names_restore(text, member);
    json_array_foreach(node, index, member) done = done && source_long_names_restore(text, member);
    return done;
}

json_t *source_long_names_parse(const struct source_text *text, const struct source_statement *statement,
                                struct pg_parse_error *error) {
    const struct span whole = {text->text + statement->at, statement->size};
    CLEANUP(free_charp) char *shortened = NULL;
    for (int i = 0; i < text->long_name_count; i++) {
        const struct source_long_name *name = &text->long_names[i];
        if (name->at < statement->at || name->at >= statement->at + statement->size)
            continue;
        if (shortened == NULL && (shortened = strndup(whole.data, whole.size)) == NULL)
            break;
        char *at = shortened + (name->at - statement->at);
        char standing[SOURCE_NAME_MAX + 1];
        memset(at, ' ', name->size);
        memcpy(at, standing, (size_t)snprintf(standing, sizeof standing, STANDING "%d", i));
    }
    json_t *tree =
        source_newer_parse(shortened != NULL ? (struct span){shortened, whole.size} : whole, error);
    if (tree != NULL && shortened != NULL && !source_long_names_restore(text, tree)) {
        json_decref(tree);
        (void)snprintf(error->message, sizeof error->message, "out of memory");
        return NULL;
    }
    return tree;
}

char *source_long_names_cut(const char *name) {
    size_t size = strlen(name);
    return size > SOURCE_NAME_MAX ? strndup(name, utf8_fit(name, size, SOURCE_NAME_MAX)) : NULL;
}
