#include "views/engine/catalog/source/statement.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/body.h"
#include "views/engine/catalog/source/collation.h"
#include "views/engine/catalog/source/constraint.h"
#include "views/engine/catalog/source/default.h"
#include "views/engine/catalog/source/long_names.h"
#include "views/engine/catalog/source/passed_over.h"
#include "views/engine/catalog/source/pg_parse.h"

#include <strings.h>

static bool statement_ignores(const struct source_run *run, struct source_name name) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    return mirror != NULL && source_lines_ignore(run->lines, mirror, NULL);
}

// --- constraints

// PostgreSQL's letters: a = no action, r = restrict, and the others do something to the rows.
static bool statement_cascades(const json_t *constraint, const char *action) {
    const char *letter = source_node_text(constraint, action);
    return letter != NULL && letter[0] != '\0' && strchr("cnd", letter[0]) != NULL;
}

// `column`: the constraint stands behind it; NULL: the table's own.
static int statement_constraint(const struct source_run *run, struct draft_table *table,
                                const json_t *constraint, struct draft_column *column) {
    if (source_node_is(constraint, "contype", "CONSTR_ATTR_DEFERRABLE")) {
        table->key_deferrable |= table->key_is_newest;
        return 0;
    }
    table->cascades |=
        statement_cascades(constraint, "fk_del_action") || statement_cascades(constraint, "fk_upd_action");
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
    if (expression == NULL || source_node_is(constraint, "contype", "CONSTR_CHECK"))
        return 0;
    json_decref(column->expression.tree);
    column->expression = (struct source_expression){json_incref(expression), run->base};
    column->generated = generated;
    return 0;
}

// --- columns

// The type of a ColumnDef, or of a domain.
static int statement_type(const struct source_run *run, const json_t *node, struct declared_type *ret) {
    const json_t *collation = json_object_get(node, "collClause");
    if (source_type_read(run->draft, json_object_get(node, "typeName"), run->base, ret) != 0)
        return -1;
    if (collation != NULL)
        ret->is_loose = source_collation_is_loose(run->draft, collation);
    return 0;
}

// A ColumnDef. Its constraints are of the table that it becomes a column of.
static int statement_add_column(const struct source_run *run, struct draft_table *table, const json_t *node) {
    const char *name = source_node_text(node, "colname");
    if (name == NULL || source_lines_ignore(run->lines, table->name, name))
        return 0;
    struct draft_column column = {.name = strdup(name), .at = source_node_at(run, node)};
    if (column.name == NULL)
        return source_draft_out_of_memory(run->draft);
    if (json_object_get(node, "typeName") != NULL && statement_type(run, node, &column.type) != 0) {
        free(column.name);
        return -1;
    }
    column.of_type = source_type_default(run->draft, json_object_get(node, "typeName"));
    json_incref(column.of_type.tree);
    source_draft_reset_expression(&column);
    const json_t *constraint;
    size_t i;
    int status = 0;
    json_array_foreach(json_object_get(node, "constraints"), i, constraint) if (status == 0) status =
        statement_constraint(run, table, json_object_get(constraint, "Constraint"), &column);
    if (status == 0)
        return source_draft_add_column(run->draft, table, &column);
    free(column.name);
    json_decref(column.expression.tree);
    json_decref(column.of_type.tree);
    return -1;
}

