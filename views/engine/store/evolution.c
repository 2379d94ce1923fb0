#include "views/engine/store/evolution.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog.h"
#include "views/engine/line_name.h"
#include "views/engine/row/older.h"

#include <strings.h>

static int evolution_find_old(const void *in, const char *name) {
    const struct evolution *evolution = in;
    for (int i = 0; i < evolution->old_count; i++)
        if (name != NULL && strcmp(evolution->old[i].name, name) == 0)
            return i;
    return -1;
}

static bool evolution_is_time(const struct column *column) {
    enum column_type type = column->type == COLUMN_ARRAY ? column->element : column->type;
    return type == COLUMN_DATE || type == COLUMN_TIME || type == COLUMN_TIMESTAMP ||
           type == COLUMN_TIMESTAMPTZ;
}

// Types that are TOASTed, of which Debezium may send its placeholder.
static bool evolution_may_be_unavailable(const struct column *column) {
    return column->key == 0 &&
           (column->type == COLUMN_TEXT || column->type == COLUMN_OTHER || column->type == COLUMN_JSON ||
            column->type == COLUMN_ARRAY || column->type == COLUMN_BYTEA || column->type == COLUMN_BIT ||
            column->type == COLUMN_NUMERIC);
}

// Its values are the same texts where its type was not known; an array's were written as they came.
static bool evolution_knows_enum(const struct column *was, const struct column *is) {
    return was->type == COLUMN_OTHER && is->type == COLUMN_TEXT && is->label_count > 0;
}

// Whether values that were stored under one declaration mean something else, or nothing, under the other.
static bool evolution_is_retyped(const struct column *was, const struct column *is) {
    if (evolution_knows_enum(was, is))
        return false;
    return was->type != is->type || was->element != is->element || was->scale != is->scale ||
           (is->type == COLUMN_BIT && was->precision != is->precision);
}

static bool evolution_same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *evolution_lost_label(const struct column *was, const struct column *is) {
    for (int i = 0; i < was->label_count && is->label_count > 0; i++) {
        int now = 0;
        while (now < is->label_count && strcmp(was->labels[i], is->labels[now]) != 0)
            now++;
        if (now == is->label_count)
            return was->labels[i];
    }
    return NULL;
}

static void evolution_compare_column(const struct table *was_table, const struct table *is_table,
                                     const struct column *is, struct evolution_column *column) {
    const struct column *was = &was_table->columns[column->was];
    column->retyped = evolution_is_retyped(was, is);
    bool other_times = was_table->time_precision != is_table->time_precision && evolution_is_time(is);
    bool other_placeholder =
        !span_equal(was_table->unavailable, is_table->unavailable) && evolution_may_be_unavailable(is);
    column->was_computed = was->generated != NULL && is->generated == NULL;
    // What came under the new name before it was declared is not there.
    bool renamed = is->key == 0 && strcmp(was->name, is->name) != 0;
    // Messages that have an older name, which nobody had told, have values of it.
    for (int i = 0; i < is->older_count && is->key == 0; i++)
        renamed |= !column_was_called(was, is->older[i]);
    // PostgreSQL's cast writes it anew, in small letters, as it is read here.
    bool respelt = is->key == 0 && is->variant == COLUMN_UUID && was->variant != COLUMN_UUID;
    column->reread = !column->retyped && (other_times || other_placeholder || was->bytes != is->bytes ||
                                          column->was_computed || renamed || respelt);
    column->remade = is->remade > was->remade && is->generated == NULL;
    column->lost_label = evolution_lost_label(was, is);
    column->defaulted = is->not_null && is->key == 0 && is->generated == NULL && !column->retyped &&
                        column_has_default(is) && !column_has_default(was);
    column->unpadded = is->key == 0 && is->type == COLUMN_TEXT && was->variant == COLUMN_PADDED &&
                       was->padded_to > 0 && is->variant != COLUMN_PADDED;
    column->generated =
        is->generated != NULL && (column->retyped || !evolution_same_text(was->generated, is->generated));
}

static int evolution_find_column(const void *in, const char *name) {
    return table_column(in, name, strlen(name));
}

// The newest of its older names that the old table has, -1 = none.
static int evolution_older(const struct table *was, const struct column *column) {
    return older_newest(column->older, column->older_count, evolution_find_column, was);
}

// A line that renames is of no use where the file has the new name already.
static int evolution_column_before(const struct table *was, const struct table *is, int number) {
    const struct column *column = &is->columns[number];
    int same = table_column(was, column->name, strlen(column->name));
    return same >= 0 ? same : evolution_older(was, column);
}

