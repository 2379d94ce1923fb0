// What the server says of itself: health, readiness, status, the views.
#include "http/answers.h"
#include "http/document.h"
#include "http/process.h"
#include "http/ready.h"
#include "http/route.h"
#include "http/tables.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <jansson.h>
#include <stdlib.h>

enum { STATUS_LOG_LINES = 50 };

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

enum routes_result answer_ready(struct exchange *exchange) {
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    // Why it halted may be why the file cannot be read.
    bool halted = summary.state == STATE_HALTED;
    if (exchange_refuse_parameters(exchange) || (!halted && exchange_begin(exchange) != 0))
        return ROUTES_ANSWERED;
    const char *state = progress_state_name(summary.state);
    const char *colon = summary.reason[0] != '\0' ? ": " : "";
    const char *missing = ready_lacks(&summary, !halted && exchange_has_applied(exchange));
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

static json_t *status_views_with_hash(const struct catalog *catalog, const struct reader *reader) {
    json_t *views = json_array();
    for (int i = 0; i < catalog->view_count; i++) {
        const char *disabled = reader_disabled(reader, i);
        document_add(&views, json_pack("{s:s,s:s,s:o}", "name", catalog->views[i].name, "hash",
                                       catalog->views[i].hash, "disabled",
                                       disabled != NULL ? status_text(disabled) : json_null()));
    }
    return views;
}

// The columns of one kind, of one table or of all.
struct status_columns {
    json_t **array;
    const char *kind;
    const struct table *table; // NULL: of all
};

static void status_add_drift(void *self, const char *table, const char *column, int64_t times) {
    const struct status_columns *columns = self;
    document_add(columns->array,
                 json_pack("{s:o,s:o,s:s,s:I}", "table", status_text(table), "column", status_text(column),
                           "kind", columns->kind, "events", (json_int_t)times));
}

static void status_add_column(void *self, const char *table, const char *column, int64_t times) {
    const struct status_columns *columns = self;
    (void)times;
    if (strcmp(table, columns->table->name) == 0)
        document_add(columns->array, status_text(column));
}

static json_t *status_drift(struct progress *progress) {
    json_t *array = json_array();
    progress_drift_each(progress, status_add_drift, &(struct status_columns){&array, "extra", NULL});
    progress_missing_each(progress, status_add_drift, &(struct status_columns){&array, "missing", NULL});
    return array;
}

static json_t *status_counters_of(const struct progress_counters *counters) {
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "messages", (json_int_t)counters->messages,
                     "applied", (json_int_t)counters->applied, "duplicates", (json_int_t)counters->duplicates,
                     "ignored", (json_int_t)counters->ignored, "quarantined",
                     (json_int_t)counters->quarantined, "commits", (json_int_t)counters->commits,
                     "transactions", (json_int_t)counters->transactions, "transactions_passed",
                     (json_int_t)counters->transactions_passed, "deletes_without_row",
                     (json_int_t)counters->deletes_without_row);
}

static json_t *status_ms_or_null(int64_t ms) {
    return ms > 0 ? json_integer(ms) : json_null();
}

static json_t *status_number_or_null(int64_t number) {
    return number >= 0 ? json_integer(number) : json_null();
}

// The names that progress lends while its mutex is held.
static void status_add_topics(void *self, const struct table_progress *table) {
    json_t **object = self;
    json_t *topics = json_array();
    for (int i = 0; i < table->topic_count; i++)
        document_add(&topics, status_text(table->topics[i]));
    document_set(object, "topic", table->topic_count > 0 ? status_text(table->topics[0]) : json_null());
    document_set(object, "topics", topics);
    document_set(object, "incomplete",
                 table->incomplete != NULL ? status_text(table->incomplete) : json_null());
    document_set(object, "filling", table->filling != NULL ? status_text(table->filling) : json_null());
    document_set(object, "filling_percent",
                 table->filling != NULL ? json_integer(table->filling_percent) : json_null());
    document_set(object, "lacking", json_integer((json_int_t)table->lacking));
}

