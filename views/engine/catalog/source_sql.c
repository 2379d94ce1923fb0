#include "views/engine/catalog/source_sql.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/default.h"
#include "views/engine/catalog/source/generated.h"
#include "views/engine/catalog/source/line.h"
#include "views/engine/catalog/source/long_names.h"
#include "views/engine/catalog/source/statement.h"
#include "views/engine/catalog/source/undone.h"
#include "views/engine/line_name.h"

#include <stdlib.h>

static void source_sql_free_table(struct table *table) {
    for (int i = 0; i < table->column_count; i++) {
        struct column *column = &table->columns[i];
        free(column->name);
        free(column->declared);
        free(column->generated);
        source_draft_free_list(&column->older, &column->older_count);
        source_draft_free_list(&column->labels, &column->label_count);
        if (value_has_bytes(&column->fallback))
            free((char *)(uintptr_t)column->fallback.bytes.data);
    }
    free(table->columns);
    free(table->name);
    free(table->schema);
    free(table->relation);
    free(table->topic);
    source_draft_free_list(&table->older, &table->older_count);
    free((char *)(uintptr_t)table->unavailable.data);
    free((char *)(uintptr_t)table->unavailable_text.data);
    free(table->added_prefix);
    free(table->deleted_mark);
    source_draft_free_list(&table->left_out, &table->left_out_count);
    source_draft_free_list(&table->partitions, &table->partition_count);
    source_draft_free_list(&table->branches, &table->branch_count);
}

void source_sql_free(struct table **tables, int *count) {
    for (int i = 0; i < *count; i++)
        source_sql_free_table(&(*tables)[i]);
    free(*tables);
    *tables = NULL;
    *count = 0;
}

// --- the key

// `-- tidemark: key TABLE = a, b`
static int source_sql_key_from_line(struct source_draft *draft, struct draft_table *table,
                                    const struct source_line *line) {
    struct span rest = line->value;
    for (;;) {
        CLEANUP(free_charp) char *name = NULL;
        int found = source_line_next_name(&rest, &name);
        if (found < 0)
            return source_text_error(draft->text, line->value_at, draft->error, "a key is a list of columns");
        if (found == 0)
            return 0;
        if (source_draft_append(draft, &table->keys, &table->key_count, name) != 0)
            return -1;
    }
}

static bool source_sql_is_not_null(const struct draft_table *table, const struct draft_index *index) {
    for (int i = 0; i < index->column_count; i++) {
        int column = source_draft_column(table, index->columns[i]);
        if (column < 0 || !table->columns[column].not_null)
            return false;
    }
    return index->column_count > 0;
}

// Without a primary key the messages' key is a unique index's: the replica identity's, or the only one whose columns
// are NOT NULL.
static const struct draft_index *source_sql_identity(const struct source_draft *draft,
                                                     const struct draft_table *table) {
    const struct draft_index *only = NULL;
    int found = 0;
    for (int i = 0; i < draft->index_count; i++) {
        const struct draft_index *index = &draft->indexes[i];
        if (strcmp(index->table, table->name) != 0)
            continue;
        if (table->identity != NULL && index->name != NULL && strcmp(index->name, table->identity) == 0)
            return index;
        if (source_sql_is_not_null(table, index)) {
            only = index;
            found++;
        }
    }
    return found == 1 ? only : NULL;
}

static int source_sql_find_key(struct source_draft *draft, const struct source_lines *lines,
                               struct draft_table *table) {
    const struct source_line *line = source_lines_key(lines, table->name);
    if (table->key_count > 0 && line != NULL)
        return source_text_error(draft->text, line->at, draft->error,
                                 "table %s declares its primary key on line %d", table->name,
                                 source_text_line(draft->text, table->key_at));
    if (table->key_count > 0)
        return 0;
    const struct draft_index *index = line == NULL ? source_sql_identity(draft, table) : NULL;
    if (line == NULL && table->identity != NULL && !draft->text->as_before &&
        (index == NULL || index->name == NULL || strcmp(index->name, table->identity) != 0))
        return source_text_error(
            draft->text, table->at, draft->error,
            "table %s has no primary key, and its replica identity is index %s, which no statement makes over "
            "plain columns: write its create unique index, or name the columns with `-- tidemark: key %s = ..`",
            table->name, table->identity, line_name_table(table->name).text);
    if (line == NULL && index == NULL)
        return source_text_error(
            draft->text, table->at, draft->error,
            "table %s has no primary key: the mirror keeps a row a key; name the columns of "
            "the messages' key with `-- tidemark: key %s = ..`, or leave the table out with "
            "`-- tidemark: ignore %s`",
            table->name, line_name_table(table->name).text, line_name_table(table->name).text);
    table->key_at = line != NULL ? line->at : index->at;
    if (line != NULL)
        return source_sql_key_from_line(draft, table, line);
    for (int i = 0; i < index->column_count; i++)
        if (source_draft_append(draft, &table->keys, &table->key_count, index->columns[i]) != 0)
            return -1;
    return 0;
}

