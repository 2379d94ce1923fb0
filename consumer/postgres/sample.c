#include "consumer/postgres/sample.h"

#include "consumer/postgres/source_hash.h"
#include "views/base/cleanup.h"

#include <stdlib.h>

void sample_write_columns(const struct plan *plan, struct buffer *sql) {
    buffer_text(sql, "t.tableoid::text || t.ctid::text || t.xmin::text");
    for (int i = 0; i < plan->column_count; i++) {
        buffer_text(sql, ", ");
        form_write_sql(&plan->columns[i].form, plan->columns[i].quoted, sql);
    }
}

// Each form is hashed with the hash before it as its seed, so that no value can take another's place.
void sample_write_hash(const struct plan *plan, bool keys, struct buffer *sql) {
    int count = keys ? plan->key_count : plan->column_count;
    for (int i = count - 1; i >= 0; i--) {
        const struct plan_column *column = &plan->columns[keys ? plan->keys[i] : i];
        buffer_text(sql, "hashtextextended(coalesce(");
        form_write_sql(&column->form, column->quoted, sql);
        buffer_text(sql, ", E'\\001null') collate \"C\", ");
    }
    buffer_text(sql, "0");
    for (int i = 0; i < count; i++)
        buffer_char(sql, ')');
}

int sample_open(struct sample *ret, const struct plan *plan, struct error *error) {
    size_t count = (size_t)plan->column_count + 1;
    *ret = (struct sample){.plan = plan};
    ret->cells = calloc(count, sizeof *ret->cells);
    ret->scratch = calloc(count, sizeof *ret->scratch);
    ret->forms = calloc(count, sizeof *ret->forms);
    return ret->cells != NULL && ret->scratch != NULL && ret->forms != NULL
               ? 0
               : error_set(error, ERROR_SYSTEM, "out of memory");
}

void sample_close(struct sample *sample) {
    for (int i = 0; sample->scratch != NULL && i < sample->plan->column_count; i++)
        buffer_free(&sample->scratch[i]);
    free(sample->cells);
    free(sample->scratch);
    free(sample->forms);
    *sample = (struct sample){0};
}

void sample_bind(struct sample *sample, const struct rows *rows) {
    for (int i = 0; i < sample->plan->column_count; i++) {
        sample->cells[i] = -1;
        for (int k = 0; k < rows_column_count(rows); k++)
            if (strcmp(rows_column_name(rows, k), sample->plan->columns[i].form.column->name) == 0)
                sample->cells[i] = k;
    }
}

static bool sample_read_column(struct sample *sample, const struct rows *rows, int column) {
    struct cell cell = {0};
    sample->forms[column] = (struct span){0};
    if (sample->cells[column] < 0)
        return true;
    rows_cell(rows, sample->cells[column], &cell);
    sample->forms[column] =
        form_of_cell(&sample->plan->columns[column].form, &cell, &sample->scratch[column]);
    return !sample->scratch[column].failed;
}

bool sample_read(struct sample *sample, const struct rows *rows) {
    for (int i = 0; i < sample->plan->column_count; i++)
        if (!sample_read_column(sample, rows, i))
            return false;
    return true;
}

bool sample_read_key(struct sample *sample, const struct rows *rows) {
    for (int i = 0; i < sample->plan->key_count; i++)
        if (!sample_read_column(sample, rows, sample->plan->keys[i]))
            return false;
    return true;
}

int64_t sample_hash(const struct sample *sample, bool keys) {
    const struct plan *plan = sample->plan;
    int64_t hash = 0;
    for (int i = 0; i < (keys ? plan->key_count : plan->column_count); i++) {
        struct span form = sample->forms[keys ? plan->keys[i] : i];
        hash = source_hash(form.data != NULL ? form : SPAN(SAMPLE_NULL), hash);
    }
    return hash;
}

void sample_write_key(const struct plan *plan, const struct span *forms, struct buffer *out) {
    for (int i = 0; i < plan->key_count; i++) {
        struct span form = forms[plan->keys[i]];
        uint32_t size = form.data != NULL ? (uint32_t)form.size : UINT32_MAX;
        buffer_append(out, &size, sizeof size);
        buffer_append(out, form.data, form.size);
    }
}
