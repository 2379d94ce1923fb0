#define _GNU_SOURCE // memmem, strcasestr
#include "views/engine/catalog/source/body.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/path.h"
#include "views/engine/catalog/source/pg_parse.h"

#include <stdlib.h>
#include <strings.h>

void source_body_free(struct source_body *body) {
    source_text_free(&body->text);
}

static bool body_begins_with(const struct source_statement *statement, const char *word) {
    return source_text_word_among(statement, 0, (const char *const[]){word, NULL});
}

static const json_t *body_option(const json_t *options, const char *name) {
    const json_t *element;
    size_t i;
    json_array_foreach((json_t *)options, i, element) {
        const json_t *option = json_object_get(element, "DefElem");
        if (source_node_is(option, "defname", name))
            return json_object_get(option, "arg");
    }
    return NULL;
}

// What it does is known of PL/pgSQL alone, which a DO block is where it says nothing.
static bool body_is_plpgsql(const json_t *options) {
    const char *language = source_type_string(body_option(options, "language"));
    return language == NULL || strcasecmp(language, "plpgsql") == 0;
}

// A quote that does not end leaves no statements.
static bool body_cut(const char *text, struct source_text *ret) {
    struct error failure = {0};
    source_text_free(ret);
    return source_text_read(text, ret, &failure) == 0 || failure.kind == ERROR_INPUT;
}

// The BEGIN before the first statement is no part of it.
static bool body_open(char *text, struct source_body *body) {
    body->plain = body->text.statement_count > 0 && body_begins_with(&body->text.statements[0], "begin");
    if (!body->plain)
        return true;
    memset(text + body->text.statements[0].at, ' ', strlen("begin"));
    return body_cut(text, &body->text);
}

// Up to END or EXCEPTION, all of which are run as they stand.
static void body_judge(struct source_body *body) {
    static const char *const plain[] = {"create", "alter",  "drop",   "comment", "grant",   "revoke",  "null",
                                        "raise",  "insert", "update", "delete",  "perform", "analyze", NULL};
    for (body->count = 0; body->count < body->text.statement_count; body->count++) {
        const struct source_statement *statement = &body->text.statements[body->count];
        body->handles = body_begins_with(statement, "exception");
        if (body->handles || body_begins_with(statement, "end"))
            return;
        body->plain &= source_text_word_among(statement, 0, plain);
    }
    body->plain = false;
}

bool source_body_read(const struct source_draft *draft, const struct source_statement *statement,
                      const json_t *node, struct source_body *ret) {
    const json_t *options = json_object_get(node, "args");
    const char *written = source_type_string(body_option(options, "as"));
    CLEANUP(free_charp) char *text = strdup(written != NULL ? written : "");
    *ret = (struct source_body){0};
    if (text == NULL || !body_cut(text, &ret->text) || !body_open(text, ret))
        return false;
    body_judge(ret);
    const char *from = draft->text->text + statement->at;
    const char *found = written != NULL ? memmem(from, statement->size, written, strlen(written)) : NULL;
    ret->plain &= found != NULL && body_is_plpgsql(options);
    ret->at = found != NULL ? (size_t)(found - draft->text->text) : 0;
    return true;
}

// --- what is changed

bool source_body_mentions(struct span text) {
    static const char *const words[] = {"create table",  "alter table",  "drop table",    "create type",
                                        "alter type",    "drop type",    "create domain", "drop domain",
                                        "create schema", "alter schema", "drop schema",   "create unique"};
    CLEANUP(free_charp) char *copy = strndup(text.data, text.size);
    for (size_t i = 0; copy != NULL && i < sizeof words / sizeof *words; i++)
        if (strcasestr(copy, words[i]) != NULL)
            return true;
    return false;
}

// Whether there is such a table, or a partition of one. In a function's body (draft NULL) nothing is known of what there is when it is
// called, here and below.
static bool body_knows(const struct source_draft *draft, struct source_name name) {
    if (draft == NULL)
        return true;
    name = source_path_find(draft, name);
    return name.relation != NULL &&
           (source_draft_table(draft, name) != NULL || source_draft_root(draft, name) != NULL);
}

// The name of a primary key, or of a unique index.
static bool body_names_key(const struct source_draft *draft, const char *name) {
    if (draft == NULL || name == NULL)
        return draft == NULL;
    for (int i = 0; i < draft->index_count; i++)
        if (draft->indexes[i].name != NULL && strcmp(draft->indexes[i].name, name) == 0)
            return true;
    for (int i = 0; i < draft->table_count; i++)
        if (draft->tables[i].key_name != NULL && strcmp(draft->tables[i].key_name, name) == 0)
            return true;
    return false;
}

