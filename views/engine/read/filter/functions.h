// What only SQL of filters calls on a reader's connection: the functions
// filter_like(text, pattern), filter_ilike(text, pattern) and filter_json(text): the spelling that all JSON of this value shares.
#ifndef TIDEMARK_READ_FILTER_FUNCTIONS_H
#define TIDEMARK_READ_FILTER_FUNCTIONS_H

#include "views/base/error.h"
#include "views/engine/sqlite/like.h"
#include "views/engine/sqlite/stmt.h"

// Outlives the connection that it is registered on.
struct filter_functions {
    locale_t letters;
    int (*interrupted)(void *self); // as sqlite3_progress_handler takes it: not 0 = give up
    void *self;
};

int filter_functions_register(struct filter_functions *functions, sqlite3 *db, const char *what,
                              struct error *error);
void filter_functions_free(struct filter_functions *functions);

#endif
