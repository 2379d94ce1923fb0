#include "consumer/apply/loop/retry.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/new_timeline.h"
#include "consumer/apply/loop/take.h"

#include <stdarg.h>
#include <stdio.h>

// What comes of a request.
struct retry_result {
    enum store_request_outcome outcome;
    char why[ERROR_MESSAGE_SIZE];
    struct store_quarantined now; // of a message that waits on
};

__attribute__((format(printf, 3, 4))) static void
retry_end(struct retry_result *result, enum store_request_outcome outcome, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    result->outcome = outcome;
    (void)vsnprintf(result->why, sizeof result->why, format, arguments);
    va_end(arguments);
}

// A message whose row is known now and was not when it came: later changes of that row were not looked for.
static bool retry_may_be_late(const struct store_request *request, const struct change *change) {
    return !request->row_known && (change->lsn == LSN_NONE || change->snapshot == SNAPSHOT_INCREMENTAL ||
                                   change->op == CHANGE_TOMBSTONE);
}

// The mirror's rules know rows, deletes and truncates; these are the cases that they leave to the order of the log.
static bool retry_is_refused(struct apply *apply, const struct store_request *request,
                             const struct change *change, struct retry_result *result) {
    int64_t whole_lsn = store_snapshot(apply->config.store, change->table).whole_lsn;
    if (request->overtaken)
        retry_end(
            result, STORE_REQUEST_REFUSED,
            "its row is newer, and the newer change lacked a value that this message may have (unchanged "
            "TOAST): a later change of it or a snapshot of the table mends the row");
    else if (retry_may_be_late(request, change))
        retry_end(
            result, STORE_REQUEST_REFUSED,
            "whether its row is newer is not known: it names no position, and its key could not be read "
            "when it came; a snapshot of the table mends the row");
    else if (change->lsn != LSN_NONE && change->lsn < whole_lsn && request->behind_lsn < whole_lsn)
        retry_end(result, STORE_REQUEST_SUPERSEDED, "a newer snapshot of the table has come whole");
    else
        return false;
    return true;
}

// Not of a message that may be late: another retry would take its row for one that was known from the beginning.
static void retry_note_now(const struct store_request *request, struct retry_result *result,
                           const struct change *change) {
    if (retry_may_be_late(request, change))
        return;
    result->now.table = change->table;
    result->now.row_values = change->op == CHANGE_TRUNCATE ? NULL : change->values;
    result->now.lsn = change->lsn;
}

static int retry_apply(struct apply *apply, const struct store_request *request, struct event *event,
                       struct retry_result *result, struct error *error) {
    struct change *change = &event->change;
    new_timeline_place(apply, event);
    change->unordered = false;
    change->behind_snapshot = request->behind_lsn != LSN_NONE &&
                              request->behind_lsn >= store_snapshot(apply->config.store, change->table).lsn;
    retry_note_now(request, result, change);
    if (retry_is_refused(apply, request, change, result))
        return 0;
    enum store_outcome outcome;
    struct error failure = {0};
    if (apply->singly == 0)
        store_set_writing(apply->config.store, WRITING_AS_THEY_COME); // what comes of it is to be told now
    int status = take_into_store(apply, event, &outcome, &failure);
    take_set_writing(apply);
    if (status == 0) {
        if (outcome == STORE_APPLIED)
            retry_end(result, STORE_REQUEST_APPLIED, "%s", "");
        else
            retry_end(result, STORE_REQUEST_SUPERSEDED,
                      "its row is newer, or its table was truncated or read anew since");
        return 0;
    }
    if (failure.kind == ERROR_INPUT) {
        retry_end(result, STORE_REQUEST_FAILED, "%s", failure.message);
        return 0;
    }
    if (error != NULL)
        *error = failure;
    return -1;
}

static int retry_message(struct apply *apply, const struct store_request *request,
                         struct retry_result *result, struct error *error) {
    const struct message message = {.offset = request->offset, .key = request->key, .value = request->value};
    const struct table *table = NULL;
    enum topic_role role = topic_role(request->topic, apply->config.prefix, apply->config.catalog, &table);
    if (request->value_dropped) {
        retry_end(result, STORE_REQUEST_REFUSED,
                  "its value was dropped (quarantine was full): a snapshot of the table mends the row");
        return 0;
    }
    if (role != TOPIC_TABLE) {
        retry_end(result, STORE_REQUEST_REFUSED,
                  "its topic feeds no declared table: there is no row to mend");
        return 0;
    }
    struct error why;
    int status = redecode_message(&apply->redecode, &apply->config, role, table, &message, &why, error);
    if (status < 0)
        return -1;
    if (status > 0) {
        retry_end(result, STORE_REQUEST_FAILED, "%s", why.message);
        return 0;
    }
    if (apply->redecode.event.kind != EVENT_CHANGE) {
        retry_end(result, STORE_REQUEST_REFUSED, "it is a row of no declared table");
        return 0;
    }
    return retry_apply(apply, request, &apply->redecode.event, result, error);
}

static void retry_tell(struct apply *apply, const struct store_request *request,
                       const struct retry_result *result) {
    static const char *const words[] = {
        [STORE_REQUEST_NOTHING] = "was settled before", [STORE_REQUEST_APPLIED] = "was applied",
        [STORE_REQUEST_SUPERSEDED] = "is superseded",   [STORE_REQUEST_DISCARDED] = "was discarded",
        [STORE_REQUEST_FAILED] = "cannot be applied",   [STORE_REQUEST_REFUSED] = "is not retried",
    };
    warnings_add(&apply->warnings, "quarantined message %lld (%s partition %d offset %lld) %s%s%s",
                 (long long)request->quarantined, request->topic, request->partition,
                 (long long)request->offset, words[result->outcome], result->why[0] != '\0' ? ": " : "",
                 result->why);
    warnings_about(&apply->warnings, "retried",
                   &(struct log_fields){.topic = request->topic,
                                        .has_offset = true,
                                        .partition = request->partition,
                                        .offset = request->offset});
}

static int retry_do(struct apply *apply, const struct store_request *request, struct error *error) {
    struct retry_result result = {.outcome = STORE_REQUEST_NOTHING, .now = {.lsn = LSN_NONE}};
    int status = 0;
    if (request->waits && request->discard)
        retry_end(&result, STORE_REQUEST_DISCARDED, "%.*s", (int)request->note.size, request->note.data);
    else if (request->waits)
        status = retry_message(apply, request, &result, error);
    if (status != 0)
        return -1;
    if (request->topic[0] != '\0')
        retry_tell(apply, request, &result);
    if (result.outcome == STORE_REQUEST_FAILED)
        result.now.reason = result.why;
    bool noted = result.why[0] != '\0' && result.outcome != STORE_REQUEST_FAILED;
    return store_answer_request(apply->config.store, request, result.outcome,
                                noted ? span_of(result.why) : (struct span){0}, &result.now, error);
}

int retry_requested(struct apply *apply, int *ret_done, struct error *error) {
    bool asked = true;
    for (*ret_done = 0; *ret_done < RETRY_AT_ONCE; ++*ret_done) {
        struct store_request request;
        if (store_is_asked(apply->config.store, &asked, error) != 0)
            return -1;
        if (!asked)
            return 0;
        commit_open(apply);
        int found = store_next_request(apply->config.store, &request, error);
        if (found <= 0)
            return found;
        if (retry_do(apply, &request, error) != 0)
            return -1;
    }
    return 0;
}
