// Numbers to watch: /v1/lag and /metrics.
#include "http/answers.h"
#include "http/exposition.h"
#include "http/process.h"
#include "http/tables.h"
#include "views/base/cleanup.h"

#include <stdlib.h>

static void metrics_render_partition(struct buffer *out, const struct partition_row *row, int64_t now_ms) {
    buffer_text(out, "{\"topic\":");
    buffer_json_string(out, row->topic);
    buffer_text(out, ",\"partition\":");
    buffer_integer(out, row->partition);
    buffer_text(out, ",\"applied\":");
    render_integer_or_null(out, row->applied);
    buffer_text(out, ",\"high\":");
    render_integer_or_null(out, row->high);
    buffer_text(out, ",\"lag\":");
    render_integer_or_null(out, partition_row_lag(row));
    buffer_text(out, ",\"age_ms\":");
    render_integer_or_null(out, partition_age_ms(row->high_at_ms, now_ms));
    buffer_text(out, ",\"log_start\":");
    render_integer_or_null(out, row->log_start);
    buffer_char(out, '}');
}

enum routes_result answer_lag(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    CLEANUP(partition_rows_free) struct partition_rows partitions = {0};
    struct error error;
    if (partition_rows_read(exchange, &partitions, &error) != 0)
        return exchange_fail(exchange, &error);
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    struct buffer *out = &exchange->response->body;
    exchange_json(exchange);
    buffer_char(out, '{');
    render_lag_members(out, &exchange->lag);
    buffer_text(out, ",\"as_of_age_ms\":");
    render_integer_or_null(out, partition_age_ms(summary.oldest_high_at_ms, exchange->now_ms));
    buffer_text(out, ",\"partitions\":[");
    for (int i = 0; i < partitions.count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        metrics_render_partition(out, &partitions.rows[i], exchange->now_ms);
    }
    buffer_text(out, "]}\n");
    return ROUTES_ANSWERED;
}

static void metrics_write_states(struct buffer *out, enum progress_state state) {
    exposition_family(out, "tidemark_state", "gauge", "1 for the state it is in.");
    for (int i = 0; i <= STATE_SERVING; i++)
        buffer_format(out, "tidemark_state{state=\"%s\"} %d\n", progress_state_name((enum progress_state)i),
                      (int)state == i);
}

static void metrics_write_counters(struct buffer *out, const struct progress_counters *counters) {
    exposition_counter(out, "tidemark_messages_total", "Messages taken from the log.", counters->messages);
    exposition_counter(out, "tidemark_applied_total", "Messages that changed the mirror.", counters->applied);
    exposition_counter(out, "tidemark_duplicates_total", "Messages known by offset or position.",
                       counters->duplicates);
    exposition_counter(out, "tidemark_ignored_total", "Messages that are not for the mirror.",
                       counters->ignored);
    exposition_counter(out, "tidemark_quarantined_total", "Messages put into quarantine.",
                       counters->quarantined);
    exposition_counter(out, "tidemark_commits_total", "Commits of the store.", counters->commits);
    exposition_counter(out, "tidemark_transactions_total", "Source transactions shown whole.",
                       counters->transactions);
    exposition_counter(out, "tidemark_transactions_passed_total",
                       "Source transactions passed with events missing.", counters->transactions_passed);
    exposition_counter(out, "tidemark_deletes_without_row_total",
                       "Streamed deletes that found neither a row nor anything newer.",
                       counters->deletes_without_row);
}

static void metrics_write_partition_gauge(struct buffer *out, const struct partition_rows *partitions,
                                          const char *name, const char *help,
                                          int64_t (*value)(const struct partition_row *row)) {
    exposition_family(out, name, "gauge", help);
    for (int i = 0; i < partitions->count; i++) {
        const struct partition_row *row = &partitions->rows[i];
        if (value(row) < 0)
            continue;
        buffer_format(out, "%s{topic=\"", name);
        exposition_label(out, row->topic);
        buffer_format(out, "\",partition=\"%d\"} %lld\n", row->partition, (long long)value(row));
    }
}