static int source_sql_set_keys(struct source_draft *draft, const struct draft_table *declared,
                               struct table *table) {
    if (declared->key_count > TABLE_KEYS_MAX)
        return source_text_error(draft->text, declared->key_at, draft->error,
                                 "the key of table %s has more than %d columns, which is PostgreSQL's limit",
                                 table->name, TABLE_KEYS_MAX);
    for (int i = 0; i < declared->key_count; i++) {
        int column = source_draft_column(declared, declared->keys[i]);
        if (column < 0)
            return source_text_error(draft->text, declared->key_at, draft->error,
                                     "the key of table %s names a column %s that it does not have",
                                     table->name, declared->keys[i]);
        if (table->columns[column].key != 0)
            return source_text_error(draft->text, declared->key_at, draft->error,
                                     "the key of table %s names column %s twice", table->name,
                                     declared->keys[i]);
        table->columns[column].key = i + 1;
        table->keys[i] = column;
    }
    table->key_count = declared->key_count;
    return 0;
}

// --- columns

static int source_sql_set_column(struct source_draft *draft, struct draft_column *declared,
                                 struct column *column) {
    column_type_set(column, &declared->type);
    column->name = declared->name;
    column->older = declared->older;
    column->older_count = declared->older_count;
    column->not_null = declared->not_null;
    column->remade = declared->remade;
    declared->name = NULL;
    declared->older = NULL;
    declared->older_count = 0;
    column->declared = strdup(declared->type.written);
    column->line = source_text_line(draft->text, declared->at);
    return column->declared != NULL ? 0 : source_draft_out_of_memory(draft);
}

// The type is the draft's, and of several columns.
static int source_sql_set_labels(struct source_draft *draft, const struct draft_column *declared,
                                 struct column *column) {
    if (declared->type.enum_number == 0)
        return 0;
    const struct draft_type *type = &draft->types[declared->type.enum_number - 1];
    for (int i = 0; i < type->label_count; i++)
        if (source_draft_append(draft, &column->labels, &column->label_count, type->labels[i]) != 0)
            return -1;
    return 0;
}

static int source_sql_set_expressions(struct source_draft *draft, const struct draft_table *declared,
                                      struct table *table) {
    for (int i = 0; i < table->column_count; i++) {
        const struct draft_column *column = &declared->columns[i];
        if (column->expression.tree == NULL)
            continue;
        if (!column->generated) {
            if (source_default_read(draft, column, &table->columns[i]) != 0)
                return -1;
            continue;
        }
        if (table->columns[i].key != 0)
            return source_text_error(draft->text, column->at, draft->error,
                                     "column %s is generated and in the key of table %s",
                                     table->columns[i].name, table->name);
        if (source_generated_read(draft, table, i, declared, &table->columns[i].generated) != 0)
            return -1;
        table->has_generated = true;
    }
    return 0;
}

// What PostgreSQL cuts the name to is what its own events say, and files of before: the column has it as an older name, unless that
// is another's.
static int source_sql_set_cut_name(struct source_draft *draft, const struct table *table, int number) {
    struct column *column = &table->columns[number];
    if (column->older_count > 0 || strlen(column->name) <= SOURCE_NAME_MAX)
        return 0;
    CLEANUP(free_charp) char *cut = source_long_names_cut(column->name);
    if (cut == NULL)
        return source_draft_out_of_memory(draft);
    for (int i = 0; i < table->column_count; i++)
        if (i != number && strncmp(table->columns[i].name, cut, strlen(cut)) == 0)
            return 0;
    return source_draft_append(draft, &column->older, &column->older_count, cut);
}

