// The routes that give rows: queries of views, tables, the quarantine.
#include "http/accept.h"
#include "http/answers.h"
#include "http/follow_question.h"
#include "http/partitions.h"
#include "http/result.h"
#include "http/route.h"
#include "http/row_range.h"
#include "views/base/cleanup.h"
#include "views/base/give_way.h"
#include "views/base/hash.h"
#include "views/base/real.h"

#include <stdio.h>

#define ROWS_CSV_END ".csv"

// What a data route was asked, apart from waiting.
struct ask {
    struct parameter own[READ_PARAMETERS_MAX]; // of the query, or the filters of a table
    int own_count;
    bool table;   // it is one: columns may be asked for as column.NAME, and PostgREST's parameters are taken
    bool follows; // more rows are taken, all unless told
    bool limited; // `limit` was given
    bool by_path; // `.csv`: without `limit` all rows, or a problem
    bool rest;    // it is PostgREST's route, with its shape, its limits and its Range
    bool listed;  // select or order was given more than once
    bool asks_time; // the answer is another later, though no row has changed: it has no tag
    struct row_range range;
    const void *subject; // the query or the table
    int64_t limit;
    struct span after;  // data NULL = from the start
    struct span select; // of a table, data NULL = not given; likewise the order
    struct span order;
    int offset;
    enum table_quarantined quarantined;
    bool counted;  // the rows that the filters let through are counted
    int64_t total; // how many they are
    enum bigint bigint;
    enum format format;
};

// The three kinds of data routes.
struct rows_kind {
    // Puts the question that `ask` is to the reader. What takes its time comes with the rows, so that what a position is to be
    // waited for is told at once what is wrong with it.
    int (*question)(struct reader *reader, struct ask *ask, struct rows **ret, struct error *error);
    void (*head)(struct exchange *exchange,
                 struct buffer *out); // of the JSON envelope: `{"view":..,"query":..,`
    bool rest;                        // as PostgREST answers
    bool table;                       // parameters of its own are filters
    bool follows;                     // the rows, then how they change
    bool waits_for_rows;              // 503 before anything was applied
};

static int rows_read_limit(struct ask *ask, struct span value, struct error *error) {
    const int64_t most = ask->rest ? READ_LIMIT_ALL : ask->follows ? RESULT_ROWS_MAX : READ_LIMIT_MAX;
    int64_t limit;
    if (ask->table && !ask->follows && span_is(value, "all")) {
        ask->limit = READ_LIMIT_ALL;
        return 0;
    }
    if (!integer_parse(value, &limit) || limit < !ask->rest || limit > most)
        return error_set(error, ERROR_USAGE, "limit=%.*s: expected %d to %lld%s", (int)value.size, value.data,
                         !ask->rest, (long long)most, ask->table && !ask->follows ? ", or all" : "");
    ask->limit = limit;
    ask->limited = true;
    return 0;
}

static int rows_read_offset(struct ask *ask, struct span value, struct error *error) {
    int64_t offset;
    if (!integer_parse(value, &offset) || offset < 0 || offset > READ_OFFSET_MAX)
        return error_set(error, ERROR_USAGE, "offset=%.*s: expected 0 to %d", (int)value.size, value.data,
                         READ_OFFSET_MAX);
    ask->offset = (int)offset;
    return 0;
}

static int rows_read_bigint(struct ask *ask, struct span value, struct error *error) {
    if (!span_is(value, "number") && !span_is(value, "string"))
        return error_set(error, ERROR_USAGE, "bigint=%.*s: expected number or string", (int)value.size,
                         value.data);
    ask->bigint = span_is(value, "number") ? BIGINT_NUMBER : BIGINT_STRING;
    return 0;
}

static int rows_read_quarantined(struct ask *ask, struct span value, struct error *error) {
    if (!span_is(value, "true") && !span_is(value, "false"))
        return error_set(error, ERROR_USAGE, "quarantined=%.*s: expected true or false", (int)value.size,
                         value.data);
    ask->quarantined = span_is(value, "true") ? QUARANTINED_ONLY : QUARANTINED_NOT;
    return 0;
}

// 1 = it was one of PostgREST's that say how rows are shown, 0 = it is another, -1 = error.
static int rows_read_table_parameter(struct ask *ask, const struct parameter *parameter,
                                     struct error *error) {
    if (span_is(parameter->name, "select"))
        ask->select = parameter->value;
    else if (span_is(parameter->name, "order"))
        ask->order = parameter->value;
    else if (span_is(parameter->name, "offset"))
        return rows_read_offset(ask, parameter->value, error) == 0 ? 1 : -1;
    else if (span_is(parameter->name, "quarantined"))
        return rows_read_quarantined(ask, parameter->value, error) == 0 ? 1 : -1;
    else
        return 0;
    return 1;
}

