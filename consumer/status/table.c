#include "consumer/status/table.h"

#include "views/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

enum { CELL_SIZE = 64, LINE_SIZE = 512, UNKNOWN = -1 };

struct page {
    struct buffer *out;
    int width;
    int rows; // that are left; below 0 = no bound
};

static void table_line(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A sequence of UTF-8 counts as one column: what is wider in a terminal wraps, no more.
static void table_line(struct page *page, const char *format, ...) {
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (page->rows == 0)
        return;
    page->rows -= page->rows > 0;
    size_t size = strlen(line);
    while (size > 0 && line[size - 1] == ' ')
        size--;
    int columns = 0;
    for (size_t at = 0; at < size && (page->width == 0 || columns < page->width); columns++) {
        size_t n = utf8_sequence(line + at, size - at);
        bool plain = n > 1 || (n == 1 && line[at] >= ' ' && line[at] != 0x7f);
        if (plain)
            buffer_append(page->out, line + at, n);
        else
            buffer_char(page->out, '?');
        at += n > 0 ? n : 1;
    }
    buffer_char(page->out, '\n');
}

static const char *table_text(const json_t *object, const char *name, const char *absent) {
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : absent;
}

static int64_t table_number(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? (int64_t)json_number_value(value) : UNKNOWN;
}

static const char *table_count(char cell[CELL_SIZE], int64_t count) {
    if (count < 0)
        return "?";
    (void)snprintf(cell, CELL_SIZE, "%lld", (long long)count);
    return cell;
}

static const char *table_bytes(char cell[CELL_SIZE], int64_t bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double number = (double)bytes;
    int unit = 0;
    for (; number >= 1000 && unit < 4; unit++)
        number /= 1000;
    if (bytes < 0)
        return "?";
    (void)snprintf(cell, CELL_SIZE, unit == 0 || number >= 100 ? "%.0f %s" : "%.1f %s", number, units[unit]);
    return cell;
}

static const char *table_span(char cell[CELL_SIZE], int64_t seconds) {
    long long s = (long long)seconds;
    if (s < 0)
        return "?";
    if (s < 120)
        (void)snprintf(cell, CELL_SIZE, "%lld s", s);
    else if (s < 2LL * 3600)
        (void)snprintf(cell, CELL_SIZE, "%lld m %lld s", s / 60, s % 60);
    else if (s < 2LL * 86400)
        (void)snprintf(cell, CELL_SIZE, "%lld h %lld m", s / 3600, s / 60 % 60);
    else
        (void)snprintf(cell, CELL_SIZE, "%lld d %lld h", s / 86400, s / 3600 % 24);
    return cell;
}

// By the server's own clock.
static const char *table_age(char cell[CELL_SIZE], const struct table_answers *answers, int64_t at_ms) {
    int64_t now_ms = table_number(answers->live, "at_ms");
    if (at_ms <= 0 || now_ms < 0)
        return "?";
    return table_span(cell, now_ms > at_ms ? (now_ms - at_ms) / 1000 : 0);
}

static void table_render_state(struct page *page, const struct table_answers *answers) {
    const json_t *status = answers->status;
    const json_t *position = json_object_get(answers->live, "position");
    char a[CELL_SIZE];
    char b[CELL_SIZE];
    const char *lsn = table_text(position, "lsn", NULL);
    table_line(page, "state        %s", table_text(status, "state", "?"));
    if (json_is_string(json_object_get(status, "reason")))
        table_line(page, "reason       %s", table_text(status, "reason", ""));
    if (lsn != NULL)
        table_line(page, "shows        every transaction up to %s, whole", lsn);
    else
        table_line(page, "shows        %s", table_text(status, "consistency", "?"));
    int64_t behind = table_number(answers->lag, "messages");
    int64_t seconds = table_number(answers->lag, "seconds");
    table_line(page, "behind       %s messages, %s", table_count(a, behind), table_span(b, seconds));
    int64_t eta = table_number(answers->live, "eta_seconds");
    if (eta >= 0)
        table_line(page, "caught up    in about %s", table_span(a, eta));
    if (json_is_string(json_object_get(status, "last_error")))
        table_line(page, "last error   %s", table_text(status, "last_error", ""));
    int64_t quarantined = table_number(status, "quarantined");
    if (quarantined > 0)
        table_line(
            page,
            "quarantine   %lld message%s could not be applied: rows are missing or stale; `tidemark quarantine list --db %s` says why",
            (long long)quarantined, quarantined == 1 ? "" : "s",
            table_text(json_object_get(status, "process"), "file", "FILE"));
}

static void table_render_hops(struct page *page, const struct table_answers *answers) {
    const json_t *hops = json_object_get(answers->live, "hops");
    const json_t *rates = json_object_get(answers->live, "rates");
    char a[CELL_SIZE];
    char b[CELL_SIZE];
    char c[CELL_SIZE];
    table_line(page, "ages         source's commit %s, connector's heartbeat %s, broker %s",
               table_age(a, answers, table_number(hops, "source_commit_ms")),
               table_age(b, answers, table_number(hops, "heartbeat_ms")),
               table_age(c, answers, table_number(hops, "broker_ms")));
    const json_t *events = json_object_get(rates, "events_per_second");
    if (json_is_number(events))
        table_line(page, "a second     %.1f events, %.1f transactions, %.1f commits",
                   json_number_value(events),
                   json_number_value(json_object_get(rates, "transactions_per_second")),
                   json_number_value(json_object_get(rates, "commits_per_second")));
}

static void table_render_process(struct page *page, const struct table_answers *answers) {
    const json_t *counters = json_object_get(answers->status, "counters");
    const json_t *process = json_object_get(answers->status, "process");
    char cells[4][CELL_SIZE];
    table_line(page, "messages     %s taken, %s applied, %s repeated, %s quarantined",
               table_count(cells[0], table_number(counters, "messages")),
               table_count(cells[1], table_number(counters, "applied")),
               table_count(cells[2], table_number(counters, "duplicates")),
               table_count(cells[3], table_number(counters, "quarantined")));
    table_line(page, "process      memory %s, file %s, write-ahead log %s, disk left %s",
               table_bytes(cells[0], table_number(process, "memory_bytes")),
               table_bytes(cells[1], table_number(process, "file_bytes")),
               table_bytes(cells[2], table_number(process, "wal_bytes")),
               table_bytes(cells[3], table_number(process, "disk_free_bytes")));
}

// What the doctor warns of; /v1/status has the remedies, and what is well.
static void table_render_lint(struct page *page, const struct table_answers *answers) {
    const json_t *lint = json_object_get(answers->status, "lint");
    size_t i;
    const json_t *finding;
    json_array_foreach(lint, i, finding) {
        const char *level = table_text(finding, "level", "ok");
        if (strcmp(level, "ok") != 0)
            table_line(page, "%-12s %s: %s", level, table_text(finding, "check", "?"),
                       table_text(finding, "message", "?"));
    }
}

// What is wrong with a table, in a word or two; the columns' names are in /v1/status.
static const char *table_trouble(char cell[CELL_SIZE], const json_t *table) {
    size_t missing = json_array_size(json_object_get(table, "missing"));
    size_t extra = json_array_size(json_object_get(table, "extra"));
    const char *incomplete =
        json_is_false(json_object_get(table, "complete")) ? "older rows may be missing  " : "";
    (void)snprintf(cell, CELL_SIZE, "%s", incomplete);
    size_t used = strlen(cell);
    if (missing + extra > 0)
        (void)snprintf(cell + used, CELL_SIZE - used, "columns: %zu missing, %zu extra", missing, extra);
    return cell;
}

static void table_render_tables(struct page *page, const struct table_answers *answers) {
    const json_t *tables = json_object_get(answers->status, "tables");
    size_t i;
    const json_t *table;
    char cells[4][CELL_SIZE];
    if (json_array_size(tables) > 0) {
        table_line(page, "%s", "");
        table_line(page, "%-24s %12s %10s  %s", "TABLE", "ROWS", "BEHIND", "NEWEST");
    }
    json_array_foreach(tables, i, table) {
        const char *lag = json_is_null(json_object_get(table, "topic"))
                              ? "no topic"
                              : table_count(cells[1], table_number(table, "lag"));
        table_line(page, "%-24s %12s %10s  %-12s %s", table_text(table, "name", "?"),
                   table_count(cells[0], table_number(table, "rows")), lag,
                   table_age(cells[2], answers, table_number(table, "newest_event_ms")),
                   table_trouble(cells[3], table));
    }
}

static void table_render_partitions(struct page *page, const struct table_answers *answers) {
    const json_t *partitions = json_object_get(answers->lag, "partitions");
    size_t i;
    const json_t *partition;
    char cells[3][CELL_SIZE];
    if (json_array_size(partitions) > 0) {
        table_line(page, "%s", "");
        table_line(page, "%12s %12s %10s  %s", "APPLIED", "HIGH", "BEHIND", "PARTITION");
    }
    json_array_foreach(partitions, i, partition)
        table_line(page, "%12s %12s %10s  %s %lld", table_count(cells[0], table_number(partition, "applied")),
                   table_count(cells[1], table_number(partition, "high")),
                   table_count(cells[2], table_number(partition, "lag")), table_text(partition, "topic", "?"),
                   (long long)table_number(partition, "partition"));
}

void table_render(struct buffer *out, const struct table_answers *answers, const char *url, int width,
                  int rows) {
    struct page page = {.out = out, .width = width, .rows = rows > 0 ? rows : -1};
    char up[CELL_SIZE];
    table_line(&page, "tidemark %s  %s  up %s", table_text(answers->status, "version", "?"), url,
               table_span(up, table_number(answers->status, "uptime_seconds")));
    table_render_state(&page, answers);
    table_render_hops(&page, answers);
    table_render_process(&page, answers);
    table_render_lint(&page, answers);
    table_render_tables(&page, answers);
    table_render_partitions(&page, answers);
}
