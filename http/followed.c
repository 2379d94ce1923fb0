#include "http/followed.h"

#include "http/answers.h"
#include "http/problem.h"
#include "views/base/clock.h"

#include <inttypes.h>

static void followed_forget_events(struct followed *followed) {
    event_drop(&followed->rows);
    event_drop(&followed->reset);
}

void followed_forget_large(struct followed *followed) {
    struct event **const events[] = {&followed->rows, &followed->reset};
    for (int i = 0; i < 2; i++)
        if (*events[i] != NULL && (*events[i])->size > FOLLOWED_KEPT_MAX &&
            atomic_load(&(*events[i])->references) == 1)
            event_drop(events[i]);
}

void followed_free(struct followed *followed) {
    followed_forget_events(followed);
    result_free(&followed->result);
    result_free(&followed->fresh);
    buffer_free(&followed->id);
    buffer_free(&followed->place);
    buffer_free(&followed->draft);
    buffer_free(&followed->names);
}

size_t followed_bytes(const struct followed *followed) {
    return followed->result.text.capacity + followed->fresh.text.capacity +
           (size_t)(followed->result.capacity + followed->fresh.capacity) * sizeof *followed->result.rows;
}

static struct span followed_id(const struct followed *followed) {
    return (struct span){followed->id.data, followed->id.size - 1};
}

// The beginning of each event's JSON, up to and with the lag.
static size_t followed_begin_event(const struct followed *followed, const char *name, bool first,
                                   struct buffer *out) {
    size_t json_at = event_begin(out, name, followed_id(followed), first);
    buffer_format(out, "{\"event\":\"%s\",\"id\":\"%s\",", name, followed->id.data);
    buffer_append(out, followed->place.data, followed->place.size);
    return json_at;
}

struct event *followed_position(const struct followed *followed, struct buffer *scratch,
                                _Atomic size_t *account) {
    size_t json_at = followed_begin_event(followed, "position", false, scratch);
    buffer_char(scratch, '}');
    return event_make(scratch, json_at, account);
}

struct event *followed_rows(struct followed *followed, bool reset, struct buffer *scratch,
                            _Atomic size_t *account) {
    struct event **event = reset ? &followed->reset : &followed->rows;
    if (*event != NULL)
        return *event;
    size_t json_at = followed_begin_event(followed, reset ? "reset" : "rows", true, scratch);
    buffer_text(scratch, ",\"key\":");
    buffer_append(scratch, followed->names.data, followed->names.size);
    buffer_text(scratch, ",\"rows\":");
    result_write_rows(&followed->result, scratch);
    buffer_char(scratch, '}');
    *event = event_make(scratch, json_at, account);
    return *event;
}

static void followed_write_names(struct followed *followed, const struct rows *rows) {
    struct buffer *out = &followed->names;
    buffer_clear(out);
    for (int i = 0; i < followed->key.count; i++) {
        buffer_char(out, i == 0 ? '[' : ',');
        buffer_json_string(out, span_of(rows_column_name(rows, followed->key.columns[i])));
    }
    buffer_text(out, followed->key.count > 0 ? "]" : "null");
}

// Where the rows show the table's column; -1 = they do not.
static int followed_find_column(const struct rows *rows, int table_column) {
    int column = rows_column_count(rows) - 1;
    while (column >= 0 && rows_table_column(rows, column) != table_column)
        column--;
    return column;
}

// A table's key, where the rows show all of it. Else the fewest of the first columns that tell the rows apart.
static void followed_choose_key(struct followed *followed, const struct table *table,
                                const struct rows *rows) {
    struct result_key *key = &followed->key;
    followed->has_key = true;
    followed->column_count = rows_column_count(rows);
    key->count = table != NULL ? table->key_count : 0;
    for (int i = 0; i < key->count; i++) {
        key->columns[i] = followed_find_column(rows, table->keys[i]);
        if (key->columns[i] < 0)
            key->count = 0;
    }
    if (key->count == 0)
        key->columns[key->count++] = 0;
}

// Where all columns do not tell two rows apart, nothing does.
static void followed_lengthen_key(struct followed *followed) {
    struct result_key *key = &followed->key;
    if (key->count >= followed->column_count || key->count == RESULT_KEY_MAX) {
        key->count = 0;
        return;
    }
    key->columns[key->count] = key->count; // what is too short began at the first column
    key->count++;
}

static void followed_note_table(void *self, const char *table) {
    struct followed *followed = self;
    for (int i = 0; i < followed->table_count; i++)
        if (strcmp(followed->tables[i], table) == 0)
            return;
    if (followed->table_count == FOLLOWED_TABLES_MAX || strlen(table) >= FOLLOWED_TABLE_SIZE)
        return;
    memcpy(followed->tables[followed->table_count++], table, strlen(table) + 1);
}