// What events have is known to a process that consumes; of another it is null.
static json_t *status_columns_of(struct progress *progress, const struct table *table,
                                 void (*each)(struct progress *progress,
                                              void (*visit)(void *self, const char *table, const char *column,
                                                            int64_t times),
                                              void *self)) {
    struct progress_summary summary;
    progress_summary(progress, &summary);
    if (summary.state == STATE_SERVING)
        return json_null();
    json_t *array = json_array();
    each(progress, status_add_column, &(struct status_columns){&array, NULL, table});
    return array;
}

static json_t *status_table(struct progress *progress, const struct table_row *row) {
    json_t *missing = status_columns_of(progress, row->table, progress_missing_each);
    json_t *extra = status_columns_of(progress, row->table, progress_drift_each);
    json_t *table =
        json_pack("{s:o,s:o,s:i,s:o,s:o,s:o,s:o,s:b}", "name", status_text(row->table->name), "rows",
                  status_number_or_null(row->rows), "partitions", row->partitions, "lag",
                  status_number_or_null(row->lag), "newest_event_ms", status_ms_or_null(row->newest_event_ms),
                  "missing", missing, "extra", extra, "complete", row->complete);
    progress_table_visit(progress, row->table->index, status_add_topics, &table);
    return table;
}

static json_t *status_tables(struct exchange *exchange, const struct partition_rows *partitions) {
    CLEANUP(free_any) struct table_row *rows = table_rows_read(exchange, partitions);
    if (rows == NULL)
        return NULL;
    json_t *tables = json_array();
    for (int i = 0; i < exchange->routes->config.catalog->table_count; i++)
        document_add(&tables, status_table(exchange->routes->config.progress, &rows[i]));
    return tables;
}

static void status_add_undeclared(void *self, const char *topic) {
    document_add(self, status_text(topic));
}

static void status_add_unplaced(void *self, const char *topic, const char *source_table, int64_t times) {
    document_add(self, json_pack("{s:o,s:o,s:I}", "topic", status_text(topic), "table",
                                 status_text_or_null(source_table), "messages", (json_int_t)times));
}

struct status_filling {
    struct buffer *text;
    const struct table *table;
};

static void status_add_filling(void *self, const struct table_progress *table) {
    const struct status_filling *filling = self;
    if (table->filling == NULL)
        return;
    if (filling->text->size > 0)
        buffer_text(filling->text, ", ");
    buffer_text(filling->text, filling->table->name);
    if (table->filling[0] != '\0') {
        buffer_char(filling->text, '.');
        buffer_text(filling->text, table->filling);
    }
    buffer_format(filling->text, " %d%%", table->filling_percent);
}

// "orders.note 43%" where this process fills it, else what the file awaits.
static json_t *status_filling(const struct exchange *exchange) {
    CLEANUP(buffer_free) struct buffer text = {0};
    const struct routes_config *config = &exchange->routes->config;
    if (exchange->position.filling.data == NULL)
        return json_null();
    for (int i = 0; i < config->catalog->table_count; i++)
        progress_table_visit(config->progress, i, status_add_filling,
                             &(struct status_filling){&text, &config->catalog->tables[i]});
    if (text.size == 0)
        buffer_append(&text, exchange->position.filling.data, exchange->position.filling.size);
    buffer_char(&text, '\0');
    return text.failed ? NULL : status_text(text.data);
}

static json_t *status_reload(const struct progress_summary *summary) {
    static const char *const states[] = {[RELOAD_NONE] = "none",
                                         [RELOAD_BUILDING] = "building",
                                         [RELOAD_REBUILDING] = "rebuilding",
                                         [RELOAD_REFUSED] = "refused"};
    return summary->reload == RELOAD_NONE
               ? json_null()
               : json_pack("{s:s,s:o,s:I}", "state", states[summary->reload], "message",
                           status_text(summary->reload_message), "at_ms", (json_int_t)summary->reload_at_ms);
}

