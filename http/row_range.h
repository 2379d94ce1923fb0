// Which rows of a table PostgREST's headers Range and Range-Unit ask for, beside the parameters limit and offset: those that are in both,
// as PostgREST has it. Pure.
#ifndef TIDEMARK_HTTP_ROW_RANGE_H
#define TIDEMARK_HTTP_ROW_RANGE_H

#include "http/problem.h"
#include "http/request.h"

struct row_range {
    bool given;
    int64_t first;
    int64_t last; // READ_LIMIT_ALL = to the end
};

// `Range: 10-19`, with `Range-Unit: items` or without; one that no rows can be is a problem, and -1. Another range is not ours: RFC 9110
// has it passed over.
int row_range_read(struct row_range *range, const struct request *request, struct response *response);
// What of `*limit` rows behind `*offset` the range, which is given, leaves; where that is nothing it is a problem, and -1.
int row_range_cut(const struct row_range *range, int *offset, int64_t *limit, struct response *response);

#endif
