#include "views/engine/sqlite/statement_limit.h"

#include "views/base/clock.h"
#include "views/base/give_way.h"
#include "views/base/stop_request.h"

#include <stdatomic.h>
#include <stdio.h>

enum { STATEMENT_LIMIT_REASON_SIZE = 200 };

struct statement_limit_state {
    enum statement_work work;
    const char *what;
    int64_t begun_ms;          // monotonic, as all here; 0 = nobody has looked since the mark
    int64_t looked_ms;         // the newest look
    int64_t told_ms;           // that it is slow, 0 = not yet
    const _Atomic bool *asked; // to end, NULL = nobody asks
    int64_t stop_ms;           // when the process was first seen to be asked to stop
    bool stopped;
    char reason[STATEMENT_LIMIT_REASON_SIZE];
};

static struct statement_limit statement_limit_config = {.commit_ms = STATEMENT_COMMIT_MS};
static _Thread_local struct statement_limit_state statement_limit_of;

void statement_limit_set(const struct statement_limit *limit) {
    statement_limit_config = *limit;
    if (statement_limit_config.commit_ms <= 0)
        statement_limit_config.commit_ms = STATEMENT_COMMIT_MS;
}

void statement_limit_work(enum statement_work work) {
    statement_limit_of.work = work;
}

void statement_limit_end_when(const _Atomic bool *asked) {
    statement_limit_of.asked = asked;
}

void statement_limit_mark(const char *what) {
    statement_limit_of.what = what;
    statement_limit_of.begun_ms = 0;
    statement_limit_of.stopped = false;
    statement_limit_of.reason[0] = '\0';
}

static int64_t statement_limit_ms(enum statement_work work) {
    int64_t ms = statement_limit_config.commit_ms;
    return work == STATEMENT_OF_START ? ms * STATEMENT_START_FACTOR : ms;
}

// A commit that is nearly written is better written: what it has would be read again.
static bool statement_limit_is_stopped(struct statement_limit_state *state, int64_t now) {
    if (state->asked != NULL && atomic_load(state->asked))
        return true;
    if (!stop_request_is_pending()) {
        state->stop_ms = 0;
        return false;
    }
    if (state->stop_ms == 0)
        state->stop_ms = now;
    return state->work == STATEMENT_OF_START || now - state->stop_ms >= STATEMENT_LIMIT_GRACE_MS;
}

static void statement_limit_tell(struct statement_limit_state *state, int64_t now) {
    const struct statement_limit *config = &statement_limit_config;
    int64_t since = state->told_ms != 0 ? state->told_ms : state->begun_ms;
    if (config->slow == NULL || state->what == NULL || now - since < STATEMENT_LIMIT_SLOW_MS)
        return;
    state->told_ms = now;
    config->slow(config->self, state->what, now - state->begun_ms);
}

static int statement_limit_look(void *self) {
    (void)self;
    give_way();
    struct statement_limit_state *state = &statement_limit_of;
    int64_t now = clock_monotonic_ms();
    if (state->begun_ms == 0 || now - state->looked_ms > STATEMENT_LIMIT_GAP_MS) {
        state->begun_ms = now;
        state->told_ms = 0;
        state->stopped = false;
        state->reason[0] = '\0';
    }
    state->looked_ms = now;
    int64_t limit_ms = statement_limit_ms(state->work);
    if (now - state->begun_ms >= limit_ms)
        (void)snprintf(state->reason, sizeof state->reason,
                       "it ran for %g s, and longer than that none may (--statement-seconds): does a `with "
                       "recursive` there end?",
                       (double)limit_ms / 1000);
    state->stopped = state->reason[0] == '\0' && statement_limit_is_stopped(state, now);
    statement_limit_tell(state, now);
    return state->reason[0] != '\0' || state->stopped;
}

void statement_limit_watch(sqlite3 *db) {
    sqlite3_progress_handler(db, STATEMENT_LIMIT_STEPS, statement_limit_look, NULL);
}

const char *statement_limit_reason(bool *ret_stopped) {
    *ret_stopped = statement_limit_of.stopped;
    return statement_limit_of.reason[0] != '\0' ? statement_limit_of.reason : NULL;
}
