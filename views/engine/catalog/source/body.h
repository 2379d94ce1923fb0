// DO blocks and functions' bodies: what they would do to tables. A block that is nothing but statements one after another is carried
// out; of any other, and of a function that is called, is told that it is not.
#ifndef TIDEMARK_CATALOG_SOURCE_BODY_H
#define TIDEMARK_CATALOG_SOURCE_BODY_H

#include "views/engine/catalog/source/node.h"

struct source_body {
    struct source_text text; // its statements; they lie in source.sql's text `at` bytes further on
    size_t at;
    int count;    // of statements before END or EXCEPTION
    bool plain;   // each of them is run, once
    bool handles; // what fails is passed over
};

// `node`: a DoStmt. False: out of memory.
bool source_body_read(const struct source_draft *draft, const struct source_statement *statement,
                      const json_t *node, struct source_body *ret);
void source_body_free(struct source_body *body);
// Whether it has statements that change what is mirrored. draft NULL: whatever there is by then.
bool source_body_changes(const struct source_draft *draft, const struct source_body *body);
// A CreateFunctionStmt: that its body does is kept for who calls it.
int source_body_take_function(struct source_draft *draft, const json_t *node);
// Whether a statement's text may be one of such a function.
bool source_body_mentions(struct span text);
// One that is told of is not told of again until it is made anew. `name`: not the draft's own text.
void source_body_forget_function(struct source_draft *draft, const char *name);
// The name of a function called in the tree whose body changes what is mirrored, NULL = none.
const char *source_body_called(const struct source_draft *draft, const json_t *tree);

#endif
