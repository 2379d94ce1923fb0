#include "consumer/decode/envelope/boundary.h"

#include "consumer/json/scan.h"

static const struct span boundary_members[] = {
    [BOUNDARY_STATUS] = {"status", 6},
    [BOUNDARY_ID] = {"id", 2},
    [BOUNDARY_TS_MS] = {"ts_ms", 5},
    [BOUNDARY_EVENT_COUNT] = {"event_count", 11},
    [BOUNDARY_COLLECTIONS] = {"data_collections", 16},
};

int boundary_find(const struct json_reader *json) {
    for (int i = 0; i < BOUNDARY_MEMBERS; i++)
        if (json_key_is(json, boundary_members[i].data, boundary_members[i].size))
            return i;
    return -1;
}

const char *boundary_pass_collections(const char *at, const char *end) {
    bool escaped;
    const char *p = at;
    do {
        p = pass_word(p + 1, end, SPAN(BOUNDARY_COLLECTION_BEGIN "\"")); // past the [ or the comma
        p = p != NULL ? pass_plain_string(p - 1, end, &escaped) : NULL;
        p = p != NULL ? pass_word(p, end, SPAN(BOUNDARY_COLLECTION_MIDDLE)) : NULL;
        p = p != NULL && p < end && is_digit(*p) ? pass_plain_number(p, end) : NULL;
        p = p != NULL ? pass_word(p, end, SPAN("}")) : NULL;
    } while (p != NULL && p < end && *p == ',');
    return p != NULL && p < end && *p == ']' ? p + 1 : NULL;
}
