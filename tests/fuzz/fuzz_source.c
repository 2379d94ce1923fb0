// Any text as source.sql: it is read, or refused with its place. What is read has names and a key in its columns.
#include "views/engine/catalog/source_sql.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_table(const struct table *table) {
    if (table->name == NULL || table->name[0] == '\0' || table->key_count < 1 ||
        table->key_count > TABLE_KEYS_MAX)
        abort();
    for (int i = 0; i < table->key_count; i++)
        if (table->keys[i] < 0 || table->keys[i] >= table->column_count)
            abort();
    for (int i = 0; i < table->column_count; i++)
        if (table->columns[i].name == NULL || table->columns[i].declared == NULL)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct table *tables = NULL;
    struct error error = {0};
    int count = 0;
    char *text = malloc(size + 1); // of its exact size, so that a read past it is seen
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (source_sql_read(text, &tables, &count, &error) == 0)
        for (int i = 0; i < count; i++)
            check_table(&tables[i]);
    else if (error.kind != ERROR_INPUT || strncmp(error.message, "source.sql", 10) != 0)
        abort();
    source_sql_free(&tables, &count);
    free(text);
    return 0;
}
