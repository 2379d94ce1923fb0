#include "views/engine/catalog/source/create.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/constraint.h"
#include "views/engine/catalog/source/lineage.h"
#include "views/engine/catalog/source/made_type.h"
#include "views/engine/catalog/source/path.h"

#include <strings.h>

bool source_create_ignores(const struct source_run *run, struct source_name name) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    return mirror != NULL && source_lines_ignore(run->lines, mirror, NULL);
}

// PostgreSQL's letters: a = no action, r = restrict, and the others do something to the rows.
static bool create_cascades(const json_t *constraint, const char *action) {
    const char *letter = source_node_text(constraint, action);
    return letter != NULL && letter[0] != '\0' && strchr("cnd", letter[0]) != NULL;
}

int source_create_number(const struct source_run *run, struct draft_column *column) {
    if (run->draft->text->as_first)
        return 0;
    column->not_null = true;
    json_decref(column->expression.tree);
    column->expression.tree = json_object();
    return column->expression.tree != NULL ? 0 : source_draft_out_of_memory(run->draft);
}

static bool create_is_serial(const struct declared_type *type) {
    static const char *const names[] = {"smallserial", "serial",  "bigserial",
                                        "serial2",     "serial4", "serial8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type->name, names[i]) == 0)
            return !type->array;
    return false;
}

// `column`: the constraint stands behind it; NULL: the table's own.
int source_create_constraint(const struct source_run *run, struct draft_table *table,
                             const json_t *constraint, struct draft_column *column) {
    if (source_node_is(constraint, "contype", "CONSTR_ATTR_DEFERRABLE")) {
        table->key_deferrable |= table->key_is_newest;
        return 0;
    }
    table->cascades |=
        create_cascades(constraint, "fk_del_action") || create_cascades(constraint, "fk_upd_action");
    table->key_is_newest = source_node_is(constraint, "contype", "CONSTR_PRIMARY");
    if (table->key_is_newest)
        return source_constraint_primary_key(run, table, constraint, column != NULL ? column->name : NULL);
    if (source_node_is(constraint, "contype", "CONSTR_UNIQUE"))
        return source_constraint_unique(run, table, constraint, column != NULL ? column->name : NULL);
    if (column == NULL)
        return 0;
    bool generated = source_node_is(constraint, "contype", "CONSTR_GENERATED") ||
                     strncasecmp(run->draft->text->text + source_node_at(run, constraint), "generated",
                                 strlen("generated")) == 0; // newer.h
    json_t *expression = json_object_get(constraint, "raw_expr");
    if (source_node_is(constraint, "contype", "CONSTR_NOTNULL"))
        column->not_null = true;
    if (source_node_is(constraint, "contype", "CONSTR_IDENTITY"))
        return source_create_number(run, column);
    if (expression == NULL || source_node_is(constraint, "contype", "CONSTR_CHECK"))
        return 0;
    json_decref(column->expression.tree);
    column->expression = (struct source_expression){json_incref(expression), run->base};
    column->generated = generated;
    return 0;
}

// --- columns

// A ColumnDef. Its constraints are of the table that it becomes a column of.
int source_create_column(const struct source_run *run, struct draft_table *table, const json_t *node) {
    const char *name = source_node_text(node, "colname");
    if (name == NULL || source_lines_ignore(run->lines, table->name, name))
        return 0;
    struct draft_column column = {.name = strdup(name), .at = source_node_at(run, node)};
    if (column.name == NULL)
        return source_draft_out_of_memory(run->draft);
    if (json_object_get(node, "typeName") != NULL && source_made_type_read(run, node, &column.type) != 0) {
        free(column.name);
        return -1;
    }
    column.made_type = source_type_number(run->draft, json_object_get(node, "typeName"));
    column.of_type = source_type_default(run->draft, json_object_get(node, "typeName"));
    json_incref(column.of_type.tree);
    source_draft_reset_expression(&column);
    const json_t *constraint;
    size_t i;
    int status = create_is_serial(&column.type) ? source_create_number(run, &column) : 0;
    json_array_foreach(json_object_get(node, "constraints"), i, constraint) if (status == 0) status =
        source_create_constraint(run, table, json_object_get(constraint, "Constraint"), &column);
    if (status == 0)
        return source_draft_add_column(run->draft, table, &column);
    free(column.name);
    json_decref(column.expression.tree);
    json_decref(column.of_type.tree);
    return -1;
}

static int create_copy_columns(const struct source_run *run, struct draft_table *table,
                               struct source_name from, size_t at) {
    const struct draft_table *other = source_draft_table(run->draft, from);
    if (other == NULL)
        return source_text_error(run->draft->text, at, run->draft->error,
                                 "there is no table %s before this line", from.relation);
    for (int i = 0; i < other->column_count; i++) {
        const char *name = other->columns[i].name;
        if (source_lines_ignore(run->lines, table->name, name))
            continue;
        if (source_draft_copy_column(run->draft, table, &other->columns[i], at) != 0)
            return -1;
        // A primary key's columns are NOT NULL, which is copied where the key is not.
        table->columns[source_draft_column(table, name)].not_null |=
            strings_have(other->keys, other->key_count, name) && !run->draft->text->as_before;
    }
    return 0;
}

// LIKE copies names, types and NOT NULL, and what INCLUDING says. Before, it copied expressions always and keys never.
static int create_like(const struct source_run *run, struct draft_table *table, const json_t *clause) {
    enum { LIKE_DEFAULTS = 1 << 3, LIKE_GENERATED = 1 << 4, LIKE_INDEXES = 1 << 6 }; // TableLikeOption
    const json_t *relation = json_object_get(clause, "relation");
    const json_int_t options = json_integer_value(json_object_get(clause, "options"));
    const struct source_name name = source_path_find(run->draft, source_node_relation(relation));
    const size_t at = source_node_at(run, relation);
    const int first = table->column_count;
    if (create_copy_columns(run, table, name, at) != 0)
        return -1;
    if (run->draft->text->as_before)
        return 0;
    for (int i = first; i < table->column_count; i++)
        if ((options & (table->columns[i].generated ? LIKE_GENERATED : LIKE_DEFAULTS)) == 0)
            source_draft_reset_expression(&table->columns[i]);
    if ((options & LIKE_INDEXES) == 0)
        return 0;
    const struct draft_table *other = source_draft_table(run->draft, name);
    return source_constraint_copy_key(run, table, other, at) != 0
               ? -1
               : source_constraint_copy_indexes(run, table, other, at);
}

static int create_element(const struct source_run *run, struct draft_table *table, const json_t *element) {
    const json_t *node = json_object_get(element, "ColumnDef");
    if (node != NULL)
        return source_create_column(run, table, node);
    node = json_object_get(element, "Constraint");
    if (node != NULL)
        return source_create_constraint(run, table, node, NULL);
    node = json_object_get(element, "TableLikeClause");
    return node != NULL ? create_like(run, table, node) : 0;
}

// --- create table

static int create_partition(const struct source_run *run, struct source_name root, struct source_name leaf,
                            bool is_branch, size_t at) {
    struct draft_table *table = source_draft_table(run->draft, root);
    if (table == NULL)
        table = source_draft_root(run->draft, root);
    if (table == NULL && source_create_ignores(run, root))
        return 0;
    if (table == NULL)
        return source_text_error(run->draft->text, at, run->draft->error,
                                 "there is no table %s before this line", root.relation);
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(leaf);
    CLEANUP(free_charp) char *parent = source_draft_mirror_name(root);
    if (mirror == NULL || parent == NULL)
        return source_draft_out_of_memory(run->draft);
    return source_draft_add_partition(run->draft, table, mirror, parent, is_branch);
}

// A leaf that was a table until now; those below it go with it.
int source_create_attach(const struct source_run *run, struct source_name root, struct source_name leaf,
                         size_t at) {
    struct draft_table *table = source_draft_table(run->draft, leaf);
    if (create_partition(run, root, leaf, table != NULL && table->partitioned, at) != 0)
        return -1;
    struct draft_table *to = source_draft_root(run->draft, leaf);
    for (int i = 0; table != NULL && to != NULL && i < table->partition_count; i++)
        if (source_draft_add_partition(run->draft, to, table->partitions[i], table->parents[i],
                                       source_draft_is_branch(table, table->partitions[i])) != 0)
            return -1;
    if (table != NULL)
        source_draft_remove_table(run->draft, table);
    return 0;
}

// A leaf that is a table of its own from now on, with the root's columns and key, and what is below it.
int source_create_detach(const struct source_run *run, struct source_name name, struct source_name leaf,
                         size_t at) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(leaf);
    struct draft_table *root = source_draft_table(run->draft, name);
    if (root == NULL)
        root = source_draft_root(run->draft, name);
    struct draft_table *table;
    if (root == NULL || mirror == NULL || source_draft_find_partition(root, mirror) < 0)
        return 0;
    if (source_create_ignores(run, leaf)) {
        CLEANUP(source_draft_free_table) struct draft_table ignored = {.name = strdup(mirror)};
        return ignored.name == NULL ? source_draft_out_of_memory(run->draft)
                                    : source_draft_detach(run->draft, root, &ignored);
    }
    const struct source_name of = {NULL, root->name};
    if (source_draft_add_table(run->draft, leaf, at, &table) != 0 ||
        create_copy_columns(run, table, of, at) != 0)
        return -1;
    root = source_draft_table(run->draft, of);
    return source_constraint_copy_key(run, table, root, at) != 0
               ? -1
               : source_draft_detach(run->draft, root, table);
}

