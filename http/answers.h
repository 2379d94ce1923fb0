// The handlers of all routes: each makes the answer to one exchange. routes.c calls them.
#ifndef TIDEMARK_HTTP_ANSWERS_H
#define TIDEMARK_HTTP_ANSWERS_H

#include "http/exchange.h"

// What a follower's target asks.
struct rows_question {
    const struct table *table; // NULL = a query of a view
    enum bigint bigint;        // how its integers are written
    bool limited;              // with a limit of its own: more rows than that are none of its business
    bool asks_time;            // the answer is another later, though no row has changed
};
// The table that the path names; NULL when a problem is the answer.
const struct table *rows_find_table(struct exchange *exchange);
// True, and a 503 is the answer, before anything was applied to the file: no rows would mean nothing. Within the snapshot.
bool rows_refuse_not_ready(struct exchange *exchange);
// Puts it within the snapshot. -1 when a problem is the answer.
int rows_put_question(struct exchange *exchange, struct rows_question *ret, struct rows **ret_rows);

// Makes the response a stream's, in the form that Accept asks for.
void streaming_begin(struct exchange *exchange);

// `,"quarantined":[..]`: messages that wait for rows of the target's table. Rows with these keys may be older than the
// rest, or lack. In quarantine.c.
int quarantine_tell_table(struct exchange *exchange, struct error *error);

typedef enum routes_result route_handler(struct exchange *exchange);

route_handler answer_query, answer_table, answer_rest, answer_quarantine; // rows.c
route_handler answer_follow_query, answer_follow_table;                   // rows.c
route_handler answer_quarantined, answer_retry, answer_discard;           // quarantine.c
route_handler answer_health, answer_ready, answer_status, answer_views, answer_view,
    answer_tables;                        // status.c
route_handler answer_lag, answer_metrics; // metrics.c
route_handler answer_digest;              // digest.c
route_handler answer_live;                // streaming.c
route_handler answer_problem;             // problem_page.c
route_handler answer_openapi;             // openapi.c
route_handler answer_page;                // page.c

// Text of the OpenAPI document, made once.
int openapi_write(struct buffer *out, const struct routes_config *config, struct reader *reader,
                  struct error *error);

#endif
