#include "http/refusals.h"

static const struct {
    const char *name;
    enum problem problem;
    const char *detail;
} kinds[REFUSAL_COUNT] = {
    [REFUSAL_ANSWER_BYTES] =
        {"answer_bytes", PROBLEM_TOO_BUSY,
         "the answers under way have as much memory as they may have together (--answer-memory-mb); ask again, or for less with limit="},
    [REFUSAL_ANSWER_FILES] =
        {"answer_files", PROBLEM_TOO_BUSY,
         "whole tables that wait for their readers fill as much of the disk as they may; ask again later"},
    [REFUSAL_STREAMS] = {"streams", PROBLEM_TOO_MANY_STREAMS,
                         "too many streams are open, or too much is waiting for slow readers"},
    [REFUSAL_SLOW_LANE] = {"slow_lane", PROBLEM_TOO_SLOW, "too many slow queries are under way"},
    [REFUSAL_SLOW_LANE_SHARE] =
        {"slow_lane_share", PROBLEM_TOO_SLOW,
         "as many slow queries of this view or table, or from this address, wait as may"},
    [REFUSAL_WAITED_TOO_LONG] =
        {"waited_too_long", PROBLEM_TOO_SLOW,
         "other slow queries were under way for as long as this one may take; it was not begun"},
    [REFUSAL_CLIENT_GONE] = {"client_gone", PROBLEM_TOO_SLOW,
                             "the client closed its side while the query waited; it was not begun"},
    [REFUSAL_BODY_TOO_LARGE] = {"body_too_large", PROBLEM_CONTENT_TOO_LARGE,
                                "no body that is sent here is looked at"},
};

const char *refusal_name(enum refusal refusal) {
    return kinds[refusal].name;
}

void refusal_answer(struct refusals *refusals, enum refusal refusal, struct response *ret) {
    refusal_count(refusals, refusal);
    problem_set(ret, kinds[refusal].problem, "%s", kinds[refusal].detail);
}
