// Any key and value, between which the first line feed stands, as a message that evidence is taken of: the
// source.sql that comes of it is written, and read again.
#include "consumer/evidence/evidence.h"
#include "consumer/init/source_text.h"
#include "views/engine/catalog/source_sql.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(struct buffer *text, int tables) {
    struct table *read = NULL;
    struct error error = {0};
    int count = 0;
    buffer_char(text, '\0');
    if (!text->failed && tables > 0 &&
        (source_sql_read(text->data, &read, &count, &error) != 0 || count != tables)) {
        fprintf(stderr, "%d tables of %d: %s\n%s\n", count, tables, error.message, text->data);
        abort();
    }
    source_sql_free(&read, &count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct evidence evidence = {.prefix = "shop"};
    struct buffer text = {0};
    struct source_text_report report;
    struct error error;
    char *copy = malloc(size + 1); // of its exact size, so that a read past it is seen
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t key = end != NULL ? (size_t)(end - data) : 0;
    size_t value = end != NULL ? key + 1 : 0;
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    const struct message message = {.key = {key > 0 ? copy : NULL, key},
                                    .value = {copy + value, size - value}};
    int topic = evidence_topic(&evidence, SPAN("shop.public.orders"), 1, &error);
    for (int i = 0; i < 2 && topic >= 0; i++)
        if (evidence_take(&evidence, topic, &message, &error) != 0)
            abort();
    source_text_write(&text, &evidence, &report);
    read_again(&text, report.tables);
    buffer_free(&text);
    evidence_free(&evidence);
    free(copy);
    return 0;
}
