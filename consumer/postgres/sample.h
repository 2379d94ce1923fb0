// Rows of both sides as forms, and the statements that ask PostgreSQL for them. One thread.
#ifndef TIDEMARK_POSTGRES_SAMPLE_H
#define TIDEMARK_POSTGRES_SAMPLE_H

#include "consumer/postgres/plan.h"

// --- PostgreSQL's

// `VERSION, FORM, FORM, ..` of each compared column of the relation, which is called t; the version is other whenever the row was written.
void sample_write_columns(const struct plan *plan, struct buffer *sql);
// What a row's forms are hashed to; `keys`: only its key's.
void sample_write_hash(const struct plan *plan, bool keys, struct buffer *sql);
// Where a row of such an answer has its first form.
enum { SAMPLE_VERSION = 0, SAMPLE_FORMS = 1 };

#define SAMPLE_NULL "\1null" // what NULL is hashed as

// --- the mirror's

struct sample {
    const struct plan *plan;
    int *cells;             // where each column stands in the rows
    struct buffer *scratch; // of each
    struct span *forms;     // of the newest row
};

int sample_open(struct sample *ret, const struct plan *plan, struct error *error);
void sample_close(struct sample *sample);
// Where the columns stand in these rows; again for each question.
void sample_bind(struct sample *sample, const struct rows *rows);
// All forms of the row that the rows stand on, in sample->forms until the next. False: out of memory.
bool sample_read(struct sample *sample, const struct rows *rows);
// Its key alone.
bool sample_read_key(struct sample *sample, const struct rows *rows);
// As sample_write_hash's.
int64_t sample_hash(const struct sample *sample, bool keys);

// The key of a row as one run of bytes, appended.
void sample_write_key(const struct plan *plan, const struct span *forms, struct buffer *out);

#endif
