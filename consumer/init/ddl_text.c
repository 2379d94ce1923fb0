#include "consumer/init/ddl_text.h"

#include "consumer/init/identifier.h"
#include "views/base/cleanup.h"
#include "views/base/utf8.h"
#include "views/engine/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DDL_TEXT_WITHOUT_LINES = 3 }; // that stand before the lines that leave tables out

static void ddl_text_close(FILE **stream) {
    if (*stream != NULL)
        (void)fclose(*stream);
}

static int ddl_text_read(struct buffer *out, const char *path, struct error *error) {
    CLEANUP(ddl_text_close) FILE *file = fopen(path, "rb");
    char block[65536];
    size_t size;
    if (file == NULL)
        return error_set(error, ERROR_INPUT, "--ddl %s: %s", path, strerror(errno));
    while ((size = fread(block, 1, sizeof block, file)) > 0) {
        buffer_append(out, block, size);
        if (out->size > DDL_TEXT_BYTES_MAX)
            return error_set(error, ERROR_INPUT,
                             "--ddl %s: it has more than %d bytes; `pg_dump -s` writes no rows", path,
                             DDL_TEXT_BYTES_MAX);
    }
    if (ferror(file))
        return error_set(error, ERROR_INPUT, "--ddl %s: %s", path, strerror(errno));
    if (utf8_is_16(out->data, out->size))
        return error_set(error, ERROR_INPUT, "--ddl %s: " UTF8_NOT_16 ", as `pg_dump -s -f FILE` does", path);
    memset(out->data, ' ', utf8_mark(out->data, out->size)); // it will not stand at the beginning
    buffer_char(out, '\0');
    return out->failed ? error_set(error, ERROR_SYSTEM, "out of memory") : 0;
}

struct ddl_text_without {
    struct buffer *out;
    int count;
};

static void ddl_text_leave_out(void *self, const char *schema, const char *relation) {
    struct ddl_text_without *without = self;
    if (without->count++ == 0)
        buffer_text(
            without->out,
            "-- Left out, since they have no key, and the mirror keeps a row a key: give each a primary key, or the connector's\n"
            "-- message.key.columns and here, in place of its line, one that names the columns: `-- tidemark: key TABLE = COLUMN, ..`;\n"
            "-- or leave it out.\n");
    buffer_text(without->out, "-- tidemark: ignore ");
    if (schema != NULL) {
        identifier_write(without->out, schema);
        buffer_char(without->out, '.');
    }
    identifier_write(without->out, relation);
    buffer_char(without->out, '\n');
}

int ddl_text_append(struct buffer *out, const char *path, int *ret_without, struct error *error) {
    CLEANUP(buffer_free) struct buffer text = {0};
    struct ddl_text_without without = {.out = out};
    *ret_without = 0;
    if (ddl_text_read(&text, path, error) != 0)
        return -1;
    if (catalog_each_keyless(text.data, ddl_text_leave_out, &without, error) != 0)
        return ddl_text_blame(path, 0, error);
    buffer_append(out, text.data, text.size - 1);
    *ret_without = without.count;
    return 0;
}

int ddl_text_before(int without) {
    return DDL_TEXT_HEADING_LINES + without + (without > 0 ? DDL_TEXT_WITHOUT_LINES : 0);
}

int ddl_text_blame(const char *path, int before, struct error *error) {
    static const char name[] = "source.sql:";
    char *end = NULL;
    char whole[ERROR_MESSAGE_SIZE];
    if (strncmp(error->message, name, sizeof name - 2) != 0)
        return -1;
    if (error->message[sizeof name - 2] == ' ') { // of the file as a whole
        (void)snprintf(whole, sizeof whole, "%s", error->message + sizeof name - 2);
        (void)snprintf(error->message, sizeof error->message, "%s%s", path, whole);
        return -1;
    }
    long line = strtol(error->message + sizeof name - 1, &end, 10);
    line -= before;
    if (*end != ':' || line < 1)
        return -1;
    char rest[ERROR_MESSAGE_SIZE];
    (void)snprintf(rest, sizeof rest, "%s", end);
    int used = snprintf(error->message, sizeof error->message, "%s:%ld", path, line);
    if (used > 0 && (size_t)used < sizeof error->message)
        (void)snprintf(error->message + used, sizeof error->message - (size_t)used, "%s", rest);
    return -1;
}