static int statement_copy_columns(const struct source_run *run, struct draft_table *table,
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
static int statement_like(const struct source_run *run, struct draft_table *table, const json_t *clause) {
    enum { LIKE_DEFAULTS = 1 << 3, LIKE_GENERATED = 1 << 4, LIKE_INDEXES = 1 << 6 }; // TableLikeOption
    const json_t *relation = json_object_get(clause, "relation");
    const json_int_t options = json_integer_value(json_object_get(clause, "options"));
    const struct source_name name = source_node_relation(relation);
    const size_t at = source_node_at(run, relation);
    const int first = table->column_count;
    if (statement_copy_columns(run, table, name, at) != 0)
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

static int statement_element(const struct source_run *run, struct draft_table *table, const json_t *element) {
    const json_t *node = json_object_get(element, "ColumnDef");
    if (node != NULL)
        return statement_add_column(run, table, node);
    node = json_object_get(element, "Constraint");
    if (node != NULL)
        return statement_constraint(run, table, node, NULL);
    node = json_object_get(element, "TableLikeClause");
    return node != NULL ? statement_like(run, table, node) : 0;
}

// --- create table

static int statement_add_partition(const struct source_run *run, struct source_name root,
                                   struct source_name leaf, bool is_branch, size_t at) {
    struct draft_table *table = source_draft_table(run->draft, root);
    if (table == NULL)
        table = source_draft_root(run->draft, root);
    if (table == NULL && statement_ignores(run, root))
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
static int statement_attach(const struct source_run *run, struct source_name root, struct source_name leaf,
                            size_t at) {
    struct draft_table *table = source_draft_table(run->draft, leaf);
    if (statement_add_partition(run, root, leaf, table != NULL && table->partitioned, at) != 0)
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
static int statement_detach(const struct source_run *run, struct source_name name, struct source_name leaf,
                            size_t at) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(leaf);
    struct draft_table *root = source_draft_table(run->draft, name);
    if (root == NULL)
        root = source_draft_root(run->draft, name);
    struct draft_table *table;
    if (root == NULL || mirror == NULL || source_draft_find_partition(root, mirror) < 0)
        return 0;
    if (statement_ignores(run, leaf)) {
        CLEANUP(source_draft_free_table) struct draft_table ignored = {.name = strdup(mirror)};
        return ignored.name == NULL ? source_draft_out_of_memory(run->draft)
                                    : source_draft_detach(run->draft, root, &ignored);
    }
    const struct source_name of = {NULL, root->name};
    if (source_draft_add_table(run->draft, leaf, at, &table) != 0 ||
        statement_copy_columns(run, table, of, at) != 0)
        return -1;
    root = source_draft_table(run->draft, of);
    return source_constraint_copy_key(run, table, root, at) != 0
               ? -1
               : source_draft_detach(run->draft, root, table);
}

static int statement_typed_columns(const struct source_run *run, struct draft_table *table,
                                   const json_t *of) {
    const struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(of, "names")));
    if (type == NULL || type->columns == NULL)
        return source_text_error(run->draft->text, source_node_at(run, of), run->draft->error,
                                 "there is no composite type of this name before this line");
    struct source_run columns = *run;
    columns.base = type->columns_base;
    const json_t *node;
    size_t i;
    json_array_foreach(type->columns, i, node) {
        if (statement_element(&columns, table, node) != 0)
            return -1;
    }
    return 0;
}

static int statement_table_columns(const struct source_run *run, struct draft_table *table,
                                   const json_t *node) {
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "inhRelations"), i, element) {
        const json_t *parent = json_object_get(element, "RangeVar");
        if (statement_copy_columns(run, table, source_node_relation(parent), source_node_at(run, parent)) !=
            0)
            return -1;
        source_draft_set_inherited(table);
    }
    const json_t *of = json_object_get(node, "ofTypename");
    if (of != NULL && statement_typed_columns(run, table, of) != 0)
        return -1;
    source_draft_set_inherited(table);
    json_array_foreach(json_object_get(node, "tableElts"), i, element) {
        if (statement_element(run, table, element) != 0)
            return -1;
    }
    return 0;
}

static int statement_create_table(const struct source_run *run, const json_t *node) {
    const json_t *relation = json_object_get(node, "relation");
    struct source_name name = source_node_relation(relation);
    bool exists = source_draft_table(run->draft, name) != NULL;
    if (statement_ignores(run, name) || source_node_is(relation, "relpersistence", "t") ||
        (exists && json_is_true(json_object_get(node, "if_not_exists"))))
        return 0;
    const json_t *first =
        json_object_get(json_array_get(json_object_get(node, "inhRelations"), 0), "RangeVar");
    if (json_object_get(node, "partbound") != NULL)
        return statement_add_partition(run, source_node_relation(first), name,
                                       json_object_get(node, "partspec") != NULL, source_node_at(run, first));
    struct draft_table *table;
    if (source_draft_add_table(run->draft, name, source_node_at(run, relation), &table) != 0)
        return -1;
    table->unlogged = source_node_is(relation, "relpersistence", "u");
    table->partitioned = json_object_get(node, "partspec") != NULL;
    return statement_table_columns(run, table, node);
}