static int64_t metrics_applied_of(const struct partition_row *row) {
    return row->applied;
}

static int64_t metrics_rows_of(const struct table_row *row) {
    return row->rows;
}

static int64_t metrics_lag_of(const struct table_row *row) {
    return row->lag;
}

static int64_t metrics_newest_of(const struct table_row *row) {
    return row->newest_event_ms > 0 ? row->newest_event_ms / 1000 : -1;
}

static int64_t metrics_complete_of(const struct table_row *row) {
    return row->complete;
}

static void metrics_write_table_gauge(struct buffer *out, const struct table_row *rows, int count,
                                      const char *name, const char *help,
                                      int64_t (*value)(const struct table_row *row)) {
    exposition_family(out, name, "gauge", help);
    for (int i = 0; i < count; i++) {
        if (value(&rows[i]) < 0)
            continue;
        buffer_format(out, "%s{table=\"", name);
        exposition_label(out, span_of(rows[i].table->name));
        buffer_format(out, "\"} %lld\n", (long long)value(&rows[i]));
    }
}

static void metrics_write_tables(struct exchange *exchange, const struct partition_rows *partitions) {
    struct buffer *out = &exchange->response->body;
    int count = exchange->routes->config.catalog->table_count;
    CLEANUP(free_any) struct table_row *rows = table_rows_read(exchange, partitions);
    if (rows == NULL) {
        out->failed = true;
        return;
    }
    metrics_write_table_gauge(out, rows, count, "tidemark_table_rows", "Rows of the table.", metrics_rows_of);
    metrics_write_table_gauge(out, rows, count, "tidemark_table_lag_messages",
                              "Messages of the table's topics that are not applied.", metrics_lag_of);
    metrics_write_table_gauge(out, rows, count, "tidemark_table_newest_event_seconds",
                              "Source time of the table's newest event since the start.", metrics_newest_of);
    metrics_write_table_gauge(out, rows, count, "tidemark_table_complete",
                              "0 when older rows of the table may be missing.", metrics_complete_of);
}

// What is declared and does not come, and what comes and is not declared. Of a process that consumes.
static void metrics_write_placement(struct exchange *exchange, const struct progress_summary *summary) {
    struct buffer *out = &exchange->response->body;
    struct progress *progress = exchange->routes->config.progress;
    if (summary->state == STATE_SERVING)
        return;
    exposition_gauge(out, "tidemark_tables_without_topic", "Declared tables whose topic was not found.",
                     progress_tables_without_topic(progress, exchange->routes->config.catalog->table_count));
    exposition_gauge(out, "tidemark_missing_columns", "Columns of source.sql that events lack.",
                     summary->missing_columns);
    exposition_gauge(out, "tidemark_undeclared_topics", "Topics of the prefix that feed no declared table.",
                     summary->undeclared);
    exposition_counter(out, "tidemark_unplaced_messages_total",
                       "Messages of topics that are read, whose row is no declared table's.",
                       summary->unplaced);
}

static void metrics_write_views(struct exchange *exchange) {
    struct buffer *out = &exchange->response->body;
    const struct catalog *catalog = exchange->routes->config.catalog;
    exposition_family(out, "tidemark_view_disabled", "gauge",
                      "1 when the view is not kept, since one of its statements failed.");
    for (int i = 0; i < catalog->view_count; i++)
        buffer_format(out, "tidemark_view_disabled{view=\"%s\"} %d\n", catalog->views[i].name,
                      reader_disabled(exchange->reader, i) != NULL);
}

