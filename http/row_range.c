#include "http/row_range.h"

#include "views/base/real.h"
#include "views/engine/read.h"

int row_range_read(struct row_range *range, const struct request *request, struct response *response) {
    struct span text = request->range;
    const char *dash = text.size > 0 ? memchr(text.data, '-', text.size) : NULL;
    int64_t first;
    int64_t last = READ_LIMIT_ALL;
    range->given = false;
    if (dash == NULL || (request->range_unit.data != NULL && !span_is(request->range_unit, "items")))
        return 0;
    size_t before = (size_t)(dash - text.data);
    struct span end = {dash + 1, text.size - before - 1};
    if (!integer_parse((struct span){text.data, before}, &first) || first < 0 ||
        (end.size > 0 && !integer_parse(end, &last)))
        return 0;
    if (last < first || first > READ_OFFSET_MAX) {
        problem_set(response, PROBLEM_RANGE_NOT_THERE, "Range: %lld-%.*s: %s", (long long)first,
                    (int)end.size, end.data,
                    last < first ? "it ends before it begins" : "so many rows are not passed over");
        return -1;
    }
    *range = (struct row_range){true, first, last < READ_LIMIT_ALL ? last : READ_LIMIT_ALL};
    return 0;
}

int row_range_cut(const struct row_range *range, int *offset, int64_t *limit, struct response *response) {
    if (*limit == 0)
        return 0;
    const int64_t asked_last = *limit < READ_LIMIT_ALL - *offset ? *offset + *limit - 1 : READ_LIMIT_ALL;
    const int64_t first = range->first > *offset ? range->first : *offset;
    const int64_t last = range->last < asked_last ? range->last : asked_last;
    if (last < first) {
        problem_set(response, PROBLEM_RANGE_NOT_THERE,
                    "Range: %lld-: limit and offset leave none of its rows; ask by one of the two",
                    (long long)range->first);
        return -1;
    }
    *offset = (int)first;
    *limit = last == READ_LIMIT_ALL ? READ_LIMIT_ALL : last - first + 1;
    return 0;
}