// --- alter table

// Subtypes that change what a mirror keeps.
static bool statement_alters_what_is_kept(const json_t *command) {
    static const char *const kept[] = {"AT_AddColumn",       "AT_DropColumn",      "AT_AlterColumnType",
                                       "AT_ColumnDefault",   "AT_DropExpression",  "AT_SetNotNull",
                                       "AT_DropNotNull",     "AT_AddConstraint",   "AT_AddIndex",
                                       "AT_ReplicaIdentity", "AT_AttachPartition", "AT_DetachPartition",
                                       "AT_SetLogged",       "AT_SetUnLogged",     "AT_DropConstraint"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (source_node_is(command, "subtype", kept[i]))
            return true;
    return false;
}

// ADD COLUMN: what the default is made afterwards is that of rows which say their value, and rows of before keep the first.
static int statement_add_later(const struct source_run *run, struct draft_table *table, const json_t *node) {
    const int count = table->column_count;
    if (statement_add_column(run, table, node) != 0)
        return -1;
    for (int i = count; i < table->column_count; i++)
        table->columns[i].added = !run->draft->text->as_before;
    return 0;
}

// A default of rows of before is cast as they are: what is no longer known of it is no literal.
static int statement_cast_default(const struct source_run *run, const json_t *node,
                                  const struct declared_type *type, struct draft_column *column) {
    if (column->generated || run->draft->text->as_before ||
        source_default_stays(run->draft, column, type, json_object_get(node, "raw_default"), run->base))
        return 0;
    json_decref(column->expression.tree);
    column->expression.tree = json_object();
    return column->expression.tree != NULL ? 0 : source_draft_out_of_memory(run->draft);
}

static int statement_alter_type(const struct source_run *run, const json_t *node,
                                struct draft_column *column) {
    struct declared_type type;
    bool of_type = column->expression.tree == column->of_type.tree && !column->added;
    if (statement_type(run, node, &type) != 0 || statement_cast_default(run, node, &type, column) != 0)
        return -1;
    column->type = type;
    json_decref(column->of_type.tree);
    column->of_type = source_type_default(run->draft, json_object_get(node, "typeName"));
    json_incref(column->of_type.tree);
    if (of_type)
        source_draft_reset_expression(column);
    return 0;
}

static int statement_alter_column(const struct source_run *run, struct draft_table *table,
                                  const json_t *command, int column) {
    struct draft_column *altered = &table->columns[column];
    const json_t *node = json_object_get(command, "def");
    if (source_node_is(command, "subtype", "AT_DropColumn")) {
        source_constraint_drop_column(run, table, altered->name);
        source_draft_remove_column(table, column);
        return 0;
    }
    if (source_node_is(command, "subtype", "AT_AlterColumnType"))
        return statement_alter_type(run, json_object_get(node, "ColumnDef"), altered);
    if (source_node_is(command, "subtype", "AT_ColumnDefault") && altered->added && !altered->generated)
        return 0;
    if (source_node_is(command, "subtype", "AT_ColumnDefault") ||
        source_node_is(command, "subtype", "AT_DropExpression")) {
        if (node == NULL) {
            source_draft_reset_expression(altered);
            return 0;
        }
        json_decref(altered->expression.tree);
        altered->expression = (struct source_expression){json_incref((json_t *)node), run->base};
        return 0; // SET EXPRESSION comes as a default (newer.h)
    }
    altered->not_null = source_node_is(command, "subtype", "AT_SetNotNull");
    return 0;
}

static int statement_alter(const struct source_run *run, struct source_name name, const json_t *command,
                           size_t at) {
    struct draft_table *table = source_draft_table(run->draft, name);
    const json_t *node = json_object_get(command, "def");
    bool attaches = source_node_is(command, "subtype", "AT_AttachPartition");
    if (attaches || source_node_is(command, "subtype", "AT_DetachPartition")) {
        const json_t *leaf = json_object_get(json_object_get(node, "PartitionCmd"), "name");
        return (attaches ? statement_attach : statement_detach)(run, name, source_node_relation(leaf),
                                                                source_node_at(run, leaf));
    }
    if (table == NULL)
        return source_text_error(run->draft->text, at, run->draft->error,
                                 "there is no table %s before this line", name.relation);
    if (source_node_is(command, "subtype", "AT_AddColumn")) {
        node = json_object_get(node, "ColumnDef");
        const char *added = source_node_text(node, "colname");
        if (json_is_true(json_object_get(command, "missing_ok")) && added != NULL &&
            source_draft_column(table, added) >= 0)
            return 0;
        return statement_add_later(run, table, node);
    }
    bool unlogs = source_node_is(command, "subtype", "AT_SetUnLogged");
    if (unlogs || source_node_is(command, "subtype", "AT_SetLogged")) {
        table->unlogged = unlogs;
        return 0;
    }
    if (source_node_is(command, "subtype", "AT_AddConstraint"))
        return statement_constraint(run, table, json_object_get(node, "Constraint"), NULL);
    if (source_node_is(command, "subtype", "AT_ReplicaIdentity")) {
        node = json_object_get(node, "ReplicaIdentityStmt");
        free(table->identity);
        table->identity =
            source_node_is(node, "identity_type", "i") ? strdup(source_node_text(node, "name")) : NULL;
        return 0;
    }
    const char *altered = source_node_text(command, "name");
    if (source_node_is(command, "subtype", "AT_DropConstraint")) {
        source_constraint_drop(run, table, altered);
        return 0;
    }
    int column = altered != NULL ? source_draft_column(table, altered) : -1;
    if (column < 0 && altered != NULL && !source_lines_ignore(run->lines, table->name, altered) &&
        !json_is_true(json_object_get(command, "missing_ok")))
        return source_text_error(run->draft->text, at, run->draft->error, "table %s has no column %s",
                                 table->name, altered);
    return column >= 0 ? statement_alter_column(run, table, command, column) : 0;
}

static int statement_alter_table(const struct source_run *run, const json_t *node) {
    const json_t *relation = json_object_get(node, "relation");
    struct source_name name = source_node_relation(relation);
    bool missing_ok =
        json_is_true(json_object_get(node, "missing_ok")) && source_draft_table(run->draft, name) == NULL;
    if (!source_node_is(node, "objtype", "OBJECT_TABLE") || missing_ok || statement_ignores(run, name))
        return 0;
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "cmds"), i, element) {
        const json_t *command = json_object_get(element, "AlterTableCmd");
        bool of_partition = source_draft_table(run->draft, name) == NULL &&
                            source_draft_root(run->draft, name) != NULL &&
                            !source_node_is(command, "subtype", "AT_AttachPartition") &&
                            !source_node_is(command, "subtype", "AT_DetachPartition");
        if (statement_alters_what_is_kept(command) && !of_partition &&
            statement_alter(run, name, command, source_node_at(run, relation)) != 0)
            return -1;
    }
    return 0;
}

