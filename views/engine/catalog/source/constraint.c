#include "views/engine/catalog/source/constraint.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/strings.h"
#include "views/base/utf8.h"

#include <stdlib.h>

// --- names that PostgreSQL gives

// makeObjectName: of the two the longer one gives way, until all has 63 bytes.
static char *source_constraint_made_name(const char *relation, struct span columns, const char *label) {
    CLEANUP(buffer_free) struct buffer name = {0};
    const struct span first = span_of(relation);
    size_t left = first.size, right = columns.size;
    const size_t beside = strlen(label) + 1 + (columns.size > 0);
    while (left + right + beside > SOURCE_NAME_MAX) {
        if (left > right)
            left--;
        else
            right--;
    }
    buffer_append(&name, first.data, utf8_fit(first.data, first.size, left));
    if (columns.size > 0)
        buffer_char(&name, '_');
    buffer_append(&name, columns.data, utf8_fit(columns.data, columns.size, right));
    buffer_format(&name, "_%s", label);
    return name.failed ? NULL : strndup(name.data, name.size);
}

// `name`: NULL = it has none.
static bool source_constraint_is_called(const char *name, const char *wanted) {
    return name != NULL && strcmp(name, wanted) == 0;
}

static struct draft_index *source_constraint_index(const struct source_run *run,
                                                   const struct draft_table *table, const char *name) {
    for (int i = 0; i < run->draft->index_count; i++) {
        struct draft_index *index = &run->draft->indexes[i];
        if (strcmp(index->table, table->name) == 0 && source_constraint_is_called(index->name, name))
            return index;
    }
    return NULL;
}

static bool source_constraint_is_in(const struct draft_table *table, const char *schema) {
    return schema == NULL || strcmp(schema, source_draft_schema(table)) == 0;
}

// Whose key or index has the name, which is in the table's schema (NULL: any).
static struct draft_table *source_constraint_find_table(const struct source_run *run,
                                                        struct source_name name) {
    const struct source_draft *draft = run->draft;
    for (int i = 0; i < draft->table_count; i++)
        if (source_constraint_is_called(draft->tables[i].key_name, name.relation) &&
            source_constraint_is_in(&draft->tables[i], name.schema))
            return &draft->tables[i];
    for (int i = 0; i < draft->index_count; i++) {
        const struct draft_index *index = &draft->indexes[i];
        if (!source_constraint_is_called(index->name, name.relation))
            continue;
        struct draft_table *table = source_draft_table(draft, (struct source_name){NULL, index->table});
        if (table != NULL && source_constraint_is_in(table, name.schema))
            return table;
    }
    return NULL;
}

// A name without a schema is public's, as statements are run; where public has none, of another that was set as the path.
static struct draft_table *source_constraint_table(const struct source_run *run, struct source_name name) {
    struct draft_table *table =
        name.schema == NULL ? source_constraint_find_table(run, (struct source_name){"public", name.relation})
                            : NULL;
    return table != NULL ? table : source_constraint_find_table(run, name);
}

// Tables, keys and indexes of a schema share its names.
static bool source_constraint_is_taken(const struct source_run *run, const struct draft_table *table,
                                       const char *name) {
    const struct source_name wanted = {source_draft_schema(table), name};
    return source_draft_table(run->draft, wanted) != NULL ||
           source_constraint_find_table(run, wanted) != NULL;
}

// `NAME`, `NAME1`, ..: the first that nothing has. NULL = out of memory.
static char *source_constraint_free_name(const struct source_run *run, const struct draft_table *table,
                                         struct span columns, const char *label) {
    enum { TRIES_MAX = 1000 };
    char numbered[32];
    for (int i = 0; i < TRIES_MAX; i++) {
        (void)snprintf(numbered, sizeof numbered, i == 0 ? "%s" : "%s%d", label, i);
        char *name = source_constraint_made_name(table->relation != NULL ? table->relation : table->name,
                                                 columns, numbered);
        if (name == NULL || !source_constraint_is_taken(run, table, name))
            return name;
        free(name);
    }
    return strdup("");
}

