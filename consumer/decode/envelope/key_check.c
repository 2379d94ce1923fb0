#include "consumer/decode/envelope/key_check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// A log that has messages of both keys suits no declaration.
#define KEY_CHECK_CHANGED                                                                                    \
    ". Where the source's primary key was changed, the log has both: a file that has read all of before "    \
    "(--commit-messages 1) goes on with the new one, another needs the topic made anew, by a snapshot"

static void key_check_append(char *names, struct span name) {
    size_t used = strlen(names);
    (void)snprintf(names + used, KEY_NAMES_SIZE - used, "%s%.*s", used > 0 ? ", " : "", (int)name.size,
                   name.data);
}

void key_check_note_unknown(void *self, const struct table *table, struct span name, int64_t events) {
    (void)table, (void)events;
    struct key_check *check = self;
    key_check_append(check->unknown, name);
}

static void key_check_declared(const struct table *table, char ret[KEY_NAMES_SIZE]) {
    ret[0] = '\0';
    for (int i = 0; i < table->key_count; i++)
        key_check_append(ret, span_of(table->columns[table->keys[i]].name));
}

static enum error_kind key_check_kind(const struct key_check *check) {
    return check->passes ? ERROR_INPUT : ERROR_HALT;
}

// A name without double quotes is in small letters, and messages have it as the source does.
static int key_check_letters(const struct key_check *check, const struct table *table, struct error *error) {
    char declared[KEY_NAMES_SIZE];
    key_check_declared(table, declared);
    if (check->unknown[0] == '\0' || strcasecmp(check->unknown, declared) != 0)
        return 0;
    return error_set(
        error, key_check_kind(check),
        "table %s: the messages' key is (%s), and source.sql, line %d, declares (%s): small and capital "
        "letters differ; write the table's columns in double quotes there, as the messages have them",
        table->name, check->unknown, table->key_line, declared);
}

int key_check(const struct key_check *check, const struct table *table, const struct value *values,
              struct error *error) {
    char declared[KEY_NAMES_SIZE];
    char more[KEY_NAMES_SIZE] = "";
    char lacking[KEY_NAMES_SIZE] = "";
    bool is_other = true;
    for (int i = 0; i < table->column_count; i++) {
        bool has = values[i].kind != VALUE_ABSENT;
        is_other &= !has || table->columns[i].key == 0;
        if (has && table->columns[i].key == 0)
            key_check_append(more, span_of(table->columns[i].name));
        if (!has && table->columns[i].key != 0)
            key_check_append(lacking, span_of(table->columns[i].name));
    }
    if (check->unknown[0] != '\0')
        key_check_append(more, span_of(check->unknown));
    if (is_other)
        return key_check_letters(check, table, error);
    if (more[0] == '\0' && lacking[0] == '\0')
        return 0;
    key_check_declared(table, declared);
    if (lacking[0] != '\0')
        return error_set(
            error, key_check_kind(check),
            "table %s: the messages' key lacks %s%s%s, and source.sql, line %d, declares the key (%s): "
            "declare there the key that the messages have" KEY_CHECK_CHANGED,
            table->name, lacking, more[0] != '\0' ? " and has " : "", more, table->key_line, declared);
    return error_set(
        error, key_check_kind(check),
        "table %s: the messages' key has %s beside (%s), which source.sql, line %d, declares: rows that "
        "differ in nothing else would be one; declare there the key that the messages have%s",
        table->name, more, declared, table->key_line,
        strstr(check->unknown, TABLE_ROUTER_FIELD) != NULL
            ? " (\"" TABLE_ROUTER_FIELD
              "\" text, in double quotes, is ByLogicalTableRouter's: it says which table the row was "
              "of; without it, key.enforce.uniqueness=false, rows of equal keys would be one)"
        : check->unknown[0] != '\0'
            ? " (a router's own field: its key.field.name names it, key.enforce.uniqueness=false leaves it out)"
            : KEY_CHECK_CHANGED);
}
