#include "consumer/init.h"

#include "consumer/decode/topic_role.h"
#include "consumer/init/ddl_notes.h"
#include "consumer/init/ddl_text.h"
#include "consumer/init/identifier.h"
#include "consumer/init/source_text.h"
#include "views/base/cleanup.h"
#include "views/engine/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    INIT_PATH_SIZE = 1024,
    INIT_VIEW_NAME_SIZE = 128, // a view's name has as many characters at most
    INIT_NUMBER_SIZE = 8,      // "_4096" behind it
};

// What was made, so that a failure leaves nothing behind.
struct init_made {
    char **paths; // files and folders, in order
    int count;
    bool keep;
};

static void init_made_done(struct init_made *made) {
    for (int i = made->count; i-- > 0;) {
        if (!made->keep && unlink(made->paths[i]) != 0)
            (void)rmdir(made->paths[i]);
        free(made->paths[i]);
    }
    free(made->paths);
}

static int init_note_made(struct init_made *made, const char *path, struct error *error) {
    char **grown = realloc(made->paths, ((size_t)made->count + 1) * sizeof *grown);
    char *copy = grown != NULL ? strdup(path) : NULL;
    if (grown != NULL)
        made->paths = grown;
    if (copy == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    made->paths[made->count++] = copy;
    return 0;
}

static int init_make_folder(struct init_made *made, const char *path, struct error *error) {
    if (mkdir(path, 0777) == 0)
        return init_note_made(made, path, error);
    return errno == EEXIST ? 0 : error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno));
}

static void init_close(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static int init_fill_file(int file, const char *path, const struct buffer *text, struct error *error) {
    for (size_t at = 0; at < text->size;) {
        ssize_t written = write(file, text->data + at, text->size - at);
        if (written < 0)
            return error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno));
        at += (size_t)written;
    }
    return 0;
}

static int init_write_file(struct init_made *made, const char *path, const struct buffer *text,
                           struct error *error) {
    if (text->failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    CLEANUP(init_close) int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST)
        return error_set(error, ERROR_INPUT,
                         "%s is there already, and is not written over: move it away, or give another --out",
                         path);
    if (file < 0)
        return error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno));
    return init_note_made(made, path, error) != 0 ? -1 : init_fill_file(file, path, text, error);
}

// One that this command made.
static int init_write_again(const char *path, const struct buffer *text, struct error *error) {
    if (text->failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    CLEANUP(init_close) int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    return file < 0 ? error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno))
                    : init_fill_file(file, path, text, error);
}

// --- source.sql

static void init_write_heading(struct buffer *out, const char *from) {
    buffer_format(out, "-- Made by `tidemark init` from %s.\n", from);
}

static void init_write_advice(struct buffer *out, const struct evidence *evidence) {
    buffer_text(out, "-- A line that says \"unsure\" is a guess: look at it, and correct the type. ");
    buffer_text(out,
                source_text_any_of_mysql(evidence)
                    ? "Messages with schemas tell the types\n"
                      "-- (value.converter.schemas.enable=true); MySQL's and MariaDB's own DDL is not read.\n"
                    : "`pg_dump -s` knows them all:\n"
                      "-- `tidemark init --ddl FILE`, or put its output in place of this file.\n");
}

static int init_refuse_rows(const struct init_config *config, bool some_without_key, struct error *error) {
    const struct evidence *evidence = config->evidence;
    int odd = 0;
    while (odd < evidence->topic_count && evidence->topics[odd].unreadable == 0)
        odd++;
    bool known = odd < evidence->topic_count;
    return error_set(error, ERROR_INPUT,
                     "no row with a key%s was found in %s: there is no table to declare%s%s%s%s",
                     some_without_key ? " that can be declared" : "", config->from, known ? "; " : "",
                     known ? evidence->topics[odd].name : "", known ? " has: " : "",
                     known ? evidence->topics[odd].unreadable_like : "");
}

static int init_write_source(const struct init_config *config, struct init_made *made, const char *path,
                             struct init_report *report, struct error *error) {
    CLEANUP(buffer_free) struct buffer text = {0};
    struct source_text_report counts = {0};
    init_write_heading(&text, config->from);
    if (config->ddl == NULL) {
        init_write_advice(&text, config->evidence);
        source_text_write(&text, config->evidence, &counts);
        if (counts.tables == 0)
            return init_refuse_rows(config, counts.without > 0, error);
    } else if (ddl_text_append(&text, config->ddl, &counts.without, error) != 0) {
        return -1;
    }
    report->unsure = counts.unsure;
    report->without = counts.without;
    report->elsewhere = counts.elsewhere;
    return init_write_file(made, path, &text, error);
}

// --- starter views

// A folder's name, of which nothing needs quotes in a shell or a URL. `number` above 1 tells it from another.
static void init_view_name(const struct table *table, int number, char *ret, size_t size) {
    size_t used = 0;
    for (const char *c = table->name; *c != '\0' && used + INIT_NUMBER_SIZE < size; c++) {
        bool plain =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_';
        ret[used++] = plain ? *c : '_';
    }
    ret[used] = '\0';
    if (number > 1)
        (void)snprintf(ret + used, size - used, "_%d", number);
}