// An expression's references to the column, which stands last in a name (`t.a`).
static int statement_rename_references(json_t *node, const char *old_name, const char *new_name) {
    json_t *value;
    const char *member;
    size_t i;
    int status = 0;
    json_t *fields = json_object_get(json_object_get(node, "ColumnRef"), "fields");
    json_t *last = json_object_get(json_array_get(fields, json_array_size(fields) - 1), "String");
    if (fields != NULL)
        return source_node_is(last, "sval", old_name)
                   ? json_object_set_new(last, "sval", json_string(new_name))
                   : 0;
    json_object_foreach(node, member, value) status |= statement_rename_references(value, old_name, new_name);
    json_array_foreach(node, i, value) status |= statement_rename_references(value, old_name, new_name);
    return status;
}

// What is generated of it goes on being so. The tree may be another table's, too (LIKE).
static int statement_rename_in_expressions(const struct source_run *run, struct draft_table *table,
                                           const char *old_name, const char *new_name) {
    for (int i = 0; i < table->column_count; i++) {
        struct source_expression *expression = &table->columns[i].expression;
        if (!table->columns[i].generated || expression->tree == NULL)
            continue;
        json_t *tree = json_deep_copy(expression->tree);
        if (tree == NULL || statement_rename_references(tree, old_name, new_name) != 0) {
            json_decref(tree);
            return source_draft_out_of_memory(run->draft);
        }
        json_decref(expression->tree);
        expression->tree = tree;
    }
    return 0;
}

