// The states, one line a case.
#include "consumer/consume/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000, AGO = NOW - STATE_LIVE_MS };

// What is not named is as in a process that has caught up and whose connector is alive.
static const struct state_facts well = {
    .now_ms = NOW,
    .connected = true,
    .prefix = "shop",
    .any_partition = true,
    .caught_up_ms = NOW,
    .heartbeat_age_ms = 900,
    .silent_after_ms = 60000,
};

static void expect(struct state_facts facts, enum progress_state state, const char *reason) {
    struct state_report told;
    if (facts.broker_error == NULL)
        facts.broker_error = "";
    if (facts.others == NULL)
        facts.others = "";
    state_of(&facts, &told);
    assert_string_equal(progress_state_name(told.state), progress_state_name(state));
    assert_string_equal(told.reason, reason);
}

#define WITH(...)                                                                                            \
    ((struct state_facts){.now_ms = NOW, .prefix = "shop", .silent_after_ms = 60000, __VA_ARGS__})
#define READS .connected = true, .any_partition = true
#define NO_HEARTBEATS .heartbeat_age_ms = -1

static void says_each_state(void **state) {
    (void)state;
    expect(well, STATE_LIVE, "");
    expect(WITH(NO_HEARTBEATS), STATE_STARTING, "");
    expect(WITH(NO_HEARTBEATS, .broker_error = "b:1: refused"), STATE_DISCONNECTED, "b:1: refused");
    expect(WITH(NO_HEARTBEATS, .any_partition = true), STATE_DISCONNECTED, "");
    expect(WITH(NO_HEARTBEATS, .any_partition = true, .broker_error = "b:1: down", .caught_up_ms = NOW),
           STATE_DISCONNECTED, "b:1: down");
    expect(WITH(NO_HEARTBEATS, .connected = true), STATE_STARTING, "no topic of prefix shop exists yet");
    expect(WITH(NO_HEARTBEATS, .connected = true, .broker_error = "an old one"), STATE_STARTING,
           "no topic of prefix shop exists yet");
    expect(WITH(NO_HEARTBEATS, .connected = true, .others = "ship, billing"), STATE_STARTING,
           "no topic of prefix shop exists yet; there are topics of ship, billing");
    expect(WITH(READS, NO_HEARTBEATS, .caught_up_ms = NOW, .missing = "a", .others = "ship"), STATE_LIVE,
           "no topic yet for: a; there are topics of ship");
    expect(WITH(READS, NO_HEARTBEATS), STATE_CATCHING_UP, "");
    expect(WITH(READS, NO_HEARTBEATS, .caught_up_ms = AGO), STATE_CATCHING_UP, "");
    expect(WITH(READS, NO_HEARTBEATS, .caught_up_ms = AGO + 1), STATE_LIVE, "");
    expect(WITH(READS, NO_HEARTBEATS, .waiting_since_ms = AGO), STATE_CATCHING_UP, "");
    expect(WITH(READS, NO_HEARTBEATS, .waiting_since_ms = NOW - 7900,
                .waits_for = "waiting: transaction 701, 12 rows so far"),
           STATE_CATCHING_UP, "waiting: transaction 701, 12 rows so far");
    expect(WITH(READS, NO_HEARTBEATS, .caught_up_ms = NOW, .unanswered = "no leader"), STATE_CATCHING_UP,
           "no leader");
    expect(WITH(READS, NO_HEARTBEATS, .caught_up_ms = NOW, .unanswered = "no leader", .all_unanswered = true),
           STATE_DISCONNECTED, "no leader");
    expect(WITH(NO_HEARTBEATS, .connected = true, .denied = "Topic authorization failed: A"), STATE_STARTING,
           "no topic of prefix shop exists yet, or none may be seen: Topic authorization failed: A");
    expect(WITH(READS, NO_HEARTBEATS, .waiting_since_ms = NOW - 7900, .waits_for = "waiting: transaction 701",
                .denied = "Topic authorization failed: A"),
           STATE_CATCHING_UP, "waiting: transaction 701; Topic authorization failed: A");
    expect(WITH(READS, NO_HEARTBEATS, .caught_up_ms = NOW, .missing = "a",
                .denied = "Topic authorization failed: A"),
           STATE_LIVE, "Topic authorization failed: A");
    expect(WITH(READS, NO_HEARTBEATS, .silence = "no broker has answered a fetch of a partition 0 for 2 s"),
           STATE_CATCHING_UP, "no broker has answered a fetch of a partition 0 for 2 s");
    expect(WITH(READS, NO_HEARTBEATS, .silence = "of a partition 0", .caught_up_ms = NOW), STATE_LIVE, "");
    expect(WITH(READS, NO_HEARTBEATS, .slow_commit = true), STATE_CATCHING_UP,
           "a commit has been being written for more than 2 s");
    expect(WITH(READS, NO_HEARTBEATS, .trouble = "shop.public.orders partition 3 does not exist any more"),
           STATE_CATCHING_UP, "shop.public.orders partition 3 does not exist any more");
    expect(WITH(READS, NO_HEARTBEATS, .trouble = "no broker has told yet where 9 partitions end",
                .none_read = true),
           STATE_DISCONNECTED, "no broker has told yet where 9 partitions end");
}

static void says_who_is_silent(void **state) {
    (void)state;
    expect(WITH(READS, .caught_up_ms = NOW, .heartbeat_age_ms = 60000), STATE_LIVE, "");
    expect(WITH(READS, .caught_up_ms = NOW, .heartbeat_age_ms = 60001), STATE_UPSTREAM_SILENT,
           "no heartbeat from the connector for 60 s");
    // what is unread may hold newer heartbeats
    expect(WITH(READS, .heartbeat_age_ms = 60001), STATE_CATCHING_UP, "");
    expect(WITH(.any_partition = true, .caught_up_ms = NOW, .heartbeat_age_ms = 60001), STATE_DISCONNECTED,
           "");
}

// Nothing comes: the connector is dead, or the source has nothing to say, or a table's topic is missing.
static void says_which_silence_it_is(void **state) {
    (void)state;
    expect(WITH(READS, .caught_up_ms = NOW, .heartbeat_age_ms = 61000, .source_age_ms = 99000),
           STATE_UPSTREAM_SILENT, "no heartbeat from the connector for 61 s");
    expect(WITH(READS, .caught_up_ms = NOW, .heartbeat_age_ms = 900, .source_age_ms = 99000), STATE_LIVE,
           "the connector is alive, the source has been idle for 99 s");
    expect(WITH(READS, .caught_up_ms = NOW, NO_HEARTBEATS, .source_age_ms = 99000), STATE_LIVE, "");
    expect(WITH(READS, .caught_up_ms = NOW, .heartbeat_age_ms = 900, .missing = "a, b"), STATE_LIVE,
           "no topic yet for: a, b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_each_state),
        cmocka_unit_test(says_who_is_silent),
        cmocka_unit_test(says_which_silence_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