static int source_sql_set_columns(struct source_draft *draft, struct draft_table *declared,
                                  struct table *table) {
    if (declared->column_count == 0)
        return source_text_error(draft->text, declared->at, draft->error, "table %s has no columns",
                                 table->name);
    table->columns = calloc((size_t)declared->column_count, sizeof *table->columns);
    if (table->columns == NULL)
        return source_draft_out_of_memory(draft);
    // The key needs the draft's names, which the columns then take.
    table->column_count = declared->column_count;
    if (source_sql_set_keys(draft, declared, table) != 0)
        return -1;
    for (int i = 0; i < declared->column_count; i++) {
        if (source_sql_set_column(draft, &declared->columns[i], &table->columns[i]) != 0 ||
            source_sql_set_labels(draft, &declared->columns[i], &table->columns[i]) != 0)
            return -1;
    }
    for (int i = 0; i < table->column_count; i++) {
        if (source_sql_set_cut_name(draft, table, i) != 0)
            return -1;
        table->has_renamed |= table->columns[i].older_count > 0;
        table->hides_nulls |= table->columns[i].hides_nulls;
    }
    return source_sql_set_expressions(draft, declared, table);
}

static int source_sql_set_table(struct source_draft *draft, struct draft_table *declared,
                                struct table *table) {
    table->name = declared->name;
    table->schema = declared->schema;
    table->relation = declared->relation;
    table->older = declared->older;
    table->older_count = declared->older_count;
    table->partitions = declared->partitions;
    table->partition_count = declared->partition_count;
    table->branches = declared->branches;
    table->branch_count = declared->branch_count;
    declared->name = declared->schema = declared->relation = NULL;
    declared->older = NULL;
    declared->older_count = 0;
    declared->partitions = NULL;
    declared->partition_count = 0;
    declared->branches = NULL;
    declared->branch_count = 0;
    table->identity_index = declared->identity != NULL;
    table->key_deferrable = declared->key_deferrable;
    table->cascades = declared->cascades;
    table->unlogged = declared->unlogged;
    table->remade = declared->remade;
    table->line = source_text_line(draft->text, declared->at);
    table->key_line = source_text_line(draft->text, declared->key_at);
    return source_sql_set_columns(draft, declared, table);
}

// --- all of it

static int source_sql_take(struct source_draft *draft, const struct source_lines *lines, struct table **ret,
                           int *ret_count) {
    if (draft->table_count == 0)
        return error_set(draft->error, ERROR_INPUT, "source.sql declares no table");
    if (draft->table_count > CATALOG_TABLES_MAX)
        return source_text_error(
            draft->text, draft->tables[CATALOG_TABLES_MAX].at, draft->error,
            "more than %d tables, of %d: keep those that are read, or leave some out with "
            "`-- tidemark: ignore TABLE`",
            CATALOG_TABLES_MAX, draft->table_count);
    for (int i = 0; i < draft->table_count; i++) {
        struct draft_table *table = &draft->tables[i];
        bool has_key = table->key_count > 0;
        if (source_sql_find_key(draft, lines, table) != 0)
            return -1;
        bool is_own = table->key_name != NULL && table->identity != NULL &&
                      strcmp(table->identity, table->key_name) == 0 && !draft->text->as_before;
        if (!has_key || is_own) { // an index of its replica identity is its key then
            free(table->identity);
            table->identity = NULL;
        }
    }
    *ret = calloc((size_t)draft->table_count, sizeof **ret);
    if (*ret == NULL)
        return source_draft_out_of_memory(draft);
    *ret_count = draft->table_count;
    for (int i = 0; i < draft->table_count; i++) {
        (*ret)[i].index = i;
        if (source_sql_set_table(draft, &draft->tables[i], &(*ret)[i]) != 0)
            return -1;
    }
    return source_lines_leave_out(lines, *ret, *ret_count, draft->error) != 0
               ? -1
               : source_lines_apply(lines, *ret, *ret_count, draft->error);
}

// Names that a line leaves out and that tables and columns were given after they had been made.
static void source_sql_leave_out(struct source_draft *draft, const struct source_lines *lines) {
    for (int t = draft->table_count - 1; t >= 0 && !draft->text->as_first; t--) {
        struct draft_table *table = &draft->tables[t];
        for (int i = table->column_count - 1; i >= 0; i--)
            if (source_lines_ignore(lines, table->name, table->columns[i].name))
                source_draft_remove_column(table, i);
        if (source_lines_ignore(lines, table->name, NULL))
            source_draft_remove_table(draft, table);
    }
}

