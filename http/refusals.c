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
    [REFUSAL_BODY_TOO_LARGE] =
        {"body_too_large", PROBLEM_CONTENT_TOO_LARGE,
         "no body that is sent here is looked at, and none of more than 1 MB is taken; send none"},
    [REFUSAL_HEADERS_TOO_MANY] =
        {"headers_too_many", PROBLEM_HEADERS_TOO_LARGE,
         "a request has at most 100 headers, and 32 KB with its URL; send fewer, cookies for example"},
    [REFUSAL_UNREADABLE] = {"unreadable", PROBLEM_MALFORMED_REQUEST, "the request cannot be read"},
    [REFUSAL_CONNECTIONS] = {"connections", PROBLEM_TOO_MANY_CONNECTIONS,
                             "all connections that there may be are in use (--max-connections)"},
    [REFUSAL_ADDRESS] =
        {"address", PROBLEM_TOO_MANY_CONNECTIONS,
         "this address has as many connections as one may have (--max-connections-per-address)"},
    [REFUSAL_HEADERS_LATE] = {"headers_late", PROBLEM_REQUEST_TIMEOUT,
                              "the request's headers did not come in time (--request-timeout)"},
    [REFUSAL_BODY_LATE] = {"body_late", PROBLEM_REQUEST_TIMEOUT,
                           "the request's body did not come in time (--request-timeout)"},
    [REFUSAL_NOT_READ] = {"not_read", PROBLEM_TOO_BUSY, "the answer was not read in time"},
    [REFUSAL_MADE_ROOM] = {"made_room", PROBLEM_TOO_MANY_CONNECTIONS,
                           "the connection had no request while others wanted in"},
};

const char *refusal_name(enum refusal refusal) {
    return kinds[refusal].name;
}

void refusal_answer(struct refusals *refusals, enum refusal refusal, struct response *ret) {
    refusal_count(refusals, refusal);
    problem_set(ret, kinds[refusal].problem, "%s", kinds[refusal].detail);
}