static bool body_is_among(const json_t *node, const char *member, const char *const *kinds) {
    for (; *kinds != NULL; kinds++)
        if (source_node_is(node, member, *kinds))
            return true;
    return false;
}

// Checks and foreign keys, owners, triggers and their like are nothing to the mirror.
static bool body_alters(const struct source_draft *draft, const json_t *node) {
    static const char *const kept[] = {"AT_AddColumn",       "AT_DropColumn",      "AT_AlterColumnType",
                                       "AT_SetNotNull",      "AT_DropNotNull",     "AT_ReplicaIdentity",
                                       "AT_AttachPartition", "AT_DetachPartition", "AT_ColumnDefault",
                                       "AT_AddInherit",      "AT_DropInherit",     NULL};
    const json_t *element;
    size_t i;
    if (!source_node_is(node, "objtype", "OBJECT_TYPE") &&
        (!source_node_is(node, "objtype", "OBJECT_TABLE") ||
         !body_knows(draft, source_node_relation(json_object_get(node, "relation")))))
        return false;
    json_array_foreach(json_object_get(node, "cmds"), i, element) {
        const json_t *command = json_object_get(element, "AlterTableCmd");
        const json_t *constraint = json_object_get(json_object_get(command, "def"), "Constraint");
        if (body_is_among(command, "subtype", kept))
            return true;
        if (source_node_is(command, "subtype", "AT_DropConstraint") &&
            body_names_key(draft, source_node_text(command, "name")))
            return true;
        if (source_node_is(command, "subtype", "AT_AddConstraint") &&
            (source_node_is(constraint, "contype", "CONSTR_PRIMARY") ||
             source_node_is(constraint, "contype", "CONSTR_UNIQUE")))
            return true;
    }
    return false;
}

static bool body_drops(const struct source_draft *draft, const json_t *node) {
    static const char *const kinds[] = {"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_SCHEMA", NULL};
    const json_t *object;
    size_t i;
    if (body_is_among(node, "removeType", kinds))
        return true;
    json_array_foreach(json_object_get(node, "objects"), i, object) {
        const struct source_name name =
            source_type_name(json_object_get(json_object_get(object, "List"), "items"));
        if ((source_node_is(node, "removeType", "OBJECT_TABLE") && body_knows(draft, name)) ||
            (source_node_is(node, "removeType", "OBJECT_INDEX") && body_names_key(draft, name.relation)))
            return true;
    }
    return false;
}

static bool body_renames(const struct source_draft *draft, const json_t *node) {
    static const char *const kinds[] = {"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_SCHEMA", "OBJECT_ATTRIBUTE",
                                        NULL};
    static const char *const of_tables[] = {"OBJECT_TABLE", "OBJECT_COLUMN", NULL};
    const struct source_name name = source_node_relation(json_object_get(node, "relation"));
    if (source_node_is(node, "renameType", "OBJECT_INDEX"))
        return body_names_key(draft, name.relation);
    if (source_node_is(node, "renameType", "OBJECT_TABCONSTRAINT"))
        return body_names_key(draft, source_node_text(node, "subname"));
    return body_is_among(node, "renameType", kinds) ||
           (body_is_among(node, "renameType", of_tables) && body_knows(draft, name));
}

// One that is not temporary, and no materialized view.
static bool body_makes_table_as(const json_t *node) {
    const json_t *relation = json_object_get(json_object_get(node, "into"), "rel");
    return source_node_is(node, "objtype", "OBJECT_TABLE") &&
           !source_node_is(relation, "relpersistence", "t");
}

static bool body_moves(const struct source_draft *draft, const json_t *node) {
    static const char *const kinds[] = {"OBJECT_TYPE", "OBJECT_DOMAIN", NULL};
    return body_is_among(node, "objectType", kinds) ||
           (source_node_is(node, "objectType", "OBJECT_TABLE") &&
            body_knows(draft, source_node_relation(json_object_get(node, "relation"))));
}

