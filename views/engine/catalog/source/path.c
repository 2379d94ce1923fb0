#include "views/engine/catalog/source/path.h"

#include "views/base/span.h"
#include "views/engine/catalog/source/type.h"

#include <stdlib.h>
#include <strings.h>

static bool path_is_public(const char *schema) {
    return schema == NULL || strcmp(schema, "public") == 0;
}

// "$user" is of who runs it, and pg_catalog has no tables of ours.
static int path_add(struct source_draft *draft, const char *schema) {
    return strcmp(schema, "$user") == 0 || strcmp(schema, "pg_catalog") == 0 || *schema == '\0'
               ? 0
               : source_draft_append(draft, &draft->path, &draft->path_count, schema);
}

// set_config's text: names between commas, in double quotes or not.
static int path_add_list(struct source_draft *draft, const char *list) {
    static const char around[] = " \t\"";
    while (*list != '\0') {
        const char *from = list + strspn(list, around);
        size_t size = strcspn(from, ",");
        list = from + size + (from[size] == ',');
        while (size > 0 && strchr(around, from[size - 1]) != NULL)
            size--;
        char *schema = strndup(from, size);
        int status = schema != NULL ? path_add(draft, schema) : source_draft_out_of_memory(draft);
        free(schema);
        if (status != 0)
            return -1;
    }
    return 0;
}

static const char *path_constant(const json_t *node) {
    return json_string_value(
        json_object_get(json_object_get(json_object_get(node, "A_Const"), "sval"), "sval"));
}

// What is for one transaction leaves what was before it.
static void path_begin(struct source_draft *draft, bool local) {
    if (!local)
        source_draft_free_list(&draft->path_before, &draft->path_before_count);
    if (local && !draft->path_is_local) {
        draft->path_before = draft->path;
        draft->path_before_count = draft->path_count;
        draft->path = NULL;
        draft->path_count = 0;
    }
    draft->path_is_local = local;
    source_draft_free_list(&draft->path, &draft->path_count);
}

void source_path_end(struct source_draft *draft) {
    if (!draft->path_is_local)
        return;
    source_draft_free_list(&draft->path, &draft->path_count);
    draft->path = draft->path_before;
    draft->path_count = draft->path_before_count;
    draft->path_before = NULL;
    draft->path_before_count = 0;
    draft->path_is_local = false;
}

static int path_set_variable(struct source_draft *draft, const json_t *node) {
    const char *name = json_string_value(json_object_get(node, "name"));
    const char *kind = json_string_value(json_object_get(node, "kind"));
    const json_t *value;
    size_t i;
    bool all = kind != NULL && strcmp(kind, "VAR_RESET_ALL") == 0;
    if (!all && (name == NULL || strcasecmp(name, "search_path") != 0))
        return 0;
    path_begin(draft, json_is_true(json_object_get(node, "is_local")));
    json_array_foreach(json_object_get(node, "args"), i, value) {
        const char *schema = path_constant(value);
        if (schema != NULL && path_add(draft, schema) != 0)
            return -1;
    }
    return 0;
}

int source_path_set(struct source_draft *draft, const json_t *tree) {
    const json_t *variable = json_object_get(tree, "VariableSetStmt");
    const json_t *first =
        json_array_get(json_object_get(json_object_get(tree, "SelectStmt"), "targetList"), 0);
    const json_t *call =
        json_object_get(json_object_get(json_object_get(first, "ResTarget"), "val"), "FuncCall");
    const char *function = source_type_name(json_object_get(call, "funcname")).relation;
    const json_t *arguments = json_object_get(call, "args");
    if (variable != NULL)
        return path_set_variable(draft, variable);
    const char *name = path_constant(json_array_get(arguments, 0));
    const char *list = path_constant(json_array_get(arguments, 1));
    if (function == NULL || strcmp(function, "set_config") != 0 || name == NULL || list == NULL ||
        strcasecmp(name, "search_path") != 0)
        return 0;
    const json_t *local = json_object_get(json_array_get(arguments, 2), "A_Const");
    path_begin(draft, json_is_true(json_object_get(json_object_get(local, "boolval"), "boolval")));
    return path_add_list(draft, list);
}

const char *source_path_first(const struct source_draft *draft) {
    return draft->path_count > 0 && !path_is_public(draft->path[0]) ? draft->path[0] : NULL;
}

// The table that PostgreSQL has in this schema, also where it is called without one here.
static const struct draft_table *path_table(const struct source_draft *draft, const char *schema,
                                            const char *relation) {
    const struct draft_table *plain = source_draft_table(draft, (struct source_name){NULL, relation});
    const bool is_public = path_is_public(schema);
    if (plain != NULL &&
        (plain->made_in != NULL ? !is_public && strcmp(plain->made_in, schema) == 0 : is_public))
        return plain;
    return is_public ? NULL : source_draft_table(draft, (struct source_name){schema, relation});
}

struct source_name source_path_find(const struct source_draft *draft, struct source_name name) {
    const struct draft_table *found = NULL;
    if (name.relation == NULL || draft->text->as_first)
        return name;
    for (int i = 0; name.schema == NULL && found == NULL && i < draft->path_count; i++)
        found = path_table(draft, draft->path[i], name.relation);
    if (name.schema != NULL && !path_is_public(name.schema))
        found = path_table(draft, name.schema, name.relation);
    return found != NULL ? (struct source_name){found->schema, name.relation} : name;
}

bool source_path_is_elsewhere(const struct source_draft *draft, struct source_name name) {
    if (name.schema != NULL || name.relation == NULL || draft->path_count == 0 ||
        source_draft_table(draft, name) == NULL)
        return false;
    for (int i = 0; i < draft->path_count; i++)
        if (path_table(draft, draft->path[i], name.relation) != NULL)
            return false;
    return true;
}

struct source_name source_path_new(const struct source_draft *draft, struct source_name name) {
    const char *schema = name.schema == NULL ? source_path_first(draft) : name.schema;
    if (draft->text->as_first || name.relation == NULL || path_is_public(schema) ||
        path_table(draft, schema, name.relation) != NULL)
        return source_path_find(draft, name);
    return name.schema == NULL && source_draft_table(draft, name) != NULL
               ? (struct source_name){schema, name.relation}
               : name;
}
