// The one list of routes: their paths, what they are for, and which are loaded with a catalog. Dispatch, the
// OpenAPI document, `tidemark check` and /v1/views all read it here. Pure.
#ifndef TIDEMARK_HTTP_ROUTE_H
#define TIDEMARK_HTTP_ROUTE_H

#include "http/request.h"
#include "views/engine/catalog.h"

enum route {
    ROUTE_TABLE,
    ROUTE_QUERY,
    ROUTE_FOLLOW_TABLE,
    ROUTE_REST, // PostgREST's
    ROUTE_DIGEST,
    ROUTE_FOLLOW_QUERY,
    ROUTE_LAG,
    ROUTE_LIVE,
    ROUTE_STATUS,
    ROUTE_VIEWS,
    ROUTE_VIEW,
    ROUTE_TABLES,
    ROUTE_PROBLEM,
    ROUTE_QUARANTINE,
    ROUTE_QUARANTINED,
    ROUTE_RETRY,
    ROUTE_DISCARD,
    ROUTE_HEALTH,
    ROUTE_READY,
    ROUTE_METRICS,
    ROUTE_OPENAPI,
    ROUTE_PAGE,
    ROUTE_COUNT, // also: no route
};

struct route_form {
    const char *method;  // HEAD is answered wherever GET is
    const char *pattern; // "{name}" stands for one segment
    const char *summary;
    const char *type; // the media type of a 200; NULL = rows, in the form that Accept asks for
    bool stream;      // the answer does not end, and is NDJSON where Accept asks for it
};
const struct route_form *route_form(enum route route);
enum route route_find(const struct target *target);
// Answered without a token, whoever asks.
bool route_is_open(enum route route);
// It is asked for by POST, and needs a token always.
bool route_changes(enum route route);

// A column that is called like a parameter is asked for as column.NAME; any column may be.
#define ROUTE_COLUMN_PREFIX "column."
#define ROUTE_LAST_EVENT_ID "last_event_id" // of a stream's parameters, in place of the header
// Whether a column of this name is asked for as column.NAME.
bool route_takes_parameter(const char *name);
// How a column of a table is asked for: its name, with the prefix where it needs it.
void route_write_column(struct buffer *out, const char *column);

// A route with the names that it is loaded for.
struct loaded_route {
    enum route route;
    const struct query *query; // ROUTE_QUERY, ROUTE_FOLLOW_QUERY
    const struct table *table; // ROUTE_TABLE, ROUTE_FOLLOW_TABLE, ROUTE_REST
};
// "/v1/views/email/outbox", percent-encoded where a name needs it.
void route_write_path(struct buffer *out, const struct loaded_route *loaded);
// The plain routes, then every query of every view, then every table, each with its stream.
void route_each(const struct catalog *catalog, void (*visit)(void *self, const struct loaded_route *loaded),
                void *self);

#endif
