#include "views/engine/catalog/source/statement.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/collation.h"
#include "views/engine/catalog/source/long_names.h"
#include "views/engine/catalog/source/passed_over.h"
#include "views/engine/catalog/source/pg_parse.h"
#include "views/engine/catalog/source/type.h"

#include <strings.h>

// A statement's tree on its way into the draft.
struct statement_run {
    struct source_draft *draft;
    const struct source_lines *lines;
    size_t base; // what the tree's locations count from
};

static size_t statement_at(const struct statement_run *run, const json_t *node) {
    return source_type_location(node, run->base);
}

static const char *statement_text(const json_t *node, const char *member) {
    return json_string_value(json_object_get(node, member));
}

static bool statement_is(const json_t *node, const char *member, const char *text) {
    const char *value = statement_text(node, member);
    return value != NULL && strcmp(value, text) == 0;
}

// A RangeVar.
static struct source_name statement_relation(const json_t *node) {
    return (struct source_name){statement_text(node, "schemaname"), statement_text(node, "relname")};
}

static bool statement_ignores(const struct statement_run *run, struct source_name name) {
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    return mirror != NULL && source_lines_ignore(run->lines, mirror, NULL);
}

// --- constraints

static int statement_names(const struct statement_run *run, const json_t *list, char ***ret, int *ret_count) {
    const json_t *node;
    size_t i;
    json_array_foreach((json_t *)list, i, node) {
        const char *name = source_type_string(node);
        if (name == NULL)
            name = statement_text(json_object_get(node, "IndexElem"), "name");
        if (name != NULL && source_draft_append(run->draft, ret, ret_count, name) != 0)
            return -1;
    }
    return 0;
}

static int statement_second_key(const struct statement_run *run, const struct draft_table *table, size_t at) {
    return source_text_error(run->draft->text, at, run->draft->error,
                             "table %s has a primary key already, on line %d", table->name,
                             source_text_line(run->draft->text, table->key_at));
}

// USING INDEX: NULL, and the error, where the table has none of this name.
static struct draft_index *statement_using_index(const struct statement_run *run,
                                                 const struct draft_table *table, const json_t *constraint) {
    const char *name = statement_text(constraint, "indexname");
    const int number = source_draft_find_index(run->draft, table->name, name);
    if (number >= 0)
        return &run->draft->indexes[number];
    (void)source_text_error(run->draft->text, statement_at(run, constraint), run->draft->error,
                            "table %s has no unique index %s before this line", table->name, name);
    return NULL;
}

static int statement_primary_key(const struct statement_run *run, struct draft_table *table,
                                 const json_t *constraint, const char *column) {
    size_t at = statement_at(run, constraint);
    if (table->key_count > 0)
        return statement_second_key(run, table, at);
    table->key_at = at;
    table->key_deferrable = json_is_true(json_object_get(constraint, "deferrable"));
    if (source_draft_name_key(run->draft, table, statement_text(constraint, "conname")) != 0)
        return -1;
    if (column != NULL)
        return source_draft_append(run->draft, &table->keys, &table->key_count, column);
    if (statement_text(constraint, "indexname") == NULL)
        return statement_names(run, json_object_get(constraint, "keys"), &table->keys, &table->key_count);
    const struct draft_index *index = statement_using_index(run, table, constraint);
    if (index == NULL)
        return -1;
    for (int i = 0; i < index->column_count; i++)
        if (source_draft_append(run->draft, &table->keys, &table->key_count, index->columns[i]) != 0)
            return -1;
    return 0;
}