static void metrics_write_answers(struct buffer *out, const struct routes *routes) {
    exposition_family(out, "tidemark_http_answers_total", "counter", "HTTP answers by class of status.");
    for (int i = 2; i < STATUS_CLASSES; i++)
        buffer_format(out, "tidemark_http_answers_total{class=\"%dxx\"} %llu\n", i,
                      (unsigned long long)atomic_load_explicit(&routes->answers[i], memory_order_relaxed));
    exposition_counter(out, "tidemark_http_waits_total", "Requests put aside until a position is reached.",
                       (int64_t)atomic_load_explicit(&routes->waits, memory_order_relaxed));
    exposition_counter(out, "tidemark_http_slow_total", "Requests whose query took longer than a moment.",
                       (int64_t)atomic_load_explicit(&routes->slow, memory_order_relaxed));
    exposition_family(out, "tidemark_http_refused_total", "counter",
                      "Requests, connections and answers that there was too much of, by reason.");
    for (int i = 0; i < REFUSAL_COUNT; i++)
        buffer_format(
            out, "tidemark_http_refused_total{reason=\"%s\"} %llu\n", refusal_name((enum refusal)i),
            (unsigned long long)atomic_load_explicit(&routes->refusals.counts[i], memory_order_relaxed));
    exposition_gauge(out, "tidemark_http_connections", "Open connections.",
                     atomic_load_explicit(&routes->connections, memory_order_relaxed));
    exposition_gauge(out, "tidemark_http_answer_bytes", "Memory of the answers under way.",
                     (int64_t)atomic_load_explicit(&routes->memory.bytes, memory_order_relaxed));
    exposition_gauge(out, "tidemark_http_file_bytes", "Bytes of whole tables that are being sent from files.",
                     atomic_load_explicit(&routes->file_bytes, memory_order_relaxed));
    exposition_gauge(out, "tidemark_http_streams", "Answers that do not end, open now.",
                     atomic_load_explicit(&routes->streams, memory_order_relaxed));
}

static void metrics_write_durations(struct buffer *out, const struct routes *routes) {
    static const char name[] = "tidemark_http_request_duration_seconds";
    struct progress *progress = routes->config.progress;
    exposition_family(out, name, "histogram",
                      "From a request to its answer, without the time that it asked to wait.");
    for (int i = 0; i <= ROUTE_COUNT; i++) {
        CLEANUP(buffer_free) struct buffer label = {0};
        buffer_text(&label, "route=\"");
        exposition_label(&label, span_of(i < ROUTE_COUNT ? route_form((enum route)i)->pattern : "none"));
        buffer_append(&label, "\"", sizeof "\"");
        if (!label.failed)
            exposition_histogram(out, name, label.data, &routes->durations[i]);
        out->failed |= label.failed;
    }
    exposition_family(out, "tidemark_commit_duration_seconds", "histogram",
                      "Writing one commit: its rows, its views, SQLite's commit.");
    exposition_histogram(out, "tidemark_commit_duration_seconds", "",
                         progress_histogram(progress, PROGRESS_COMMIT_DURATION));
    exposition_family(out, "tidemark_apply_delay_seconds", "histogram",
                      "From the source's commit until answers show it, of each commit's newest event.");
    exposition_histogram(out, "tidemark_apply_delay_seconds", "",
                         progress_histogram(progress, PROGRESS_APPLY_DELAY));
}