static bool body_changes_by(const struct source_draft *draft, const json_t *tree) {
    static const char *const nodes[] = {"CreateEnumStmt", "AlterEnumStmt", "CreateDomainStmt",
                                        "AlterDomainStmt", "CompositeTypeStmt"};
    const json_t *create = json_object_get(tree, "CreateStmt");
    const json_t *index = json_object_get(tree, "IndexStmt");
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (json_object_get(tree, nodes[i]) != NULL)
            return true;
    if (create != NULL)
        return !source_node_is(json_object_get(create, "relation"), "relpersistence", "t");
    if (index != NULL)
        return json_is_true(json_object_get(index, "unique")) &&
               body_knows(draft, source_node_relation(json_object_get(index, "relation")));
    return body_drops(draft, json_object_get(tree, "DropStmt")) ||
           body_renames(draft, json_object_get(tree, "RenameStmt")) ||
           body_moves(draft, json_object_get(tree, "AlterObjectSchemaStmt")) ||
           body_makes_table_as(json_object_get(tree, "CreateTableAsStmt")) ||
           body_alters(draft, json_object_get(tree, "AlterTableStmt"));
}

// One that is made of texts while it runs.
static bool body_executes(struct span text) {
    static const char *const words[] = {" add ", " drop ", " rename ", " alter ", " set schema", "attach "};
    CLEANUP(free_charp) char *copy = strndup(text.data, text.size);
    if (copy == NULL || strcasestr(copy, "execute") == NULL || !source_body_mentions(text))
        return false;
    const char *alters = strcasestr(copy, "alter table");
    for (size_t i = 0; alters != NULL && i < sizeof words / sizeof *words; i++)
        if (strcasestr(alters, words[i]) != NULL)
            return true;
    return alters == NULL;
}

static bool body_statement_changes(const struct source_draft *draft, const struct source_text *text,
                                   const struct source_statement *statement) {
    static const char *const verbs[] = {"create", "alter", "drop", NULL};
    const size_t at = source_text_word_among(statement, 0, verbs) ? statement->at : statement->swallowed;
    struct pg_parse_error failure;
    if (body_executes((struct span){text->text + statement->at, statement->size}))
        return true;
    if (at == 0 && !source_text_word_among(statement, 0, verbs))
        return false;
    const struct span one = {text->text + at, statement->at + statement->size - at};
    json_t *tree = pg_parse(one, &failure);
    const bool changes = tree == NULL ? source_body_mentions(one) : body_changes_by(draft, tree);
    json_decref(tree);
    return changes;
}

bool source_body_changes(const struct source_draft *draft, const struct source_body *body) {
    for (int i = 0; i < body->text.statement_count; i++)
        if (body_statement_changes(draft, &body->text, &body->text.statements[i]))
            return true;
    return false;
}

// --- functions

int source_body_take_function(struct source_draft *draft, const json_t *node) {
    CLEANUP(source_body_free) struct source_body body = {0};
    const json_t *lines = json_object_get(
        json_object_get(body_option(json_object_get(node, "options"), "as"), "List"), "items");
    const char *written = source_type_string(json_array_get(lines, 0));
    const struct source_name name = source_type_name(json_object_get(node, "funcname"));
    if (written == NULL || name.relation == NULL)
        return 0;
    CLEANUP(free_charp) char *text = strdup(written);
    if (text == NULL || !body_cut(text, &body.text) || !body_open(text, &body))
        return source_draft_out_of_memory(draft);
    return source_body_changes(NULL, &body)
               ? source_draft_append(draft, &draft->changing, &draft->changing_count, name.relation)
               : 0;
}

void source_body_forget_function(struct source_draft *draft, const char *name) {
    for (int at; (at = strings_find(draft->changing, draft->changing_count, name)) >= 0;) {
        free(draft->changing[at]);
        draft->changing[at] = draft->changing[--draft->changing_count];
    }
}

const char *source_body_called(const struct source_draft *draft, const json_t *tree) {
    static const char *const of_postgis[] = {"addgeometrycolumn", "dropgeometrycolumn", "dropgeometrytable"};
    const json_t *call = json_object_get(tree, "FuncCall");
    const json_t *value;
    const char *member, *found = NULL;
    size_t i;
    if (call == NULL)
        call = json_object_get(tree, "funccall");
    const char *name = call != NULL ? source_type_name(json_object_get(call, "funcname")).relation : NULL;
    if (name != NULL && strings_have(draft->changing, draft->changing_count, name))
        return name;
    for (i = 0; name != NULL && i < sizeof of_postgis / sizeof *of_postgis; i++)
        if (strcmp(name, of_postgis[i]) == 0)
            return name;
    json_object_foreach((json_t *)tree, member, value) if (found == NULL) found =
        source_body_called(draft, value);
    json_array_foreach((json_t *)tree, i, value) if (found == NULL) found = source_body_called(draft, value);
    return found;
}
