#include "views/engine/catalog/source/draft.h"

#include "views/base/cleanup.h"
#include "views/engine/line_name.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

int source_draft_out_of_memory(struct source_draft *draft) {
    return error_set(draft->error, ERROR_SYSTEM, "out of memory");
}

void source_draft_free_list(char ***list, int *count) {
    for (int i = 0; i < *count; i++)
        free((*list)[i]);
    free(*list);
    *list = NULL;
    *count = 0;
}

static void source_draft_free_column(struct draft_column *column) {
    free(column->name);
    source_draft_free_list(&column->older, &column->older_count);
    json_decref(column->expression.tree);
    json_decref(column->of_type.tree);
    *column = (struct draft_column){0};
}

void source_draft_free_table(struct draft_table *table) {
    for (int i = 0; i < table->column_count; i++)
        source_draft_free_column(&table->columns[i]);
    free(table->columns);
    source_draft_free_list(&table->keys, &table->key_count);
    source_draft_free_list(&table->key_included, &table->key_included_count);
    source_draft_free_list(&table->partitions, &table->partition_count);
    source_draft_free_list(&table->parents, &table->parent_count);
    source_draft_free_list(&table->branches, &table->branch_count);
    source_draft_free_list(&table->inherits, &table->inherit_count);
    source_draft_free_list(&table->dropped, &table->dropped_count);
    free(table->name);
    source_draft_free_list(&table->older, &table->older_count);
    free(table->schema);
    free(table->relation);
    free(table->made_in);
    free(table->identity);
    free(table->key_name);
}

static void source_draft_free_index(struct draft_index *index) {
    source_draft_free_list(&index->columns, &index->column_count);
    source_draft_free_list(&index->included, &index->included_count);
    free(index->name);
    free(index->table);
}

void source_draft_free(struct source_draft *draft) {
    for (int i = 0; i < draft->table_count; i++)
        source_draft_free_table(&draft->tables[i]);
    for (int i = 0; i < draft->index_count; i++)
        source_draft_free_index(&draft->indexes[i]);
    for (int i = 0; i < draft->type_count; i++) {
        free(draft->types[i].name);
        json_decref(draft->types[i].columns);
        json_decref(draft->types[i].expression.tree);
        source_draft_free_list(&draft->types[i].labels, &draft->types[i].label_count);
    }
    source_draft_free_list(&draft->collations, &draft->collation_count);
    source_draft_free_list(&draft->dropped, &draft->dropped_count);
    source_draft_free_list(&draft->path, &draft->path_count);
    source_draft_free_list(&draft->path_before, &draft->path_before_count);
    source_draft_free_list(&draft->changing, &draft->changing_count);
    for (int i = 0; i < draft->note_count; i++)
        free(draft->notes[i].text);
    free(draft->notes);
    free(draft->tables);
    free(draft->indexes);
    free(draft->types);
    *draft = (struct source_draft){0};
}

static bool source_draft_is_public(const char *schema) {
    return schema == NULL || strcmp(schema, "public") == 0;
}

char *source_draft_mirror_name(struct source_name name) {
    if (source_draft_is_public(name.schema))
        return strdup(name.relation);
    size_t size = strlen(name.schema) + strlen(name.relation) + 2;
    char *joined = malloc(size);
    if (joined != NULL)
        (void)snprintf(joined, size, "%s.%s", name.schema, name.relation);
    return joined;
}

const char *source_draft_schema(const struct draft_table *table) {
    return table->schema != NULL ? table->schema : table->made_in != NULL ? table->made_in : "public";
}

struct draft_table *source_draft_table(const struct source_draft *draft, struct source_name name) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    for (int i = 0; mirror != NULL && i < draft->table_count; i++)
        if (strcmp(draft->tables[i].name, mirror) == 0)
            return &draft->tables[i];
    return NULL;
}

struct draft_table *source_draft_root(const struct source_draft *draft, struct source_name name) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    for (int i = 0; mirror != NULL && i < draft->table_count; i++)
        for (int j = 0; j < draft->tables[i].partition_count; j++)
            if (strcmp(draft->tables[i].partitions[j], mirror) == 0)
                return &draft->tables[i];
    return NULL;
}