static int statement_rename_column(const struct source_run *run, struct draft_table *table,
                                   const char *old_name, const char *new_name) {
    int number = old_name != NULL ? source_draft_column(table, old_name) : -1;
    if (number < 0)
        return 0;
    struct draft_column *column = &table->columns[number];
    if (source_constraint_rename_column(run, table, old_name, new_name) != 0 ||
        statement_rename_in_expressions(run, table, old_name, new_name) != 0)
        return -1;
    CLEANUP(free_charp) char *name = column->name;
    column->name = strdup(new_name);
    return column->name != NULL ? source_draft_append(run->draft, &column->older, &column->older_count, name)
                                : source_draft_out_of_memory(run->draft);
}

// It has another schema or name by now.
static int statement_name_anew(const struct source_run *run, struct draft_table *table) {
    CLEANUP(free_charp) char *name = table->name;
    table->name = table->relation != NULL
                      ? source_draft_mirror_name((struct source_name){table->schema, table->relation})
                      : NULL;
    if (table->name == NULL)
        return source_draft_out_of_memory(run->draft);
    if (source_draft_rename_parent(run->draft, table, name) != 0 ||
        source_draft_rename_indexes(run->draft, name, table->name) != 0)
        return -1;
    return source_draft_append(run->draft, &table->older, &table->older_count, name);
}

// A table, where it is one that the statement speaks of.
static struct draft_table *statement_table(const struct source_run *run, const json_t *node) {
    const struct source_name name = source_node_relation(json_object_get(node, "relation"));
    return name.relation != NULL ? source_draft_table(run->draft, name) : NULL;
}

// A type or a domain, that has the name or (NULL) the schema that it had.
static int statement_rename_type(const struct source_run *run, const json_t *node, const char *schema,
                                 const char *name) {
    const struct source_name old =
        source_type_name(json_object_get(json_object_get(json_object_get(node, "object"), "List"), "items"));
    struct draft_type *type = source_draft_type(run->draft, old);
    const struct source_name new_name = {schema != NULL ? schema : old.schema,
                                         name != NULL ? name : old.relation};
    return type != NULL ? source_draft_rename_type(run->draft, type, new_name) : 0;
}

static bool statement_is_of_type(const json_t *node, const char *member) {
    return source_node_is(node, member, "OBJECT_TYPE") || source_node_is(node, member, "OBJECT_DOMAIN");
}

static int statement_rename(const struct source_run *run, const json_t *node) {
    struct draft_table *table = statement_table(run, node);
    const char *new_name = source_node_text(node, "newname");
    if (new_name == NULL)
        return 0;
    if (statement_is_of_type(node, "renameType"))
        return statement_rename_type(run, node, NULL, new_name);
    bool is_table = source_node_is(node, "renameType", "OBJECT_TABLE");
    // `alter table` renames an index, too.
    if (source_node_is(node, "renameType", "OBJECT_INDEX") || (is_table && table == NULL))
        return source_constraint_rename_index(run, source_node_relation(json_object_get(node, "relation")),
                                              new_name);
    if (table == NULL)
        return 0;
    if (source_node_is(node, "renameType", "OBJECT_COLUMN"))
        return statement_rename_column(run, table, source_node_text(node, "subname"), new_name);
    if (source_node_is(node, "renameType", "OBJECT_TABCONSTRAINT"))
        return source_constraint_rename(run, table, source_node_text(node, "subname"), new_name);
    if (!is_table)
        return 0;
    return source_draft_set(run->draft, &table->relation, new_name) != 0 ? -1
                                                                         : statement_name_anew(run, table);
}