static int statement_unique(const struct statement_run *run, struct draft_table *table,
                            const json_t *constraint, const char *column) {
    struct draft_index *index = NULL;
    const bool there = statement_text(constraint, "indexname") != NULL;
    if (there && (index = statement_using_index(run, table, constraint)) == NULL)
        return -1;
    if (!there && source_draft_add_index(run->draft, table, statement_at(run, constraint), &index) != 0)
        return -1;
    const char *name = statement_text(constraint, "conname");
    if (name != NULL && source_draft_name_index(run->draft, index, name) != 0)
        return -1;
    if (there) // and called as the constraint
        return 0;
    const json_t *keys = json_object_get(constraint, "keys");
    if ((column != NULL ? source_draft_append(run->draft, &index->columns, &index->column_count, column)
                        : statement_names(run, keys, &index->columns, &index->column_count)) != 0)
        return -1;
    return index->name != NULL ? 0 : source_draft_name_unique(run->draft, table->relation, index);
}

// PostgreSQL's letters: a = no action, r = restrict, and the others do something to the rows.
static bool statement_cascades(const json_t *constraint, const char *action) {
    const char *letter = statement_text(constraint, action);
    return letter != NULL && letter[0] != '\0' && strchr("cnd", letter[0]) != NULL;
}

// `column`: the constraint stands behind it; NULL: the table's own.
static int statement_constraint(const struct statement_run *run, struct draft_table *table,
                                const json_t *constraint, struct draft_column *column) {
    if (statement_is(constraint, "contype", "CONSTR_ATTR_DEFERRABLE")) {
        table->key_deferrable |= table->key_is_newest;
        return 0;
    }
    table->cascades |=
        statement_cascades(constraint, "fk_del_action") || statement_cascades(constraint, "fk_upd_action");
    table->key_is_newest = statement_is(constraint, "contype", "CONSTR_PRIMARY");
    if (table->key_is_newest)
        return statement_primary_key(run, table, constraint, column != NULL ? column->name : NULL);
    if (statement_is(constraint, "contype", "CONSTR_UNIQUE"))
        return statement_unique(run, table, constraint, column != NULL ? column->name : NULL);
    if (column == NULL)
        return 0;
    bool generated = statement_is(constraint, "contype", "CONSTR_GENERATED") ||
                     strncasecmp(run->draft->text->text + statement_at(run, constraint), "generated",
                                 strlen("generated")) == 0; // newer.h
    json_t *expression = json_object_get(constraint, "raw_expr");
    if (statement_is(constraint, "contype", "CONSTR_NOTNULL"))
        column->not_null = true;
    if (expression == NULL || statement_is(constraint, "contype", "CONSTR_CHECK"))
        return 0;
    json_decref(column->expression.tree);
    column->expression = (struct source_expression){json_incref(expression), run->base};
    column->generated = generated;
    return 0;
}

// --- columns

// The type of a ColumnDef, or of a domain.
static int statement_type(const struct statement_run *run, const json_t *node, struct declared_type *ret) {
    const json_t *collation = json_object_get(node, "collClause");
    if (source_type_read(run->draft, json_object_get(node, "typeName"), run->base, ret) != 0)
        return -1;
    if (collation != NULL)
        ret->is_loose = source_collation_is_loose(run->draft, collation);
    return 0;
}