static void status_set_process(json_t **document, const struct exchange *exchange,
                               const struct progress_summary *summary) {
    int64_t uptime_ms = exchange->now_ms - summary->started_at_ms;
    const struct routes_config *config = &exchange->routes->config;
    document_set(document, "state", json_string(progress_state_name(summary->state)));
    document_set(document, "reason", status_text_or_null(summary->reason));
    document_set(document, "positions", status_text_or_null(summary->positions));
    document_set(document, "consistency",
                 json_string(exchange->position.transactional ? "transactional" : "per-key"));
    document_set(document, "version", json_string(config->version));
    document_set(document, "store_id", json_string(exchange->position.store_id));
    document_set(document, "store_version", json_integer(exchange->position.version));
    document_set(document, "uptime_seconds", json_integer(uptime_ms > 0 ? uptime_ms / 1000 : 0));
    document_set(document, "last_error", status_text_or_null(summary->last_error));
    document_set(document, "newest_applied_ts_ms", status_ms_or_null(summary->newest_applied_ts_ms));
    document_set(document, "newest_heartbeat_ms", status_ms_or_null(summary->newest_heartbeat_ms));
    document_set(document, "filling", status_filling(exchange));
    document_set(document, "reload", status_reload(summary));
    document_set(document, "counters", status_counters_of(&summary->counters));
}

static json_t *status_libraries(const struct library *library) {
    json_t *libraries = json_object();
    for (; library != NULL && library->name != NULL; library++)
        document_set(&libraries, library->name, json_string(library->version));
    return libraries;
}

static json_t *status_process(const struct routes_config *config, const struct progress_summary *summary) {
    struct process process;
    process_read(&process, config->db);
    return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", (json_int_t)process.id, "memory_bytes",
                     status_number_or_null(process.resident_bytes), "file", status_text(config->db),
                     "file_bytes", status_number_or_null(process.file_bytes), "wal_bytes",
                     status_number_or_null(process.wal_bytes), "disk_free_bytes",
                     status_number_or_null(process.disk_free_bytes), "group",
                     status_text_or_null(summary->group), "libraries", status_libraries(config->libraries));
}

static json_t *status_http(const struct routes *routes) {
    json_t *refused = json_object();
    for (int i = 0; i < REFUSAL_COUNT; i++)
        document_set(&refused, refusal_name((enum refusal)i),
                     json_integer((json_int_t)atomic_load(&routes->refusals.counts[i])));
    return json_pack("{s:I,s:I,s:I,s:I,s:o}", "connections", (json_int_t)atomic_load(&routes->connections),
                     "answer_bytes", (json_int_t)atomic_load(&routes->memory.bytes), "file_bytes",
                     (json_int_t)atomic_load(&routes->file_bytes), "streams",
                     (json_int_t)atomic_load(&routes->streams), "refused", refused);
}

static json_t *status_log(void) {
    CLEANUP(free_any) struct log_kept *lines = calloc(STATUS_LOG_LINES, sizeof *lines);
    if (lines == NULL)
        return NULL;
    int count = log_kept(lines, STATUS_LOG_LINES);
    json_t *log = json_array();
    for (int i = 0; i < count; i++)
        document_add(&log, json_pack("{s:I,s:s,s:o,s:o}", "at_ms", (json_int_t)lines[i].at_ms, "level",
                                     log_level_name(lines[i].level), "event", status_text(lines[i].event),
                                     "message", status_text(lines[i].message)));
    return log;
}

static json_t *status_finding(const char *check, const char *level, const char *message, const char *remedy) {
    return json_pack("{s:s,s:s,s:o,s:o}", "check", check, "level", level, "message", status_text(message),
                     "remedy", remedy[0] != '\0' ? status_text(remedy) : json_null());
}

