#include "views/engine/store/requests.h"

#include "views/base/buffer.h"
#include "views/engine/change.h"
#include "views/engine/sqlite/engine_sql.h"

#include <stdlib.h>

struct requests {
    sqlite3_stmt *version;
    sqlite3_stmt *any;
    sqlite3_stmt *next;
    sqlite3_stmt *done;
    int64_t seen; // SQLite's data_version at the newest look
    bool some;
    int64_t under_way;   // the message that the newest request is about, 0 = it is done
    struct buffer bytes; // of the newest request
};

int requests_new(struct requests **ret, struct sqlite3 *db, struct error *error) {
    CLEANUP(requests_free) struct requests *requests = calloc(1, sizeof *requests);
    if (requests == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    requests->seen = -1;
    if (stmt_prepare(db, "pragma data_version", "data_version", &requests->version, error) != 0 ||
        engine_sql_prepare(db, "requests_any", &requests->any, error) != 0 ||
        engine_sql_prepare(db, "requests_next", &requests->next, error) != 0 ||
        engine_sql_prepare(db, "requests_done", &requests->done, error) != 0 ||
        requests_look(requests, error) != 0)
        return -1;
    *ret = requests;
    requests = NULL;
    return 0;
}

void requests_free(struct requests **requests) {
    struct requests *r = *requests;
    if (r == NULL)
        return;
    stmt_finalize(&r->version);
    stmt_finalize(&r->any);
    stmt_finalize(&r->next);
    stmt_finalize(&r->done);
    buffer_free(&r->bytes);
    free(r);
    *requests = NULL;
}

int requests_look(struct requests *requests, struct error *error) {
    if (stmt_row(requests->version, "data_version", error) != 1)
        return -1;
    int64_t version = sqlite3_column_int64(requests->version, 0);
    (void)sqlite3_reset(requests->version);
    if (version == requests->seen)
        return 0;
    if (stmt_row(requests->any, "_quarantine_requests", error) != 1)
        return -1;
    requests->some = sqlite3_column_int(requests->any, 0) != 0;
    (void)sqlite3_reset(requests->any);
    requests->seen = version;
    return 0;
}

void requests_forget(struct requests *requests) {
    requests->seen = -1;
    requests->under_way = 0;
}

int64_t requests_retried(const struct requests *requests) {
    return requests->under_way;
}

bool requests_are_there(const struct requests *requests) {
    return requests->some;
}

static struct span requests_copy(struct requests *requests, int column) {
    const void *bytes = sqlite3_column_blob(requests->next, column);
    size_t size = (size_t)sqlite3_column_bytes(requests->next, column);
    buffer_append(&requests->bytes, bytes, size);
    buffer_char(&requests->bytes, '\0');
    return (struct span){sqlite3_column_type(requests->next, column) != SQLITE_NULL ? "" : NULL, size};
}

// The bytes move while their buffer grows, so they are pointed at when all have come.
static void requests_place(struct requests *requests, struct span *const *spans, int count) {
    const char *at = requests->bytes.data;
    for (int i = 0; i < count; i++) {
        if (spans[i]->data != NULL)
            spans[i]->data = at;
        at += spans[i]->size + 1;
    }
}

int requests_next(struct requests *requests, struct store_request *ret, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *next = requests->next;
    int row = stmt_row(next, "_quarantine_requests", error);
    requests->some = row == 1;
    if (row != 1)
        return row;
    *ret = (struct store_request){
        .id = sqlite3_column_int64(next, 0),
        .quarantined = sqlite3_column_int64(next, 1),
        .discard = sqlite3_column_int(next, 2) != 0,
        .waits = sqlite3_column_int(next, 3) != 0,
        .overtaken = sqlite3_column_int(next, 4) != 0,
        .row_known = sqlite3_column_int(next, 5) != 0,
        .value_dropped = sqlite3_column_int(next, 6) != 0,
        .behind_lsn = sqlite3_column_type(next, 7) != SQLITE_NULL ? sqlite3_column_int64(next, 7) : LSN_NONE,
        .partition = sqlite3_column_int(next, 8),
        .offset = sqlite3_column_int64(next, 9),
    };
    buffer_clear(&requests->bytes);
    struct span topic = requests_copy(requests, 10);
    ret->note = requests_copy(requests, 11);
    ret->key = requests_copy(requests, 12);
    ret->value = requests_copy(requests, 13);
    if (requests->bytes.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    requests_place(requests, (struct span *[]){&topic, &ret->note, &ret->key, &ret->value}, 4);
    ret->topic = topic.data;
    requests->under_way = ret->quarantined;
    return 1;
}

const char *requests_state_of(enum store_request_outcome outcome) {
    static const char *const states[] = {[STORE_REQUEST_APPLIED] = "applied",
                                         [STORE_REQUEST_SUPERSEDED] = "superseded",
                                         [STORE_REQUEST_DISCARDED] = "discarded",
                                         [STORE_REQUEST_FAILED] = NULL,
                                         [STORE_REQUEST_REFUSED] = NULL};
    return states[outcome];
}

int requests_done(struct requests *requests, const struct store_request *request, struct error *error) {
    requests->under_way = 0;
    stmt_bind_integer(requests->done, ":id", request->id);
    return stmt_step(requests->done, "_quarantine_requests", NULL, error);
}
