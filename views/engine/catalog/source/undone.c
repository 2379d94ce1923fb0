#include "views/engine/catalog/source/undone.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/pg_parse.h"

#include <stdlib.h>
#include <strings.h>

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

static bool undone_may_be(const struct source_statement *statement) {
    static const char *const words[] = {"begin", "start",    "commit",    "end",
                                        "abort", "rollback", "savepoint", "release"};
    for (size_t i = 0; i < sizeof words / sizeof *words && statement->word_count > 0; i++)
        if (statement->words[0].size == strlen(words[i]) &&
            strncasecmp(statement->words[0].data, words[i], strlen(words[i])) == 0)
            return true;
    return false;
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
    CLEANUP(undone_free) struct undone_stack stack = {0};
    bool fits = true;
    for (int i = 0; i < text->statement_count && fits && !text->as_first; i++) {
        const struct source_statement *statement = &text->statements[i];
        struct pg_parse_error failure;
        if (!undone_may_be(statement) || statement->undone)
            continue;
        json_t *tree = pg_parse((struct span){text->text + statement->at, statement->size}, &failure);
        fits = undone_step(text, &stack, i, json_object_get(tree, "TransactionStmt"));
        json_decref(tree);
    }
    *ret_open = stack.count > 0 ? &text->statements[stack.list[0].from] : NULL;
    return fits ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}
