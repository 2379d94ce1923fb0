#include "consumer/init/ddl_notes.h"

#include "consumer/decode/topic_role.h"
#include "consumer/evidence/feeding.h"

#include <string.h>

// A name may hold what ends a comment.
static void ddl_notes_name(struct buffer *out, const char *name) {
    for (; *name != '\0'; name++)
        buffer_char(out, *name == '\n' || *name == '\r' ? ' ' : *name);
}

static void ddl_notes_listed(struct buffer *out, int count, const char *heading, const char *name) {
    buffer_text(out, count == 0 ? heading : "--     ");
    if (count == 0)
        buffer_text(out, "\n--     ");
    ddl_notes_name(out, name);
    buffer_char(out, '\n');
}

// All of them, above everything.
static void ddl_notes_write_heading(struct buffer *out, const struct catalog *catalog,
                                    const struct evidence *evidence, struct ddl_notes_report *report) {
    for (int t = 0; t < catalog->table_count; t++)
        if (!feeding_has_topic(evidence, &catalog->tables[t]))
            ddl_notes_listed(out, report->missing++,
                             "-- Declared, but no topic brings rows of them, as each says at its place:",
                             catalog->tables[t].name);
    for (int i = 0; i < evidence->topic_count; i++)
        if (feeding_is_undeclared(evidence, catalog, &evidence->topics[i]))
            ddl_notes_listed(
                out, report->undeclared++,
                "-- Topics that are not read, since no table here is declared for them (`tidemark init` without "
                "--ddl writes how):",
                evidence->topics[i].name);
}

static void ddl_notes_write_missing(struct buffer *out, const struct table *table,
                                    const struct evidence *evidence) {
    buffer_text(out, "-- No topic: ");
    if (table->topic != NULL) {
        buffer_text(out, "none is called as the line `tidemark: topic` says, ");
        ddl_notes_name(out, table->topic);
        buffer_text(out, ".\n");
        return;
    }
    buffer_text(out, "none of ");
    ddl_notes_name(out, evidence->prefix);
    buffer_text(
        out,
        " feeds this table, which stays empty till then. One that never had a row has no topic yet; else look at the\n"
        "-- connector's table.include.list, or at a router that renamed it: `tidemark: topic` in views/README.md names "
        "topics.\n");
}

// Where one partition has a topic of its own, each needs one: the parent's then has the snapshot's rows only.
static void ddl_notes_write_partitions(struct buffer *out, const struct table *table,
                                       const struct evidence *evidence) {
    bool apart = false;
    for (int p = 0; p < table->partition_count; p++)
        apart |= feeding_has_topic_as(evidence, table, TOPIC_FEEDS_TABLE + 1 + p);
    int count = 0;
    for (int p = 0; apart && p < table->partition_count; p++)
        if (!feeding_has_topic_as(evidence, table, TOPIC_FEEDS_TABLE + 1 + p))
            ddl_notes_listed(
                out, count++,
                "-- Partitions without a topic, which had no row yet or are not in the connector's "
                "table.include.list:",
                table->partitions[p]);
}

static void ddl_notes_write_table(struct buffer *out, const struct table *table,
                                  const struct evidence *evidence) {
    if (!feeding_has_topic(evidence, table))
        ddl_notes_write_missing(out, table, evidence);
    else
        ddl_notes_write_partitions(out, table, evidence);
}

void ddl_notes_write(struct buffer *out, struct span text, const struct catalog *catalog,
                     const struct evidence *evidence, struct ddl_notes_report *ret) {
    *ret = (struct ddl_notes_report){0};
    int table = 0; // the next; they stand in the order of their lines
    size_t at = 0;
    for (int line = 1; at < text.size; line++) {
        const char *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end != NULL ? (size_t)(end - text.data) + 1 - at : text.size - at;
        for (; table < catalog->table_count && catalog->tables[table].line <= line; table++)
            ddl_notes_write_table(out, &catalog->tables[table], evidence);
        buffer_append(out, text.data + at, size);
        at += size;
        if (line == 1)
            ddl_notes_write_heading(out, catalog, evidence, ret);
    }
}