// By its columns, and those that it only includes.
static int source_constraint_name_index(const struct source_run *run, const struct draft_table *table,
                                        struct draft_index *index) {
    CLEANUP(buffer_free) struct buffer columns = {0};
    for (int i = 0; i < index->column_count; i++)
        buffer_format(&columns, "%s%s", i > 0 ? "_" : "", index->columns[i]);
    for (int i = 0; i < index->included_count; i++)
        buffer_format(&columns, "_%s", index->included[i]);
    if (columns.failed)
        return source_draft_out_of_memory(run->draft);
    index->name = source_constraint_free_name(run, table, (struct span){columns.data, columns.size},
                                              index->of_constraint ? "key" : "idx");
    return index->name != NULL ? 0 : source_draft_out_of_memory(run->draft);
}

int source_constraint_names(const struct source_run *run, const json_t *list, char ***ret, int *ret_count) {
    const json_t *node;
    size_t i;
    json_array_foreach((json_t *)list, i, node) {
        const char *name = source_type_string(node);
        if (name == NULL)
            name = source_node_text(json_object_get(node, "IndexElem"), "name");
        if (name != NULL && source_draft_append(run->draft, ret, ret_count, name) != 0)
            return -1;
    }
    return 0;
}

// --- what is added

int source_constraint_second_key(const struct source_run *run, const struct draft_table *table, size_t at) {
    return source_text_error(run->draft->text, at, run->draft->error,
                             "table %s has a primary key already, on line %d", table->name,
                             source_text_line(run->draft->text, table->key_at));
}

static int source_constraint_name_key(const struct source_run *run, struct draft_table *table,
                                      const char *name) {
    if (name != NULL)
        return source_draft_set(run->draft, &table->key_name, name);
    free(table->key_name);
    table->key_name = NULL;
    table->key_name = source_constraint_free_name(run, table, SPAN(""), "pkey");
    return table->key_name != NULL ? 0 : source_draft_out_of_memory(run->draft);
}

static int source_constraint_append_all(const struct source_run *run, char ***list, int *count,
                                        char *const *names, int name_count) {
    for (int i = 0; i < name_count; i++)
        if (source_draft_append(run->draft, list, count, names[i]) != 0)
            return -1;
    return 0;
}

// The index becomes the key's, and goes with it; where it is the replica identity, it stays that under the key's name.
static int source_constraint_take_index(const struct source_run *run, struct draft_table *table,
                                        const char *name, size_t at) {
    struct draft_index *index = source_constraint_index(run, table, name);
    if (index == NULL)
        return source_text_error(run->draft->text, at, run->draft->error,
                                 "table %s has no unique index %s before this line", table->name, name);
    if (source_constraint_append_all(run, &table->keys, &table->key_count, index->columns,
                                     index->column_count) != 0 ||
        source_constraint_append_all(run, &table->key_included, &table->key_included_count, index->included,
                                     index->included_count) != 0)
        return -1;
    source_draft_remove_index(run->draft, index);
    return 0;
}

static int source_constraint_name_key_of_index(const struct source_run *run, struct draft_table *table,
                                               const char *index, const char *name) {
    bool is_identity = source_constraint_is_called(table->identity, index);
    if (source_constraint_name_key(run, table, name != NULL ? name : index) != 0)
        return -1;
    return is_identity && !run->draft->text->as_before
               ? source_draft_set(run->draft, &table->identity, table->key_name)
               : 0;
}

int source_constraint_primary_key(const struct source_run *run, struct draft_table *table,
                                  const json_t *constraint, const char *column) {
    size_t at = source_node_at(run, constraint);
    const char *index = source_node_text(constraint, "indexname");
    const char *name = source_node_text(constraint, "conname");
    if (table->key_count > 0)
        return source_constraint_second_key(run, table, at);
    table->key_at = at;
    table->key_deferrable = json_is_true(json_object_get(constraint, "deferrable"));
    int status = column != NULL  ? source_draft_append(run->draft, &table->keys, &table->key_count, column)
                 : index != NULL ? source_constraint_take_index(run, table, index, at)
                                 : source_constraint_names(run, json_object_get(constraint, "keys"),
                                                           &table->keys, &table->key_count);
    if (status != 0 || source_constraint_names(run, json_object_get(constraint, "including"),
                                               &table->key_included, &table->key_included_count) != 0)
        return -1;
    return index != NULL ? source_constraint_name_key_of_index(run, table, index, name)
                         : source_constraint_name_key(run, table, name);
}

