#include "views/engine/catalog/source/statement.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/body.h"
#include "views/engine/catalog/source/collation.h"
#include "views/engine/catalog/source/constraint.h"
#include "views/engine/catalog/source/create.h"
#include "views/engine/catalog/source/default.h"
#include "views/engine/catalog/source/drop.h"
#include "views/engine/catalog/source/lineage.h"
#include "views/engine/catalog/source/long_names.h"
#include "views/engine/catalog/source/made_type.h"
#include "views/engine/catalog/source/mysql_words.h"
#include "views/engine/catalog/source/passed_over.h"
#include "views/engine/catalog/source/path.h"
#include "views/engine/catalog/source/pg_parse.h"

#include <strings.h>

// --- alter table

// Subtypes that change what a mirror keeps.
static bool statement_alters_what_is_kept(const json_t *command) {
    static const char *const kept[] = {"AT_AddColumn",       "AT_DropColumn",      "AT_AlterColumnType",
                                       "AT_ColumnDefault",   "AT_DropExpression",  "AT_SetNotNull",
                                       "AT_DropNotNull",     "AT_AddConstraint",   "AT_AddIndex",
                                       "AT_ReplicaIdentity", "AT_AttachPartition", "AT_DetachPartition",
                                       "AT_SetLogged",       "AT_SetUnLogged",     "AT_DropConstraint",
                                       "AT_AddInherit",      "AT_DropInherit",     "AT_AddIdentity"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (source_node_is(command, "subtype", kept[i]))
            return true;
    return false;
}

// ADD COLUMN: what the default is made afterwards is that of rows which say their value, and rows of before keep the first.
static int statement_add_later(const struct source_run *run, struct draft_table *table, const json_t *node) {
    const int count = table->column_count;
    if (source_create_column(run, table, node) != 0)
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
    if (source_made_type_read(run, node, &type) != 0 || statement_cast_default(run, node, &type, column) != 0)
        return -1;
    column->type = type;
    column->made_type = source_type_number(run->draft, json_object_get(node, "typeName"));
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
        source_draft_drop_column(run->draft, table, column);
        return 0;
    }
    if (source_node_is(command, "subtype", "AT_AlterColumnType"))
        return statement_alter_type(run, json_object_get(node, "ColumnDef"), altered);
    const bool numbers = source_node_is(command, "subtype", "AT_AddIdentity");
    if ((numbers || source_node_is(command, "subtype", "AT_ColumnDefault")) && altered->added &&
        !altered->generated)
        return 0;
    if (numbers)
        return source_create_number(run, altered);
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

// INHERIT and NO INHERIT of another table.
static int statement_inherit(const struct source_run *run, struct draft_table *table, const json_t *command) {
    const json_t *parent = json_object_get(json_object_get(command, "def"), "RangeVar");
    CLEANUP(free_charp)
    char *name = source_draft_mirror_name(source_path_find(run->draft, source_node_relation(parent)));
    if (name == NULL)
        return source_draft_out_of_memory(run->draft);
    if (source_node_is(command, "subtype", "AT_AddInherit"))
        return source_lineage_add(run->draft, table, name, false);
    source_lineage_remove(run->draft, table, name);
    return 0;
}

static int statement_alter(const struct source_run *run, struct source_name name, const json_t *command,
                           size_t at) {
    struct draft_table *table = source_draft_table(run->draft, name);
    const json_t *node = json_object_get(command, "def");
    bool attaches = source_node_is(command, "subtype", "AT_AttachPartition");
    if (attaches || source_node_is(command, "subtype", "AT_DetachPartition")) {
        const json_t *leaf = json_object_get(json_object_get(node, "PartitionCmd"), "name");
        return (attaches ? source_create_attach : source_create_detach)(
            run, name, source_path_find(run->draft, source_node_relation(leaf)), source_node_at(run, leaf));
    }
    if (table == NULL)
        return source_text_error(run->draft->text, at, run->draft->error,
                                 "there is no table %s before this line", name.relation);
    if (source_node_is(command, "subtype", "AT_AddColumn")) {
        return statement_add_later(run, table, json_object_get(node, "ColumnDef"));
    }
    bool unlogs = source_node_is(command, "subtype", "AT_SetUnLogged");
    if (unlogs || source_node_is(command, "subtype", "AT_SetLogged")) {
        table->unlogged = unlogs;
        return 0;
    }
    if (source_node_is(command, "subtype", "AT_AddInherit") ||
        source_node_is(command, "subtype", "AT_DropInherit"))
        return statement_inherit(run, table, command);
    if (source_node_is(command, "subtype", "AT_AddConstraint"))
        return source_create_constraint(run, table, json_object_get(node, "Constraint"), NULL);
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

static int statement_alter_children(const struct source_run *run, const char *parent, const json_t *command,
                                    bool only, int depth);

// Keys are the parent's alone, but for what a primary key says of its column.
static json_t *statement_without_keys(const json_t *node) {
    json_t *copy = json_deep_copy(node);
    json_t *constraints = json_object_get(copy, "constraints");
    for (size_t i = json_array_size(constraints); i-- > 0;) {
        json_t *constraint = json_object_get(json_array_get(constraints, i), "Constraint");
        if (source_node_is(constraint, "contype", "CONSTR_UNIQUE"))
            (void)json_array_remove(constraints, i);
        else if (source_node_is(constraint, "contype", "CONSTR_PRIMARY"))
            (void)json_object_set_new(constraint, "contype", json_string("CONSTR_NOTNULL"));
    }
    return copy;
}

static int statement_add_to_child(const struct source_run *run, int child, const json_t *node) {
    struct draft_table *table = &run->draft->tables[child];
    json_t *alone = statement_without_keys(node);
    const int status =
        alone != NULL ? statement_add_later(run, table, alone) : source_draft_out_of_memory(run->draft);
    json_decref(alone);
    if (status != 0)
        return -1;
    int number = source_draft_column(table, source_node_text(node, "colname"));
    if (number >= 0) {
        table->columns[number].parents = 1;
        table->columns[number].of_parents = true;
    }
    return 0;
}

// What ALTER TABLE of a table does to one that inherits of it. *ret_further: to those that inherit of that one, too.
static int statement_alter_child(const struct source_run *run, int child, const json_t *command, bool only,
                                 bool *ret_further) {
    static const char *const passed_on[] = {"AT_AlterColumnType", "AT_ColumnDefault", "AT_SetNotNull",
                                            "AT_DropNotNull", "AT_DropExpression"};
    struct draft_table *table = &run->draft->tables[child];
    const json_t *added = json_object_get(json_object_get(command, "def"), "ColumnDef");
    const bool adds = source_node_is(command, "subtype", "AT_AddColumn");
    const char *name = source_node_text(adds ? added : command, adds ? "colname" : "name");
    const int number = name != NULL ? source_draft_column(table, name) : -1;
    *ret_further = true;
    if (adds && number < 0)
        return statement_add_to_child(run, child, added);
    if (number < 0)
        return 0;
    *ret_further = false;
    if (adds)
        table->columns[number].parents++;
    if (source_node_is(command, "subtype", "AT_DropColumn")) {
        if (!source_lineage_takes_column(table, number, only))
            return 0;
        *ret_further = true;
        return statement_alter_column(run, table, command, number);
    }
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on && !only; i++)
        *ret_further |= source_node_is(command, "subtype", passed_on[i]);
    return *ret_further ? statement_alter_column(run, table, command, number) : 0;
}

static int statement_alter_children(const struct source_run *run, const char *parent, const json_t *command,
                                    bool only, int depth) {
    for (int i = 0; i < run->draft->table_count && depth < LINEAGE_DEPTH_MAX; i++) {
        bool further;
        if (!source_lineage_has(&run->draft->tables[i], parent))
            continue;
        if (statement_alter_child(run, i, command, only, &further) != 0 ||
            (further &&
             statement_alter_children(run, run->draft->tables[i].name, command, only, depth + 1) != 0))
            return -1;
    }
    return 0;
}

// One that is there already is nobody's news.
static bool statement_adds_nothing(const struct source_run *run, struct source_name name,
                                   const json_t *command) {
    const struct draft_table *table = source_draft_table(run->draft, name);
    const char *added =
        source_node_text(json_object_get(json_object_get(command, "def"), "ColumnDef"), "colname");
    return source_node_is(command, "subtype", "AT_AddColumn") &&
           json_is_true(json_object_get(command, "missing_ok")) && table != NULL && added != NULL &&
           source_draft_column(table, added) >= 0;
}

static int statement_alter_one(const struct source_run *run, struct source_name name, const json_t *command,
                               const json_t *relation) {
    const bool only = !json_is_true(json_object_get(relation, "inh"));
    const bool of_partition = source_draft_table(run->draft, name) == NULL &&
                              source_draft_root(run->draft, name) != NULL &&
                              !source_node_is(command, "subtype", "AT_AttachPartition") &&
                              !source_node_is(command, "subtype", "AT_DetachPartition");
    if (!statement_alters_what_is_kept(command) || of_partition || statement_adds_nothing(run, name, command))
        return 0;
    if (statement_alter(run, name, command, source_node_at(run, relation)) != 0)
        return -1;
    const struct draft_table *table = source_draft_table(run->draft, name);
    return table == NULL || run->draft->text->as_first
               ? 0
               : statement_alter_children(run, table->name, command, only, 0);
}

static int statement_alter_table(const struct source_run *run, const json_t *node) {
    const json_t *relation = json_object_get(node, "relation");
    struct source_name name = source_node_relation(relation);
    const bool is_elsewhere = source_path_is_elsewhere(run->draft, name);
    name = source_path_find(run->draft, name);
    // One that was renamed is left out by its last name, at the end.
    const bool is_there = source_draft_table(run->draft, name) != NULL;
    if (source_node_is(node, "objtype", "OBJECT_TYPE"))
        source_made_type_alter_columns(run, node);
    if (!source_node_is(node, "objtype", "OBJECT_TABLE") ||
        ((!is_there || is_elsewhere) && json_is_true(json_object_get(node, "missing_ok"))) ||
        ((!is_there || run->draft->text->as_first) && source_create_ignores(run, name)))
        return 0;
    const json_t *element;
    size_t i;
    json_array_foreach(json_object_get(node, "cmds"), i, element) {
        if (statement_alter_one(run, name, json_object_get(element, "AlterTableCmd"), relation) != 0)
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

// So is it in the tables that inherit it.
static int statement_rename_columns(const struct source_run *run, struct draft_table *table,
                                    const char *old_name, const char *new_name, int depth) {
    if (statement_rename_column(run, table, old_name, new_name) != 0)
        return -1;
    for (int i = 0; i < run->draft->table_count && depth < LINEAGE_DEPTH_MAX && !run->draft->text->as_first;
         i++)
        if (source_lineage_has(&run->draft->tables[i], table->name) &&
            statement_rename_columns(run, &run->draft->tables[i], old_name, new_name, depth + 1) != 0)
            return -1;
    return 0;
}

// A table, where it is one that the statement speaks of.
static struct draft_table *statement_table(const struct source_run *run, const json_t *node) {
    const struct source_name name =
        source_path_find(run->draft, source_node_relation(json_object_get(node, "relation")));
    return name.relation != NULL ? source_draft_table(run->draft, name) : NULL;
}

// A program of before knew it by its first name.
static int statement_rename_partition(const struct source_run *run, struct source_name older,
                                      struct source_name newer) {
    CLEANUP(free_charp) char *name = source_draft_mirror_name(older);
    CLEANUP(free_charp) char *new_name = source_draft_mirror_name(newer);
    if (name == NULL || new_name == NULL)
        return source_draft_out_of_memory(run->draft);
    return run->draft->text->as_first ? 0 : source_draft_rename_partition(run->draft, name, new_name);
}

static bool statement_is_of_type(const json_t *node, const char *member) {
    return source_node_is(node, member, "OBJECT_TYPE") || source_node_is(node, member, "OBJECT_DOMAIN");
}

static int statement_rename(const struct source_run *run, const json_t *node) {
    struct draft_table *table = statement_table(run, node);
    const char *new_name = source_node_text(node, "newname");
    if (new_name == NULL)
        return 0;
    if (source_node_is(node, "renameType", "OBJECT_ATTRIBUTE"))
        source_made_type_alter_columns(run, node);
    if (statement_is_of_type(node, "renameType"))
        return source_made_type_rename(run, node, NULL, new_name);
    if (source_node_is(node, "renameType", "OBJECT_SCHEMA"))
        return source_drop_rename_schema(run, source_node_text(node, "subname"), new_name);
    bool is_table = source_node_is(node, "renameType", "OBJECT_TABLE");
    const struct source_name name =
        source_path_find(run->draft, source_node_relation(json_object_get(node, "relation")));
    if (is_table && table == NULL && name.relation != NULL && source_draft_root(run->draft, name) != NULL)
        return statement_rename_partition(run, name, (struct source_name){name.schema, new_name});
    // `alter table` renames an index, too.
    if (source_node_is(node, "renameType", "OBJECT_INDEX") || (is_table && table == NULL))
        return source_constraint_rename_index(run, name, new_name);
    if (table == NULL)
        return 0;
    if (source_node_is(node, "renameType", "OBJECT_COLUMN"))
        return statement_rename_columns(run, table, source_node_text(node, "subname"), new_name, 0);
    if (source_node_is(node, "renameType", "OBJECT_TABCONSTRAINT"))
        return source_constraint_rename(run, table, source_node_text(node, "subname"), new_name);
    if (!is_table)
        return 0;
    return source_draft_set(run->draft, &table->relation, new_name) != 0 ? -1
                                                                         : source_drop_name_anew(run, table);
}

static int statement_set_schema(const struct source_run *run, const json_t *node) {
    struct draft_table *table = statement_table(run, node);
    const char *schema = source_node_text(node, "newschema");
    if (schema != NULL && statement_is_of_type(node, "objectType"))
        return source_made_type_rename(run, node, schema, NULL);
    const struct source_name name =
        source_path_find(run->draft, source_node_relation(json_object_get(node, "relation")));
    if (schema == NULL || !source_node_is(node, "objectType", "OBJECT_TABLE"))
        return 0;
    if (table == NULL)
        return name.relation != NULL
                   ? statement_rename_partition(run, name, (struct source_name){schema, name.relation})
                   : 0;
    return source_draft_set(run->draft, &table->schema, schema) != 0 ? -1 : source_drop_name_anew(run, table);
}

// --- indexes and schemas

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
        {"CreateStmt", source_create_table},
        {"AlterTableStmt", statement_alter_table},
        {"RenameStmt", statement_rename},
        {"AlterObjectSchemaStmt", statement_set_schema},
        {"DropStmt", source_drop},
        {"CreateDomainStmt", source_made_type_domain},
        {"CreateEnumStmt", source_made_type_enum},
        {"AlterEnumStmt", source_made_type_alter_enum},
        {"AlterDomainStmt", source_made_type_alter_domain},
        {"CreateRangeStmt", source_made_type_text},
        {"CompositeTypeStmt", source_made_type_composite},
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

// ROLLBACK TO is none, and says so in a word behind it.
static bool statement_ends_transaction(const struct source_statement *statement) {
    static const char *const words[] = {"commit", "end", "abort", "rollback", NULL};
    static const char *const to[] = {"to", NULL};
    for (int i = 1; i < statement->word_count; i++)
        if (source_text_word_among(statement, i, to))
            return false;
    return source_text_word_among(statement, 0, words);
}

// Those whose tree is looked at. Of a function only where its text speaks of what is kept.
static bool statement_is_looked_at(const struct source_draft *draft,
                                   const struct source_statement *statement) {
    static const char *const words[] = {"do", "call", "select", "set", "reset", NULL};
    static const char *const create[] = {"create", NULL};
    const struct span text = {draft->text->text + statement->at, statement->size};
    if (statement->has_body || draft->text->as_first)
        return statement->has_body;
    return statement->swallowed > 0 || source_text_word_among(statement, 0, words) ||
           (source_text_word_among(statement, 0, create) && source_body_mentions(text));
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
    if (*ret == NULL && statement->swallowed > 0 && !failure.several && !draft->text->as_first)
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
    static const char *const verbs[] = {"create", "alter", "drop", NULL};
    return source_text_word_among(&body->text.statements[number], 0, verbs);
}

// How much one statement of a block makes or changes: where one of several fails, none is done.
static int statement_count_made(const struct source_body *body, int number) {
    const struct source_statement *statement = &body->text.statements[number];
    struct pg_parse_error failure;
    if (!statement_is_made(body, number))
        return 0;
    json_t *tree = pg_parse((struct span){body->text.text + statement->at, statement->size}, &failure);
    const size_t commands =
        json_array_size(json_object_get(json_object_get(tree, "AlterTableStmt"), "cmds")) +
        json_array_size(json_object_get(json_object_get(tree, "DropStmt"), "objects"));
    json_decref(tree);
    return commands > 1 ? (int)commands : 1;
}

// What fails in a block that handles it is undone, as of a type that is there already.
static int statement_run_handled(struct source_draft *draft, const struct source_lines *lines,
                                 const struct source_statement *statement) {
    struct error failure = {0};
    struct error *error = draft->error;
    draft->error = &failure;
    draft->handles = true;
    const int tables = draft->table_count;
    const int status = source_statement_run(draft, lines, statement);
    draft->error = error;
    draft->handles = false;
    while (status != 0 && draft->table_count > tables)
        source_draft_remove_table(draft, &draft->tables[draft->table_count - 1]);
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
        made += statement_count_made(&body, i);
    if (!body.plain || (body.handles && made > 1)) {
        if (source_body_changes(draft, &body))
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
    if (source_path_set(draft, tree) != 0)
        return -1;
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
    if (called == NULL)
        return 0;
    source_draft_note(draft, statement->at,
                      "what function %s does to tables, columns, keys or types is not carried out, here and "
                      "wherever it is called: write those statements by themselves",
                      called);
    source_body_forget_function(draft, called);
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

static int statement_refuse(const struct source_draft *draft, const struct source_statement *statement,
                            const struct pg_parse_error *failure) {
    const struct span text = {draft->text->text + statement->at, statement->size};
    const char *remedy =
        !failure->several && source_is_mysql(text, failure->at)
            ? ": MySQL's and MariaDB's DDL is not read; `tidemark init` without --ddl writes "
              "a source.sql from the topics"
            : "";
    return source_text_error(draft->text, statement->at + failure->at, draft->error, "%s%s", failure->message,
                             remedy);
}

int source_statement_run(struct source_draft *draft, const struct source_lines *lines,
                         const struct source_statement *statement) {
    json_t *tree = NULL;
    if (statement_ends_transaction(statement))
        source_path_end(draft);
    if (source_passed_over(statement, draft->text->as_before)) {
        int passed = statement_pass_over(draft, statement, &tree);
        if (passed == 0 && tree != NULL && !draft->text->as_first)
            passed = statement_look(draft, lines, statement, tree);
        json_decref(tree);
        return passed;
    }
    struct pg_parse_error failure = {0};
    tree = statement_parse(draft, statement, &failure);
    if (tree == NULL && !failure.several && source_passed_over_unread(statement) &&
        (statement->swallowed == 0 || draft->text->as_first))
        return 0;
    if (tree == NULL)
        return statement_refuse(draft, statement, &failure);
    const struct source_run run = {.draft = draft, .lines = lines, .base = statement->at};
    int status = statement_run_tree(&run, tree);
    json_decref(tree);
    return status;
}
