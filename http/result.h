// The rows of a followed question at one position, by their key, and how they differ from those of another. Pure but
// for reading rows.
#ifndef TIDEMARK_HTTP_RESULT_H
#define TIDEMARK_HTTP_RESULT_H

#include "http/render.h"
#include "views/base/buffer.h"
#include "views/base/error.h"
#include "views/engine/read.h"

enum {
    RESULT_ROWS_MAX = 10000,
    RESULT_BYTES_MAX = 8 << 20,
    RESULT_KEY_MAX = 64, // columns
};

// What tells two rows apart.
struct result_key {
    int columns[RESULT_KEY_MAX];
    int count; // 0 = nothing does: equal rows are counted
};

struct result_row {
    uint64_t hash;
    uint32_t key_at;   // the key's members as a JSON object
    uint32_t key_size; // 0 where nothing but the whole row is the key
    uint32_t row_at;   // the row as a JSON object
    uint32_t row_size;
    uint32_t times; // which one of equal rows, where they are counted
    bool met;       // by result_write_changes
};

struct result {
    enum bigint bigint;      // how its rows are written
    struct result_row *rows; // in the order in which they were read
    int count;
    int capacity;
    int *index; // of rows by hash, -1 = none
    int index_size;
    struct buffer text;
};

enum result_outcome {
    RESULT_READ,
    RESULT_TWINS,     // two rows have one key: it must be longer
    RESULT_TOO_LARGE, // more than RESULT_ROWS_MAX or RESULT_BYTES_MAX
    RESULT_FAILED,
};

void result_free(struct result *result);
void result_clear(struct result *result);
// All rows that follow. `error` is set for RESULT_FAILED.
enum result_outcome result_read(struct result *result, struct rows *rows, const struct result_key *key,
                                struct error *error);
// [{..},..]
void result_write_rows(const struct result *result, struct buffer *out);
// `"added":[row,..],"changed":[row,..],"removed":[key,..]`; false, and nothing is written, when nothing changed. Marks
// rows of `before`.
bool result_write_changes(struct result *before, const struct result *after, struct buffer *out);

#endif