// Those of the views come first: they are known from the start.
static json_t *status_lint(const struct catalog *catalog, struct progress *progress) {
    static const char *const levels[] = {"ok", "warn", "fail"};
    CLEANUP(free_any) struct progress_finding *findings = calloc(PROGRESS_FINDINGS_MAX, sizeof *findings);
    if (findings == NULL)
        return NULL;
    json_t *lint = json_array();
    for (int i = 0; i < catalog->warning_count; i++)
        document_add(&lint, status_finding("views", "warn", catalog->warnings[i], ""));
    int count = progress_findings(progress, findings);
    for (int i = 0; i < count; i++)
        document_add(&lint, status_finding(findings[i].check, levels[findings[i].level], findings[i].message,
                                           findings[i].remedy));
    return lint;
}

// What the topics have: null of a process that reads none.
static void status_set_placement(json_t **document, struct progress *progress,
                                 const struct progress_summary *summary) {
    static const char *const names[] = {"drift", "undeclared", "undeclared_count", "unplaced",
                                        "unplaced_messages"};
    for (size_t i = 0; i < sizeof names / sizeof *names && summary->state == STATE_SERVING; i++)
        document_set(document, names[i], json_null());
    if (summary->state == STATE_SERVING)
        return;
    json_t *undeclared = json_array();
    json_t *unplaced = json_array();
    progress_undeclared_each(progress, status_add_undeclared, &undeclared);
    progress_unplaced_each(progress, status_add_unplaced, &unplaced);
    document_set(document, "drift", status_drift(progress));
    document_set(document, "undeclared", undeclared);
    document_set(document, "undeclared_count", json_integer(summary->undeclared));
    document_set(document, "unplaced", unplaced);
    document_set(document, "unplaced_messages", json_integer(summary->unplaced));
}

static void status_set_content(json_t **document, struct exchange *exchange,
                               const struct partition_rows *partitions,
                               const struct progress_summary *summary) {
    struct progress *progress = exchange->routes->config.progress;
    document_set(document, "views",
                 status_views_with_hash(exchange->routes->config.catalog, exchange->reader));
    status_set_placement(document, progress, summary);
    document_set(document, "lint", status_lint(exchange->routes->config.catalog, progress));
    document_set(document, "tables", status_tables(exchange, partitions));
}

enum routes_result answer_status(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    CLEANUP(partition_rows_free) struct partition_rows partitions = {0};
    int64_t oldest_txid = -1;
    struct error error;
    if (partition_rows_read(exchange, &partitions, &error) != 0 ||
        reader_oldest_transaction(exchange->reader, &oldest_txid, &error) != 0)
        return exchange_fail(exchange, &error);
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    json_t *document = json_object();
    status_set_process(&document, exchange, &summary);
    document_set(&document, "quarantined", json_integer(exchange->position.quarantined));
    document_set(&document, "oldest_txid", status_number_or_null(oldest_txid));
    document_set(&document, "newest_txid", status_number_or_null(exchange->position.txid));
    document_set(&document, "process", status_process(&exchange->routes->config, &summary));
    document_set(&document, "http", status_http(exchange->routes));
    document_set(&document, "log", status_log());
    status_set_content(&document, exchange, &partitions, &summary);
    status_give_document(exchange, document);
    return ROUTES_ANSWERED;
}

static json_t *status_path_of(const struct loaded_route *loaded) {
    CLEANUP(buffer_free) struct buffer path = {0};
    route_write_path(&path, loaded);
    return path.failed ? NULL : json_stringn(path.data, path.size);
}

static json_t *status_rule_of(const struct query *query, int number) {
    static const char *const types[PARAMETER_TYPES] = {[PARAMETER_ANY] = "any",
                                                       [PARAMETER_TEXT] = "text",
                                                       [PARAMETER_INTEGER] = "integer",
                                                       [PARAMETER_NUMBER] = "number",
                                                       [PARAMETER_DECIMAL] = "decimal",
                                                       [PARAMETER_DATE] = "date",
                                                       [PARAMETER_TIMESTAMP] = "timestamp",
                                                       [PARAMETER_TIMESTAMPTZ] = "timestamptz",
                                                       [PARAMETER_BOOLEAN] = "boolean",
                                                       [PARAMETER_UUID] = "uuid"};
    const struct parameter_rule *rule = &query->rules[number];
    return json_pack("{s:s,s:s,s:b}", "name", query->parameters[number], "type", types[rule->type],
                     "required", rule->required);
}

