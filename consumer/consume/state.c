#include "consumer/consume/state.h"

#include "consumer/decode/other_prefixes.h"

#include <stdarg.h>
#include <stdio.h>

static void state_say(struct state_report *report, enum progress_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void state_say(struct state_report *report, enum progress_state state, const char *format, ...) {
    report->state = state;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(report->reason, sizeof report->reason, format, args);
    va_end(args);
}

bool state_is_current(const struct state_facts *facts) {
    return facts->caught_up_ms != 0 && facts->now_ms - facts->caught_up_ms < STATE_LIVE_MS;
}

static void state_while_behind(const struct state_facts *facts, struct state_report *ret) {
    int64_t waited_ms = facts->waiting_since_ms != 0 ? facts->now_ms - facts->waiting_since_ms : 0;
    if (facts->trouble != NULL)
        state_say(ret, facts->none_read ? STATE_DISCONNECTED : STATE_CATCHING_UP, "%s", facts->trouble);
    else if (waited_ms > STATE_LIVE_MS)
        state_say(ret, STATE_CATCHING_UP, "%s%s%s", facts->waits_for, facts->denied != NULL ? "; " : "",
                  facts->denied != NULL ? facts->denied : "");
    else if (facts->building)
        state_say(ret, STATE_CATCHING_UP, "changed views are being built, and nothing is applied meanwhile");
    else if (facts->slow_commit)
        state_say(ret, STATE_CATCHING_UP, "a commit has been being written for more than %d s",
                  STATE_SLOW_COMMIT_MS / 1000);
    else
        state_say(ret, STATE_CATCHING_UP, "%s", facts->silence != NULL ? facts->silence : "");
}

// Nothing comes, and that is as it should be, or as far as can be known.
static void state_while_live(const struct state_facts *facts, struct state_report *ret) {
    bool idle = facts->heartbeat_age_ms >= 0 && facts->source_age_ms > facts->silent_after_ms;
    if (facts->denied != NULL)
        state_say(ret, STATE_LIVE, "%s", facts->denied);
    else if (facts->missing != NULL)
        state_say(ret, STATE_LIVE, "no topic yet for: %s%s%s", facts->missing,
                  other_prefixes_lead(facts->others), facts->others);
    else if (idle)
        state_say(ret, STATE_LIVE, "the connector is alive, the source has been idle for %lld s",
                  (long long)(facts->source_age_ms / 1000));
    else
        state_say(ret, STATE_LIVE, "%s", "");
}

void state_of(const struct state_facts *facts, struct state_report *ret) {
    bool silent = facts->heartbeat_age_ms > facts->silent_after_ms;
    if (!facts->connected && !facts->any_partition && facts->broker_error[0] == '\0')
        state_say(ret, STATE_STARTING, "%s", "");
    else if (!facts->connected)
        state_say(ret, STATE_DISCONNECTED, "%s", facts->broker_error);
    else if (!facts->any_partition)
        state_say(ret, STATE_STARTING, "no topic of prefix %s exists yet%s%s%s%s", facts->prefix,
                  facts->denied != NULL ? ", or none may be seen: " : "",
                  facts->denied != NULL ? facts->denied : "", other_prefixes_lead(facts->others),
                  facts->others);
    else if (facts->unanswered != NULL && facts->unanswered[0] != '\0')
        state_say(ret, facts->all_unanswered ? STATE_DISCONNECTED : STATE_CATCHING_UP, "%s",
                  facts->unanswered);
    else if (!state_is_current(facts))
        state_while_behind(facts, ret);
    else if (silent)
        state_say(ret, STATE_UPSTREAM_SILENT, "no heartbeat from the connector for %lld s",
                  (long long)(facts->heartbeat_age_ms / 1000));
    else
        state_while_live(facts, ret);
}