int source_constraint_copy_key(const struct source_run *run, struct draft_table *table,
                               const struct draft_table *from, size_t at) {
    if (from->key_count > 0 && table->key_count > 0)
        return source_constraint_second_key(run, table, at);
    table->key_deferrable |= from->key_deferrable;
    if (from->key_count == 0)
        return 0;
    table->key_at = at;
    if (source_constraint_append_all(run, &table->keys, &table->key_count, from->keys, from->key_count) !=
            0 ||
        source_constraint_append_all(run, &table->key_included, &table->key_included_count,
                                     from->key_included, from->key_included_count) != 0)
        return -1;
    return source_constraint_name_key(run, table, NULL);
}

static int source_constraint_copy_index(const struct source_run *run, struct draft_table *table, int from,
                                        size_t at) {
    struct draft_index *index;
    if (source_draft_add_index(run->draft, table, at, &index) != 0)
        return -1;
    const struct draft_index *other = &run->draft->indexes[from];
    index->of_constraint = other->of_constraint;
    if (source_constraint_append_all(run, &index->columns, &index->column_count, other->columns,
                                     other->column_count) != 0 ||
        source_constraint_append_all(run, &index->included, &index->included_count, other->included,
                                     other->included_count) != 0)
        return -1;
    return source_constraint_name_index(run, table, index);
}

int source_constraint_copy_indexes(const struct source_run *run, struct draft_table *table,
                                   const struct draft_table *from, size_t at) {
    for (int i = 0, count = run->draft->index_count; i < count; i++)
        if (strcmp(run->draft->indexes[i].table, from->name) == 0 &&
            source_constraint_copy_index(run, table, i, at) != 0)
            return -1;
    return 0;
}

// `name` NULL: PostgreSQL names it.
static int source_constraint_fill_index(const struct source_run *run, const struct draft_table *table,
                                        struct draft_index *index, const json_t *including,
                                        const char *name) {
    if (source_constraint_names(run, including, &index->included, &index->included_count) != 0)
        return -1;
    return name != NULL ? source_draft_set(run->draft, &index->name, name)
                        : source_constraint_name_index(run, table, index);
}

int source_constraint_unique(const struct source_run *run, struct draft_table *table,
                             const json_t *constraint, const char *column) {
    struct draft_index *index;
    const char *name = source_node_text(constraint, "conname");
    const char *of_index = source_node_text(constraint, "indexname");
    if (of_index != NULL && !run->draft->text->as_before) {
        index = source_constraint_index(run, table, of_index);
        if (index != NULL)
            index->of_constraint = true;
        return index != NULL && name != NULL ? source_draft_set(run->draft, &index->name, name) : 0;
    }
    if (run->draft->handles && name != NULL && source_constraint_is_taken(run, table, name))
        return error_set(run->draft->error, ERROR_INPUT, "constraint %s is there already", name);
    if (source_draft_add_index(run->draft, table, source_node_at(run, constraint), &index) != 0)
        return -1;
    index->of_constraint = true;
    if ((column != NULL ? source_draft_append(run->draft, &index->columns, &index->column_count, column)
                        : source_constraint_names(run, json_object_get(constraint, "keys"), &index->columns,
                                                  &index->column_count)) != 0)
        return -1;
    return source_constraint_fill_index(run, table, index, json_object_get(constraint, "including"), name);
}

int source_constraint_create_index(const struct source_run *run, struct draft_table *table,
                                   const json_t *node) {
    const json_t *elements = json_object_get(node, "indexParams");
    const json_t *element;
    size_t i;
    if (!json_is_true(json_object_get(node, "unique")) || json_object_get(node, "whereClause") != NULL)
        return 0;
    json_array_foreach((json_t *)elements, i, element) {
        if (source_node_text(json_object_get(element, "IndexElem"), "name") == NULL)
            return 0;
    }
    const char *name = source_node_text(node, "idxname");
    if (name != NULL && json_is_true(json_object_get(node, "if_not_exists")) &&
        source_constraint_index(run, table, name) != NULL)
        return 0;
    struct draft_index *index;
    if (source_draft_add_index(run->draft, table, run->base, &index) != 0 ||
        source_constraint_names(run, elements, &index->columns, &index->column_count) != 0)
        return -1;
    return source_constraint_fill_index(run, table, index, json_object_get(node, "indexIncludingParams"),
                                        name);
}

// --- what goes, and what is called otherwise

