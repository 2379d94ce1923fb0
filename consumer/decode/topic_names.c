#include "consumer/decode/topic_names.h"

#include "consumer/decode/topic_role.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

void topic_names_free(struct topic_names *names) {
    for (int i = 0; i < names->count; i++)
        free(names->names[i]);
    names->count = 0;
}

static int topic_names_add(struct topic_names *names, const char *first, const char *second,
                           const char *third) {
    CLEANUP(buffer_free) struct buffer name = {0};
    buffer_text(&name, first);
    buffer_text(&name, second);
    buffer_text(&name, third);
    buffer_char(&name, '\0');
    names->names[names->count] = name.failed ? NULL : strdup(name.data);
    return names->names[names->count++] != NULL ? 0 : -1;
}

// One of a regular expression, or whose name Debezium writes otherwise, is not guessed.
static int topic_names_add_table(struct topic_names *names, const char *prefix, const struct table *table) {
    CLEANUP(buffer_free) struct buffer rest = {0};
    if (table->topic != NULL)
        return table->topic_is_regex ? 0 : topic_names_add(names, table->topic, "", "");
    buffer_text(&rest, table->schema != NULL ? table->schema : "public");
    buffer_char(&rest, '.');
    buffer_text(&rest, table->relation);
    buffer_char(&rest, '\0');
    if (rest.failed || topic_names_add(names, prefix, ".", rest.data) != 0)
        return -1;
    if (topic_feeds(names->names[names->count - 1], prefix, table) != TOPIC_FEEDS_TABLE)
        free(names->names[--names->count]);
    return 0;
}

int topic_names_make(struct topic_names *ret, const char *prefix, const struct catalog *catalog,
                     struct error *error) {
    *ret = (struct topic_names){0};
    int status = topic_names_add(ret, prefix, ".transaction", "");
    for (int i = 0; catalog != NULL && status == 0 && i < catalog->table_count; i++)
        if (ret->count < TOPIC_NAMES_MAX - 1)
            status = topic_names_add_table(ret, prefix, &catalog->tables[i]);
    ret->of_rows = ret->count;
    if (status == 0)
        status = topic_names_add(ret, "__debezium-heartbeat.", prefix, "");
    if (status == 0)
        return 0;
    topic_names_free(ret);
    return error_set(error, ERROR_SYSTEM, "out of memory");
}
