// A type's name in the parse tree -> the declared type, with domains, enums and composites of source.sql seen
// through. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_TYPE_H
#define TIDEMARK_CATALOG_SOURCE_TYPE_H

#include "views/engine/catalog/source/draft.h"

// `type`: a TypeName node whose locations count from `base`. Errors: ERROR_INPUT with line and caret (%TYPE, SETOF).
int source_type_read(struct source_draft *draft, const json_t *type, size_t base, struct declared_type *ret);
// The default that a column of the type has without one of its own: of a domain; tree NULL = none.
struct source_expression source_type_default(const struct source_draft *draft, const json_t *type);
// Which of source.sql's own types it is, or is an array of: its number from 1, 0 = none.
int source_type_number(const struct source_draft *draft, const json_t *type);
// The integer of an A_Const node, also where libpg_query 15-4.0.0 leaves a negative one out of its JSON: the
// statement's text has it. False when it is none.
bool source_type_integer(const struct source_text *text, const json_t *constant, size_t base, int64_t *ret);
// The name that a list of String nodes spells.
struct source_name source_type_name(const json_t *list);
// The text of a String node.
static inline const char *source_type_string(const json_t *node) {
    return json_string_value(json_object_get(json_object_get(node, "String"), "sval"));
}
static inline size_t source_type_location(const json_t *node, size_t base) {
    json_int_t at = json_integer_value(json_object_get(node, "location"));
    return at > 0 ? base + (size_t)at : base;
}

#endif