static int statement_set_schema(const struct source_run *run, const json_t *node) {
    struct draft_table *table = statement_table(run, node);
    const char *schema = source_node_text(node, "newschema");
    if (schema != NULL && statement_is_of_type(node, "objectType"))
        return statement_rename_type(run, node, schema, NULL);
    if (table == NULL || schema == NULL || !source_node_is(node, "objectType", "OBJECT_TABLE"))
        return 0;
    return source_draft_set(run->draft, &table->schema, schema) != 0 ? -1 : statement_name_anew(run, table);
}

static int statement_drop(const struct source_run *run, const json_t *node) {
    const json_t *object;
    size_t i;
    bool index = source_node_is(node, "removeType", "OBJECT_INDEX");
    if (!index && !source_node_is(node, "removeType", "OBJECT_TABLE"))
        return 0;
    json_array_foreach(json_object_get(node, "objects"), i, object) {
        struct source_name name = source_type_name(json_object_get(json_object_get(object, "List"), "items"));
        if (index)
            source_constraint_drop_index(run, name);
        struct draft_table *table =
            !index && name.relation != NULL ? source_draft_table(run->draft, name) : NULL;
        if (table != NULL)
            source_draft_remove_table(run->draft, table);
    }
    return 0;
}

// --- types and indexes

// The default behind a domain's type, or that of the domain that it is made of.
static struct source_expression statement_domain_default(const struct source_run *run, const json_t *node) {
    struct source_expression found = source_type_default(run->draft, json_object_get(node, "typeName"));
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "constraints"), i, element) {
        const json_t *constraint = json_object_get(element, "Constraint");
        if (source_node_is(constraint, "contype", "CONSTR_DEFAULT"))
            found = (struct source_expression){json_object_get(constraint, "raw_expr"), run->base};
    }
    json_incref(found.tree);
    return found;
}

static int statement_domain(const struct source_run *run, const json_t *node) {
    struct declared_type base;
    struct draft_type *type;
    if (statement_type(run, node, &base) != 0 ||
        source_draft_add_type(run->draft, source_type_name(json_object_get(node, "domainname")), &type) != 0)
        return -1;
    type->base = base;
    type->base.is_domain = true;
    type->expression = statement_domain_default(run, node);
    return 0;
}

static int statement_text_type(const struct source_run *run, const json_t *node) {
    struct draft_type *type;
    if (source_draft_add_type(run->draft, source_type_name(json_object_get(node, "typeName")), &type) != 0)
        return -1;
    type->base.is_text = true;
    return 0;
}

static int statement_enum(const struct source_run *run, const json_t *node) {
    if (statement_text_type(run, node) != 0)
        return -1;
    struct draft_type *type = &run->draft->types[run->draft->type_count - 1];
    type->base.enum_number = run->draft->type_count;
    return source_constraint_names(run, json_object_get(node, "vals"), &type->labels, &type->label_count);
}

// `rename value` changes rows without an event: that the label is gone is what a file is told by. One that is added is one more.
static int statement_alter_enum(const struct source_run *run, const json_t *node) {
    struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(node, "typeName")));
    const char *older = source_node_text(node, "oldVal");
    const char *newer = source_node_text(node, "newVal");
    if (type == NULL || newer == NULL)
        return 0;
    for (int i = 0; i < type->label_count; i++)
        if (strcmp(type->labels[i], older != NULL ? older : newer) == 0)
            return source_draft_set(run->draft, &type->labels[i], newer);
    return older != NULL ? 0 : source_draft_append(run->draft, &type->labels, &type->label_count, newer);
}

// `set default` and `drop default`, which columns have that come after it: those of before had theirs in the rows of before.
static int statement_alter_domain(const struct source_run *run, const json_t *node) {
    struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(node, "typeName")));
    if (type == NULL || !source_node_is(node, "subtype", "T"))
        return 0;
    json_decref(type->expression.tree);
    type->expression = (struct source_expression){json_incref(json_object_get(node, "def")), run->base};
    return 0;
}

static int statement_composite(const struct source_run *run, const json_t *node) {
    struct draft_type *type;
    if (source_draft_add_type(run->draft, source_node_relation(json_object_get(node, "typevar")), &type) != 0)
        return -1;
    type->base.is_any = true;
    type->columns = json_incref(json_object_get(node, "coldeflist"));
    type->columns_base = run->base;
    return 0;
}