// A ColumnDef. Its constraints are of the table that it becomes a column of.
static int statement_add_column(const struct statement_run *run, struct draft_table *table,
                                const json_t *node) {
    const char *name = statement_text(node, "colname");
    if (name == NULL || source_lines_ignore(run->lines, table->name, name))
        return 0;
    struct draft_column column = {.name = strdup(name), .at = statement_at(run, node)};
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

static int statement_copy_columns(const struct statement_run *run, struct draft_table *table,
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

static int statement_copy_keys(const struct statement_run *run, struct draft_table *table,
                               const struct draft_table *from, size_t at) {
    if (from->key_count > 0 && table->key_count > 0)
        return statement_second_key(run, table, at);
    if (from->key_count > 0)
        table->key_at = at;
    if (from->key_count > 0 && source_draft_name_key(run->draft, table, NULL) != 0)
        return -1;
    table->key_deferrable |= from->key_deferrable;
    for (int i = 0; i < from->key_count; i++)
        if (source_draft_append(run->draft, &table->keys, &table->key_count, from->keys[i]) != 0)
            return -1;
    return 0;
}

// LIKE copies names, types and NOT NULL, and what INCLUDING says. Before, it copied expressions always and keys never.
static int statement_like(const struct statement_run *run, struct draft_table *table, const json_t *clause) {
    enum { LIKE_DEFAULTS = 1 << 3, LIKE_GENERATED = 1 << 4, LIKE_INDEXES = 1 << 6 }; // TableLikeOption
    const json_t *relation = json_object_get(clause, "relation");
    const json_int_t options = json_integer_value(json_object_get(clause, "options"));
    const struct source_name name = statement_relation(relation);
    const size_t at = statement_at(run, relation);
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
    return statement_copy_keys(run, table, other, at) != 0
               ? -1
               : source_draft_copy_indexes(run->draft, table, other, at);
}

static int statement_element(const struct statement_run *run, struct draft_table *table,
                             const json_t *element) {
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

static int statement_add_partition(const struct statement_run *run, struct source_name root,
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
static int statement_attach(const struct statement_run *run, struct source_name root, struct source_name leaf,
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
static int statement_detach(const struct statement_run *run, struct source_name name, struct source_name leaf,
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
    return statement_copy_keys(run, table, root, at) != 0 ? -1 : source_draft_detach(run->draft, root, table);
}

static int statement_typed_columns(const struct statement_run *run, struct draft_table *table,
                                   const json_t *of) {
    const struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(of, "names")));
    if (type == NULL || type->columns == NULL)
        return source_text_error(run->draft->text, statement_at(run, of), run->draft->error,
                                 "there is no composite type of this name before this line");
    struct statement_run columns = *run;
    columns.base = type->columns_base;
    const json_t *node;
    size_t i;
    json_array_foreach(type->columns, i, node) {
        if (statement_element(&columns, table, node) != 0)
            return -1;
    }
    return 0;
}

static int statement_table_columns(const struct statement_run *run, struct draft_table *table,
                                   const json_t *node) {
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "inhRelations"), i, element) {
        const json_t *parent = json_object_get(element, "RangeVar");
        if (statement_copy_columns(run, table, statement_relation(parent), statement_at(run, parent)) != 0)
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

static int statement_create_table(const struct statement_run *run, const json_t *node) {
    const json_t *relation = json_object_get(node, "relation");
    struct source_name name = statement_relation(relation);
    bool exists = source_draft_table(run->draft, name) != NULL;
    if (statement_ignores(run, name) || statement_is(relation, "relpersistence", "t") ||
        (exists && json_is_true(json_object_get(node, "if_not_exists"))))
        return 0;
    const json_t *first =
        json_object_get(json_array_get(json_object_get(node, "inhRelations"), 0), "RangeVar");
    if (json_object_get(node, "partbound") != NULL)
        return statement_add_partition(run, statement_relation(first), name,
                                       json_object_get(node, "partspec") != NULL, statement_at(run, first));
    struct draft_table *table;
    if (source_draft_add_table(run->draft, name, statement_at(run, relation), &table) != 0)
        return -1;
    table->unlogged = statement_is(relation, "relpersistence", "u");
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
        if (statement_is(command, "subtype", kept[i]))
            return true;
    return false;
}

static int statement_alter_type(const struct statement_run *run, const json_t *node,
                                struct draft_column *column) {
    bool of_type = column->expression.tree == column->of_type.tree;
    if (statement_type(run, node, &column->type) != 0)
        return -1;
    json_decref(column->of_type.tree);
    column->of_type = source_type_default(run->draft, json_object_get(node, "typeName"));
    json_incref(column->of_type.tree);
    if (of_type)
        source_draft_reset_expression(column);
    return 0;
}

static int statement_alter_column(const struct statement_run *run, struct draft_table *table,
                                  const json_t *command, int column) {
    struct draft_column *altered = &table->columns[column];
    const json_t *node = json_object_get(command, "def");
    if (statement_is(command, "subtype", "AT_DropColumn")) {
        source_draft_remove_column(run->draft, table, column);
        return 0;
    }
    if (statement_is(command, "subtype", "AT_AlterColumnType"))
        return statement_alter_type(run, json_object_get(node, "ColumnDef"), altered);
    if (statement_is(command, "subtype", "AT_ColumnDefault") ||
        statement_is(command, "subtype", "AT_DropExpression")) {
        if (node == NULL) {
            source_draft_reset_expression(altered);
            return 0;
        }
        json_decref(altered->expression.tree);
        altered->expression = (struct source_expression){json_incref((json_t *)node), run->base};
        return 0; // SET EXPRESSION comes as a default (newer.h)
    }
    altered->not_null = statement_is(command, "subtype", "AT_SetNotNull");
    return 0;
}

// What is neither its key nor a unique one of it (a check, a foreign key) is nothing to the mirror. A program of before kept both.
static void statement_drop_constraint(const struct statement_run *run, struct draft_table *table,
                                      const char *name) {
    if (name == NULL || run->draft->text->as_before)
        return;
    const int unique = source_draft_find_index(run->draft, table->name, name);
    if (table->key_name != NULL && strcmp(table->key_name, name) == 0)
        source_draft_drop_key(table);
    if (unique >= 0)
        source_draft_drop_index(run->draft, unique);
}

static int statement_alter(const struct statement_run *run, struct source_name name, const json_t *command,
                           size_t at) {
    struct draft_table *table = source_draft_table(run->draft, name);
    const json_t *node = json_object_get(command, "def");
    bool attaches = statement_is(command, "subtype", "AT_AttachPartition");
    if (attaches || statement_is(command, "subtype", "AT_DetachPartition")) {
        const json_t *leaf = json_object_get(json_object_get(node, "PartitionCmd"), "name");
        return (attaches ? statement_attach : statement_detach)(run, name, statement_relation(leaf),
                                                                statement_at(run, leaf));
    }
    if (table == NULL)
        return source_text_error(run->draft->text, at, run->draft->error,
                                 "there is no table %s before this line", name.relation);
    if (statement_is(command, "subtype", "AT_AddColumn")) {
        node = json_object_get(node, "ColumnDef");
        const char *added = statement_text(node, "colname");
        if (json_is_true(json_object_get(command, "missing_ok")) && added != NULL &&
            source_draft_column(table, added) >= 0)
            return 0;
        return statement_add_column(run, table, node);
    }
    bool unlogs = statement_is(command, "subtype", "AT_SetUnLogged");
    if (unlogs || statement_is(command, "subtype", "AT_SetLogged")) {
        table->unlogged = unlogs;
        return 0;
    }
    if (statement_is(command, "subtype", "AT_AddConstraint"))
        return statement_constraint(run, table, json_object_get(node, "Constraint"), NULL);
    if (statement_is(command, "subtype", "AT_ReplicaIdentity")) {
        node = json_object_get(node, "ReplicaIdentityStmt");
        free(table->identity);
        table->identity =
            statement_is(node, "identity_type", "i") ? strdup(statement_text(node, "name")) : NULL;
        return 0;
    }
    const char *altered = statement_text(command, "name");
    if (statement_is(command, "subtype", "AT_DropConstraint")) {
        statement_drop_constraint(run, table, altered);
        return 0;
    }
    int column = altered != NULL ? source_draft_column(table, altered) : -1;
    if (column < 0 && altered != NULL && !source_lines_ignore(run->lines, table->name, altered) &&
        !json_is_true(json_object_get(command, "missing_ok")))
        return source_text_error(run->draft->text, at, run->draft->error, "table %s has no column %s",
                                 table->name, altered);
    return column >= 0 ? statement_alter_column(run, table, command, column) : 0;
}

static int statement_alter_table(const struct statement_run *run, const json_t *node) {
    const json_t *relation = json_object_get(node, "relation");
    struct source_name name = statement_relation(relation);
    bool missing_ok =
        json_is_true(json_object_get(node, "missing_ok")) && source_draft_table(run->draft, name) == NULL;
    if (!statement_is(node, "objtype", "OBJECT_TABLE") || missing_ok || statement_ignores(run, name))
        return 0;
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "cmds"), i, element) {
        const json_t *command = json_object_get(element, "AlterTableCmd");
        bool of_partition = source_draft_table(run->draft, name) == NULL &&
                            source_draft_root(run->draft, name) != NULL &&
                            !statement_is(command, "subtype", "AT_AttachPartition") &&
                            !statement_is(command, "subtype", "AT_DetachPartition");
        if (statement_alters_what_is_kept(command) && !of_partition &&
            statement_alter(run, name, command, statement_at(run, relation)) != 0)
            return -1;
    }
    return 0;
}

static int statement_rename_column(const struct statement_run *run, struct draft_table *table,
                                   const char *old_name, const char *new_name) {
    int number = old_name != NULL ? source_draft_column(table, old_name) : -1;
    if (number < 0)
        return 0;
    struct draft_column *column = &table->columns[number];
    for (int i = 0; i < table->key_count; i++)
        if (strcmp(table->keys[i], old_name) == 0) {
            free(table->keys[i]);
            table->keys[i] = strdup(new_name);
        }
    CLEANUP(free_charp) char *name = column->name;
    column->name = strdup(new_name);
    if (source_draft_rename_column_indexed(run->draft, table->name, name, new_name) != 0)
        return source_draft_out_of_memory(run->draft);
    return column->name != NULL ? source_draft_append(run->draft, &column->older, &column->older_count, name)
                                : source_draft_out_of_memory(run->draft);
}

// It has another schema or name by now.
static int statement_name_anew(const struct statement_run *run, struct draft_table *table) {
    CLEANUP(free_charp) char *name = table->name;
    table->name = table->relation != NULL
                      ? source_draft_mirror_name((struct source_name){table->schema, table->relation})
                      : NULL;
    if (table->name == NULL || source_draft_rename_parent(table, name) != 0 ||
        source_draft_rename_indexed(run->draft, name, table->name) != 0)
        return source_draft_out_of_memory(run->draft);
    return source_draft_append(run->draft, &table->older, &table->older_count, name);
}

// NULL: it is of another kind of thing.
static struct draft_table *statement_of_table(const struct statement_run *run, const json_t *node) {
    const struct source_name name = statement_relation(json_object_get(node, "relation"));
    return name.relation != NULL ? source_draft_table(run->draft, name) : NULL;
}

static int statement_rename(const struct statement_run *run, const json_t *node) {
    struct draft_table *table = statement_of_table(run, node);
    const char *new_name = statement_text(node, "newname");
    if (table == NULL || new_name == NULL)
        return 0;
    if (statement_is(node, "renameType", "OBJECT_COLUMN"))
        return statement_rename_column(run, table, statement_text(node, "subname"), new_name);
    if (!statement_is(node, "renameType", "OBJECT_TABLE"))
        return 0;
    free(table->relation);
    table->relation = strdup(new_name);
    return statement_name_anew(run, table);
}

static int statement_set_schema(const struct statement_run *run, const json_t *node) {
    struct draft_table *table = statement_of_table(run, node);
    const char *schema = statement_text(node, "newschema");
    if (table == NULL || schema == NULL || !statement_is(node, "objectType", "OBJECT_TABLE"))
        return 0;
    free(table->schema);
    table->schema = strdup(schema);
    return table->schema != NULL ? statement_name_anew(run, table) : source_draft_out_of_memory(run->draft);
}

static int statement_drop(const struct statement_run *run, const json_t *node) {
    const json_t *object;
    size_t i;
    const bool index = statement_is(node, "removeType", "OBJECT_INDEX");
    if (!index && !statement_is(node, "removeType", "OBJECT_TABLE"))
        return 0;
    json_array_foreach(json_object_get(node, "objects"), i, object) {
        struct source_name name = source_type_name(json_object_get(json_object_get(object, "List"), "items"));
        const int dropped =
            index && name.relation != NULL ? source_draft_find_index(run->draft, NULL, name.relation) : -1;
        if (dropped >= 0)
            source_draft_drop_index(run->draft, dropped);
        struct draft_table *table =
            !index && name.relation != NULL ? source_draft_table(run->draft, name) : NULL;
        if (table != NULL)
            source_draft_remove_table(run->draft, table);
    }
    return 0;
}

// --- types and indexes

// The default behind a domain's type, or that of the domain that it is made of.
static struct source_expression statement_domain_default(const struct statement_run *run,
                                                         const json_t *node) {
    struct source_expression found = source_type_default(run->draft, json_object_get(node, "typeName"));
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "constraints"), i, element) {
        const json_t *constraint = json_object_get(element, "Constraint");
        if (statement_is(constraint, "contype", "CONSTR_DEFAULT"))
            found = (struct source_expression){json_object_get(constraint, "raw_expr"), run->base};
    }
    json_incref(found.tree);
    return found;
}