// A name that another column was renamed from is not that of the old column any more; it may itself be one that a column
// was renamed to. True when that is so.
static bool evolution_take_renamed(const struct table *was, const struct table *is,
                                   struct evolution_column *columns, int number) {
    const struct column *column = &is->columns[number];
    int before = columns[number].was;
    for (int i = 0; i < is->column_count; i++)
        if (i != number && before >= 0 && columns[i].was == columns[number].was &&
            column_was_called(&is->columns[i], column->name))
            columns[number].was = evolution_older(was, column);
    return columns[number].was != before;
}

// What one takes may be what another had.
static void evolution_take_all_renamed(const struct table *was, const struct table *is,
                                       struct evolution_column *columns) {
    bool changed = true;
    for (int pass = 0; changed && pass < is->column_count; pass++) {
        changed = false;
        for (int i = 0; i < is->column_count; i++)
            changed |= evolution_take_renamed(was, is, columns, i);
    }
}

// A line that says that one of two columns became the other: by which of them a row's value came is not known of the rows
// of before, and the messages of before have the name for what it was then.
static int evolution_refuse_taken(const struct table *was, const struct table *is,
                                  const struct evolution_column *columns, int number, struct error *error) {
    const struct column *column = &is->columns[number];
    int before = evolution_older(was, column);
    const char *older = before >= 0 ? was->columns[before].name : NULL;
    if (older == NULL || columns[number].was < 0 ||
        strcmp(was->columns[columns[number].was].name, column->name) != 0 ||
        table_column(is, older, strlen(older)) >= 0)
        return 0;
    return error_set(
        error, ERROR_INPUT,
        "source.sql, line %d: %s.%s is renamed from %s, and the file has both, so what is %s in a message may be either: "
        "declare what %s was under its new name too (`-- tidemark: renamed %s.NEW from %s`), or leave the line out, "
        "and %s keeps its values until rows change or a snapshot is taken",
        column->line, is->name, column->name, older, column->name, column->name,
        line_name_table(is->name).text, line_name_column(column->name).text, column->name);
}

static bool evolution_same_key(const struct evolution_table *table, const struct table *is) {
    if (table->was->key_count != is->key_count)
        return false;
    for (int i = 0; i < is->key_count; i++) {
        const struct evolution_column *column = &table->columns[is->keys[i]];
        if (column->was != table->was->keys[i] || column->retyped)
            return false;
    }
    return true;
}

bool evolution_has_partition(const struct table *table, const char *name) {
    return strings_have(table->partitions, table->partition_count, name);
}

// Rows of a table that was attached come with no event: they are in its topic, from before. The topic of a partition that
// was no table is read from its beginning by itself.
static bool evolution_has_more_topics(const struct evolution *evolution, const struct table *was,
                                      const struct table *is) {
    if (is->topic != NULL || was->topic != NULL)
        return !evolution_same_text(was->topic, is->topic) || was->topic_is_regex != is->topic_is_regex;
    if (was->partition_count + is->partition_count > 0 && strcmp(was->name, is->name) != 0)
        return true;
    for (int i = 0; i < is->partition_count; i++)
        if (!evolution_has_partition(was, is->partitions[i]) &&
            evolution_find_old(evolution, is->partitions[i]) >= 0)
            return true;
    return false;
}

static bool evolution_lost_a_partition(const struct table *was, const struct table *is) {
    for (int i = 0; i < was->partition_count; i++)
        if (!evolution_has_partition(is, was->partitions[i]))
            return true;
    return false;
}

static bool evolution_renames_columns(const struct evolution_table *table, const struct table *is) {
    for (int i = 0; i < is->column_count; i++)
        if (table->columns[i].was >= 0 &&
            strcmp(table->was->columns[table->columns[i].was].name, is->columns[i].name) != 0)
            return true;
    return false;
}

static void evolution_note_table(struct evolution *evolution, struct evolution_table *table,
                                 const struct table *is) {
    int kept = 0;
    bool changes = false;
    bool rebuilds =
        table->anew || strcmp(table->was->name, is->name) != 0 || evolution_renames_columns(table, is);
    for (int i = 0; i < is->column_count; i++) {
        const struct evolution_column *column = &table->columns[i];
        kept += column->was >= 0;
        changes |= column->was < 0 || column->lost_label != NULL || column->remade;
        rebuilds |=
            column->was >= 0 && (column->retyped || column->reread || column->generated || column->unpadded);
    }
    changes |= table->remade;
    bool drops = kept < table->was->column_count;
    bool partitions = table->refeed || evolution_lost_a_partition(table->was, is);
    evolution->changes |= changes || drops || rebuilds || partitions;
    evolution->only_adds &= !drops && !rebuilds;
    evolution->rebuilds |= rebuilds;
}