int source_draft_column(const struct draft_table *table, const char *name) {
    for (int i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return i;
    return -1;
}

// One that a newer one took the place of was dropped before. A program of before knew the oldest alone.
struct draft_type *source_draft_type(const struct source_draft *draft, struct source_name name) {
    CLEANUP(free_charp) char *mirror = name.relation != NULL ? source_draft_mirror_name(name) : NULL;
    struct draft_type *found = NULL;
    for (int i = 0; mirror != NULL && i < draft->type_count; i++)
        if (strcmp(draft->types[i].name, mirror) == 0 && (found == NULL || !draft->text->as_before))
            found = &draft->types[i];
    return found;
}

void source_draft_note(struct source_draft *draft, size_t at, const char *format, ...) {
    char text[DRAFT_NOTE_SIZE];
    va_list arguments;
    if (draft->note_count == DRAFT_NOTES_MAX)
        return;
    struct source_note *grown = realloc(draft->notes, ((size_t)draft->note_count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    draft->notes = grown;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *copy = strdup(text);
    if (copy != NULL)
        draft->notes[draft->note_count++] = (struct source_note){at, copy};
}

int source_draft_set(struct source_draft *draft, char **ret, const char *text) {
    char *copy = strdup(text);
    if (copy == NULL)
        return source_draft_out_of_memory(draft);
    free(*ret);
    *ret = copy;
    return 0;
}

int source_draft_append(struct source_draft *draft, char ***list, int *count, const char *text) {
    char **grown = realloc(*list, ((size_t)*count + 1) * sizeof *grown);
    if (grown == NULL)
        return source_draft_out_of_memory(draft);
    *list = grown;
    grown[*count] = strdup(text);
    if (grown[*count] == NULL)
        return source_draft_out_of_memory(draft);
    ++*count;
    return 0;
}

// SQLite compares names without case, and keeps those that begin with sqlite_ to itself.
static int source_draft_check_table(struct source_draft *draft, const char *name, size_t at) {
    if (name[0] == '_')
        return source_text_error(draft->text, at, draft->error,
                                 "table %s: names beginning with _ are the engine's (a line `-- tidemark: "
                                 "ignore %s` leaves it out)",
                                 name, line_name_table(name).text);
    if (strncasecmp(name, "sqlite_", strlen("sqlite_")) == 0)
        return source_text_error(draft->text, at, draft->error,
                                 "table %s: names beginning with sqlite_ are SQLite's", name);
    for (int i = 0; i < draft->table_count; i++)
        if (strcasecmp(draft->tables[i].name, name) == 0)
            return source_text_error(
                draft->text, at, draft->error, "table %s stands on line %d already%s", name,
                source_text_line(draft->text, draft->tables[i].at),
                strcmp(draft->tables[i].name, name) == 0 ? "" : ", and SQLite knows no case of names");
    if (draft->table_count == DRAFT_TABLES_MAX)
        return source_text_error(draft->text, at, draft->error, "more than %d tables and partitions",
                                 DRAFT_TABLES_MAX);
    return 0;
}

static int source_draft_times(char *const *names, int count, const char *name) {
    int times = 0;
    for (int i = 0; i < count; i++)
        times += strcmp(names[i], name) == 0;
    return times;
}

int source_draft_add_table(struct source_draft *draft, struct source_name name, size_t at,
                           struct draft_table **ret) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    if (mirror == NULL)
        return source_draft_out_of_memory(draft);
    if (source_draft_check_table(draft, mirror, at) != 0)
        return -1;
    struct draft_table *grown = realloc(draft->tables, ((size_t)draft->table_count + 1) * sizeof *grown);
    if (grown == NULL)
        return source_draft_out_of_memory(draft);
    draft->tables = grown;
    struct draft_table *table = &draft->tables[draft->table_count++];
    *table = (struct draft_table){.name = mirror,
                                  .schema = name.schema != NULL ? strdup(name.schema) : NULL,
                                  .relation = strdup(name.relation),
                                  .at = at,
                                  .key_at = at};
    mirror = NULL;
    table->remade = source_draft_times(draft->dropped, draft->dropped_count, table->name);
    if (table->relation == NULL || (name.schema != NULL && table->schema == NULL))
        return source_draft_out_of_memory(draft);
    *ret = table;
    return 0;
}

static int source_draft_check_column(struct source_draft *draft, const struct draft_table *table,
                                     const struct draft_column *column) {
    const bool of_router = strcasecmp(column->name, TABLE_ROUTER_FIELD) == 0;
    if (of_router && strcmp(column->name, TABLE_ROUTER_FIELD) != 0)
        return source_text_error(draft->text, column->at, draft->error,
                                 "column %s of table %s: in the messages' key it is \"" TABLE_ROUTER_FIELD
                                 "\": write it so, in double quotes",
                                 column->name, table->name);
    if (column->name[0] == '_' && !of_router)
        return source_text_error(draft->text, column->at, draft->error,
                                 "column %s of table %s: names beginning with _ are the engine's (a line `-- "
                                 "tidemark: ignore %s.%s` leaves it out)",
                                 column->name, table->name, line_name_table(table->name).text,
                                 line_name_column(column->name).text);
    for (int i = 0; i < table->column_count; i++)
        if (strcasecmp(table->columns[i].name, column->name) == 0)
            return source_text_error(
                draft->text, column->at, draft->error, "table %s has a column %s already%s", table->name,
                table->columns[i].name,
                strcmp(table->columns[i].name, column->name) == 0 ? ""
                                                                  : ", and SQLite knows no case of names");
    if (table->column_count == TABLE_COLUMNS_MAX)
        return source_text_error(draft->text, column->at, draft->error,
                                 "table %s has more than %d columns, which is PostgreSQL's limit",
                                 table->name, TABLE_COLUMNS_MAX);
    return 0;
}

// As PostgreSQL merges them, where the parent has its place; its type is the same, and CREATE TABLE .. OF does not repeat it.
static void source_draft_merge_column(struct draft_column *inherited, struct draft_column *column) {
    inherited->not_null |= column->not_null;
    inherited->of_parents = false;
    inherited->at = column->at;
    if (column->expression.tree != NULL) {
        json_decref(inherited->expression.tree);
        inherited->expression = column->expression;
        inherited->generated = column->generated;
        column->expression.tree = NULL;
    }
    source_draft_free_column(column);
}

void source_draft_reset_expression(struct draft_column *column) {
    json_decref(column->expression.tree);
    column->expression = column->of_type;
    json_incref(column->expression.tree);
    column->generated = false;
}

void source_draft_set_inherited(struct draft_table *table) {
    for (int i = 0; i < table->column_count; i++)
        table->columns[i].inherited = true;
}

int source_draft_add_column(struct source_draft *draft, struct draft_table *table,
                            struct draft_column *column) {
    int same = source_draft_column(table, column->name);
    if (same >= 0 && table->columns[same].inherited) {
        source_draft_merge_column(&table->columns[same], column);
        return 0;
    }
    if (source_draft_check_column(draft, table, column) != 0) {
        source_draft_free_column(column);
        return -1;
    }
    struct draft_column *grown = realloc(table->columns, ((size_t)table->column_count + 1) * sizeof *grown);
    if (grown == NULL) {
        source_draft_free_column(column);
        return source_draft_out_of_memory(draft);
    }
    table->columns = grown;
    column->remade = source_draft_times(table->dropped, table->dropped_count, column->name);
    table->columns[table->column_count++] = *column;
    *column = (struct draft_column){0};
    return 0;
}

int source_draft_copy_column(struct source_draft *draft, struct draft_table *table,
                             const struct draft_column *from, size_t at) {
    struct draft_column copy = *from;
    copy.at = at;
    copy.inherited = copy.of_parents = false;
    copy.parents = 0;
    copy.older = NULL;
    copy.older_count = 0;
    copy.name = strdup(from->name);
    if (copy.name == NULL)
        return source_draft_out_of_memory(draft);
    json_incref(copy.expression.tree);
    json_incref(copy.of_type.tree);
    return source_draft_add_column(draft, table, &copy);
}

int source_draft_add_type(struct source_draft *draft, struct source_name name, struct draft_type **ret) {
    if (draft->handles && source_draft_type(draft, name) != NULL)
        return error_set(draft->error, ERROR_INPUT, "type %s is there already", name.relation);
    struct draft_type *grown = realloc(draft->types, ((size_t)draft->type_count + 1) * sizeof *grown);
    char *mirror = source_draft_mirror_name(name);
    if (grown != NULL)
        draft->types = grown;
    if (grown == NULL || mirror == NULL) {
        free(mirror);
        return source_draft_out_of_memory(draft);
    }
    struct draft_type *type = &draft->types[draft->type_count++];
    *type = (struct draft_type){.name = mirror};
    (void)snprintf(type->base.name, sizeof type->base.name, "%s", mirror);
    (void)snprintf(type->base.written, sizeof type->base.written, "%s", mirror);
    *ret = type;
    return 0;
}

int source_draft_add_index(struct source_draft *draft, struct draft_table *table, size_t at,
                           struct draft_index **ret) {
    struct draft_index *grown = realloc(draft->indexes, ((size_t)draft->index_count + 1) * sizeof *grown);
    char *name = strdup(table->name);
    if (grown != NULL)
        draft->indexes = grown;
    if (grown == NULL || name == NULL) {
        free(name);
        return source_draft_out_of_memory(draft);
    }
    struct draft_index *index = &draft->indexes[draft->index_count++];
    *index = (struct draft_index){.table = name, .at = at};
    *ret = index;
    return 0;
}

void source_draft_remove_index(struct source_draft *draft, struct draft_index *index) {
    size_t number = (size_t)(index - draft->indexes);
    source_draft_free_index(index);
    draft->index_count--;
    memmove(index, index + 1, ((size_t)draft->index_count - number) * sizeof *index);
}

int source_draft_rename_indexes(struct source_draft *draft, const char *older, const char *table) {
    for (int i = 0; i < draft->index_count && !draft->text->as_before; i++) {
        struct draft_index *index = &draft->indexes[i];
        if (strcmp(index->table, older) == 0 && source_draft_set(draft, &index->table, table) != 0)
            return -1;
    }
    return 0;
}

int source_draft_rename_type(struct source_draft *draft, struct draft_type *type, struct source_name name) {
    struct draft_type *dropped = source_draft_type(draft, name);
    char *mirror = source_draft_mirror_name(name);
    if (mirror == NULL)
        return source_draft_out_of_memory(draft);
    if (dropped != NULL)
        dropped->name[0] = '\0'; // PostgreSQL has one of a name
    free(type->name);
    type->name = mirror;
    if (type->base.is_domain) // which has the name of what it is made of
        return 0;
    (void)snprintf(type->base.name, sizeof type->base.name, "%s", mirror);
    (void)snprintf(type->base.written, sizeof type->base.written, "%s", mirror);
    return 0;
}

void source_draft_remove_table(struct source_draft *draft, struct draft_table *table) {
    for (int i = draft->index_count - 1; i >= 0 && !draft->text->as_before; i--)
        if (strcmp(draft->indexes[i].table, table->name) == 0)
            source_draft_remove_index(draft, &draft->indexes[i]);
    size_t index = (size_t)(table - draft->tables);
    source_draft_free_table(table);
    draft->table_count--;
    memmove(table, table + 1, ((size_t)draft->table_count - index) * sizeof *table);
}

bool source_draft_is_branch(const struct draft_table *table, const char *partition) {
    return strings_have(table->branches, table->branch_count, partition);
}

int source_draft_add_partition(struct source_draft *draft, struct draft_table *table, const char *partition,
                               const char *parent, bool is_branch) {
    // The parent first: where memory is out, none is without.
    if (source_draft_append(draft, &table->parents, &table->parent_count, parent) != 0 ||
        source_draft_append(draft, &table->partitions, &table->partition_count, partition) != 0)
        return -1;
    return is_branch && !source_draft_is_branch(table, partition)
               ? source_draft_append(draft, &table->branches, &table->branch_count, partition)
               : 0;
}

static void source_draft_remove_partition(struct draft_table *table, int number) {
    const size_t behind = (size_t)(table->partition_count - number - 1);
    free(table->partitions[number]);
    free(table->parents[number]);
    memmove(&table->partitions[number], &table->partitions[number + 1], behind * sizeof *table->partitions);
    memmove(&table->parents[number], &table->parents[number + 1], behind * sizeof *table->parents);
    table->partition_count--;
    table->parent_count--;
}

int source_draft_rename_parent(struct source_draft *draft, struct draft_table *table, const char *older) {
    for (int i = 0; i < table->parent_count; i++)
        if (strcmp(table->parents[i], older) == 0 &&
            source_draft_set(draft, &table->parents[i], table->name) != 0)
            return -1;
    return 0;
}

int source_draft_rename_partition(struct source_draft *draft, const char *older, const char *name) {
    for (int i = 0; i < draft->table_count; i++) {
        struct draft_table *table = &draft->tables[i];
        int at = source_draft_find_partition(table, older);
        int branch = strings_find(table->branches, table->branch_count, older);
        if ((at >= 0 && source_draft_set(draft, &table->partitions[at], name) != 0) ||
            (branch >= 0 && source_draft_set(draft, &table->branches[branch], name) != 0))
            return -1;
        for (int p = 0; p < table->parent_count; p++)
            if (strcmp(table->parents[p], older) == 0 &&
                source_draft_set(draft, &table->parents[p], name) != 0)
                return -1;
    }
    return 0;
}

// A partition is attached before those that are below it, or brings them with it.
void source_draft_drop_partition(struct source_draft *draft, const char *name) {
    for (int i = 0; i < draft->table_count; i++) {
        struct draft_table *table = &draft->tables[i];
        int at = source_draft_find_partition(table, name);
        if (at < 0)
            continue;
        source_draft_remove_partition(table, at);
        for (int p = table->partition_count - 1; p >= 0; p--)
            if (strcmp(table->parents[p], name) == 0) {
                CLEANUP(free_charp) char *below = strdup(table->partitions[p]);
                if (below != NULL)
                    source_draft_drop_partition(draft, below);
                p = table->partition_count;
            }
        return;
    }
}

int source_draft_find_partition(const struct draft_table *table, const char *name) {
    return strings_find(table->partitions, table->partition_count, name);
}

// A partition is attached before those that are below it, or brings them with it.
int source_draft_detach(struct source_draft *draft, struct draft_table *from, struct draft_table *to) {
    to->partitioned = source_draft_is_branch(from, to->name);
    for (int i = 0; i < from->partition_count; i++) {
        const char *parent = from->parents[i];
        if (strcmp(parent, to->name) != 0 && source_draft_find_partition(to, parent) < 0)
            continue;
        if (source_draft_add_partition(draft, to, from->partitions[i], parent,
                                       source_draft_is_branch(from, from->partitions[i])) != 0)
            return -1;
        source_draft_remove_partition(from, i--);
    }
    source_draft_remove_partition(from, source_draft_find_partition(from, to->name));
    return 0;
}

void source_draft_remove_column(struct draft_table *table, int column) {
    source_draft_free_column(&table->columns[column]);
    table->column_count--;
    memmove(&table->columns[column], &table->columns[column + 1],
            (size_t)(table->column_count - column) * sizeof *table->columns);
}

void source_draft_drop_table(struct source_draft *draft, struct draft_table *table) {
    (void)source_draft_append(draft, &draft->dropped, &draft->dropped_count, table->name);
    source_draft_remove_table(draft, table);
}

void source_draft_drop_column(struct source_draft *draft, struct draft_table *table, int column) {
    (void)source_draft_append(draft, &table->dropped, &table->dropped_count, table->columns[column].name);
    source_draft_remove_column(table, column);
}