static int statement_domain(const struct statement_run *run, const json_t *node) {
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

static int statement_text_type(const struct statement_run *run, const json_t *node) {
    struct draft_type *type;
    if (source_draft_add_type(run->draft, source_type_name(json_object_get(node, "typeName")), &type) != 0)
        return -1;
    type->base.is_text = true;
    return 0;
}

static int statement_enum(const struct statement_run *run, const json_t *node) {
    if (statement_text_type(run, node) != 0)
        return -1;
    struct draft_type *type = &run->draft->types[run->draft->type_count - 1];
    type->base.enum_number = run->draft->type_count;
    return statement_names(run, json_object_get(node, "vals"), &type->labels, &type->label_count);
}

// ADD VALUE and RENAME VALUE: their order is nothing to the mirror.
static int statement_alter_enum(const struct statement_run *run, const json_t *node) {
    const char *old_label = statement_text(node, "oldVal"), *label = statement_text(node, "newVal");
    struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(node, "typeName")));
    if (type == NULL || label == NULL)
        return 0;
    for (int i = 0; i < type->label_count; i++) {
        bool is_old = old_label != NULL && strcmp(type->labels[i], old_label) == 0;
        if (!is_old && strcmp(type->labels[i], label) != 0)
            continue;
        char *renamed = strdup(label);
        if (renamed == NULL)
            return source_draft_out_of_memory(run->draft);
        free(type->labels[i]);
        type->labels[i] = renamed;
        return 0;
    }
    return source_draft_append(run->draft, &type->labels, &type->label_count, label);
}

