#include "views/engine/catalog/source/migration_mark.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

// Blanks between words, and at either end, are any number.
static bool migration_mark_reads(struct span comment, const char *words, bool goes_on) {
    const char *at = comment.data, *end = comment.data + comment.size;
    for (const char *word = words; *word != '\0'; word++) {
        while (*word == ' ' && at < end && (*at == ' ' || *at == '\t'))
            at++;
        if (*word != ' ' && (at == end || strncasecmp(at++, word, 1) != 0))
            return false;
    }
    bool parted = at == end || strchr(" \t\r", *at) != NULL;
    while (at < end && strchr(" \t\r", *at) != NULL)
        at++;
    return at == end || (goes_on && parted);
}

enum migration_mark source_migration_mark(struct span comment) {
    static const struct {
        const char *words;
        enum migration_mark mark;
        bool goes_on; // with options: `-- migrate:up transaction:false`
    } marks[] = {
        {" migrate:up", MIGRATION_MARK_UP, true},
        {" migrate:down", MIGRATION_MARK_DOWN, true},
        {" +goose up", MIGRATION_MARK_UP, false},
        {" +goose down", MIGRATION_MARK_DOWN, false},
        {" +migrate up", MIGRATION_MARK_UP, true},
        {" +migrate down", MIGRATION_MARK_DOWN, true},
        {" up migration", MIGRATION_MARK_UP, false},
        {" down migration", MIGRATION_MARK_DOWN, false},
        {" rambler up", MIGRATION_MARK_UP, false},
        {" rambler down", MIGRATION_MARK_DOWN, false},
        {" ==== up ====", MIGRATION_MARK_UP, false},
        {" ==== down ====", MIGRATION_MARK_DOWN, false},
        {" !ups", MIGRATION_MARK_UP, false},
        {" !downs", MIGRATION_MARK_DOWN, false},
        {"-- create above / drop below ----", MIGRATION_MARK_DOWN_FOR_GOOD, false},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (migration_mark_reads(comment, marks[i].words, marks[i].goes_on))
            return marks[i].mark;
    return MIGRATION_MARK_NONE;
}