static int init_view_number(const struct catalog *catalog, const struct table *table) {
    char name[INIT_VIEW_NAME_SIZE];
    char other[INIT_VIEW_NAME_SIZE];
    int number = 1;
    init_view_name(table, 1, name, sizeof name);
    for (int i = 0; i < table->index; i++) {
        init_view_name(&catalog->tables[i], 1, other, sizeof other);
        number += strcmp(name, other) == 0;
    }
    return number;
}

static void init_write_query(struct buffer *out, const struct table *table) {
    // Without the table's name, which may hold what ends a comment.
    buffer_text(out,
                "-- A starter view: every row, by its key. Change it, and add others beside it.\nselect ");
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        buffer_text(out, i > 0 ? ",\n       " : "");
        if (column->type == COLUMN_DECIMAL) { // stored as a count
            buffer_text(out, "decimal(");
            identifier_write(out, column->name);
            buffer_format(out, ", %d) as ", column->scale);
        }
        identifier_write(out, column->name);
    }
    buffer_text(out, "\nfrom ");
    identifier_write(out, table->name);
    buffer_text(out, "\norder by ");
    for (int i = 0; i < table->key_count; i++) {
        buffer_text(out, i > 0 ? ", " : "");
        identifier_write(out, table->name);
        buffer_char(out, '.');
        identifier_write(out, table->columns[table->keys[i]].name);
    }
    buffer_char(out, '\n');
}

static int init_write_views(const struct init_config *config, const struct catalog *catalog,
                            struct init_made *made, struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(buffer_free) struct buffer text = {0};
        char path[INIT_PATH_SIZE];
        char view[INIT_VIEW_NAME_SIZE];
        const struct table *table = &catalog->tables[i];
        init_view_name(table, init_view_number(catalog, table), view, sizeof view);
        if (snprintf(path, sizeof path, "%s/%s", config->out, view) >= (int)sizeof path - 16)
            return error_set(error, ERROR_INPUT, "--out %s: its name is too long", config->out);
        if (init_make_folder(made, path, error) != 0)
            return -1;
        (void)strcat(path, "/query.all.sql");
        init_write_query(&text, table);
        if (init_write_file(made, path, &text, error) != 0)
            return -1;
    }
    return 0;
}

// --- all of it

// Where topics were looked at beside the DDL, source.sql says what they lack.
static int init_note_topics(const struct init_config *config, const char *path,
                            const struct catalog *declared, struct init_report *report, struct error *error) {
    CLEANUP(buffer_free) struct buffer text = {0};
    struct ddl_notes_report notes;
    if (config->ddl == NULL || config->evidence->topic_count == 0)
        return 0;
    ddl_notes_write(&text, (struct span){declared->source, strlen(declared->source)}, declared,
                    config->evidence, &notes);
    report->missing = notes.missing;
    report->undeclared = notes.undeclared;
    return init_write_again(path, &text, error);
}

// The views are written as source.sql, read again, declares the tables.
static int init_check(const struct init_config *config, const char *path, struct init_made *made,
                      struct init_report *report, struct error *error) {
    CLEANUP(catalog_free) struct catalog *declared = NULL;
    CLEANUP(catalog_free) struct catalog *whole = NULL;
    if (catalog_load(config->out, NULL, &declared, error) != 0)
        return config->ddl != NULL ? ddl_text_blame(config->ddl, ddl_text_before(report->without), error)
                                   : -1;
    report->tables = declared->table_count;
    return init_note_topics(config, path, declared, report, error) != 0 ||
                   init_write_views(config, declared, made, error) != 0 ||
                   catalog_load(config->out, NULL, &whole, error) != 0 || catalog_check(whole, error) != 0
               ? -1
               : 0;
}

int init_load_ddl(const char *path, struct catalog **ret, struct error *error) {
    CLEANUP(buffer_free) struct buffer text = {0};
    int without;
    init_write_heading(&text, path);
    if (ddl_text_append(&text, path, &without, error) != 0)
        return -1;
    buffer_char(&text, '\0');
    if (text.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return catalog_load_source(text.data, ret, error) == 0
               ? 0
               : ddl_text_blame(path, ddl_text_before(without), error);
}

int init_write(const struct init_config *config, struct init_report *ret, struct error *error) {
    CLEANUP(init_made_done) struct init_made made = {0};
    char path[INIT_PATH_SIZE];
    *ret = (struct init_report){0};
    if (snprintf(path, sizeof path, "%s/source.sql", config->out) >= (int)sizeof path)
        return error_set(error, ERROR_INPUT, "--out %s: its name is too long", config->out);
    if (init_make_folder(&made, config->out, error) != 0 ||
        init_write_source(config, &made, path, ret, error) != 0 ||
        init_check(config, path, &made, ret, error) != 0)
        return -1;
    made.keep = true;
    return 0;
}