// SET DEFAULT and DROP DEFAULT, of columns that come after it.
static int statement_alter_domain(const struct statement_run *run, const json_t *node) {
    struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(node, "typeName")));
    if (type == NULL || !statement_is(node, "subtype", "T"))
        return 0;
    json_decref(type->expression.tree);
    type->expression = (struct source_expression){json_incref(json_object_get(node, "def")), run->base};
    return 0;
}

static int statement_composite(const struct statement_run *run, const json_t *node) {
    struct draft_type *type;
    if (source_draft_add_type(run->draft, statement_relation(json_object_get(node, "typevar")), &type) != 0)
        return -1;
    type->base.is_any = true;
    type->columns = json_incref(json_object_get(node, "coldeflist"));
    type->columns_base = run->base;
    return 0;
}

// A unique index over plain columns, without a condition, tells rows apart.
static int statement_create_index(const struct statement_run *run, const json_t *node) {
    struct draft_table *table =
        source_draft_table(run->draft, statement_relation(json_object_get(node, "relation")));
    const json_t *elements = json_object_get(node, "indexParams");
    const json_t *element;
    size_t i;
    if (table == NULL || !json_is_true(json_object_get(node, "unique")) ||
        json_object_get(node, "whereClause") != NULL)
        return 0;
    json_array_foreach((json_t *)elements, i, element) {
        if (statement_text(json_object_get(element, "IndexElem"), "name") == NULL)
            return 0;
    }
    struct draft_index *index;
    if (source_draft_add_index(run->draft, table, run->base, &index) != 0)
        return -1;
    const char *name = statement_text(node, "idxname");
    if (name != NULL && (index->name = strdup(name)) == NULL)
        return source_draft_out_of_memory(run->draft);
    return statement_names(run, elements, &index->columns, &index->column_count);
}

