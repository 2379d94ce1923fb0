#define _GNU_SOURCE // memmem
#include "consumer/evidence/message/schema_change.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool schema_change_is_word(char c) {
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static struct span schema_change_from(struct span text, size_t at) {
    return at < text.size ? (struct span){text.data + at, text.size - at} : (struct span){text.data, 0};
}

// Past a comment or a quoted name or text that begins the text; 0 = neither does.
static size_t schema_change_passed(struct span text) {
    char first = text.data[0];
    const char *end = NULL;
    size_t closing = 1;
    if (first == '`' || first == '\'' || first == '"') {
        end = memchr(text.data + 1, first, text.size - 1);
    } else if (text.size > 1 && first == '/' && text.data[1] == '*') {
        end = memmem(text.data + 2, text.size - 2, "*/", 2);
        closing = 2;
    } else if (first == '#' || (text.size > 1 && first == '-' && text.data[1] == '-')) {
        end = memchr(text.data, '\n', text.size);
    } else {
        return 0;
    }
    return end != NULL ? (size_t)(end - text.data) + closing : text.size;
}

// The next word that is no name in quotes; size 0 at the end.
static struct span schema_change_word(struct span *text) {
    while (text->size > 0 && !schema_change_is_word(text->data[0])) {
        size_t passed = schema_change_passed(*text);
        *text = schema_change_from(*text, passed > 0 ? passed : 1);
    }
    size_t size = 0;
    while (size < text->size && schema_change_is_word(text->data[size]))
        size++;
    struct span word = {text->data, size};
    *text = schema_change_from(*text, size);
    return word;
}

static bool schema_change_is(struct span word, const char *name) {
    return word.size == strlen(name) && strncasecmp(word.data, name, word.size) == 0;
}

static bool schema_change_holds_rows(struct span word) {
    return schema_change_is(word, "table") || schema_change_is(word, "tables") ||
           schema_change_is(word, "database") || schema_change_is(word, "schema");
}

bool schema_change_takes_rows(struct span statement) {
    struct span first = schema_change_word(&statement);
    struct span before = schema_change_word(&statement);
    if (schema_change_is(first, "drop"))
        return schema_change_holds_rows(before);
    if (schema_change_is(first, "create"))
        return schema_change_is(before, "or") &&
               schema_change_is(schema_change_word(&statement), "replace") &&
               schema_change_holds_rows(schema_change_word(&statement));
    if (!schema_change_is(first, "alter"))
        return false;
    bool ignores = schema_change_is(before, "ignore"); // rows that a new unique index does not admit
    for (struct span word; (word = schema_change_word(&statement)).size > 0; before = word) {
        ignores = ignores || schema_change_is(word, "ignore"); // behind ONLINE
        if (ignores && (schema_change_is(word, "unique") || schema_change_is(word, "primary")))
            return true;
        if (schema_change_is(word, "partition") &&
            (schema_change_is(before, "drop") || schema_change_is(before, "truncate") ||
             schema_change_is(before, "exchange")))
            return true;
    }
    return false;
}

void schema_change_take(struct evidence_gone *gone, const struct fields *message, struct arena *arena) {
    struct fields source;
    struct span ddl = fields_text(message, "ddl", arena);
    if (ddl.data == NULL || !fields_inside(message, "source", arena, &source))
        return;
    struct span snapshot = fields_text(&source, "snapshot", arena);
    struct span table = fields_text(&source, "table", arena);
    if (snapshot.data != NULL && !span_is(snapshot, "false")) {
        gone->count = 0;
        return;
    }
    if (!schema_change_takes_rows(ddl))
        return;
    struct evidence_statement *statement = &gone->list[gone->count++ % EVIDENCE_GONE_MAX];
    (void)snprintf(statement->tables, sizeof statement->tables, "%.*s", (int)table.size,
                   table.data != NULL ? table.data : "");
    (void)snprintf(statement->text, sizeof statement->text, "%.*s", (int)ddl.size, ddl.data);
    for (char *c = statement->text; *c != '\0'; c++)
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
}
