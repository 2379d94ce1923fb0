#include "http/route.h"

#include <assert.h>
#include <string.h>

// The two that are asked most come first.
static const struct route_form forms[] = {
    [ROUTE_TABLE] = {"GET", "/v1/tables/{table}", "rows of a table, filtered and ordered as PostgREST does",
                     NULL, false},
    [ROUTE_QUERY] = {"GET", "/v1/views/{view}/{query}", "rows of a view's query", NULL, false},
    [ROUTE_FOLLOW_TABLE] = {"GET", "/v1/tables/{table}/follow", "rows of a table, then how they change",
                            "text/event-stream", true},
    [ROUTE_REST] = {"GET", "/rest/v1/{table}", "the same rows as PostgREST answers, for its clients", NULL,
                    false},
    [ROUTE_DIGEST] = {"GET", "/v1/digest/{table}",
                      "position and digest: equal for equal rows, whatever the delivery order",
                      "application/json", false},
    [ROUTE_FOLLOW_QUERY] = {"GET", "/v1/views/{view}/{query}/follow",
                            "rows of a view's query, then how they change", "text/event-stream", true},
    [ROUTE_LAG] = {"GET", "/v1/lag", "state, lag and each partition's offsets", "application/json", false},
    [ROUTE_LIVE] = {"GET", "/v1/live",
                    "state, lag, rates and position as server-sent events, a few times a second",
                    "text/event-stream", true},
    [ROUTE_STATUS] = {"GET", "/v1/status", "state, consistency, version, views, tables, drift, counters",
                      "application/json", false},
    [ROUTE_VIEWS] = {"GET", "/v1/views", "views with their queries, and mirrored tables", "application/json",
                     false},
    [ROUTE_VIEW] = {"GET", "/v1/views/{view}", "one view with its queries", "application/json", false},
    [ROUTE_TABLES] = {"GET", "/v1/tables", "the mirrored tables with their columns", "application/json",
                      false},
    [ROUTE_PROBLEM] = {"GET", "/problems/{problem}", "what a problem's type means", "text/html", false},
    [ROUTE_QUARANTINE] = {"GET", "/v1/quarantine", "events that could not be applied, newest first", NULL,
                          false},
    [ROUTE_QUARANTINED] = {"GET", "/v1/quarantine/{id}", "one message that could not be applied",
                           "application/json", false},
    [ROUTE_RETRY] = {"POST", "/v1/quarantine/{id}/retry", "apply it again, as source.sql is now",
                     "application/json", false},
    [ROUTE_DISCARD] = {"POST", "/v1/quarantine/{id}/discard", "it is not missed", "application/json", false},
    [ROUTE_HEALTH] = {"GET", "/healthz", "200 while the process works", "application/json", false},
    [ROUTE_READY] = {"GET", "/readyz", "200 when caught up once, else 503 with the reason",
                     "application/json", false},
    [ROUTE_METRICS] = {"GET", "/metrics", "Prometheus text", "text/plain", false},
    [ROUTE_OPENAPI] = {"GET", "/openapi.json", "this document", "application/json", false},
    [ROUTE_PAGE] = {"GET", "/", "the page for a browser", "text/html", false},
};
static_assert(sizeof forms / sizeof *forms == ROUTE_COUNT, "each route has its form");

// What every data route takes besides its own parameters, then what tables take, which is PostgREST's. openapi/base.json says
// what each is.
static const char *const route_taken[] = {
    "limit",  "after", "after_lsn", "after_txid",  "after_offset", "wait_ms", "max_lag_seconds", "bigint",
    "select", "order", "offset",    "quarantined", "or",           "and",     "not.or",          "not.and",
};

bool route_takes_parameter(const char *name) {
    for (size_t i = 0; i < sizeof route_taken / sizeof *route_taken; i++)
        if (strcmp(route_taken[i], name) == 0)
            return true;
    return false;
}