// The rows into `fresh`. *ret_rekeyed: they are told apart by another key than before.
static enum result_outcome followed_read_rows(struct followed *followed, struct exchange *exchange,
                                              bool *ret_rekeyed, struct error *error) {
    struct rows *rows;
    struct rows_question question;
    *ret_rekeyed = !followed->is_known;
    for (;;) {
        if (rows_put_question(exchange, &question, &rows) != 0)
            return RESULT_FAILED;
        if (!followed->has_key)
            followed_choose_key(followed, question.table, rows);
        followed->fresh.bigint = question.bigint;
        if (question.asks_time && followed->born == 0)
            followed->born = (uint64_t)clock_monotonic_us() | 1;
        enum result_outcome outcome = result_read(&followed->fresh, rows, &followed->key, error);
        if (outcome == RESULT_READ && rows_have_more(rows) && !question.limited)
            outcome = RESULT_TOO_LARGE;
        if (outcome == RESULT_READ && *ret_rekeyed) {
            followed_write_names(followed, rows);
            if (followed->born == 0) // else nothing is kept in the file, as where there are none
                (void)rows_tables(rows, followed_note_table, followed, error);
        }
        if (outcome != RESULT_TWINS) {
            if (outcome == RESULT_FAILED)
                problem_from_error(exchange->response, error);
            return outcome;
        }
        followed_lengthen_key(followed);
        *ret_rekeyed = true;
        reader_end(exchange->reader);
        if (exchange_begin(exchange) != 0)
            return RESULT_FAILED;
    }
}

void followed_note_position(struct followed *followed, struct exchange *exchange) {
    struct buffer *draft = &followed->draft;
    buffer_clear(draft);
    exchange_render_position(exchange, draft);
    followed->state = exchange->lag.state;
    followed->lsn = exchange->position.lsn;
    bool same = followed->version == exchange->position.version &&
                span_equal((struct span){draft->data, draft->size},
                           (struct span){followed->place.data, followed->place.size});
    if (same)
        return; // the events of all rows say so already
    struct buffer place = followed->place;
    followed->place = *draft;
    *draft = place;
    followed->version = exchange->position.version;
    buffer_clear(&followed->id);
    render_position_id(&followed->id, &exchange->position);
    // Who comes again must have told the rows apart by the same key, and asked the same views: others may make other rows
    // of the same position.
    buffer_format(&followed->id, "-%d-", followed->key.count);
    if (followed->born != 0)
        buffer_format(&followed->id, "%016" PRIx64, followed->born);
    else
        buffer_text(&followed->id, exchange->routes->identity);
    buffer_char(&followed->id, '\0');
    followed_forget_events(followed);
}

static void followed_keep_fresh(struct followed *followed) {
    struct result told = followed->result;
    followed->result = followed->fresh;
    followed->fresh = told;
    followed->is_known = true;
}

// Which source transactions came with it, where that is known.
static void followed_write_transactions(struct progress *progress, int64_t from, int64_t to,
                                        struct buffer *out) {
    int64_t txids[FOLLOWED_TXIDS_MAX];
    int count = progress_transactions(progress, from, to, txids, FOLLOWED_TXIDS_MAX);
    if (count < 0) {
        buffer_text(out, ",\"transactions\":null,\"txids\":null,");
        return;
    }
    buffer_format(out, ",\"transactions\":%d,\"txids\":[", count);
    int named = count < FOLLOWED_TXIDS_MAX ? count : FOLLOWED_TXIDS_MAX;
    for (int i = named - 1; i >= 0; i--) {
        buffer_integer(out, txids[i]);
        buffer_text(out, i > 0 ? "," : "");
    }
    buffer_text(out, "],");
}

// `from`: commit LSN of what `before` showed, -1 = not known. NULL when nothing differs, or there is no memory: then the
// scratch has failed.
static struct event *followed_changes(struct followed *followed, struct progress *progress, int64_t from,
                                      struct result *before, const struct result *after,
                                      struct buffer *scratch, _Atomic size_t *account) {
    size_t json_at = followed_begin_event(followed, "changes", false, scratch);
    followed_write_transactions(progress, from, followed->lsn, scratch);
    if (!result_write_changes(before, after, scratch))
        return NULL;
    buffer_char(scratch, '}');
    struct event *event = event_make(scratch, json_at, account);
    scratch->failed |= event == NULL;
    return event;
}

bool followed_changes_since(struct followed *followed, struct result *before, struct buffer *scratch,
                            _Atomic size_t *account, struct event **ret_event) {
    *ret_event = followed_changes(followed, NULL, -1, before, &followed->result, scratch, account);
    return !scratch->failed;
}

enum followed_outcome followed_read(struct followed *followed, struct exchange *exchange,
                                    struct buffer *scratch, _Atomic size_t *account,
                                    struct event **ret_event) {
    struct error error;
    bool rekeyed;
    *ret_event = NULL;
    switch (followed_read_rows(followed, exchange, &rekeyed, &error)) {
    case RESULT_READ:
        break;
    case RESULT_TOO_LARGE:
        problem_set(exchange->response, PROBLEM_ANSWER_TOO_LARGE,
                    "more than %d rows or %d bytes: follow less of it, with limit= or other parameters",
                    RESULT_ROWS_MAX, RESULT_BYTES_MAX);
        return FOLLOWED_ENDED;
    case RESULT_TWINS:
    case RESULT_FAILED:
        return FOLLOWED_ENDED;
    }
    bool known = followed->is_known;
    int64_t from = known ? followed->lsn : -1;
    followed_note_position(followed, exchange);
    if (known && !rekeyed)
        *ret_event = followed_changes(followed, exchange->routes->config.progress, from, &followed->result,
                                      &followed->fresh, scratch, account);
    bool same = known && !rekeyed && *ret_event == NULL && !scratch->failed;
    followed_keep_fresh(followed);
    if (known && rekeyed) {
        struct event *reset = followed_rows(followed, true, scratch, account);
        *ret_event = reset != NULL ? event_hold(reset) : NULL;
    }
    return same ? FOLLOWED_SAME : FOLLOWED_CHANGED;
}
