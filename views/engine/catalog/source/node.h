// A statement's tree on its way into the draft, and what its nodes are asked.
#ifndef TIDEMARK_CATALOG_SOURCE_NODE_H
#define TIDEMARK_CATALOG_SOURCE_NODE_H

#include "views/engine/catalog/source/draft.h"
#include "views/engine/catalog/source/line.h"
#include "views/engine/catalog/source/type.h"

struct source_run {
    struct source_draft *draft;
    const struct source_lines *lines;
    size_t base; // what the tree's locations count from
};

static inline size_t source_node_at(const struct source_run *run, const json_t *node) {
    return source_type_location(node, run->base);
}

static inline const char *source_node_text(const json_t *node, const char *member) {
    return json_string_value(json_object_get(node, member));
}

static inline bool source_node_is(const json_t *node, const char *member, const char *text) {
    const char *value = source_node_text(node, member);
    return value != NULL && strcmp(value, text) == 0;
}

// A RangeVar.
static inline struct source_name source_node_relation(const json_t *node) {
    return (struct source_name){source_node_text(node, "schemaname"), source_node_text(node, "relname")};
}

#endif
