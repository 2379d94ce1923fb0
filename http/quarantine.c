// One message that could not be applied: shown, retried, discarded. Who writes the file does what is asked (ask.h).
#include "http/answers.h"
#include "views/base/base64.h"
#include "views/base/real.h"
#include "views/base/utf8.h"
#include "views/engine/ask.h"
#include "views/engine/catalog.h"

#include <stdio.h>

enum {
    QUARANTINE_WAIT_MS = 5000,     // for what is asked to be done, unless the request says so
    QUARANTINE_MOMENT_MS = 20,     // for a moment in which nobody writes the file, on a server's thread
    QUARANTINE_PATIENCE_MS = 8000, // and in the slow lane
    QUARANTINE_REASON_MAX = 400,   // characters of a reason
};

static bool quarantine_is_reason(struct span reason) {
    int count = 0;
    for (size_t at = 0; at < reason.size && count <= QUARANTINE_REASON_MAX; count++)
        at += utf8_sequence(reason.data + at, reason.size - at); // target_parse has seen that it is UTF-8
    return count > 0 && count <= QUARANTINE_REASON_MAX;
}

static void quarantine_write_text(struct buffer *out, const char *name, struct span text) {
    buffer_format(out, ",\"%s\":", name);
    if (text.data != NULL)
        buffer_json_string(out, text);
    else
        buffer_text(out, "null");
}

// Bytes that are no text stand in a member of their own.
static void quarantine_write_bytes(struct buffer *out, const char *name, struct span bytes) {
    if (bytes.data == NULL || utf8_valid(bytes.data, bytes.size) == bytes.size) {
        quarantine_write_text(out, name, bytes);
        return;
    }
    buffer_format(out, ",\"%s\":null,\"%s_base64\":\"", name, name);
    base64_write(out, bytes);
    buffer_char(out, '"');
}

static void quarantine_write(struct exchange *exchange, const struct quarantined *message, bool asked) {
    struct buffer *out = &exchange->response->body;
    buffer_format(out, "{\"id\":%lld,\"partition\":%lld,\"offset\":%lld", (long long)message->id,
                  (long long)message->partition, (long long)message->offset);
    quarantine_write_text(out, "state", message->state);
    quarantine_write_text(out, "topic", message->topic);
    quarantine_write_text(out, "time", message->time);
    quarantine_write_text(out, "reason", message->reason);
    quarantine_write_text(out, "table", message->table);
    buffer_text(out, ",\"row_key\":");
    if (message->row_key.data != NULL)
        buffer_append(out, message->row_key.data, message->row_key.size); // is JSON
    else
        buffer_text(out, "null");
    quarantine_write_text(out, "settled", message->settled);
    quarantine_write_text(out, "note", message->note);
    buffer_format(out, ",\"overtaken\":%s,\"value_dropped\":%s,\"asked\":%s",
                  message->overtaken ? "true" : "false", message->value_dropped ? "true" : "false",
                  asked ? "true" : "false");
    quarantine_write_bytes(out, "key", message->key);
    quarantine_write_bytes(out, "value", message->value);
    buffer_char(out, ',');
    exchange_render_position(exchange, out);
    buffer_text(out, "}\n");
}

static bool quarantine_read_id(struct exchange *exchange, int64_t *ret) {
    struct span segment = exchange->target->segments[2];
    if (integer_parse(segment, ret) && *ret > 0)
        return true;
    problem_set(exchange->response, PROBLEM_NOT_FOUND,
                "no message \"%s\" in quarantine; /v1/quarantine has the ids", segment.data);
    return false;
}

static enum routes_result quarantine_fail(struct exchange *exchange, const struct error *error) {
    if (error->kind != ERROR_NOTFOUND && error->kind != ERROR_INPUT)
        return exchange_fail(exchange, error);
    problem_set(exchange->response, error->kind == ERROR_NOTFOUND ? PROBLEM_NOT_FOUND : PROBLEM_NOT_WAITING,
                "%s", error->message);
    return ROUTES_ANSWERED;
}

// The snapshot is open.
static enum routes_result quarantine_give(struct exchange *exchange, int64_t id, bool is_answer) {
    struct quarantined message;
    struct error error;
    bool asked;
    if (reader_quarantined(exchange->reader, id, &message, &error) != 0 ||
        reader_is_asked(exchange->reader, id, &asked, &error) != 0)
        return quarantine_fail(exchange, &error);
    bool waits = span_is(message.state, "waiting");
    if (is_answer && asked && exchange->request->waited == WAITED_NOT && exchange->wait->wait_ms > 0)
        return ROUTES_WAIT;
    if (is_answer && waits && !asked) {
        struct span why = message.note.data != NULL ? message.note : message.reason;
        problem_set(exchange->response, PROBLEM_STILL_QUARANTINED, "%.*s", (int)why.size, why.data);
    } else {
        exchange_json(exchange);
        exchange->response->status = is_answer && asked ? 202 : 200;
        quarantine_write(exchange, &message, asked);
    }
    exchange_set_headers(exchange);
    return ROUTES_ANSWERED;
}

