// PostgreSQL's own parser (libpg_query): the one file that includes pg_query.h. Any thread.
#ifndef TIDEMARK_CATALOG_PG_PARSE_H
#define TIDEMARK_CATALOG_PG_PARSE_H

#include "views/base/span.h"

#include <jansson.h>

enum { PG_PARSE_MESSAGE_SIZE = 256 };

struct pg_parse_error {
    char message[PG_PARSE_MESSAGE_SIZE]; // PostgreSQL's words
    size_t at;                           // byte of the statement that they are about
    bool several;                        // it parses, as more statements than one
};

// One statement to its parse tree: the node's object, as libpg_query writes it ({"CreateStmt": {..}}), which
// the caller frees with json_decref. "location" in it counts bytes of `statement`. NULL: `error` says why; a
// statement of comments alone is an empty object. More than one statement is an error: who asks would see the first alone.
json_t *pg_parse(struct span statement, struct pg_parse_error *error);
// The PostgreSQL whose grammar it has, as it was built: "15.1".
const char *pg_parse_version(void);

#endif
