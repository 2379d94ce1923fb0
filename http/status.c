// What the server says of itself: health, readiness, status, the views.
#include "http/answers.h"
#include "http/route.h"
#include "views/base/cleanup.h"

#include <jansson.h>
#include <stdlib.h>

static int status_append_dump(const char *text, size_t size, void *self) {
    buffer_append(self, text, size);
    return 0;
}

// Takes `document`; NULL, or one that cannot be written, makes the answer fail.
static void status_give_document(struct exchange *exchange, json_t *document) {
    struct buffer *out = &exchange->response->body;
    exchange_json(exchange);
    if (document == NULL || json_dump_callback(document, status_append_dump, out, JSON_COMPACT) != 0)
        out->failed = true;
    buffer_char(out, '\n');
    json_decref(document);
}

enum routes_result answer_health(struct exchange *exchange) {
    if (!exchange_refuse_parameters(exchange))
        status_give_document(exchange, json_pack("{s:s}", "status", "ok"));
    return ROUTES_ANSWERED;
}

// Ready is what has read to the end once and can go on. How late it is meanwhile is another question: a dead
// connector makes nobody unready.
enum routes_result answer_ready(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    const char *state = progress_state_name(summary.state);
    const char *colon = summary.reason[0] != '\0' ? ": " : "";
    const char *missing = NULL;
    if (summary.state == STATE_HALTED)
        missing = "will not go on by itself";
    else if (!summary.caught_up_once && summary.state != STATE_SERVING)
        missing = "has not caught up yet";
    else if (!exchange_has_applied(exchange))
        missing = "nothing was applied to this file yet";
    if (missing != NULL)
        problem_set(exchange->response, PROBLEM_NOT_READY, "%s, %s%s%s", missing, state, colon,
                    summary.reason);
    else
        status_give_document(exchange, json_pack("{s:s,s:s}", "status", "ready", "state", state));
    return ROUTES_ANSWERED;
}

// Words of brokers, messages and files, whose bytes may be any: what is no UTF-8 is replaced by U+FFFD.
static json_t *status_text(const char *text) {
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    CLEANUP(buffer_free) struct buffer quoted = {0};
    buffer_json_string(&quoted, span_of(text));
    return quoted.failed ? NULL : json_loadb(quoted.data, quoted.size, JSON_DECODE_ANY, NULL);
}

static json_t *status_text_or_null(const char *text) {
    return text[0] != '\0' ? status_text(text) : json_null();
}

static json_t *status_views_with_hash(const struct catalog *catalog) {
    json_t *views = json_array();
    for (int i = 0; i < catalog->view_count; i++)
        (void)json_array_append_new(
            views, json_pack("{s:s,s:s}", "name", catalog->views[i].name, "hash", catalog->views[i].hash));
    return views;
}

static void status_add_drift(void *self, const char *table, const char *column, int64_t times) {
    (void)json_array_append_new(self, json_pack("{s:o,s:o,s:I}", "table", status_text(table), "column",
                                                status_text(column), "events", (json_int_t)times));
}

static json_t *status_counters_of(const struct progress_counters *counters) {
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "messages", (json_int_t)counters->messages,
                     "applied", (json_int_t)counters->applied, "duplicates", (json_int_t)counters->duplicates,
                     "ignored", (json_int_t)counters->ignored, "quarantined",
                     (json_int_t)counters->quarantined, "commits", (json_int_t)counters->commits,
                     "transactions", (json_int_t)counters->transactions, "transactions_passed",
                     (json_int_t)counters->transactions_passed);
}

static json_t *status_ms_or_null(int64_t ms) {
    return ms > 0 ? json_integer(ms) : json_null();
}

enum routes_result answer_status(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    int64_t quarantined = 0;
    struct error error;
    if (reader_quarantine_count(exchange->reader, &quarantined, &error) != 0)
        return exchange_fail(exchange, &error);
    const struct routes_config *config = &exchange->routes->config;
    struct progress_summary summary;
    progress_summary(config->progress, &summary);
    int64_t uptime_ms = exchange->now_ms - summary.started_at_ms;
    json_t *drift = json_array();
    progress_drift_each(config->progress, status_add_drift, drift);
    status_give_document(
        exchange, json_pack("{s:s,s:o,s:s,s:s,s:s,s:I,s:I,s:o,s:o,s:I,s:o,s:o,s:o,s:o}", "state",
                            progress_state_name(summary.state), "reason", status_text_or_null(summary.reason),
                            "consistency", exchange->position.transactional ? "transactional" : "per-key",
                            "version", config->version, "store_id", exchange->position.store_id,
                            "store_version", (json_int_t)exchange->position.version, "uptime_seconds",
                            (json_int_t)(uptime_ms > 0 ? uptime_ms / 1000 : 0), "views",
                            status_views_with_hash(config->catalog), "drift", drift, "quarantined",
                            (json_int_t)quarantined, "last_error", status_text_or_null(summary.last_error),
                            "newest_applied_ts_ms", status_ms_or_null(summary.newest_applied_ts_ms),
                            "newest_heartbeat_ms", status_ms_or_null(summary.newest_heartbeat_ms), "counters",
                            status_counters_of(&summary.counters)));
    return ROUTES_ANSWERED;
}

static json_t *status_path_of(const struct loaded_route *loaded) {
    CLEANUP(buffer_free) struct buffer path = {0};
    route_write_path(&path, loaded);
    return path.failed ? NULL : json_stringn(path.data, path.size);
}

static json_t *status_queries_of(const struct view *view) {
    json_t *queries = json_array();
    for (int i = 0; i < view->query_count; i++) {
        const struct query *query = &view->queries[i];
        json_t *parameters = json_array();
        for (int j = 0; j < query->parameter_count; j++)
            (void)json_array_append_new(parameters, json_string(query->parameters[j]));
        const struct loaded_route loaded = {.route = ROUTE_QUERY, .query = query};
        (void)json_array_append_new(queries, json_pack("{s:s,s:o,s:o}", "name", query->name, "path",
                                                       status_path_of(&loaded), "parameters", parameters));
    }
    return queries;
}

// `parameter` is what the route takes for the column.
static json_t *status_column_of(const struct column *column) {
    CLEANUP(buffer_free) struct buffer parameter = {0};
    route_write_column(&parameter, column->name);
    return json_pack("{s:s,s:s,s:b,s:s%}", "name", column->name, "type", column->declared, "key",
                     column->key != 0, "parameter", parameter.data, parameter.size);
}

static json_t *status_tables_of(const struct catalog *catalog) {
    json_t *tables = json_array();
    for (int i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        json_t *columns = json_array();
        for (int j = 0; j < table->column_count; j++)
            (void)json_array_append_new(columns, status_column_of(&table->columns[j]));
        const struct loaded_route loaded = {.route = ROUTE_TABLE, .table = table};
        (void)json_array_append_new(tables, json_pack("{s:s,s:o,s:o}", "name", table->name, "path",
                                                      status_path_of(&loaded), "columns", columns));
    }
    return tables;
}

enum routes_result answer_views(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    const struct catalog *catalog = exchange->routes->config.catalog;
    json_t *views = json_array();
    for (int i = 0; i < catalog->view_count; i++)
        (void)json_array_append_new(views, json_pack("{s:s,s:s,s:o}", "name", catalog->views[i].name, "hash",
                                                     catalog->views[i].hash, "queries",
                                                     status_queries_of(&catalog->views[i])));
    status_give_document(exchange,
                         json_pack("{s:o,s:o}", "views", views, "tables", status_tables_of(catalog)));
    return ROUTES_ANSWERED;
}