enum routes_result answer_quarantined(struct exchange *exchange) {
    int64_t id;
    if (exchange_refuse_parameters(exchange) || !quarantine_read_id(exchange, &id) ||
        exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    return quarantine_give(exchange, id, false);
}

// Nobody will do it now: a process that only serves, or is halted.
static bool quarantine_is_idle(const struct exchange *exchange) {
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    return summary.state == STATE_SERVING || summary.state == STATE_HALTED;
}

static bool quarantine_read_ask(struct exchange *exchange, int64_t id, bool discard,
                                struct span *ret_reason) {
    *ret_reason = (struct span){0};
    wait_init(exchange->wait);
    exchange->wait->asked = id;
    exchange->wait->wait_ms = quarantine_is_idle(exchange) ? 0 : QUARANTINE_WAIT_MS;
    for (int i = 0; i < exchange->target->parameter_count; i++) {
        const struct parameter *parameter = &exchange->target->parameters[i];
        struct error error;
        if (target_gives_twice(exchange->target, i)) {
            problem_set(exchange->response, PROBLEM_BAD_PARAMETER, "%.*s is given twice",
                        (int)parameter->name.size, parameter->name.data);
            return false;
        }
        if (discard && span_is(parameter->name, "reason")) {
            *ret_reason = parameter->value;
        } else if (!span_is(parameter->name, "wait_ms")) {
            problem_set(exchange->response, PROBLEM_UNKNOWN_PARAMETER, "no parameter \"%.*s\"; it has: %s",
                        (int)parameter->name.size, parameter->name.data,
                        discard ? "reason, wait_ms" : "wait_ms");
            return false;
        } else if (wait_parameter(exchange->wait, parameter, &error) < 0) {
            problem_from_error(exchange->response, &error);
            return false;
        }
    }
    if (!discard || quarantine_is_reason(*ret_reason))
        return true;
    problem_set(exchange->response, PROBLEM_BAD_PARAMETER,
                "reason= says why the message is not missed, in 1 to %d characters: it is kept",
                QUARANTINE_REASON_MAX);
    return false;
}

static enum routes_result quarantine_ask(struct exchange *exchange, enum ask_action action) {
    int64_t id;
    struct span reason;
    struct error error;
    if (!quarantine_read_id(exchange, &id) ||
        !quarantine_read_ask(exchange, id, action == ASK_DISCARD, &reason))
        return ROUTES_ANSWERED;
    int patience = exchange->request->patient ? QUARANTINE_PATIENCE_MS : QUARANTINE_MOMENT_MS;
    if (exchange->request->waited == WAITED_NOT &&
        ask_quarantined(exchange->routes->config.db, action, &id, 1, reason, patience, &error) != 0)
        return quarantine_fail(exchange, &error);
    return exchange_begin(exchange) != 0 ? ROUTES_ANSWERED : quarantine_give(exchange, id, true);
}

enum routes_result answer_retry(struct exchange *exchange) {
    return quarantine_ask(exchange, ASK_RETRY);
}

enum routes_result answer_discard(struct exchange *exchange) {
    return quarantine_ask(exchange, ASK_DISCARD);
}

struct quarantine_messages {
    struct buffer *out;
    const char *comma;
};

static void quarantine_tell_message(void *self, int64_t id, struct span row_key) {
    struct quarantine_messages *messages = self;
    struct span key = row_key.data != NULL ? row_key : SPAN("null");
    buffer_format(messages->out, "%s{\"id\":%lld,\"row_key\":", messages->comma, (long long)id);
    buffer_append(messages->out, key.data, key.size);
    buffer_char(messages->out, '}');
    messages->comma = ",";
}

int quarantine_tell_table(struct exchange *exchange, struct error *error) {
    struct span wanted = exchange->target->segments[2];
    const struct table *table = catalog_table(exchange->routes->config.catalog, wanted.data, wanted.size);
    struct quarantine_messages messages = {&exchange->response->body, ""};
    buffer_text(messages.out, ",\"quarantined\":[");
    if (reader_quarantined_of(exchange->reader, table, quarantine_tell_message, &messages, error) != 0)
        return -1;
    buffer_char(messages.out, ']');
    return 0;
}