static int evolution_compare_table(struct evolution *evolution, const struct table *is, struct error *error) {
    struct evolution_table *table = &evolution->tables[is->index];
    table->columns = calloc((size_t)is->column_count, sizeof *table->columns);
    if (table->columns == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < is->column_count; i++)
        table->columns[i].was = table->was != NULL ? evolution_column_before(table->was, is, i) : -1;
    if (table->was == NULL) {
        evolution->changes = true;
        return 0;
    }
    evolution_take_all_renamed(table->was, is, table->columns);
    for (int i = 0; i < is->column_count; i++)
        if (evolution_refuse_taken(table->was, is, table->columns, i, error) != 0)
            return -1;
    for (int i = 0; i < is->column_count; i++)
        if (table->columns[i].was >= 0)
            evolution_compare_column(table->was, is, &is->columns[i], &table->columns[i]);
        else
            table->columns[i].generated = is->columns[i].generated != NULL;
    table->anew = !evolution_same_key(table, is);
    table->remade = is->remade > table->was->remade;
    table->refeed = evolution_has_more_topics(evolution, table->was, is);
    table->renamed_topic = !table->refeed && is->topic == NULL && strcmp(table->was->name, is->name) != 0;
    evolution_note_table(evolution, table, is);
    return 0;
}

// The newest of its older names that the file has, -1 = none.
static int evolution_older_table(const struct evolution *evolution, const struct table *is) {
    return older_newest(is->older, is->older_count, evolution_find_old, evolution);
}

// Renamed tables first: what they were is not another's.
static void evolution_match_tables(struct evolution *evolution) {
    const struct catalog *catalog = evolution->catalog;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < catalog->table_count; i++) {
            const struct table *is = &catalog->tables[i];
            int old = evolution_find_old(evolution, is->name);
            if (pass == 0)
                old = old < 0 ? evolution_older_table(evolution, is) : -1;
            if (old < 0 || !evolution->gone[old] || evolution->tables[i].was != NULL)
                continue;
            evolution->tables[i].was = &evolution->old[old];
            evolution->gone[old] = false;
        }
}

// As evolution_refuse_taken: by which of two tables a row in the topic came is not known.
static int evolution_refuse_taken_table(const struct evolution *evolution, const struct table *is,
                                        struct error *error) {
    int old = evolution_older_table(evolution, is);
    const char *older = old >= 0 ? evolution->old[old].name : NULL;
    if (older == NULL || evolution_find_old(evolution, is->name) < 0 ||
        catalog_table(evolution->catalog, older, strlen(older)) != NULL)
        return 0;
    return error_set(
        error, ERROR_INPUT,
        "source.sql, line %d: table %s is renamed from %s, and the file has both, so a row in the topic of "
        "%s may be of either: leave the line out, and %s keeps the rows that its topic brought; what the "
        "source has no more of them goes with a full snapshot",
        is->line, is->name, older, is->name, is->name);
}

int evolution_find(struct evolution *ret, const char *old_source, enum source_reading reading,
                   const struct catalog *catalog, struct error *error) {
    CLEANUP(evolution_free) struct evolution evolution = {.catalog = catalog, .only_adds = true};
    if (source_sql_read_as(old_source, reading, &evolution.old, &evolution.old_count, error) != 0 ||
        source_sql_read_ignored(old_source, evolution.old, evolution.old_count, &evolution.ignored,
                                &evolution.ignored_count, error) != 0)
        return -1;
    evolution.gone = calloc((size_t)evolution.old_count, sizeof *evolution.gone);
    evolution.tables = calloc((size_t)catalog->table_count, sizeof *evolution.tables);
    if (evolution.gone == NULL || evolution.tables == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    memset(evolution.gone, true, (size_t)evolution.old_count * sizeof *evolution.gone);
    evolution_match_tables(&evolution);
    for (int i = 0; i < catalog->table_count; i++)
        if (evolution_refuse_taken_table(&evolution, &catalog->tables[i], error) != 0 ||
            evolution_compare_table(&evolution, &catalog->tables[i], error) != 0)
            return -1;
    for (int i = 0; i < evolution.old_count; i++) {
        evolution.changes |= evolution.gone[i];
        evolution.only_adds &= !evolution.gone[i];
    }
    *ret = evolution;
    evolution = (struct evolution){0};
    return 0;
}

void evolution_free(struct evolution *evolution) {
    for (int i = 0; evolution->tables != NULL && i < evolution->catalog->table_count; i++)
        free(evolution->tables[i].columns);
    free(evolution->tables);
    free(evolution->gone);
    source_sql_free_ignored(&evolution->ignored, &evolution->ignored_count);
    source_sql_free(&evolution->old, &evolution->old_count);
    *evolution = (struct evolution){0};
}