// Its columns stay NOT NULL, as PostgreSQL leaves them.
static void source_constraint_drop_key(struct draft_table *table) {
    for (int i = 0; i < table->key_count; i++) {
        int column = source_draft_column(table, table->keys[i]);
        if (column >= 0)
            table->columns[column].not_null = true;
    }
    source_draft_free_list(&table->keys, &table->key_count);
    source_draft_free_list(&table->key_included, &table->key_included_count);
    free(table->key_name);
    table->key_name = NULL;
    table->key_deferrable = false;
}

// An index that was the replica identity leaves none of that name.
static void source_constraint_forget_identity(struct draft_table *table, const char *name) {
    if (!source_constraint_is_called(table->identity, name))
        return;
    free(table->identity);
    table->identity = NULL;
}

// `is_constraint`: an index that none is of stays, though it has the name.
static void source_constraint_drop_named(const struct source_run *run, struct draft_table *table,
                                         const char *name, bool is_constraint) {
    struct draft_index *index = source_constraint_index(run, table, name);
    bool is_key = source_constraint_is_called(table->key_name, name);
    if (run->draft->text->as_before ||
        (!is_key && (index == NULL || (is_constraint && !index->of_constraint))))
        return;
    source_constraint_forget_identity(table, name);
    if (is_key)
        source_constraint_drop_key(table);
    else
        source_draft_remove_index(run->draft, index);
}

void source_constraint_drop(const struct source_run *run, struct draft_table *table, const char *name) {
    source_constraint_drop_named(run, table, name, true);
}

int source_constraint_rename(const struct source_run *run, struct draft_table *table, const char *name,
                             const char *new_name) {
    struct draft_index *index = source_constraint_index(run, table, name);
    bool is_key = source_constraint_is_called(table->key_name, name);
    if (run->draft->text->as_before || (index == NULL && !is_key))
        return 0;
    if (source_constraint_is_called(table->identity, name) &&
        source_draft_set(run->draft, &table->identity, new_name) != 0)
        return -1;
    return source_draft_set(run->draft, is_key ? &table->key_name : &index->name, new_name);
}

void source_constraint_drop_index(const struct source_run *run, struct source_name name) {
    struct draft_table *table = name.relation != NULL ? source_constraint_table(run, name) : NULL;
    if (table != NULL)
        source_constraint_drop_named(run, table, name.relation, false);
}

int source_constraint_rename_index(const struct source_run *run, struct source_name name,
                                   const char *new_name) {
    struct draft_table *table = name.relation != NULL ? source_constraint_table(run, name) : NULL;
    return table != NULL ? source_constraint_rename(run, table, name.relation, new_name) : 0;
}

void source_constraint_drop_column(const struct source_run *run, struct draft_table *table,
                                   const char *column) {
    struct source_draft *draft = run->draft;
    if (draft->text->as_before)
        return;
    if (strings_have(table->keys, table->key_count, column) ||
        (strings_have(table->key_included, table->key_included_count, column) && !draft->text->as_first)) {
        if (table->key_name != NULL)
            source_constraint_forget_identity(table, table->key_name);
        source_constraint_drop_key(table);
    }
    for (int i = draft->index_count - 1; i >= 0; i--) {
        struct draft_index *index = &draft->indexes[i];
        if (strcmp(index->table, table->name) != 0 ||
            (!strings_have(index->columns, index->column_count, column) &&
             !strings_have(index->included, index->included_count, column)))
            continue;
        if (index->name != NULL)
            source_constraint_forget_identity(table, index->name);
        source_draft_remove_index(draft, index);
    }
}

int source_constraint_rename_column(const struct source_run *run, struct draft_table *table,
                                    const char *column, const char *new_name) {
    struct source_draft *draft = run->draft;
    int key = strings_find(table->keys, table->key_count, column);
    if (key >= 0 && source_draft_set(run->draft, &table->keys[key], new_name) != 0)
        return -1;
    int included = strings_find(table->key_included, table->key_included_count, column);
    if (included >= 0 && source_draft_set(run->draft, &table->key_included[included], new_name) != 0)
        return -1;
    for (int i = 0; i < draft->index_count && !draft->text->as_before; i++) {
        struct draft_index *index = &draft->indexes[i];
        if (strcmp(index->table, table->name) != 0)
            continue;
        int at = strings_find(index->columns, index->column_count, column);
        int beside = strings_find(index->included, index->included_count, column);
        if ((at >= 0 && source_draft_set(draft, &index->columns[at], new_name) != 0) ||
            (beside >= 0 && source_draft_set(draft, &index->included[beside], new_name) != 0))
            return -1;
    }
    return 0;
}