static int source_sql_run(const char *text, enum source_reading reading, struct source_text *source,
                          struct source_lines *lines, struct source_draft *draft) {
    static int (*const readers[])(const char *text, struct source_text *ret, struct error *error) = {
        [SOURCE_AS_NOW] = source_text_read,
        [SOURCE_AS_FIRST] = source_text_read_as_first,
        [SOURCE_AS_BEFORE] = source_text_read_as_before,
        [SOURCE_AS_CUT] = source_text_read_as_before,
    };
    if (readers[reading](text, source, draft->error) != 0 ||
        source_lines_read(source, lines, draft->error) != 0)
        return -1;
    if (reading == SOURCE_AS_CUT)
        source->long_name_count = 0;
    const struct source_statement *open;
    if (source_undone_mark(source, &open, draft->error) != 0)
        return -1;
    if (open != NULL)
        source_draft_note(
            draft, open->at,
            "this transaction does not end: psql would take back what stands behind it, which is "
            "carried out here");
    for (int i = 0; i < source->include_count && !source->as_first; i++)
        source_draft_note(
            draft, source->includes[i],
            "psql would read another file here, which is not read: write what it has in its place");
    for (int i = 0; i < source->statement_count; i++) {
        const struct source_statement *statement = &source->statements[i];
        const bool tells = statement->takes_back && !source->as_first;
        if ((tells && source_undone_tell(draft, lines, statement) != 0) ||
            (!statement->undone && source_statement_run(draft, lines, statement) != 0))
            return -1;
    }
    source_sql_leave_out(draft, lines);
    return 0;
}

int source_sql_each_keyless(const char *text,
                            void (*take)(void *self, const char *schema, const char *relation), void *self,
                            struct error *error) {
    CLEANUP(source_text_free) struct source_text source = {0};
    CLEANUP(source_lines_free) struct source_lines lines = {0};
    CLEANUP(source_draft_free) struct source_draft draft = {.text = &source, .error = error};
    if (source_sql_run(text, SOURCE_AS_NOW, &source, &lines, &draft) != 0)
        return -1;
    for (int i = 0; i < draft.table_count; i++) {
        const struct draft_table *table = &draft.tables[i];
        if (table->key_count == 0 && source_lines_key(&lines, table->name) == NULL &&
            source_sql_identity(&draft, table) == NULL)
            take(self, table->schema, table->relation);
    }
    return 0;
}

static int source_sql_read_all(const char *text, enum source_reading reading, const struct source_told *told,
                               struct table **ret, int *ret_count, struct error *error) {
    CLEANUP(source_text_free) struct source_text source = {0};
    CLEANUP(source_lines_free) struct source_lines lines = {0};
    CLEANUP(source_draft_free) struct source_draft draft = {.text = &source, .error = error};
    *ret = NULL;
    *ret_count = 0;
    if (source_sql_run(text, reading, &source, &lines, &draft) != 0)
        return -1;
    if (source_sql_take(&draft, &lines, ret, ret_count) != 0) {
        source_sql_free(ret, ret_count);
        return -1;
    }
    for (int i = 0; told != NULL && i < draft.note_count; i++)
        told->take(told->self, draft.notes[i].at, draft.notes[i].text);
    return 0;
}

int source_sql_read_as(const char *text, enum source_reading reading, struct table **ret, int *ret_count,
                       struct error *error) {
    return source_sql_read_all(text, reading, NULL, ret, ret_count, error);
}

int source_sql_read_told(const char *text, const struct source_told *told, struct table **ret, int *ret_count,
                         struct error *error) {
    return source_sql_read_all(text, SOURCE_AS_NOW, told, ret, ret_count, error);
}

char *source_sql_comments(const char *text) {
    CLEANUP(source_text_free) struct source_text source = {0};
    char *comments = source_text_read(text, &source, NULL) == 0 ? strdup(text) : NULL;
    for (size_t i = 0; comments != NULL && i < source.size; i++)
        comments[i] = text[i] == '\n' ? '\n' : ' ';
    for (int i = 0; comments != NULL && i < source.comment_count; i++) {
        const struct span comment = source.comments[i];
        memcpy(comments + (comment.data - source.text), comment.data, comment.size);
    }
    return comments;
}

void source_sql_free_ignored(struct ignored_table **ignored, int *count) {
    for (int i = 0; i < *count; i++) {
        free((*ignored)[i].schema);
        free((*ignored)[i].relation);
    }
    free(*ignored);
    *ignored = NULL;
    *count = 0;
}

int source_sql_read_ignored(const char *text, const struct table *tables, int count,
                            struct ignored_table **ret, int *ret_count, struct error *error) {
    CLEANUP(source_text_free) struct source_text source = {0};
    CLEANUP(source_lines_free) struct source_lines lines = {0};
    return source_text_read(text, &source, error) != 0 || source_lines_read(&source, &lines, error) != 0
               ? -1
               : source_lines_ignored(&lines, tables, count, ret, ret_count, error);
}

int source_sql_read(const char *text, struct table **ret, int *ret_count, struct error *error) {
    return source_sql_read_as(text, SOURCE_AS_NOW, ret, ret_count, error);
}
