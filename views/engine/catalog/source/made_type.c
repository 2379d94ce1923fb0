#include "views/engine/catalog/source/made_type.h"

#include "views/engine/catalog/source/collation.h"
#include "views/engine/catalog/source/constraint.h"

int source_made_type_read(const struct source_run *run, const json_t *node, struct declared_type *ret) {
    const json_t *collation = json_object_get(node, "collClause");
    if (source_type_read(run->draft, json_object_get(node, "typeName"), run->base, ret) != 0)
        return -1;
    if (collation != NULL)
        ret->is_loose = source_collation_is_loose(run->draft, collation);
    return 0;
}

// The default behind a domain's type, or that of the domain that it is made of.
static struct source_expression made_type_domain_default(const struct source_run *run, const json_t *node) {
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

int source_made_type_domain(const struct source_run *run, const json_t *node) {
    struct declared_type base;
    struct draft_type *type;
    if (source_made_type_read(run, node, &base) != 0 ||
        source_draft_add_type(run->draft, source_type_name(json_object_get(node, "domainname")), &type) != 0)
        return -1;
    type->base = base;
    type->base.is_domain = true;
    type->expression = made_type_domain_default(run, node);
    return 0;
}

int source_made_type_text(const struct source_run *run, const json_t *node) {
    struct draft_type *type;
    if (source_draft_add_type(run->draft, source_type_name(json_object_get(node, "typeName")), &type) != 0)
        return -1;
    type->base.is_text = true;
    return 0;
}

int source_made_type_enum(const struct source_run *run, const json_t *node) {
    if (source_made_type_text(run, node) != 0)
        return -1;
    struct draft_type *type = &run->draft->types[run->draft->type_count - 1];
    type->base.enum_number = run->draft->type_count;
    return source_constraint_names(run, json_object_get(node, "vals"), &type->labels, &type->label_count);
}

// `rename value` changes rows without an event: that the label is gone is what a file is told by. One that is added is one more.
int source_made_type_alter_enum(const struct source_run *run, const json_t *node) {
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
int source_made_type_alter_domain(const struct source_run *run, const json_t *node) {
    struct draft_type *type =
        source_draft_type(run->draft, source_type_name(json_object_get(node, "typeName")));
    if (type == NULL || !source_node_is(node, "subtype", "T"))
        return 0;
    json_decref(type->expression.tree);
    type->expression = (struct source_expression){json_incref(json_object_get(node, "def")), run->base};
    return 0;
}

int source_made_type_composite(const struct source_run *run, const json_t *node) {
    struct draft_type *type;
    if (source_draft_add_type(run->draft, source_node_relation(json_object_get(node, "typevar")), &type) != 0)
        return -1;
    type->base.is_any = true;
    type->columns = json_incref(json_object_get(node, "coldeflist"));
    type->columns_base = run->base;
    return 0;
}

// A type or a domain, that has the name or (NULL) the schema that it had.
int source_made_type_rename(const struct source_run *run, const json_t *node, const char *schema,
                            const char *name) {
    const struct source_name old =
        source_type_name(json_object_get(json_object_get(json_object_get(node, "object"), "List"), "items"));
    struct draft_type *type = source_draft_type(run->draft, old);
    const struct source_name new_name = {schema != NULL ? schema : old.schema,
                                         name != NULL ? name : old.relation};
    return type != NULL ? source_draft_rename_type(run->draft, type, new_name) : 0;
}

void source_made_type_alter_columns(const struct source_run *run, const json_t *node) {
    struct draft_type *type =
        source_draft_type(run->draft, source_node_relation(json_object_get(node, "relation")));
    const json_t *element;
    bool cascades = source_node_is(node, "behavior", "DROP_CASCADE");
    size_t i;
    json_array_foreach(json_object_get(node, "cmds"), i, element) cascades |=
        source_node_is(json_object_get(element, "AlterTableCmd"), "behavior", "DROP_CASCADE");
    if (type != NULL)
        type->altered = true;
    if (cascades)
        source_draft_note(
            run->draft, run->base,
            "what alter type .. cascade does to tables that are made of the type is not carried out: write it "
            "as alter table");
}
