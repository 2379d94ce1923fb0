// GET /v1/digest/{table}: what tells two files' rows apart with two requests.
#include "http/answers.h"
#include "http/route.h"
#include "views/base/hash.h"
#include "views/engine/catalog.h"
#include "views/engine/read.h"

#include <string.h>

// Two sums of two hashes of each row: the rows' order is of no account, and one row more, less or other is seen.
struct digest {
    uint64_t sums[2];
    int64_t rows;
};

static const uint64_t digest_seeds[2] = {HASH_SEED, 0x9E6C63D0876A9A47U};

static uint64_t digest_cell(uint64_t hash, const struct cell *cell) {
    uint64_t real;
    hash = hash_mix(hash, (uint64_t)cell->kind);
    switch (cell->kind) {
    case CELL_NULL:
        return hash;
    case CELL_REAL:
        memcpy(&real, &cell->real, sizeof real);
        return hash_mix(hash, real);
    case CELL_TEXT:
    case CELL_JSON:
    case CELL_BLOB:
        return hash_bytes(hash, cell->bytes);
    case CELL_INTEGER:
    case CELL_BIGINT:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        break;
    }
    return hash_mix(hash_mix(hash, (uint64_t)cell->scale), (uint64_t)cell->integer);
}

static void digest_row(struct digest *digest, const struct rows *rows) {
    uint64_t hashes[2] = {digest_seeds[0], digest_seeds[1]};
    for (int i = 0; i < rows_column_count(rows); i++) {
        struct cell cell = {0};
        rows_cell(rows, i, &cell);
        for (int k = 0; k < 2; k++)
            hashes[k] = digest_cell(hashes[k], &cell);
    }
    for (int k = 0; k < 2; k++)
        digest->sums[k] += hash_mix(hashes[k], digest_seeds[1 - k]);
    digest->rows++;
}

static int digest_table(struct reader *reader, const struct table *table, struct digest *ret,
                        struct error *error) {
    const struct table_question question = {.limit = READ_LIMIT_ALL};
    struct rows *rows = NULL;
    if (reader_table(reader, table, &question, &rows, error) != 0)
        return -1;
    int row;
    while ((row = rows_next(rows, error)) == 1)
        digest_row(ret, rows);
    return row;
}

enum routes_result answer_digest(struct exchange *exchange) {
    const struct table *table = rows_find_table(exchange);
    if (table == NULL || exchange_refuse_parameters(exchange) || exchange_begin(exchange) != 0)
        return ROUTES_ANSWERED;
    exchange_set_headers(exchange);
    if (rows_refuse_not_ready(exchange))
        return ROUTES_ANSWERED;
    struct digest digest = {0};
    struct error error;
    if (digest_table(exchange->reader, table, &digest, &error) != 0)
        return exchange_fail(exchange, &error);
    struct buffer *out = &exchange->response->body;
    exchange_json(exchange);
    buffer_text(out, "{\"table\":");
    buffer_json_string(out, span_of(table->name));
    buffer_format(out, ",\"rows\":%lld,\"digest\":\"%016llx%016llx\",", (long long)digest.rows,
                  (unsigned long long)digest.sums[0], (unsigned long long)digest.sums[1]);
    exchange_render_position(exchange, out);
    buffer_text(out, "}\n");
    return ROUTES_ANSWERED;
}