static int statement_create_index(const struct source_run *run, const json_t *node) {
    struct draft_table *table = statement_table(run, node);
    return table != NULL ? source_constraint_create_index(run, table, node) : 0;
}

static int statement_no_columns(const struct source_run *run, const json_t *node) {
    (void)node;
    return source_text_error(run->draft->text, run->base, run->draft->error,
                             "create table .. as: the columns and their types must be written");
}

// Its tables may stand in it.
static int statement_create_schema(const struct source_run *run, const json_t *node) {
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "schemaElts"), i, element) {
        const json_t *table = json_object_get(element, "CreateStmt");
        if (table != NULL)
            return source_text_error(
                run->draft->text, source_node_at(run, json_object_get(table, "relation")), run->draft->error,
                "create schema .. create table: write the table in a statement of its own");
    }
    return 0;
}

static int statement_define(const struct source_run *run, const json_t *node) {
    return source_collation_create(run->draft, node);
}

static int statement_run_tree(const struct source_run *run, const json_t *tree) {
    static const struct {
        const char *node;
        int (*run)(const struct source_run *run, const json_t *node);
    } statements[] = {
        {"CreateStmt", statement_create_table},
        {"AlterTableStmt", statement_alter_table},
        {"RenameStmt", statement_rename},
        {"AlterObjectSchemaStmt", statement_set_schema},
        {"DropStmt", statement_drop},
        {"CreateDomainStmt", statement_domain},
        {"CreateEnumStmt", statement_enum},
        {"AlterEnumStmt", statement_alter_enum},
        {"AlterDomainStmt", statement_alter_domain},
        {"CreateRangeStmt", statement_text_type},
        {"CompositeTypeStmt", statement_composite},
        {"IndexStmt", statement_create_index},
        {"CreateTableAsStmt", statement_no_columns},
        {"CreateSchemaStmt", statement_create_schema},
        {"DefineStmt", statement_define},
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const json_t *node = json_object_get(tree, statements[i].node);
        if (node != NULL)
            return statements[i].run(run, node);
    }
    return 0;
}

// --- which statements matter

// Those whose tree is looked at. Of a function only where its text speaks of what is kept.
static bool statement_is_looked_at(const struct source_draft *draft,
                                   const struct source_statement *statement) {
    static const char *const words[] = {"do", "call", "select"};
    const struct span text = {draft->text->text + statement->at, statement->size};
    if (statement->has_body || statement->swallowed > 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words && statement->word_count > 0; i++)
        if (statement->words[0].size == strlen(words[i]) &&
            strncasecmp(statement->words[0].data, words[i], strlen(words[i])) == 0)
            return true;
    return statement->word_count > 0 && statement->words[0].size == strlen("create") &&
           strncasecmp(statement->words[0].data, "create", strlen("create")) == 0 &&
           source_body_mentions(text);
}

// Whether it ends where the text says: what it swallowed would be passed over with it. A body that the grammar does not know is
// taken as it stands. *ret: its tree, where one is looked at.
static int statement_pass_over(struct source_draft *draft, const struct source_statement *statement,
                               json_t **ret) {
    struct pg_parse_error failure = {0};
    if (draft->text->as_before)
        return 0;
    if (statement->is_open)
        return source_text_error(draft->text, statement->at, draft->error,
                                 "this statement does not end: a parenthesis or BEGIN ATOMIC is open");
    if (!statement_is_looked_at(draft, statement))
        return 0;
    *ret = source_long_names_parse(draft->text, statement, &failure);
    if (*ret == NULL && statement->swallowed > 0 && !failure.several)
        return source_text_error(
            draft->text, statement->swallowed, draft->error,
            "this statement is not told from the one before it (is a semicolon missing?), and "
            "would not be carried out");
    return failure.several ? source_text_error(draft->text, statement->at + failure.at, draft->error, "%s",
                                               failure.message)
                           : 0;
}

// --- blocks and calls

static bool statement_is_made(const struct source_body *body, int number) {
    static const char *const verbs[] = {"create", "alter", "drop"};
    const struct span word = body->text.statements[number].words[0];
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (word.size == strlen(verbs[i]) && strncasecmp(word.data, verbs[i], word.size) == 0)
            return true;
    return false;
}

