// Numbers to watch: /v1/lag and /metrics.
#include "http/answers.h"
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

static void metrics_metric(struct buffer *out, const char *name, const char *type, const char *help) {
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void metrics_counter(struct buffer *out, const char *name, const char *help, int64_t value) {
    metrics_metric(out, name, "counter", help);
    buffer_format(out, "%s %lld\n", name, (long long)value);
}

// A gauge that is not known is left out: Prometheus shows that as a gap, not as a number.
static void metrics_gauge(struct buffer *out, const char *name, const char *help, int64_t value) {
    if (value < 0)
        return;
    metrics_metric(out, name, "gauge", help);
    buffer_format(out, "%s %lld\n", name, (long long)value);
}

static void metrics_write_states(struct buffer *out, enum progress_state state) {
    metrics_metric(out, "tidemark_state", "gauge", "1 for the state it is in.");
    for (int i = 0; i <= STATE_SERVING; i++)
        buffer_format(out, "tidemark_state{state=\"%s\"} %d\n", progress_state_name((enum progress_state)i),
                      (int)state == i);
}

static void metrics_write_counters(struct buffer *out, const struct progress_counters *counters) {
    metrics_counter(out, "tidemark_messages_total", "Messages taken from the log.", counters->messages);
    metrics_counter(out, "tidemark_applied_total", "Messages that changed the mirror.", counters->applied);
    metrics_counter(out, "tidemark_duplicates_total", "Messages known by offset or position.",
                    counters->duplicates);
    metrics_counter(out, "tidemark_ignored_total", "Messages that are not for the mirror.",
                    counters->ignored);
    metrics_counter(out, "tidemark_quarantined_total", "Messages put into quarantine.",
                    counters->quarantined);
    metrics_counter(out, "tidemark_commits_total", "Commits of the store.", counters->commits);
    metrics_counter(out, "tidemark_transactions_total", "Source transactions shown whole.",
                    counters->transactions);
    metrics_counter(out, "tidemark_transactions_passed_total",
                    "Source transactions passed with events missing.", counters->transactions_passed);
    metrics_counter(out, "tidemark_deletes_without_row_total",
                    "Streamed deletes that found neither a row nor anything newer.",
                    counters->deletes_without_row);
}

// As the text format of Prometheus escapes a label's value: \\, \" and \n.
static void metrics_write_label(struct buffer *out, struct span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\' || c == '\n')
            buffer_char(out, '\\');
        buffer_char(out, c == '\n' ? 'n' : c);
    }
}

static void metrics_write_partition_gauge(struct buffer *out, const struct partition_rows *partitions,
                                          const char *name, const char *help,
                                          int64_t (*value)(const struct partition_row *row)) {
    metrics_metric(out, name, "gauge", help);
    for (int i = 0; i < partitions->count; i++) {
        const struct partition_row *row = &partitions->rows[i];
        if (value(row) < 0)
            continue;
        buffer_format(out, "%s{topic=\"", name);
        metrics_write_label(out, row->topic);
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
    metrics_metric(out, name, "gauge", help);
    for (int i = 0; i < count; i++) {
        if (value(&rows[i]) < 0)
            continue;
        buffer_format(out, "%s{table=\"", name);
        metrics_write_label(out, span_of(rows[i].table->name));
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
    metrics_gauge(out, "tidemark_tables_without_topic", "Declared tables whose topic was not found.",
                  progress_tables_without_topic(progress, exchange->routes->config.catalog->table_count));
    metrics_gauge(out, "tidemark_missing_columns", "Columns of source.sql that events lack.",
                  summary->missing_columns);
    metrics_gauge(out, "tidemark_undeclared_topics", "Topics of the prefix that feed no declared table.",
                  summary->undeclared);
    metrics_counter(out, "tidemark_unplaced_messages_total",
                    "Messages of topics that are read, whose row is no declared table's.", summary->unplaced);
}

static void metrics_write_views(struct exchange *exchange) {
    struct buffer *out = &exchange->response->body;
    const struct catalog *catalog = exchange->routes->config.catalog;
    metrics_metric(out, "tidemark_view_disabled", "gauge",
                   "1 when the view is not kept, since one of its statements failed.");
    for (int i = 0; i < catalog->view_count; i++)
        buffer_format(out, "tidemark_view_disabled{view=\"%s\"} %d\n", catalog->views[i].name,
                      reader_disabled(exchange->reader, i) != NULL);
}

static void metrics_write_answers(struct buffer *out, const struct routes *routes) {
    metrics_metric(out, "tidemark_http_answers_total", "counter", "HTTP answers by class of status.");
    for (int i = 2; i < STATUS_CLASSES; i++)
        buffer_format(out, "tidemark_http_answers_total{class=\"%dxx\"} %llu\n", i,
                      (unsigned long long)atomic_load_explicit(&routes->answers[i], memory_order_relaxed));
    metrics_counter(out, "tidemark_http_waits_total", "Requests put aside until a position is reached.",
                    (int64_t)atomic_load_explicit(&routes->waits, memory_order_relaxed));
    metrics_counter(out, "tidemark_http_slow_total", "Requests whose query took longer than a moment.",
                    (int64_t)atomic_load_explicit(&routes->slow, memory_order_relaxed));
    metrics_gauge(out, "tidemark_http_streams", "Answers that do not end, open now.",
                  atomic_load_explicit(&routes->streams, memory_order_relaxed));
}

static void metrics_write_lag_seconds(struct buffer *out, int64_t ms) {
    if (ms < 0)
        return;
    metrics_metric(out, "tidemark_lag_seconds", "gauge",
                   "How old the newest applied commit is; 0 when live.");
    buffer_text(out, "tidemark_lag_seconds ");
    render_seconds_or_null(out, ms);
    buffer_char(out, '\n');
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
    metrics_gauge(out, "tidemark_lag_messages", "Messages between the high watermarks and what is applied.",
                  exchange->lag.messages);
    metrics_write_lag_seconds(out, exchange->lag.ms);
    metrics_gauge(out, "tidemark_watermark_age_milliseconds", "Age of the least fresh high watermark.",
                  partition_age_ms(summary.oldest_high_at_ms, exchange->now_ms));
    metrics_gauge(out, "tidemark_position_lsn", "Commit LSN that answers show.", exchange->position.lsn);
    metrics_gauge(out, "tidemark_quarantine_rows",
                  "Messages that could not be applied and are not made up for.",
                  exchange->position.quarantined);
    metrics_gauge(out, "tidemark_drift_columns", "Columns seen in events that source.sql lacks.",
                  summary.counters.drift_columns);
    metrics_write_counters(out, &summary.counters);
    metrics_write_partition_gauge(out, &partitions, "tidemark_partition_applied_offset",
                                  "Next offset to apply.", metrics_applied_of);
    metrics_write_partition_gauge(out, &partitions, "tidemark_partition_lag_messages",
                                  "High watermark less applied.", partition_row_lag);
    metrics_write_placement(exchange, &summary);
    metrics_write_views(exchange);
    metrics_write_answers(out, exchange->routes);
    metrics_write_tables(exchange, &partitions);
    return ROUTES_ANSWERED;
}
