#include "views/engine/catalog/source/drop.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/constraint.h"
#include "views/engine/catalog/source/lineage.h"
#include "views/engine/catalog/source/path.h"

int source_drop_name_anew(const struct source_run *run, struct draft_table *table) {
    CLEANUP(free_charp) char *name = table->name;
    table->name = table->relation != NULL
                      ? source_draft_mirror_name((struct source_name){table->schema, table->relation})
                      : NULL;
    if (table->name == NULL)
        return source_draft_out_of_memory(run->draft);
    if (source_draft_rename_parent(run->draft, table, name) != 0 ||
        source_lineage_rename(run->draft, name, table->name) != 0 ||
        source_draft_rename_indexes(run->draft, name, table->name) != 0)
        return -1;
    return source_draft_append(run->draft, &table->older, &table->older_count, name);
}

static bool drop_is_in(const struct draft_table *table, const char *wanted) {
    return strcmp(source_draft_schema(table), wanted) == 0;
}

// "schema.name" or, of public, "name".
static bool drop_has_schema(const char *mirror, const char *schema) {
    const size_t size = strlen(schema);
    return strcmp(schema, "public") == 0 ? strchr(mirror, '.') == NULL
                                         : strncmp(mirror, schema, size) == 0 && mirror[size] == '.';
}

// A name that has the schema, without it.
static const char *drop_relation(const char *mirror, const char *schema) {
    return strcmp(schema, "public") == 0 ? mirror : mirror + strlen(schema) + 1;
}

// --- dropped

static int drop_table(const struct source_run *run, struct source_name name, bool cascades) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    const bool now = !run->draft->text->as_first;
    struct draft_table *table = source_draft_table(run->draft, name);
    if (mirror == NULL)
        return source_draft_out_of_memory(run->draft);
    if (table == NULL && now)
        source_draft_drop_partition(run->draft, mirror);
    if (table != NULL && cascades && now)
        source_lineage_drop_children(run->draft, mirror);
    table = source_draft_table(run->draft, name);
    if (table != NULL)
        source_draft_drop_table(run->draft, table);
    return 0;
}

// Columns of the type go.
static void drop_columns_of(const struct source_run *run, int type) {
    for (int t = 0; t < run->draft->table_count; t++) {
        struct draft_table *table = &run->draft->tables[t];
        for (int i = table->column_count - 1; i >= 0; i--) {
            if (table->columns[i].made_type != type)
                continue;
            source_constraint_drop_column(run, table, table->columns[i].name);
            source_draft_drop_column(run->draft, table, i);
        }
    }
}

static void drop_type(const struct source_run *run, const json_t *object) {
    const int type = source_type_number(run->draft, json_object_get(object, "TypeName"));
    if (type > 0)
        drop_columns_of(run, type);
}

// A table that goes takes those along that inherit of it, so each pass looks anew.
static int drop_schema(const struct source_run *run, const char *schema) {
    struct source_draft *draft = run->draft;
    for (int i = 0; i < draft->table_count; i++) {
        if (!drop_is_in(&draft->tables[i], schema))
            continue;
        CLEANUP(free_charp) char *name = strdup(draft->tables[i].name);
        if (name == NULL)
            return source_draft_out_of_memory(draft);
        if (drop_table(run, (struct source_name){NULL, name}, true) != 0)
            return -1;
        i = -1;
    }
    for (int i = 0; i < draft->table_count; i++)
        for (int p = draft->tables[i].partition_count - 1; p >= 0; p--)
            if (drop_has_schema(draft->tables[i].partitions[p], schema)) {
                CLEANUP(free_charp) char *name = strdup(draft->tables[i].partitions[p]);
                if (name == NULL)
                    return source_draft_out_of_memory(draft);
                source_draft_drop_partition(draft, name);
                p = draft->tables[i].partition_count;
            }
    for (int i = 0; i < draft->type_count; i++)
        if (drop_has_schema(draft->types[i].name, schema))
            drop_columns_of(run, i + 1);
    return 0;
}

static int drop_object(const struct source_run *run, const json_t *node, const json_t *object) {
    const bool cascades = source_node_is(node, "behavior", "DROP_CASCADE");
    struct source_name name = source_type_name(json_object_get(json_object_get(object, "List"), "items"));
    if (source_node_is(node, "removeType", "OBJECT_TABLE")) {
        if (json_is_true(json_object_get(node, "missing_ok")) && source_path_is_elsewhere(run->draft, name))
            return 0;
        name = source_path_find(run->draft, name);
    }
    const char *schema = source_type_string(object);
    if (source_node_is(node, "removeType", "OBJECT_INDEX"))
        source_constraint_drop_index(run, name);
    if (source_node_is(node, "removeType", "OBJECT_TABLE") && name.relation != NULL)
        return drop_table(run, name, cascades);
    if (!cascades || run->draft->text->as_first)
        return 0;
    if (source_node_is(node, "removeType", "OBJECT_TYPE") ||
        source_node_is(node, "removeType", "OBJECT_DOMAIN"))
        drop_type(run, object);
    return source_node_is(node, "removeType", "OBJECT_SCHEMA") && schema != NULL ? drop_schema(run, schema)
                                                                                 : 0;
}

int source_drop(const struct source_run *run, const json_t *node) {
    const json_t *object;
    size_t i;
    json_array_foreach(json_object_get(node, "objects"), i, object) {
        if (drop_object(run, node, object) != 0)
            return -1;
    }
    return 0;
}

// --- a schema's name

static int drop_rename_types(const struct source_run *run, const char *older, const char *name) {
    struct source_draft *draft = run->draft;
    for (int i = 0; i < draft->type_count; i++) {
        const char *mirror = draft->types[i].name;
        if (mirror[0] == '\0' || !drop_has_schema(mirror, older))
            continue;
        CLEANUP(free_charp) char *relation = strdup(drop_relation(mirror, older));
        if (relation == NULL)
            return source_draft_out_of_memory(draft);
        if (source_draft_rename_type(draft, &draft->types[i], (struct source_name){name, relation}) != 0)
            return -1;
    }
    return 0;
}

static int drop_rename_partitions(const struct source_run *run, const char *older, const char *name) {
    struct source_draft *draft = run->draft;
    for (int i = 0; i < draft->table_count; i++)
        for (int p = 0; p < draft->tables[i].partition_count; p++) {
            CLEANUP(free_charp) char *mirror = strdup(draft->tables[i].partitions[p]);
            if (mirror == NULL)
                return source_draft_out_of_memory(draft);
            if (!drop_has_schema(mirror, older))
                continue;
            const struct source_name named = {name, drop_relation(mirror, older)};
            CLEANUP(free_charp) char *now = source_draft_mirror_name(named);
            if (now == NULL)
                return source_draft_out_of_memory(draft);
            if (source_draft_rename_partition(draft, mirror, now) != 0)
                return -1;
        }
    return 0;
}

int source_drop_rename_schema(const struct source_run *run, const char *older, const char *name) {
    struct source_draft *draft = run->draft;
    if (older == NULL || draft->text->as_first)
        return 0;
    for (int i = 0; i < draft->table_count; i++) {
        struct draft_table *table = &draft->tables[i];
        if (drop_is_in(table, older) &&
            (source_draft_set(draft, &table->schema, name) != 0 || source_drop_name_anew(run, table) != 0))
            return -1;
    }
    return drop_rename_types(run, older, name) != 0 ? -1 : drop_rename_partitions(run, older, name);
}