static int create_typed_columns(const struct source_run *run, struct draft_table *table, const json_t *of) {
    const struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(of, "names")));
    if (type == NULL || type->columns == NULL)
        return source_text_error(run->draft->text, source_node_at(run, of), run->draft->error,
                                 "there is no composite type of this name before this line");
    if (type->altered)
        source_draft_note(
            run->draft, source_node_at(run, of),
            "this table has the columns that its type was made with: what alter type made of them is not "
            "carried out");
    struct source_run columns = *run;
    columns.base = type->columns_base;
    const json_t *node;
    size_t i;
    json_array_foreach(type->columns, i, node) {
        if (create_element(&columns, table, node) != 0)
            return -1;
    }
    return 0;
}

static int create_columns(const struct source_run *run, struct draft_table *table, const json_t *node) {
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "inhRelations"), i, element) {
        const json_t *parent = json_object_get(element, "RangeVar");
        const struct source_name name = source_path_find(run->draft, source_node_relation(parent));
        if (create_copy_columns(run, table, name, source_node_at(run, parent)) != 0)
            return -1;
        source_draft_set_inherited(table);
        CLEANUP(free_charp) char *of = source_draft_mirror_name(name);
        if (of == NULL)
            return source_draft_out_of_memory(run->draft);
        if (source_lineage_add(run->draft, table, of, true) != 0)
            return -1;
    }
    const json_t *of = json_object_get(node, "ofTypename");
    if (of != NULL && create_typed_columns(run, table, of) != 0)
        return -1;
    source_draft_set_inherited(table);
    json_array_foreach(json_object_get(node, "tableElts"), i, element) {
        if (create_element(run, table, element) != 0)
            return -1;
    }
    return 0;
}