static json_t *status_queries_of(const struct view *view) {
    json_t *queries = json_array();
    for (int i = 0; i < view->query_count; i++) {
        const struct query *query = &view->queries[i];
        json_t *parameters = json_array();
        json_t *rules = json_array();
        for (int j = 0; j < query->parameter_count; j++) {
            document_add(&parameters, json_string(query->parameters[j]));
            document_add(&rules, status_rule_of(query, j));
        }
        const struct loaded_route loaded = {.route = ROUTE_QUERY, .query = query};
        document_add(&queries,
                     json_pack("{s:s,s:o,s:o,s:o,s:b,s:o,s:s}", "name", query->name, "path",
                               status_path_of(&loaded), "parameters", parameters, "rules", rules, "by_key",
                               query->names_after, "sql", status_text(query->sql), "file", query->file));
    }
    return queries;
}

// `parameter` is what the route takes for the column.
static json_t *status_column_of(const struct column *column) {
    CLEANUP(buffer_free) struct buffer parameter = {0};
    route_write_column(&parameter, column->name);
    if (parameter.failed)
        return NULL;
    return json_pack("{s:s,s:s,s:b,s:s%}", "name", column->name, "type", column->declared, "key",
                     column->key != 0, "parameter", parameter.data, parameter.size);
}

static json_t *status_tables_of(const struct catalog *catalog) {
    json_t *tables = json_array();
    for (int i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        json_t *columns = json_array();
        for (int j = 0; j < table->column_count; j++)
            document_add(&columns, status_column_of(&table->columns[j]));
        const struct loaded_route loaded = {.route = ROUTE_TABLE, .table = table};
        document_add(&tables, json_pack("{s:s,s:o,s:o}", "name", table->name, "path", status_path_of(&loaded),
                                        "columns", columns));
    }
    return tables;
}

static json_t *status_view_of(const struct view *view) {
    return json_pack("{s:s,s:s,s:o}", "name", view->name, "hash", view->hash, "queries",
                     status_queries_of(view));
}

enum routes_result answer_view(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    const struct catalog *catalog = exchange->routes->config.catalog;
    const char *wanted = exchange->target->segments[2].data;
    const struct view *view = catalog_view(catalog, wanted);
    if (view != NULL) {
        status_give_document(exchange, status_view_of(view));
        return ROUTES_ANSWERED;
    }
    struct buffer *out = &exchange->response->body;
    problem_begin(exchange->response, PROBLEM_UNKNOWN_VIEW, "no view \"%s\"; see known", wanted);
    buffer_text(out, ",\"known\":[");
    for (int i = 0; i < catalog->view_count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        buffer_json_string(out, span_of(catalog->views[i].name));
    }
    buffer_char(out, ']');
    problem_end(exchange->response);
    return ROUTES_ANSWERED;
}

enum routes_result answer_tables(struct exchange *exchange) {
    if (!exchange_refuse_parameters(exchange))
        status_give_document(
            exchange, json_pack("{s:o}", "tables", status_tables_of(exchange->routes->config.catalog)));
    return ROUTES_ANSWERED;
}

enum routes_result answer_views(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    const struct catalog *catalog = exchange->routes->config.catalog;
    json_t *views = json_array();
    for (int i = 0; i < catalog->view_count; i++)
        document_add(&views, status_view_of(&catalog->views[i]));
    status_give_document(exchange,
                         json_pack("{s:o,s:o}", "views", views, "tables", status_tables_of(catalog)));
    return ROUTES_ANSWERED;
}