void route_write_column(struct buffer *out, const char *column) {
    bool prefixed = route_takes_parameter(column) ||
                    strncmp(column, ROUTE_COLUMN_PREFIX, sizeof ROUTE_COLUMN_PREFIX - 1) == 0;
    buffer_text(out, prefixed ? ROUTE_COLUMN_PREFIX : "");
    buffer_text(out, column);
}

const struct route_form *route_form(enum route route) {
    return &forms[route];
}

bool route_is_open(enum route route) {
    return route == ROUTE_HEALTH || route == ROUTE_READY || route == ROUTE_PAGE;
}

bool route_changes(enum route route) {
    return route != ROUTE_COUNT && strcmp(forms[route].method, "POST") == 0;
}

static bool route_pattern_takes(const char *pattern, const struct target *target) {
    if (target->segment_count == 0)
        return strcmp(pattern, "/") == 0;
    for (int i = 0; i < target->segment_count; i++) {
        if (*pattern++ != '/')
            return false;
        if (pattern[0] == '{') {
            while (*pattern != '/' && *pattern != '\0')
                pattern++;
            continue;
        }
        const struct span segment = target->segments[i];
        size_t size = 0;
        while (size < segment.size && pattern[size] == segment.data[size] && pattern[size] != '/')
            size++;
        if (size < segment.size || (pattern[size] != '/' && pattern[size] != '\0'))
            return false;
        pattern += size;
    }
    return *pattern == '\0';
}

enum route route_find(const struct target *target) {
    int route = 0;
    while (route < ROUTE_COUNT && !route_pattern_takes(forms[route].pattern, target))
        route++;
    return (enum route)route;
}

static void route_write_segment(struct buffer *out, const char *name) {
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *name != '\0'; name++)
        if (strchr(unreserved, *name) != NULL)
            buffer_char(out, *name);
        else
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)*name);
}

void route_write_path(struct buffer *out, const struct loaded_route *loaded) {
    switch (loaded->route) {
    case ROUTE_REST:
        buffer_text(out, "/rest/v1/");
        route_write_segment(out, loaded->table->name);
        break;
    case ROUTE_DIGEST:
        buffer_text(out, "/v1/digest/");
        route_write_segment(out, loaded->table->name);
        break;
    case ROUTE_TABLE:
    case ROUTE_FOLLOW_TABLE:
        buffer_text(out, "/v1/tables/");
        route_write_segment(out, loaded->table->name);
        break;
    case ROUTE_QUERY:
    case ROUTE_FOLLOW_QUERY:
        buffer_text(out, "/v1/views/");
        route_write_segment(out, loaded->query->view);
        buffer_char(out, '/');
        route_write_segment(out, loaded->query->name);
        break;
    default:
        buffer_text(out, forms[loaded->route].pattern);
        break;
    }
    if (loaded->route == ROUTE_FOLLOW_TABLE || loaded->route == ROUTE_FOLLOW_QUERY)
        buffer_text(out, "/follow");
}

void route_each(const struct catalog *catalog, void (*visit)(void *self, const struct loaded_route *loaded),
                void *self) {
    for (int i = 0; i < ROUTE_COUNT; i++)
        if (strstr(forms[i].pattern, "{query}") == NULL && strstr(forms[i].pattern, "{table}") == NULL)
            visit(self, &(struct loaded_route){.route = (enum route)i});
    for (int i = 0; i < catalog->view_count; i++)
        for (int j = 0; j < catalog->views[i].query_count; j++)
            for (int k = 0; k < 2; k++)
                visit(self, &(struct loaded_route){.route = k == 0 ? ROUTE_QUERY : ROUTE_FOLLOW_QUERY,
                                                   .query = &catalog->views[i].queries[j]});
    static const enum route of_a_table[] = {ROUTE_TABLE, ROUTE_FOLLOW_TABLE, ROUTE_REST, ROUTE_DIGEST};
    for (int i = 0; i < catalog->table_count; i++)
        for (size_t k = 0; k < sizeof of_a_table / sizeof *of_a_table; k++)
            visit(self, &(struct loaded_route){.route = of_a_table[k], .table = &catalog->tables[i]});
}
