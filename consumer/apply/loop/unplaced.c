#include "consumer/apply/loop/unplaced.h"

#include "views/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unplaced_pair {
    const char *topic;
    char table[UNPLACED_NAME_SIZE];
    int64_t times; // since the last report
};

void unplaced_free(struct unplaced *unplaced) {
    free(unplaced->pairs);
    *unplaced = (struct unplaced){0};
}

static void unplaced_name(struct span schema, struct span table, char ret[UNPLACED_NAME_SIZE]) {
    enum { HALF = UNPLACED_NAME_SIZE / 2 - 1 };
    int schema_size = schema.data != NULL ? (int)utf8_fit(schema.data, schema.size, HALF) : 0;
    int table_size = table.data != NULL ? (int)utf8_fit(table.data, table.size, HALF) : 0;
    (void)snprintf(ret, UNPLACED_NAME_SIZE, "%.*s%s%.*s", schema_size, schema_size > 0 ? schema.data : "",
                   schema_size > 0 && table_size > 0 ? "." : "", table_size,
                   table_size > 0 ? table.data : "");
}

const char *unplaced_note(struct unplaced *unplaced, const char *topic, struct span schema,
                          struct span table) {
    char name[UNPLACED_NAME_SIZE];
    unplaced_name(schema, table, name);
    unplaced->reports = true;
    for (int i = 0; i < unplaced->count; i++) {
        struct unplaced_pair *pair = &unplaced->pairs[i];
        if (strcmp(pair->topic, topic) == 0 && strcmp(pair->table, name) == 0) {
            pair->times++;
            return NULL;
        }
    }
    if (unplaced->pairs == NULL)
        unplaced->pairs = calloc(UNPLACED_MAX, sizeof *unplaced->pairs);
    if (unplaced->pairs == NULL || unplaced->count == UNPLACED_MAX) {
        unplaced->others++;
        return NULL;
    }
    struct unplaced_pair *pair = &unplaced->pairs[unplaced->count++];
    *pair = (struct unplaced_pair){.topic = topic, .times = 1};
    memcpy(pair->table, name, sizeof name);
    return pair->table;
}

void unplaced_report(struct unplaced *unplaced, struct progress *progress) {
    if (!unplaced->reports)
        return;
    unplaced->reports = false;
    for (int i = 0; i < unplaced->count; i++) {
        struct unplaced_pair *pair = &unplaced->pairs[i];
        if (pair->times > 0)
            progress_unplaced(progress, pair->topic, pair->table, pair->times);
        pair->times = 0;
    }
    if (unplaced->others > 0)
        progress_unplaced(progress, "", "", unplaced->others);
    unplaced->others = 0;
}