static void rows_take_own(struct ask *ask, const struct parameter *parameter) {
    const size_t prefix = sizeof ROUTE_COLUMN_PREFIX - 1;
    struct parameter *own = &ask->own[ask->own_count++];
    *own = *parameter;
    if (!ask->table || own->name.size <= prefix || memcmp(own->name.data, ROUTE_COLUMN_PREFIX, prefix) != 0)
        return;
    own->name = (struct span){own->name.data + prefix, own->name.size - prefix};
    own->is_column = true;
}

// What every data route takes, apart from filters. 1 = it was one of them, 0 = it is another, -1 = error.
static int rows_read_common(struct exchange *exchange, struct ask *ask, const struct parameter *parameter,
                            struct error *error) {
    if (span_is(parameter->name, "limit"))
        return rows_read_limit(ask, parameter->value, error) == 0 ? 1 : -1;
    if (ask->follows && span_is(parameter->name, ROUTE_LAST_EVENT_ID))
        return 1; // follow_start reads it
    if (span_is(parameter->name, "bigint"))
        return rows_read_bigint(ask, parameter->value, error) == 0 ? 1 : -1;
    if (span_is(parameter->name, "after")) {
        if (parameter->value.size > 0)
            ask->after = parameter->value;
        return 1;
    }
    int taken = wait_parameter(exchange->wait, parameter, error);
    return taken == 0 && ask->table ? rows_read_table_parameter(ask, parameter, error) : taken;
}

static int rows_read_parameter(struct exchange *exchange, struct ask *ask, int number, struct error *error) {
    const struct parameter *parameter = &exchange->target->parameters[number];
    int common = rows_read_common(exchange, ask, parameter, error);
    if (common < 0)
        return -1;
    // A table's filters may come again: they all hold.
    if ((common > 0 || !ask->table) && target_gives_twice(exchange->target, number)) {
        if (!ask->table || (!span_is(parameter->name, "select") && !span_is(parameter->name, "order")))
            return error_set(error, ERROR_USAGE, "%.*s is given twice", (int)parameter->name.size,
                             parameter->name.data);
        ask->listed = true;
    }
    if (common == 0)
        rows_take_own(ask, parameter);
    return 0;
}