static void metrics_write_build(struct buffer *out, const struct routes_config *config) {
    exposition_family(out, "tidemark_build_info", "gauge",
                      "The version, and those of the libraries; always 1.");
    buffer_text(out, "tidemark_build_info{version=\"");
    exposition_label(out, span_of(config->version));
    buffer_char(out, '"');
    for (const struct library *library = config->libraries; library != NULL && library->name != NULL;
         library++) {
        buffer_char(out, ',');
        for (const char *c = library->name; *c != '\0'; c++)
            buffer_char(out, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
        buffer_text(out, "=\"");
        exposition_label(out, span_of(library->version));
        buffer_char(out, '"');
    }
    buffer_text(out, "} 1\n");
}

// As the client libraries of Prometheus name them.
static void metrics_write_process(struct buffer *out, const char *db, int64_t started_at_ms) {
    struct process process;
    process_read(&process, db);
    exposition_gauge_ms(out, "process_start_time_seconds", "When the process started, since 1970.",
                        started_at_ms);
    exposition_gauge(out, "process_resident_memory_bytes", "Memory that is in use.", process.resident_bytes);
    exposition_gauge(out, "process_virtual_memory_bytes", "Memory that is reserved.", process.virtual_bytes);
    exposition_gauge(out, "process_open_fds", "Open file descriptors.", process.open_files);
    exposition_gauge(out, "process_max_fds", "File descriptors that may be open.", process.most_files);
    exposition_family(out, "process_cpu_seconds_total", "counter",
                      "CPU time, of the user and of the system.");
    buffer_format(out, "process_cpu_seconds_total %lld.%06d\n", (long long)(process.cpu_us / 1000000),
                  (int)(process.cpu_us % 1000000));
    exposition_gauge(out, "tidemark_file_bytes", "Size of the database file.", process.file_bytes);
    exposition_gauge(out, "tidemark_wal_bytes", "Size of its write-ahead log.", process.wal_bytes);
    exposition_gauge(out, "tidemark_disk_free_bytes", "Room that is left where the file is.",
                     process.disk_free_bytes);
}

static void metrics_write_ages(struct exchange *exchange, const struct progress_summary *summary) {
    struct buffer *out = &exchange->response->body;
    exposition_gauge_ms(out, "tidemark_lag_seconds", "How old the newest applied commit is; 0 when live.",
                        exchange->lag.ms);
    exposition_gauge_ms(out, "tidemark_watermark_age_seconds", "Age of the least fresh high watermark.",
                        partition_age_ms(summary->oldest_high_at_ms, exchange->now_ms));
    exposition_gauge_ms(out, "tidemark_heartbeat_age_seconds", "Age of the connector's newest heartbeat.",
                        partition_age_ms(summary->newest_heartbeat_ms, exchange->now_ms));
}

enum routes_result answer_metrics(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    CLEANUP(partition_rows_free) struct partition_rows partitions = {0};
    struct error error;
    if (partition_rows_read(exchange, &partitions, &error) != 0)
        return exchange_fail(exchange, &error);
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    struct buffer *out = &exchange->response->body;
    exchange->response->status = 200;
    exchange->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_write_states(out, summary.state);
    exposition_gauge(out, "tidemark_lag_messages",
                     "Messages between the high watermarks and what is applied.", exchange->lag.messages);
    metrics_write_ages(exchange, &summary);
    exposition_gauge(out, "tidemark_position_lsn", "Commit LSN that answers show.", exchange->position.lsn);
    exposition_gauge(out, "tidemark_quarantine_rows",
                     "Messages that could not be applied and are not made up for.",
                     exchange->position.quarantined);
    if (summary.state != STATE_SERVING)
        exposition_gauge(out, "tidemark_drift_columns", "Columns seen in events that source.sql lacks.",
                         summary.counters.drift_columns);
    exposition_gauge(out, "tidemark_reload_refused",
                     "1 while the views on disk are not those that are loaded, since they were refused.",
                     summary.reload == RELOAD_REFUSED);
    metrics_write_counters(out, &summary.counters);
    metrics_write_partition_gauge(out, &partitions, "tidemark_partition_applied_offset",
                                  "Next offset to apply.", metrics_applied_of);
    metrics_write_partition_gauge(out, &partitions, "tidemark_partition_lag_messages",
                                  "High watermark less applied.", partition_row_lag);
    metrics_write_placement(exchange, &summary);
    metrics_write_views(exchange);
    metrics_write_answers(out, exchange->routes);
    metrics_write_tables(exchange, &partitions);
    metrics_write_durations(out, exchange->routes);
    metrics_write_build(out, &exchange->routes->config);
    metrics_write_process(out, exchange->routes->config.db, summary.started_at_ms);
    return ROUTES_ANSWERED;
}
