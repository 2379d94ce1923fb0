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

bool schema_change_cascades(struct span statement) {
    enum { WORDS_BEFORE_TABLE = 4 }; // create or replace temporary
    struct span first = schema_change_word(&statement);
    bool of_table = false;
    if (!schema_change_is(first, "create") && !schema_change_is(first, "alter"))
        return false;
    for (int i = 0; i < WORDS_BEFORE_TABLE && !of_table; i++)
        of_table = schema_change_is(schema_change_word(&statement), "table");
    struct span before = {0};
    struct span two_before = {0};
    for (struct span word; of_table && (word = schema_change_word(&statement)).size > 0;
         two_before = before, before = word)
        if (schema_change_is(two_before, "on") &&
            (schema_change_is(before, "delete") || schema_change_is(before, "update")) &&
            (schema_change_is(word, "cascade") || schema_change_is(word, "set")))
            return true;
    return false;
}

bool schema_change_may_move(struct span statement) {
    bool adds = false, may_be_there = false;
    if (!schema_change_is(schema_change_word(&statement), "alter"))
        return false;
    struct span before = schema_change_word(&statement);
    for (struct span word; (word = schema_change_word(&statement)).size > 0; before = word) {
        if (schema_change_is(word, "add") || schema_change_is(word, "drop") ||
            schema_change_is(word, "modify") || schema_change_is(word, "change") ||
            schema_change_is(word, "rename")) {
            adds = schema_change_is(word, "add");
            may_be_there = false;
        }
        may_be_there |= adds && schema_change_is(before, "not") && schema_change_is(word, "exists");
        if (may_be_there && (schema_change_is(word, "first") || schema_change_is(word, "after")))
            return true;
    }
    return false;
}

bool schema_change_rolls_back(struct span statement, bool *ret_savepoint) {
    if (!schema_change_is(schema_change_word(&statement), "rollback"))
        return false;
    *ret_savepoint = schema_change_is(schema_change_word(&statement), "to");
    return true;
}

static void schema_change_take_gone(struct evidence_gone *gone, struct span ddl, struct span table,
                                    struct span database) {
    struct evidence_statement *statement = &gone->list[gone->count++ % EVIDENCE_GONE_MAX];
    (void)snprintf(statement->tables, sizeof statement->tables, "%.*s", (int)table.size,
                   table.data != NULL ? table.data : "");
    (void)snprintf(statement->database, sizeof statement->database, "%.*s", (int)database.size,
                   database.data != NULL ? database.data : "");
    (void)snprintf(statement->text, sizeof statement->text, "%.*s", (int)ddl.size, ddl.data);
    for (char *c = statement->text; *c != '\0'; c++)
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
}

static void schema_change_forget(struct evidence_cascades *cascades, struct span table) {
    for (int i = 0; i < cascades->count; i++)
        if (span_is(table, cascades->tables[i])) {
            cascades->count--;
            memmove(cascades->tables[i], cascades->tables[i + 1],
                    (size_t)(cascades->count - i) * sizeof cascades->tables[0]);
        }
}

// `tables`: "a,b" of a DROP.
static void schema_change_take_cascades(struct evidence_cascades *cascades, struct span ddl,
                                        struct span tables) {
    struct span words = ddl;
    struct span first = schema_change_word(&words);
    bool anew = schema_change_is(first, "create") || schema_change_is(first, "drop");
    for (size_t at = 0; anew && at < tables.size;) {
        const char *comma = memchr(tables.data + at, ',', tables.size - at);
        size_t end = comma != NULL ? (size_t)(comma - tables.data) : tables.size;
        schema_change_forget(cascades, (struct span){tables.data + at, end - at});
        at = end + 1;
    }
    if (tables.size == 0 || tables.size >= EVIDENCE_NAME_SIZE || !schema_change_cascades(ddl))
        return;
    schema_change_forget(cascades, tables);
    if (cascades->count < EVIDENCE_CASCADES_MAX)
        (void)snprintf(cascades->tables[cascades->count++], EVIDENCE_NAME_SIZE, "%.*s", (int)tables.size,
                       tables.data);
}

static void schema_change_forget_rows(struct evidence *evidence) {
    evidence->gone.count = evidence->moved.count = 0;
    evidence->rollbacks = (struct evidence_rollbacks){0};
}

void schema_change_take(struct evidence *evidence, const struct fields *message) {
    struct fields source;
    struct span ddl = fields_text(message, "ddl", &evidence->arena);
    if (ddl.data == NULL || !fields_inside(message, "source", &evidence->arena, &source))
        return;
    struct span snapshot = fields_text(&source, "snapshot", &evidence->arena);
    struct span table = fields_text(&source, "table", &evidence->arena);
    struct span database = fields_text(&source, "db", &evidence->arena);
    schema_change_take_cascades(&evidence->cascades, ddl, table);
    if (snapshot.data != NULL && !span_is(snapshot, "false"))
        schema_change_forget_rows(evidence);
    else if (schema_change_takes_rows(ddl))
        schema_change_take_gone(&evidence->gone, ddl, table, database);
    else if (schema_change_may_move(ddl))
        schema_change_take_gone(&evidence->moved, ddl, table, database);
    bool savepoint;
    if (schema_change_rolls_back(ddl, &savepoint))
        (*(savepoint ? &evidence->rollbacks.to_savepoint : &evidence->rollbacks.whole))++;
}
