#include "consumer/consume/patience.h"

bool patience_is_over(struct patience *patience, const struct patience_facts *facts) {
    // While no broker answers nothing can come: that time is no sign that it never will.
    if (!facts->connected)
        patience->brokerless_ms = facts->now_ms;
    if (!facts->waiting)
        return false;
    int64_t from =
        facts->waiting_since_ms > patience->brokerless_ms ? facts->waiting_since_ms : patience->brokerless_ms;
    // However it looks, there is an end to waiting.
    if (facts->now_ms - from >= patience->wait_ms * PATIENCE_TIMES)
        return true;
    // What the log has and was not delivered yet is no sign either.
    if (facts->under_way)
        patience->under_way_ms = facts->now_ms;
    if (patience->under_way_ms > from)
        from = patience->under_way_ms;
    // A connector that is down has not sent them yet. Its newer heartbeat says that it is past them; without
    // heartbeats time says it.
    bool overdue = !facts->has_heartbeats || facts->newest_heartbeat_ms > facts->waits_for_ts_ms;
    return overdue && facts->now_ms - from >= patience->wait_ms;
}
