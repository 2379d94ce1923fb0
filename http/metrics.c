// Numbers to watch: /v1/lag and /metrics.
#include "http/answers.h"
#include "views/base/cleanup.h"

#include <stdlib.h>

// Where each partition stands: what the snapshot has applied beside what the consumer knows of it.
struct partition_row {
    struct span topic;
    int32_t partition;
    int64_t applied; // -1 = not known, as the two that follow
    int64_t high;
    int64_t high_at_ms;
};

struct partition_rows {
    struct partition_row *rows;
    int count;
    struct partition_progress *known; // the topics' names live in the progress
    int64_t behind; // sum of high - applied of those that are read, -1 = some high watermark is not known
};

static void metrics_partition_rows_free(struct partition_rows *rows) {
    free(rows->rows);
    free(rows->known);
}

static int metrics_read_known(struct progress *progress, struct partition_rows *ret, int *ret_count) {
    int capacity = progress_partitions(progress, NULL, 0) + 16;
    ret->known = calloc((size_t)capacity, sizeof *ret->known);
    if (ret->known == NULL)
        return -1;
    int count = progress_partitions(progress, ret->known, capacity);
    *ret_count = count < capacity ? count : capacity;
    return 0;
}

static int metrics_compare(struct span topic, int32_t partition, const struct partition_progress *known) {
    size_t known_size = strlen(known->topic);
    size_t shared = topic.size < known_size ? topic.size : known_size;
    int order = shared > 0 ? memcmp(topic.data, known->topic, shared) : 0;
    if (order == 0)
        order = (topic.size > known_size) - (topic.size < known_size);
    return order != 0 ? order : (partition > known->partition) - (partition < known->partition);
}

static struct partition_row metrics_row_of(const struct partition_progress *known) {
    return (struct partition_row){
        .topic = span_of(known->topic),
        .partition = known->partition,
        .applied = known->applied,
        .high = known->high,
        .high_at_ms = known->high_at_ms,
    };
}

// Both lists are in (topic, partition) order.
static void metrics_merge(struct partition_rows *ret, const struct applied_offset *applied, int applied_count,
                          int known_count) {
    int a = 0;
    int k = 0;
    ret->behind = known_count > 0 ? 0 : -1;
    while (a < applied_count || k < known_count) {
        int order = a == applied_count ? 1 : -1;
        if (a < applied_count && k < known_count)
            order = metrics_compare(applied[a].topic, applied[a].partition, &ret->known[k]);
        struct partition_row row = {.high = -1};
        if (order >= 0)
            row = metrics_row_of(&ret->known[k++]);
        if (order <= 0) {
            row.topic = applied[a].topic;
            row.partition = applied[a].partition;
            row.applied = applied[a].next_offset;
            a++;
        }
        if (row.high >= 0 && row.high < row.applied)
            row.high = row.applied;
        if (order >= 0) // one that is read: a partition that only the file knows says nothing of the lag
            ret->behind = row.high < 0 || ret->behind < 0 ? -1 : ret->behind + row.high - row.applied;
        ret->rows[ret->count++] = row;
    }
}

static int metrics_read_partitions(struct exchange *exchange, struct partition_rows *ret,
                                   struct error *error) {
    const struct applied_offset *applied;
    int applied_count;
    int known_count;
    if (reader_offsets(exchange->reader, &applied, &applied_count, error) != 0)
        return -1;
    if (metrics_read_known(exchange->routes->config.progress, ret, &known_count) != 0)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    ret->rows = calloc((size_t)(applied_count + known_count) + 1, sizeof *ret->rows);
    if (ret->rows == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    metrics_merge(ret, applied, applied_count, known_count);
    // The sum of what is listed, not of watermarks a moment older.
    exchange->lag.messages = ret->behind;
    return 0;
}

static int64_t metrics_age_of(int64_t at_ms, int64_t now_ms) {
    if (at_ms <= 0)
        return -1;
    return now_ms > at_ms ? now_ms - at_ms : 0;
}

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
    render_integer_or_null(out, row->high >= 0 ? row->high - row->applied : -1);
    buffer_text(out, ",\"age_ms\":");
    render_integer_or_null(out, metrics_age_of(row->high_at_ms, now_ms));
    buffer_char(out, '}');
}

enum routes_result answer_lag(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    CLEANUP(metrics_partition_rows_free) struct partition_rows partitions = {0};
    struct error error;
    if (metrics_read_partitions(exchange, &partitions, &error) != 0)
        return exchange_fail(exchange, &error);
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    struct buffer *out = &exchange->response->body;
    exchange_json(exchange);
    buffer_char(out, '{');
    render_lag_members(out, &exchange->lag);
    buffer_text(out, ",\"as_of_age_ms\":");
    render_integer_or_null(out, metrics_age_of(summary.oldest_high_at_ms, exchange->now_ms));
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
}

static void metrics_write_label(struct buffer *out, struct span text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_char(out, '\\');
        buffer_char(out, text.data[i]);
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

static int64_t metrics_lag_of_partition(const struct partition_row *row) {
    return row->high >= 0 ? row->high - row->applied : -1;
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
    CLEANUP(metrics_partition_rows_free) struct partition_rows partitions = {0};
    int64_t quarantined = -1;
    struct error error;
    if (metrics_read_partitions(exchange, &partitions, &error) != 0 ||
        reader_quarantine_count(exchange->reader, &quarantined, &error) != 0)
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
                  metrics_age_of(summary.oldest_high_at_ms, exchange->now_ms));
    metrics_gauge(out, "tidemark_position_lsn", "Commit LSN that answers show.", exchange->position.lsn);
    metrics_gauge(out, "tidemark_quarantine_rows", "Events that wait in quarantine.", quarantined);
    metrics_gauge(out, "tidemark_drift_columns", "Columns seen in events that source.sql lacks.",
                  summary.counters.drift_columns);
    metrics_write_counters(out, &summary.counters);
    metrics_write_partition_gauge(out, &partitions, "tidemark_partition_applied_offset",
                                  "Next offset to apply.", metrics_applied_of);
    metrics_write_partition_gauge(out, &partitions, "tidemark_partition_lag_messages",
                                  "High watermark less applied.", metrics_lag_of_partition);
    metrics_write_answers(out, exchange->routes);
    return ROUTES_ANSWERED;
}
