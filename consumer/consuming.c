#include "consumer/consuming.h"

#include "consumer/loading.h"
#include "consumer/retry_pause.h"
#include "views/base/log.h"

#include <stdio.h>

int consuming_stay_halted(struct progress *progress, struct stopper *stopper, const char *reason) {
    log_event(LEVEL_ERROR, "state", &(struct log_fields){.state = "halted"}, "halted: %s", reason);
    progress_set_error(progress, reason);
    progress_set_state(progress, STATE_HALTED, reason);
    while (!stopper_asked(stopper, CONSUME_WAIT_MS)) {
    }
    return CONSUME_HALTED;
}

int consuming_answer_view_error(struct apply_config *apply, const struct error *failure,
                                struct error *error) {
    apply->singly_messages = failure->kind == ERROR_VIEW ? APPLY_SINGLY_MESSAGES : 0;
    if (failure->kind == ERROR_REFUSED) {
        apply->goes_back = false;
        log_event(
            LEVEL_INFO, "refused", NULL,
            "%s; what was not committed is applied again, and rows of tables with triggers are written as they "
            "come from now on, so that the one that is refused goes into quarantine by itself",
            failure->message);
        return 0;
    }
    if (failure->kind == ERROR_HALT) {
        loading_tell_disabled(failure);
        return store_disable_view(apply->store, failure->subject, failure->message, error);
    }
    log_event(LEVEL_WARN, "view_failed", &(struct log_fields){.view = failure->subject},
              "%s; what was not committed is applied again row by row, to name the row that did it",
              failure->message);
    return 0;
}

// What was told of a table with a commit that failed is not in the file. As long as it counted as told, nothing would put it there.
static int consuming_open_again(const struct consume_config *config, struct error *error) {
    const struct apply_config *apply = &config->apply;
    struct store_report report;
    return store_reopen(apply->store, &report, error) != 0
               ? -1
               : loading_recall(config->db, apply->catalog, apply->progress, error);
}

// The file could not be written, for a reason that passes: says so and opens it again after a while, as often as it
// takes. True when it is open again, false when stopped, or when it is not the same file any more: ERROR_HALT.
static bool consuming_reopen(const struct consume_config *config, struct stopper *stopper,
                             struct retry_pause *pause, struct error *error) {
    const struct apply_config *apply = &config->apply;
    for (;;) {
        struct progress_summary summary;
        progress_summary(apply->progress, &summary);
        int wait_ms = retry_pause_take(pause, summary.counters.commits);
        progress_set_error(apply->progress, error->message);
        progress_set_state(apply->progress, STATE_DEGRADED, error->message);
        log_event(LEVEL_ERROR, "state", &(struct log_fields){.state = "degraded"},
                  "degraded: %s; it is tried again in %g s, until it works", error->message,
                  wait_ms / 1000.0);
        for (int waited = 0; waited < wait_ms; waited += CONSUME_WAIT_MS)
            if (stopper_asked(stopper, CONSUME_WAIT_MS))
                return false;
        if (consuming_open_again(config, error) == 0)
            return true;
        if (error->kind == ERROR_HALT)
            return false;
    }
}

// The next loop goes on counting. What --accept-timeline was for has happened, if it was committed.
static void consuming_go_on(struct apply_config *apply, int timelines_before) {
    struct progress_summary summary;
    int timelines;
    progress_summary(apply->progress, &summary);
    apply->counters = summary.counters;
    (void)store_timelines(apply->store, &timelines);
    if (timelines > timelines_before && apply->on_timeline == TIMELINE_ACCEPT_ONE)
        apply->on_timeline = TIMELINE_HALT;
}

// What was found of a log, and the file could not keep before the stop, nothing may find again.
static int consuming_stop_unwritten(const struct consume_config *config) {
    const struct unnoted *unnoted = &config->unnoted;
    if (unnoted->topic[0] == '\0')
        return 0;
    log_event(
        LEVEL_ERROR, "not_kept", NULL,
        "halted: %s; the file could not keep that before the stop, so that the next start may find nothing "
        "strange: read the topics into a new --db file",
        unnoted->reason);
    return CONSUME_HALTED;
}

int consuming_run(struct consume_config *config, struct stopper *stopper, struct error *error) {
    struct apply_config *apply = &config->apply;
    struct retry_pause pause = {0};
    char reason[ERROR_MESSAGE_SIZE] = "";
    for (;;) {
        int timelines_before;
        (void)store_timelines(apply->store, &timelines_before);
        int status = consume_run(config, error);
        if (status != CONSUME_DEGRADED && status != CONSUME_VIEW_FAILED)
            return status;
        const struct error failure = *error;
        if (stopper_asked(stopper, 0)) {
            log_event(LEVEL_WARN, "given_up", NULL,
                      "%s; what was not committed is applied again at the next start", failure.message);
            return consuming_stop_unwritten(config);
        }
        bool open = status == CONSUME_VIEW_FAILED &&
                    consuming_answer_view_error(apply, &failure, error) == 0 &&
                    consuming_open_again(config, error) == 0;
        config->degraded = NULL;
        if (status == CONSUME_DEGRADED) {
            (void)snprintf(reason, sizeof reason, "%s", failure.message);
            config->degraded = reason;
        }
        if (!open && !consuming_reopen(config, stopper, &pause, error))
            return error->kind == ERROR_HALT ? consuming_stay_halted(apply->progress, stopper, error->message)
                                             : consuming_stop_unwritten(config);
        consuming_go_on(apply, timelines_before);
    }
}

void consuming_report_end(const struct stopper *stopper, struct progress *progress, int status) {
    struct progress_summary summary;
    progress_summary(progress, &summary);
    const char *why = status == CONSUME_HALTED ? "halted, and stopped" : status != 0 ? "failed" : "stopped";
    char behind[64] = "how far behind is not known";
    if (summary.messages_behind >= 0)
        (void)snprintf(behind, sizeof behind, "%lld messages behind", (long long)summary.messages_behind);
    log_event(status == 0 ? LEVEL_INFO : LEVEL_ERROR, "stopped",
              &(struct log_fields){.state = progress_state_name(summary.state)},
              "%s%s: %lld messages taken since the start, %lld applied, %lld quarantined, %s", why,
              stopper_cause(stopper), (long long)summary.counters.messages,
              (long long)summary.counters.applied, (long long)summary.counters.quarantined, behind);
}