// All of select and of order count where they are given more than once: clients that know no other form of a list (openapi-fetch,
// openapi-python-client) repeat the parameter for each item.
static int rows_join_lists(struct exchange *exchange, struct ask *ask, struct error *error) {
    struct buffer *lists = &exchange->worker->lists;
    buffer_clear(lists);
    (void)buffer_reserve(lists, TARGET_SIZE_MAX); // so that what is written stays where it is
    target_join(exchange->target, "select", lists);
    const size_t selected = lists->size;
    target_join(exchange->target, "order", lists);
    if (lists->failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (selected > 0)
        ask->select = (struct span){lists->data, selected};
    if (lists->size > selected)
        ask->order = (struct span){lists->data + selected, lists->size - selected};
    return 0;
}

// PostgREST's shapes are of tables; its route has no other JSON.
static enum format rows_format(const struct request *request, const struct rows_kind *kind, bool as_csv) {
    enum format format = as_csv ? FORMAT_CSV : accept_format(request->accept);
    if (kind->rest)
        return format == FORMAT_JSON ? FORMAT_ARRAY : format;
    return kind->table || format < FORMAT_ARRAY ? format : FORMAT_JSON;
}

// PostgREST's shapes are of tables only. Other clients may name what they like: they are given JSON.
static bool rows_refuse_form(struct exchange *exchange, const struct rows_kind *kind) {
    enum { SHOWN_MAX = 100 };
    const struct span form = accept_not_made(exchange->request->accept);
    if (!kind->table || kind->follows || form.data == NULL)
        return false;
    problem_set(exchange->response, PROBLEM_NOT_ACCEPTABLE,
                "Accept: %.*s is not made here; ask for application/json, text/csv or application/x-ndjson",
                (int)(form.size < SHOWN_MAX ? form.size : SHOWN_MAX), form.data);
    return true;
}

static int rows_read_ask(struct exchange *exchange, const void *subject, struct ask *ask,
                         const struct rows_kind *kind) {
    ask->subject = subject;
    ask->own_count = 0;
    ask->table = kind->table;
    ask->follows = kind->follows;
    ask->limited = false;
    ask->by_path = exchange->as_csv;
    ask->rest = kind->rest;
    ask->asks_time = ask->listed = false;
    ask->range.given = false;
    ask->limit = kind->rest || (exchange->as_csv && kind->table) ? READ_LIMIT_ALL
                 : exchange->as_csv                              ? READ_LIMIT_MAX
                 : kind->follows                                 ? RESULT_ROWS_MAX
                                                                 : READ_LIMIT_DEFAULT;
    ask->after = ask->select = ask->order = (struct span){0};
    ask->offset = 0;
    ask->quarantined = QUARANTINED_ANY;
    ask->counted = kind->table && !kind->follows && exchange->request->prefer.data != NULL &&
                   accept_wants_count(exchange->request->prefer);
    ask->bigint = BIGINT_AS_IT_FITS;
    ask->format = rows_format(exchange->request, kind, exchange->as_csv);
    if (!exchange->as_csv && rows_refuse_form(exchange, kind))
        return -1;
    if (kind->rest && row_range_read(&ask->range, exchange->request, exchange->response) != 0)
        return -1;
    wait_init(exchange->wait);
    struct error error;
    int read = 0;
    for (int i = 0; i < exchange->target->parameter_count && read == 0; i++)
        read = rows_read_parameter(exchange, ask, i, &error);
    if (read != 0 || (ask->listed && rows_join_lists(exchange, ask, &error) != 0)) {
        problem_from_error(exchange->response, &error);
        return -1;
    }
    if (ask->range.given && row_range_cut(&ask->range, &ask->offset, &ask->limit, exchange->response) != 0)
        return -1;
    if (ask->format == FORMAT_OBJECT && ask->limit > 2)
        ask->limit = 2; // enough to know that there is more than one
    return 0;
}

static void rows_set_problem_here(struct exchange *exchange, enum problem problem, const char *detail) {
    struct response *response = exchange->response;
    problem_begin(response, problem, "%s", detail);
    buffer_char(&response->body, ',');
    exchange_render_position(exchange, &response->body);
    problem_end(response);
}

// True, and a 400 is the answer, for a topic that neither the file nor the consumer knows: it would never come.
static bool rows_refuse_topic(struct exchange *exchange) {
    CLEANUP(partition_rows_free) struct partition_rows partitions = {0};
    const struct wait *wait = exchange->wait;
    struct error error;
    if (wait->topic[0] == '\0' || partition_rows_read(exchange, &partitions, &error) != 0 ||
        partitions.count == 0)
        return false;
    for (int i = 0; i < partitions.count; i++)
        if (span_is(partitions.rows[i].topic, wait->topic))
            return false;
    problem_set(exchange->response, PROBLEM_BAD_PARAMETER,
                "after_offset: topic \"%s\" is not read; /v1/lag names those that are", wait->topic);
    return true;
}

// True when the answer is complete: *ret says how.
static bool rows_must_wait(struct exchange *exchange, enum routes_result *ret) {
    struct wait *wait = exchange->wait;
    bool reached = exchange->request->waited == WAITED_REACHED || !wait_asks(wait);
    struct error error;
    *ret = ROUTES_ANSWERED;
    if (!reached && wait_reached(wait, exchange->reader, &exchange->position, &reached, &error) != 0) {
        *ret = exchange_fail(exchange, &error);
        return true;
    }
    if (reached)
        return false;
    if (rows_refuse_topic(exchange))
        return true;
    if (exchange->request->waited == WAITED_NOT && wait->wait_ms > 0) {
        *ret = ROUTES_WAIT;
        return true;
    }
    struct buffer *detail = &exchange->worker->scratch;
    buffer_clear(detail);
    wait_describe_missed(wait, exchange->reader, &exchange->position, detail);
    buffer_char(detail, '\0');
    rows_set_problem_here(exchange, PROBLEM_POSITION_NOT_REACHED, detail->failed ? "" : detail->data);
    return true;
}

static bool rows_is_too_stale(struct exchange *exchange) {
    if (exchange->wait->max_lag_ms < 0)
        return false;
    if (exchange->lag.ms >= 0 && exchange->lag.ms <= exchange->wait->max_lag_ms)
        return false;
    rows_set_problem_here(exchange, PROBLEM_TOO_STALE,
                          exchange->lag.ms < 0 ? "how far the answer is behind is not known"
                                               : "the answer is further behind than max_lag_seconds");
    return true;
}

// What stands in memory goes into the file. False, and a problem is the answer, when it cannot.
static bool rows_spill(struct exchange *exchange, struct error *error) {
    struct response *response = exchange->response;
    if (response->file == NULL)
        response->encoded = accept_takes_gzip(exchange->request->accept_encoding);
    return body_file_take(&response->file, exchange->routes->config.db, response->encoded, &response->body,
                          error) == 0;
}

// How many rows were written, -1 = error.
static int64_t rows_write_rows(struct exchange *exchange, struct rows *rows, const struct ask *ask,
                               struct error *error) {
    enum format format = ask->format;
    struct buffer *out = &exchange->response->body;
    if (format == FORMAT_CSV)
        render_csv_names(out, rows);
    int64_t count = 0;
    int row;
    while ((row = rows_next(rows, error)) == 1 && !out->failed) {
        if (count > 0 && (format == FORMAT_JSON || format == FORMAT_ARRAY))
            buffer_char(out, ',');
        count++;
        if (format == FORMAT_CSV)
            render_csv_row(out, rows);
        else
            render_row(out, rows, ask->bigint);
        if (format == FORMAT_NDJSON)
            buffer_char(out, '\n');
        if (ask->limit > READ_LIMIT_MAX && out->size >= BODY_FILE_FROM && !rows_spill(exchange, error))
            return -1;
    }
    return row < 0 ? -1 : count;
}

static void rows_render_next(struct buffer *out, const struct rows *rows) {
    struct span cursor = rows_cursor(rows);
    buffer_text(out, ",\"next\":");
    if (cursor.data != NULL)
        buffer_json_string(out, cursor);
    else
        buffer_text(out, "null");
}

bool rows_refuse_not_ready(struct exchange *exchange) {
    if (exchange->routes->config.answer_empty || exchange_has_applied(exchange))
        return false;
    rows_set_problem_here(exchange, PROBLEM_NOT_READY,
                          "nothing was applied to this file yet (--answer-empty answers with no rows)");
    return true;
}

// Only what a client that comes again has seen: an empty one is none.
static struct span rows_last_event_id(const struct exchange *exchange) {
    struct span id = exchange->request->last_event_id;
    for (int i = 0; i < exchange->target->parameter_count && id.size == 0; i++)
        if (span_is(exchange->target->parameters[i].name, ROUTE_LAST_EVENT_ID))
            id = exchange->target->parameters[i].value;
    return id.size > 0 ? id : (struct span){0};
}

// The question was put, so that what is wrong with it is told by a status. The rows come from the follow's thread.
static enum routes_result rows_begin_follow(struct exchange *exchange, const struct ask *ask,
                                            struct rows *rows) {
    struct response *response = exchange->response;
    struct error error;
    int row;
    while ((row = rows_next(rows, &error)) == 1)
        continue;
    if (row < 0)
        return exchange_fail(exchange, &error);
    if (rows_have_more(rows) && !ask->limited) {
        problem_set(response, PROBLEM_ANSWER_TOO_LARGE,
                    "more than %d rows: follow less of it, with limit= or other parameters", RESULT_ROWS_MAX);
        return ROUTES_ANSWERED;
    }
    streaming_begin(exchange);
    follow_write_question(&response->question, exchange->request->target);
    struct span id = rows_last_event_id(exchange);
    response->resumes = id.data != NULL;
    buffer_append(&response->last_event_id, id.data, id.size);
    response->version = exchange->position.version;
    return response->question.failed || response->last_event_id.failed
               ? exchange_fail(exchange, &(struct error){.kind = ERROR_SYSTEM, .message = "out of memory"})
               : ROUTES_STREAM;
}

// As PostgREST has it: which rows these are, from 0 on, and how many there are. Behind a cursor their numbers are not known.
static void rows_set_range(struct response *response, const struct ask *ask, int64_t count) {
    char range[64];
    char total[32] = "*";
    if (ask->counted)
        (void)snprintf(total, sizeof total, "%lld", (long long)ask->total);
    if (count == 0 || ask->after.data != NULL)
        (void)snprintf(range, sizeof range, "*/%s", total);
    else
        (void)snprintf(range, sizeof range, "%d-%lld/%s", ask->offset, (long long)(ask->offset + count - 1),
                       total);
    response_header(response, "Content-Range", span_of(range));
    if (ask->counted)
        response_header(response, "Preference-Applied", SPAN("count=exact"));
}

// What stands before the rows and behind them.
static void rows_open_body(struct exchange *exchange, const struct ask *ask, const struct rows_kind *kind) {
    struct buffer *out = &exchange->response->body;
    if (ask->format == FORMAT_JSON) {
        kind->head(exchange, out);
        buffer_text(out, "\"rows\":[");
    } else if (ask->format == FORMAT_ARRAY) {
        buffer_char(out, '[');
    }
}

static int rows_close_body(struct exchange *exchange, const struct ask *ask, const struct rows *rows,
                           struct error *error) {
    struct buffer *out = &exchange->response->body;
    if (ask->format != FORMAT_JSON) {
        struct span cursor = rows_cursor(rows);
        if (cursor.data != NULL)
            response_header(exchange->response, "Tidemark-Next", cursor);
        buffer_text(out, ask->format == FORMAT_ARRAY ? "]\n" : ask->format == FORMAT_OBJECT ? "\n" : "");
        return 0;
    }
    buffer_char(out, ']');
    rows_render_next(out, rows);
    if (ask->counted)
        buffer_format(out, ",\"count\":%lld", (long long)ask->total);
    if (ask->table && exchange->position.quarantined > 0 && quarantine_tell_table(exchange, error) != 0)
        return -1;
    buffer_char(out, ',');
    exchange_render_position(exchange, out);
    buffer_text(out, "}\n");
    return 0;
}

// Who gave no header sees none: without `limit` .csv is all rows. True when there are more, which is a problem.
static bool rows_refuse_part(struct exchange *exchange, const struct ask *ask, const struct rows *rows,
                             int64_t count) {
    const bool pages = rows_have_more(rows);
    if (!ask->by_path || ask->limited || (!pages && count <= ask->limit))
        return false;
    problem_set(exchange->response, PROBLEM_ANSWER_TOO_LARGE,
                "more than %lld rows: ask for fewer with the query's parameters, or for a part with limit=%s",
                (long long)ask->limit,
                pages ? ", and go on with after= what the header Tidemark-Next says" : "");
    return true;
}

// What PostgREST answers instead: a part of the rows, none of a range, not one. True when that is a problem.
static bool rows_set_rest_status(struct exchange *exchange, const struct ask *ask, int64_t count) {
    struct response *response = exchange->response;
    if (ask->format == FORMAT_OBJECT && count != 1) {
        problem_set(response, PROBLEM_NOT_ONE_ROW, "%s",
                    count == 0 ? "The result contains 0 rows" : "The result contains more than 1 row");
        return true;
    }
    if (!ask->rest || !ask->counted || ask->format == FORMAT_OBJECT)
        return false;
    if (count == 0 && ask->offset > 0 && ask->offset >= ask->total) {
        problem_set(response, PROBLEM_RANGE_NOT_THERE, "the rows begin at %d, and there are %lld",
                    ask->offset, (long long)ask->total);
        rows_set_range(response, ask, 0);
        return true;
    }
    if (count < ask->total)
        response->status = 206;
    return false;
}

static struct table_question rows_table_question(const struct ask *ask) {
    return (struct table_question){.filters = ask->own,
                                   .filter_count = ask->own_count,
                                   .select = ask->select,
                                   .order = ask->order,
                                   .limit = ask->limit,
                                   .offset = ask->offset,
                                   .quarantined = ask->quarantined,
                                   .after = ask->after};
}

// Behind the rows: the reader has one question open at a time.
static int rows_count(struct exchange *exchange, struct ask *ask, struct error *error) {
    if (!ask->counted)
        return 0;
    const struct table_question question = rows_table_question(ask);
    return reader_count_filtered(exchange->reader, ask->subject, &question, &ask->total, error);
}

static enum routes_result rows_give_body(struct exchange *exchange, struct ask *ask, struct rows *rows,
                                         const struct rows_kind *kind) {
    struct response *response = exchange->response;
    struct error error;
    rows_open_body(exchange, ask, kind);
    int64_t count = rows_write_rows(exchange, rows, ask, &error);
    if (count < 0 || rows_count(exchange, ask, &error) != 0)
        return exchange_fail(exchange, &error);
    if (rows_set_rest_status(exchange, ask, count) || rows_refuse_part(exchange, ask, rows, count))
        return ROUTES_ANSWERED;
    if (ask->counted || ask->format >= FORMAT_ARRAY || ask->rest)
        rows_set_range(response, ask, count);
    if (rows_close_body(exchange, ask, rows, &error) != 0)
        return exchange_fail(exchange, &error);
    if (response->file != NULL && !rows_spill(exchange, &error))
        return exchange_fail(exchange, &error);
    return ROUTES_ANSWERED;
}

static void rows_set_etag(struct exchange *exchange, const struct ask *ask) {
    static const char *const ends[][2] = {[FORMAT_JSON] = {"", "-count"},
                                          [FORMAT_NDJSON] = {"-ndjson", "-ndjson-count"},
                                          [FORMAT_CSV] = {"-csv", "-csv-count"},
                                          [FORMAT_ARRAY] = {"-array", "-array-count"},
                                          [FORMAT_OBJECT] = {"-object", "-object-count"}};
    const struct span profile = exchange->request->accept_profile;
    const char *end = ends[ask->format][ask->counted];
    char part[ETAG_END_SIZE];
    int size = 0;
    // What the URL says needs no mention: a cache keeps answers by it.
    if (ask->range.given)
        size = snprintf(part, sizeof part, "%s-%d-%lld", end, ask->offset, (long long)ask->limit);
    if (ask->rest && profile.size > 0)
        size = snprintf(part + size, sizeof part - (size_t)size, "%s-%08x", size == 0 ? end : "",
                        (unsigned)hash_bytes(HASH_SEED, profile));
    exchange_set_etag(exchange, size > 0 ? part : end);
}

// Rows by whatever question was put, with the position and lag of the same snapshot.
static enum routes_result rows_give_rows(struct exchange *exchange, struct ask *ask, struct rows *rows,
                                         const struct rows_kind *kind) {
    static const char *const types[] = {[FORMAT_JSON] = "application/json",
                                        [FORMAT_NDJSON] = "application/x-ndjson",
                                        [FORMAT_CSV] = "text/csv; charset=utf-8",
                                        [FORMAT_ARRAY] = "application/json; charset=utf-8",
                                        [FORMAT_OBJECT] = "application/vnd.pgrst.object+json; charset=utf-8"};
    struct response *response = exchange->response;
    enum routes_result result;
    if (rows_must_wait(exchange, &result))
        return result;
    // The quarantine says what could not be applied at any time.
    if ((kind->waits_for_rows && rows_refuse_not_ready(exchange)) || rows_is_too_stale(exchange))
        return ROUTES_ANSWERED;
    if (kind->follows)
        return rows_begin_follow(exchange, ask, rows);
    if (!ask->asks_time)
        rows_set_etag(exchange, ask);
    if (response->etag[0] != '\0' &&
        accept_has_tag(exchange->request->if_none_match, span_of(response->etag))) {
        response->content_type = types[ask->format];
        response->status = 304;
        return ROUTES_ANSWERED;
    }
    if (ask->limit > READ_LIMIT_MAX && !exchange->request->patient) {
        response->etag[0] = '\0';
        return ROUTES_BULK;
    }
    response->content_type = types[ask->format];
    response->status = 200;
    return rows_give_body(exchange, ask, rows, kind);
}

static void rows_head_of_query(struct exchange *exchange, struct buffer *out) {
    buffer_text(out, "{\"view\":");
    buffer_json_string(out, exchange->target->segments[2]);
    buffer_text(out, ",\"query\":");
    buffer_json_string(out, exchange->target->segments[3]);
    buffer_char(out, ',');
}

static void rows_head_of_table(struct exchange *exchange, struct buffer *out) {
    buffer_text(out, "{\"table\":");
    buffer_json_string(out, exchange->target->segments[2]);
    buffer_char(out, ',');
}

static void rows_head_of_quarantine(struct exchange *exchange, struct buffer *out) {
    (void)exchange;
    buffer_char(out, '{');
}

// The names there are, as a member of the problem, which is then whole. Its headers are those of rows, unless the
// file cannot be read: then that is told instead.
static void rows_end_unknown(struct exchange *exchange, int count, const char *(*name)(const void *of, int i),
                             const void *of) {
    struct response *response = exchange->response;
    buffer_text(&response->body, ",\"known\":[");
    for (int i = 0; i < count; i++) {
        buffer_text(&response->body, i > 0 ? "," : "");
        buffer_json_string(&response->body, span_of(name(of, i)));
    }
    buffer_char(&response->body, ']');
    problem_end(response);
    if (exchange_begin(exchange) == 0)
        exchange_set_headers(exchange);
}

static const char *rows_view_name(const void *of, int i) {
    return ((const struct catalog *)of)->views[i].name;
}

static const char *rows_query_name(const void *of, int i) {
    return ((const struct view *)of)->queries[i].name;
}

static const char *rows_table_name(const void *of, int i) {
    return ((const struct catalog *)of)->tables[i].name;
}

static enum routes_result rows_answer(struct exchange *exchange, const struct rows_kind *kind,
                                      const void *subject) {
    struct ask ask;
    struct rows *rows;
    struct error error;
    give_way_asked();
    if (exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    enum routes_result result = ROUTES_ANSWERED;
    if (rows_read_ask(exchange, subject, &ask, kind) == 0) {
        result = kind->question(exchange->reader, &ask, &rows, &error) == 0
                     ? rows_give_rows(exchange, &ask, rows, kind)
                     : exchange_fail(exchange, &error);
        if (result == ROUTES_SLOW && ask.limit > READ_LIMIT_MAX && !kind->follows)
            result = ROUTES_BULK; // all rows have minutes, also where the question itself is slow
    }
    if (result == ROUTES_ANSWERED || result == ROUTES_STREAM)
        exchange_set_headers(exchange);
    return result;
}

static int rows_ask_query(struct reader *reader, struct ask *ask, struct rows **ret, struct error *error) {
    const struct query *query = ask->subject;
    // A query that has no pages gives no more rows than it was asked for: one more tells whether there are more.
    const bool beyond = ask->by_path && !ask->limited && query->names_limit && !query->names_after;
    if (reader_query(reader, query, ask->own, ask->own_count, ask->limit + beyond, ask->after, ret, error) !=
        0)
        return -1;
    if (ask->follows)
        rows_without_cursor(*ret);
    ask->asks_time = query->asks_time;
    return 0;
}

// The target's query; NULL when the answer, that there is none, is complete.
static const struct query *rows_find_query(struct exchange *exchange) {
    const struct catalog *catalog = exchange->routes->config.catalog;
    const char *view_wanted = exchange->target->segments[2].data;
    const char *query_wanted = exchange->target->segments[3].data;
    const struct view *view = catalog_view(catalog, view_wanted);
    if (view == NULL) {
        problem_begin(exchange->response, PROBLEM_UNKNOWN_VIEW, "no view \"%s\"; see known", view_wanted);
        rows_end_unknown(exchange, catalog->view_count, rows_view_name, catalog);
        return NULL;
    }
    const struct query *query = view_query(view, query_wanted);
    if (query == NULL) {
        problem_begin(exchange->response, PROBLEM_UNKNOWN_QUERY, "view \"%s\" has no query \"%s\"; see known",
                      view_wanted, query_wanted);
        rows_end_unknown(exchange, view->query_count, rows_query_name, view);
    }
    return query;
}

static const struct rows_kind rows_of_query = {
    .question = rows_ask_query, .head = rows_head_of_query, .waits_for_rows = true};
static const struct rows_kind rows_of_followed_query = {
    .question = rows_ask_query, .head = rows_head_of_query, .follows = true, .waits_for_rows = true};

// `/v1/tables/orders.csv`, for who can give a URL and no header, as a spreadsheet: the name is what stands before the end.
static bool rows_asks_csv(struct span name) {
    return name.size > sizeof ROWS_CSV_END - 1 && span_ends_with(name, ROWS_CSV_END);
}

static void rows_take_csv(struct exchange *exchange, struct span *name) {
    struct target *target = exchange->target;
    exchange->as_csv = true;
    name->size -= sizeof ROWS_CSV_END - 1;
    target->text[name->data - target->text + (ptrdiff_t)name->size] = '\0';
}

enum routes_result answer_query(struct exchange *exchange) {
    if (rows_asks_csv(exchange->target->segments[3])) // no query has a point in its name
        rows_take_csv(exchange, &exchange->target->segments[3]);
    const struct query *query = rows_find_query(exchange);
    return query != NULL ? rows_answer(exchange, &rows_of_query, query) : ROUTES_ANSWERED;
}

enum routes_result answer_follow_query(struct exchange *exchange) {
    const struct query *query = rows_find_query(exchange);
    return query != NULL ? rows_answer(exchange, &rows_of_followed_query, query) : ROUTES_ANSWERED;
}

static int rows_ask_table(struct reader *reader, struct ask *ask, struct rows **ret, struct error *error) {
    const struct table_question question = rows_table_question(ask);
    return reader_table(reader, ask->subject, &question, ret, error);
}

const struct table *rows_find_table(struct exchange *exchange) {
    const struct catalog *catalog = exchange->routes->config.catalog;
    struct span wanted = exchange->target->segments[2];
    const struct table *table = catalog_table(catalog, wanted.data, wanted.size);
    if (table == NULL) {
        problem_begin(exchange->response, PROBLEM_UNKNOWN_TABLE, "no table \"%s\"; see known", wanted.data);
        rows_end_unknown(exchange, catalog->table_count, rows_table_name, catalog);
    }
    return table;
}

static const struct rows_kind rows_of_table = {
    .question = rows_ask_table, .head = rows_head_of_table, .table = true, .waits_for_rows = true};
static const struct rows_kind rows_of_followed_table = {.question = rows_ask_table,
                                                        .head = rows_head_of_table,
                                                        .table = true,
                                                        .follows = true,
                                                        .waits_for_rows = true};

enum routes_result answer_table(struct exchange *exchange) {
    struct span *name = &exchange->target->segments[2];
    if (rows_asks_csv(*name) &&
        catalog_table(exchange->routes->config.catalog, name->data, name->size) == NULL)
        rows_take_csv(exchange, name);
    const struct table *table = rows_find_table(exchange);
    return table != NULL ? rows_answer(exchange, &rows_of_table, table) : ROUTES_ANSWERED;
}

static const struct rows_kind rows_of_rest = {.question = rows_ask_table,
                                              .head = rows_head_of_table,
                                              .table = true,
                                              .rest = true,
                                              .waits_for_rows = true};

// The table of the schema that `Accept-Profile` names, as PostgREST's clients choose one (supabase-js's schema()). A table that is
// declared without a schema is of any.
static const struct table *rows_find_table_of_profile(struct exchange *exchange) {
    const struct catalog *catalog = exchange->routes->config.catalog;
    const struct span profile = exchange->request->accept_profile;
    const struct span wanted = exchange->target->segments[2];
    CLEANUP(buffer_free) struct buffer name = {0};
    if (profile.size == 0 || span_is(profile, "public"))
        return rows_find_table(exchange);
    buffer_append(&name, profile.data, profile.size);
    buffer_char(&name, '.');
    buffer_append(&name, wanted.data, wanted.size);
    const struct table *table = name.failed ? NULL : catalog_table(catalog, name.data, name.size);
    if (table != NULL)
        return table;
    table = catalog_table(catalog, wanted.data, wanted.size);
    if (table != NULL && table->schema == NULL)
        return table;
    problem_begin(exchange->response, PROBLEM_UNKNOWN_TABLE,
                  "no table \"%s\" of the schema \"%.*s\", which Accept-Profile names; see known",
                  wanted.data, (int)profile.size, profile.data);
    rows_end_unknown(exchange, catalog->table_count, rows_table_name, catalog);
    return NULL;
}

enum routes_result answer_rest(struct exchange *exchange) {
    exchange->response->postgrest = true;
    const struct table *table = rows_find_table_of_profile(exchange);
    return table != NULL ? rows_answer(exchange, &rows_of_rest, table) : ROUTES_ANSWERED;
}

enum routes_result answer_follow_table(struct exchange *exchange) {
    const struct table *table = rows_find_table(exchange);
    return table != NULL ? rows_answer(exchange, &rows_of_followed_table, table) : ROUTES_ANSWERED;
}

int rows_put_question(struct exchange *exchange, struct rows_question *ret, struct rows **ret_rows) {
    bool is_table = route_find(exchange->target) == ROUTE_FOLLOW_TABLE;
    const struct rows_kind *kind = is_table ? &rows_of_followed_table : &rows_of_followed_query;
    const struct table *table = is_table ? rows_find_table(exchange) : NULL;
    const void *subject = is_table ? (const void *)table : (const void *)rows_find_query(exchange);
    struct ask ask;
    struct error error;
    if (subject == NULL || rows_read_ask(exchange, subject, &ask, kind) != 0)
        return -1;
    *ret = (struct rows_question){.table = table, .bigint = ask.bigint, .limited = ask.limited};
    if (kind->question(exchange->reader, &ask, ret_rows, &error) == 0) {
        ret->asks_time = ask.asks_time;
        return 0;
    }
    problem_from_error(exchange->response, &error);
    return -1;
}

static int rows_ask_quarantine(struct reader *reader, struct ask *ask, struct rows **ret,
                               struct error *error) {
    struct span wanted = {0};
    for (int i = 0; i < ask->own_count; i++) {
        if (!span_is(ask->own[i].name, "state"))
            return error_set(error, ERROR_NOTFOUND, "no parameter \"%s\"; it has: state, limit, after",
                             ask->own[i].name.data);
        wanted = ask->own[i].value;
    }
    return reader_quarantine(reader, wanted, (int)ask->limit, ask->after, ret, error);
}

enum routes_result answer_quarantine(struct exchange *exchange) {
    static const struct rows_kind kind = {.question = rows_ask_quarantine, .head = rows_head_of_quarantine};
    return rows_answer(exchange, &kind, NULL);
}