// What fails in a block that handles it is undone, as of a type that is there already.
static int statement_run_handled(struct source_draft *draft, const struct source_lines *lines,
                                 const struct source_statement *statement) {
    struct error failure = {0};
    struct error *error = draft->error;
    draft->error = &failure;
    draft->handles = true;
    const int status = source_statement_run(draft, lines, statement);
    draft->error = error;
    draft->handles = false;
    if (status == 0 || failure.kind == ERROR_INPUT)
        return 0;
    *error = failure;
    return -1;
}

static int statement_do(struct source_draft *draft, const struct source_lines *lines,
                        const struct source_statement *statement, const json_t *node) {
    CLEANUP(source_body_free) struct source_body body;
    if (!source_body_read(draft, statement, node, &body))
        return source_draft_out_of_memory(draft);
    int made = 0;
    for (int i = 0; body.plain && i < body.count; i++)
        made += statement_is_made(&body, i);
    if (!body.plain || (body.handles && made > 1)) {
        if (source_body_changes(&body))
            source_draft_note(
                draft, statement->at,
                "what this DO block does to tables, columns, keys or types is not carried out: write those "
                "statements by themselves");
        return 0;
    }
    for (int i = 0; i < body.count; i++) {
        struct source_statement one = body.text.statements[i];
        one.at += body.at;
        one.swallowed += one.swallowed > 0 ? body.at : 0;
        if (statement_is_made(&body, i) &&
            (body.handles ? statement_run_handled : source_statement_run)(draft, lines, &one) != 0)
            return -1;
    }
    return 0;
}

// What is passed over, but for what a mirror would miss of it.
static int statement_look(struct source_draft *draft, const struct source_lines *lines,
                          const struct source_statement *statement, const json_t *tree) {
    const json_t *block = json_object_get(tree, "DoStmt");
    const json_t *function = json_object_get(tree, "CreateFunctionStmt");
    const json_t *select = json_object_get(tree, "SelectStmt");
    const json_t *into = json_object_get(json_object_get(select, "intoClause"), "rel");
    if (block != NULL)
        return statement_do(draft, lines, statement, block);
    if (function != NULL)
        return source_body_take_function(draft, function);
    if (select == NULL && json_object_get(tree, "CallStmt") == NULL)
        return 0;
    if (into != NULL && !source_node_is(into, "relpersistence", "t"))
        source_draft_note(
            draft, statement->at,
            "the table that select .. into makes is not mirrored: its columns and their types must be "
            "written (create table)");
    const char *called = source_body_called(draft, tree);
    if (called != NULL)
        source_draft_note(draft, statement->at,
                          "what function %s does to tables, columns, keys or types is not carried out: write "
                          "those statements by themselves",
                          called);
    return 0;
}

// A program of before carried out the first of several that were read as one.
static json_t *statement_parse(const struct source_draft *draft, const struct source_statement *statement,
                               struct pg_parse_error *failure) {
    json_t *tree = source_long_names_parse(draft->text, statement, failure);
    if (tree != NULL || !failure->several || !draft->text->as_before)
        return tree;
    struct source_statement first = *statement;
    first.size = failure->at;
    return source_long_names_parse(draft->text, &first, failure);
}

int source_statement_run(struct source_draft *draft, const struct source_lines *lines,
                         const struct source_statement *statement) {
    json_t *tree = NULL;
    if (source_passed_over(statement, draft->text->as_before)) {
        int passed = statement_pass_over(draft, statement, &tree);
        passed = passed == 0 && tree != NULL ? statement_look(draft, lines, statement, tree) : passed;
        json_decref(tree);
        return passed;
    }
    struct pg_parse_error failure = {0};
    tree = statement_parse(draft, statement, &failure);
    if (tree == NULL && !failure.several && source_passed_over_unread(statement))
        return 0;
    if (tree == NULL)
        return source_text_error(draft->text, statement->at + failure.at, draft->error, "%s",
                                 failure.message);
    const struct source_run run = {.draft = draft, .lines = lines, .base = statement->at};
    int status = statement_run_tree(&run, tree);
    json_decref(tree);
    return status;
}
