#include "views/engine/catalog/source/lineage.h"

#include "views/base/strings.h"

#include <stdlib.h>
#include <string.h>

bool source_lineage_has(const struct draft_table *child, const char *parent) {
    return strings_have(child->inherits, child->inherit_count, parent);
}

int source_lineage_add(struct source_draft *draft, struct draft_table *child, const char *parent,
                       bool is_made) {
    const struct draft_table *of = source_draft_table(draft, (struct source_name){NULL, parent});
    for (int i = 0; of != NULL && i < of->column_count; i++) {
        int number = source_draft_column(child, of->columns[i].name);
        if (number < 0)
            continue;
        child->columns[number].parents++;
        child->columns[number].of_parents |= is_made;
    }
    return source_draft_append(draft, &child->inherits, &child->inherit_count, parent);
}

bool source_lineage_takes_column(struct draft_table *child, int number, bool only) {
    struct draft_column *column = &child->columns[number];
    column->parents -= column->parents > 0;
    if (only)
        column->of_parents = false;
    return column->parents == 0 && column->of_parents;
}

void source_lineage_remove(struct source_draft *draft, struct draft_table *child, const char *parent) {
    const struct draft_table *of = source_draft_table(draft, (struct source_name){NULL, parent});
    int at = strings_find(child->inherits, child->inherit_count, parent);
    if (at < 0)
        return;
    for (int i = 0; of != NULL && i < of->column_count; i++) {
        int number = source_draft_column(child, of->columns[i].name);
        if (number >= 0 && source_lineage_takes_column(child, number, false))
            child->columns[number].of_parents = false;
    }
    free(child->inherits[at]);
    child->inherit_count--;
    memmove(&child->inherits[at], &child->inherits[at + 1],
            (size_t)(child->inherit_count - at) * sizeof *child->inherits);
}

int source_lineage_rename(struct source_draft *draft, const char *older, const char *name) {
    for (int i = 0; i < draft->table_count; i++) {
        struct draft_table *table = &draft->tables[i];
        int at = strings_find(table->inherits, table->inherit_count, older);
        if (at >= 0 && source_draft_set(draft, &table->inherits[at], name) != 0)
            return -1;
    }
    return 0;
}

static int lineage_find_child(const struct source_draft *draft, const char *parent) {
    for (int i = 0; i < draft->table_count; i++)
        if (source_lineage_has(&draft->tables[i], parent))
            return i;
    return -1;
}

// Each pass drops one that nothing inherits of: no table is its own child, in PostgreSQL.
void source_lineage_drop_children(struct source_draft *draft, const char *parent) {
    for (int child; (child = lineage_find_child(draft, parent)) >= 0;) {
        for (int depth = 0, next = child; next >= 0 && depth < LINEAGE_DEPTH_MAX; depth++) {
            child = next;
            next = lineage_find_child(draft, draft->tables[child].name);
        }
        source_draft_drop_table(draft, &draft->tables[child]);
    }
}