int source_create_table(const struct source_run *run, const json_t *node) {
    const json_t *relation = json_object_get(node, "relation");
    struct source_name name = source_path_new(run->draft, source_node_relation(relation));
    const bool exists = source_draft_table(run->draft, name) != NULL &&
                        !source_path_is_elsewhere(run->draft, source_node_relation(relation));
    if (source_create_ignores(run, name) || source_node_is(relation, "relpersistence", "t") ||
        (exists && json_is_true(json_object_get(node, "if_not_exists"))))
        return 0;
    const json_t *first =
        json_object_get(json_array_get(json_object_get(node, "inhRelations"), 0), "RangeVar");
    if (json_object_get(node, "partbound") != NULL)
        return create_partition(run, source_path_find(run->draft, source_node_relation(first)), name,
                                json_object_get(node, "partspec") != NULL, source_node_at(run, first));
    struct draft_table *table;
    if (source_draft_add_table(run->draft, name, source_node_at(run, relation), &table) != 0)
        return -1;
    const char *made_in = name.schema == NULL ? source_path_first(run->draft) : NULL;
    if (made_in != NULL && source_draft_set(run->draft, &table->made_in, made_in) != 0)
        return -1;
    table->unlogged = source_node_is(relation, "relpersistence", "u");
    table->partitioned = json_object_get(node, "partspec") != NULL;
    return create_columns(run, table, node);
}