static int statement_no_columns(const struct statement_run *run, const json_t *node) {
    (void)node;
    return source_text_error(run->draft->text, run->base, run->draft->error,
                             "create table .. as: the columns and their types must be written");
}

// Its tables may stand in it.
static int statement_create_schema(const struct statement_run *run, const json_t *node) {
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "schemaElts"), i, element) {
        const json_t *table = json_object_get(element, "CreateStmt");
        if (table != NULL)
            return source_text_error(
                run->draft->text, statement_at(run, json_object_get(table, "relation")), run->draft->error,
                "create schema .. create table: write the table in a statement of its own");
    }
    return 0;
}

static int statement_define(const struct statement_run *run, const json_t *node) {
    return source_collation_create(run->draft, node);
}

static int statement_run_tree(const struct statement_run *run, const json_t *tree) {
    static const struct {
        const char *node;
        int (*run)(const struct statement_run *run, const json_t *node);
    } statements[] = {
        {"CreateStmt", statement_create_table},
        {"AlterTableStmt", statement_alter_table},
        {"RenameStmt", statement_rename},
        {"AlterObjectSchemaStmt", statement_set_schema},
        {"DropStmt", statement_drop},
        {"CreateDomainStmt", statement_domain},
        {"CreateEnumStmt", statement_enum},
        {"CreateRangeStmt", statement_text_type},
        {"CompositeTypeStmt", statement_composite},
        {"IndexStmt", statement_create_index},
        {"CreateTableAsStmt", statement_no_columns},
        {"CreateSchemaStmt", statement_create_schema},
        {"DefineStmt", statement_define},
        {"AlterEnumStmt", statement_alter_enum},
        {"AlterDomainStmt", statement_alter_domain},
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const json_t *node = json_object_get(tree, statements[i].node);
        if (node != NULL)
            return statements[i].run(run, node);
    }
    return 0;
}

// --- which statements matter

// Whether it ends where the text says: what it swallowed would be passed over with it. A body that the grammar does not know is
// taken as it stands.
static int statement_pass_over(struct source_draft *draft, const struct source_statement *statement) {
    struct pg_parse_error failure = {0};
    if (draft->text->as_before)
        return 0;
    if (statement->is_open)
        return source_text_error(draft->text, statement->at, draft->error,
                                 "this statement does not end: a parenthesis or BEGIN ATOMIC is open");
    if (statement->has_body)
        json_decref(source_long_names_parse(draft->text, statement, &failure));
    return failure.several ? source_text_error(draft->text, statement->at + failure.at, draft->error, "%s",
                                               failure.message)
                           : 0;
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
    if (source_passed_over(statement, draft->text->as_before))
        return statement_pass_over(draft, statement);
    struct pg_parse_error failure = {0};
    json_t *tree = statement_parse(draft, statement, &failure);
    if (tree == NULL)
        return source_text_error(draft->text, statement->at + failure.at, draft->error, "%s",
                                 failure.message);
    const struct statement_run run = {.draft = draft, .lines = lines, .base = statement->at};
    int status = statement_run_tree(&run, tree);
    json_decref(tree);
    return status;
}
