#include "views/engine/catalog/source/undone.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/node.h"
#include "views/engine/catalog/source/path.h"
#include "views/engine/catalog/source/pg_parse.h"

#include <stdlib.h>

// A transaction, or a savepoint within it.
struct undone_mark {
    int from;   // the statement that made it
    char *name; // NULL = the transaction
};

struct undone_stack {
    struct undone_mark *list;
    int count;
};

static void undone_cut(struct undone_stack *stack, int count) {
    while (stack->count > count)
        free(stack->list[--stack->count].name);
}

static void undone_free(struct undone_stack *stack) {
    undone_cut(stack, 0);
    free(stack->list);
}

static bool undone_push(struct undone_stack *stack, int from, const char *name) {
    struct undone_mark *grown = realloc(stack->list, ((size_t)stack->count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    stack->list = grown;
    grown[stack->count] = (struct undone_mark){from, name != NULL ? strdup(name) : NULL};
    if (name != NULL && grown[stack->count].name == NULL)
        return false;
    stack->count++;
    return true;
}

// The newest savepoint of the name, -1 = there is none.
static int undone_find(const struct undone_stack *stack, const char *name) {
    for (int i = stack->count - 1; i > 0 && name != NULL; i--)
        if (strcmp(stack->list[i].name, name) == 0)
            return i;
    return -1;
}

static void undone_take_back(struct source_text *text, int from, int to) {
    for (int i = from; i < to; i++)
        text->statements[i].undone = true;
}

// A TransactionStmt. False: out of memory.
static bool undone_step(struct source_text *text, struct undone_stack *stack, int number,
                        const json_t *node) {
    const char *kind = json_string_value(json_object_get(node, "kind"));
    const char *name = json_string_value(json_object_get(node, "savepoint_name"));
    const bool chain = json_is_true(json_object_get(node, "chain"));
    const int found = undone_find(stack, name);
    if (kind == NULL)
        return true;
    if (strcmp(kind, "TRANS_STMT_BEGIN") == 0 || strcmp(kind, "TRANS_STMT_START") == 0)
        return stack->count > 0 || undone_push(stack, number, NULL);
    if (stack->count == 0)
        return true;
    if (strcmp(kind, "TRANS_STMT_SAVEPOINT") == 0)
        return undone_push(stack, number, name);
    if (strcmp(kind, "TRANS_STMT_RELEASE") == 0 && found >= 0)
        undone_cut(stack, found);
    if (strcmp(kind, "TRANS_STMT_ROLLBACK_TO") == 0 && found >= 0) {
        undone_take_back(text, stack->list[found].from, number);
        undone_cut(stack, found + 1);
    }
    const bool rolls_back = strcmp(kind, "TRANS_STMT_ROLLBACK") == 0;
    if (!rolls_back && strcmp(kind, "TRANS_STMT_COMMIT") != 0)
        return true;
    if (rolls_back)
        undone_take_back(text, stack->list[0].from, number);
    undone_cut(stack, 0);
    return !chain || undone_push(stack, number, NULL);
}

int source_undone_mark(struct source_text *text, const struct source_statement **ret_open,
                       struct error *error) {
    static const char *const words[] = {"begin",    "start",     "commit",  "end", "abort",
                                        "rollback", "savepoint", "release", NULL};
    CLEANUP(undone_free) struct undone_stack stack = {0};
    bool fits = true;
    for (int i = 0; i < text->statement_count && fits && !text->as_first; i++) {
        const struct source_statement *statement = &text->statements[i];
        struct pg_parse_error failure;
        if (!source_text_word_among(statement, 0, words) || statement->undone)
            continue;
        json_t *tree = pg_parse((struct span){text->text + statement->at, statement->size}, &failure);
        fits = undone_step(text, &stack, i, json_object_get(tree, "TransactionStmt"));
        json_decref(tree);
    }
    *ret_open = stack.count > 0 ? &text->statements[stack.list[0].from] : NULL;
    return fits ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

// --- what a part that takes back makes

static bool undone_was_called(const struct source_draft *draft, const char *name) {
    for (int i = 0; i < draft->table_count; i++)
        if (strings_have(draft->tables[i].older, draft->tables[i].older_count, name))
            return true;
    return strings_have(draft->dropped, draft->dropped_count, name);
}

static bool undone_has_no_column(const struct draft_table *table, const char *name) {
    bool called = strings_have(table->dropped, table->dropped_count, name);
    for (int i = 0; i < table->column_count; i++)
        called |= strings_have(table->columns[i].older, table->columns[i].older_count, name);
    return !called && source_draft_column(table, name) < 0;
}

// What takes back DROP COLUMN IF EXISTS may add one that there never was, too, beside what it drops.
static bool undone_adds(const struct draft_table *table, const json_t *node) {
    const json_t *element;
    bool adds = true;
    size_t i;
    json_array_foreach(json_object_get(node, "cmds"), i, element) {
        const json_t *command = json_object_get(element, "AlterTableCmd");
        const char *name =
            source_node_text(json_object_get(json_object_get(command, "def"), "ColumnDef"), "colname");
        adds &= source_node_is(command, "subtype", "AT_AddColumn") && name != NULL &&
                undone_has_no_column(table, name);
    }
    return adds;
}

static int undone_tell_of(struct source_draft *draft, const struct source_lines *lines,
                          const struct source_statement *statement, const json_t *tree) {
    const json_t *create = json_object_get(tree, "CreateStmt");
    const json_t *alter = json_object_get(tree, "AlterTableStmt");
    const json_t *relation = json_object_get(create != NULL ? create : alter, "relation");
    const struct source_name name = source_path_find(draft, source_node_relation(relation));
    if (name.relation == NULL || source_node_is(relation, "relpersistence", "t"))
        return 0;
    CLEANUP(free_charp) char *mirror = source_draft_mirror_name(name);
    if (mirror == NULL)
        return source_draft_out_of_memory(draft);
    const struct draft_table *table = source_draft_table(draft, name);
    const bool makes = create != NULL && table == NULL && source_draft_root(draft, name) == NULL &&
                       !undone_was_called(draft, mirror) && !source_lines_ignore(lines, mirror, NULL);
    if (makes || (alter != NULL && table != NULL && undone_adds(table, alter)))
        source_draft_note(draft, statement->at,
                          "this is not carried out, since it stands behind the line by which a migration is "
                          "taken back: where another file begins here, put that tool's line for what is run "
                          "before it");
    return 0;
}

int source_undone_tell(struct source_draft *draft, const struct source_lines *lines,
                       const struct source_statement *statement) {
    static const char *const words[] = {"create", "alter", NULL};
    struct pg_parse_error failure;
    if (!source_text_word_among(statement, 0, words))
        return 0;
    json_t *tree = pg_parse((struct span){draft->text->text + statement->at, statement->size}, &failure);
    const int status = undone_tell_of(draft, lines, statement, tree);
    json_decref(tree);
    return status;
}
