// bench-bare DB PORT: what libmicrohttpd and SQLite allow, each path the SELECT of a request of ours: /?id= of
// `GET /v1/tables/orders?id=`, /view of `GET /v1/views/warehouse/stock?limit=100`, /all of the table orders as
// NDJSON. Rows and nothing else, with the settings of http/server.c (epoll pool of as many threads, a read-only
// connection and a prepared statement for each). Runs until it is ended.
#include "http/server.h"
#include "views/base/buffer.h"

#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { SELECT_KEYED, SELECT_VIEW, SELECT_ALL, SELECTS };

#define ORDERS                                                                                                  \
    "select \"id\",\"customer_id\",\"sku\",\"quantity\",\"total\",\"status\",\"placed_on\",\"notes\",\"meta\"," \
    "\"created_at\" from \"orders\""
static const char *const selects[SELECTS] = {
    [SELECT_KEYED] = ORDERS " where \"id\"=? order by \"id\" limit ?",
    [SELECT_VIEW] = "select sku, description, on_hand, reserved, available, to_ship from warehouse_stock"
                    " where ?1 is null or sku = ?1 order by sku limit 101",
    [SELECT_ALL] = ORDERS " order by \"id\"",
};
#undef ORDERS

enum { PIECE = 64 << 10 }; // bytes of NDJSON that are made at once

static const char *db_path;

struct worker {
    sqlite3 *db;
    sqlite3_stmt *stmts[SELECTS];
    struct buffer body;
};

static _Thread_local struct worker worker;

static int open_worker(void) {
    if (sqlite3_open_v2(db_path, &worker.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return -1;
    for (int i = 0; i < SELECTS; i++)
        if (sqlite3_prepare_v3(worker.db, selects[i], -1, SQLITE_PREPARE_PERSISTENT, &worker.stmts[i],
                               NULL) != SQLITE_OK)
            return -1;
    return 0;
}

static void render_column(struct buffer *body, sqlite3_stmt *stmt, int column) {
    buffer_format(body, "%s\"%s\":", column == 0 ? "" : ",", sqlite3_column_name(stmt, column));
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL:
        buffer_text(body, "null");
        break;
    case SQLITE_INTEGER:
        buffer_integer(body, sqlite3_column_int64(stmt, column));
        break;
    default:
        buffer_json_string(body, (struct span){(const char *)sqlite3_column_text(stmt, column),
                                               (size_t)sqlite3_column_bytes(stmt, column)});
    }
}

static void render_row(struct buffer *body, sqlite3_stmt *stmt) {
    buffer_char(body, '{');
    for (int i = 0; i < sqlite3_column_count(stmt); i++)
        render_column(body, stmt, i);
    buffer_char(body, '}');
}

static struct MHD_Response *rows_response(sqlite3_stmt *stmt) {
    struct buffer *body = &worker.body;
    const char *between = "";
    buffer_clear(body);
    buffer_text(body, "{\"rows\":[");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        buffer_text(body, between);
        render_row(body, stmt);
        between = ",";
    }
    (void)sqlite3_reset(stmt);
    buffer_text(body, "]}");
    return MHD_create_response_from_buffer(body->size, body->data, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *keyed_response(const char *id) {
    sqlite3_stmt *stmt = worker.stmts[SELECT_KEYED];
    (void)sqlite3_bind_int64(stmt, 1, strtoll(id, NULL, 10));
    (void)sqlite3_bind_int64(stmt, 2, 100);
    return rows_response(stmt);
}

// Rows as lines, as the client reads them; a thread makes one such answer at a time.
struct lines {
    sqlite3_stmt *stmt;
    struct buffer made;
    size_t sent;
    bool more;
};

static ssize_t lines_read(void *self, uint64_t at, char *ret, size_t room) {
    struct lines *lines = self;
    (void)at;
    if (lines->sent == lines->made.size) {
        buffer_clear(&lines->made);
        lines->sent = 0;
        while (lines->more && lines->made.size < PIECE &&
               (lines->more = sqlite3_step(lines->stmt) == SQLITE_ROW)) {
            render_row(&lines->made, lines->stmt);
            buffer_char(&lines->made, '\n');
        }
    }
    size_t left = lines->made.size - lines->sent;
    size_t size = left < room ? left : room;
    if (size == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    memcpy(ret, lines->made.data + lines->sent, size);
    lines->sent += size;
    return (ssize_t)size;
}

static void lines_free(void *self) {
    struct lines *lines = self;
    (void)sqlite3_finalize(lines->stmt);
    buffer_free(&lines->made);
    free(lines);
}

static struct MHD_Response *lines_response(void) {
    struct lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL)
        return NULL;
    if (sqlite3_prepare_v2(worker.db, selects[SELECT_ALL], -1, &lines->stmt, NULL) != SQLITE_OK) {
        lines_free(lines);
        return NULL;
    }
    lines->more = true;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, lines_read, lines, lines_free);
}

static enum MHD_Result answer(void *self, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state) {
    static char seen;
    (void)self, (void)method, (void)version, (void)upload, (void)upload_size;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    const char *id = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "id");
    if (worker.db == NULL && open_worker() != 0)
        return MHD_NO;
    struct MHD_Response *response = strcmp(url, "/view") == 0  ? rows_response(worker.stmts[SELECT_VIEW])
                                    : strcmp(url, "/all") == 0 ? lines_response()
                                    : id != NULL               ? keyed_response(id)
                                                               : NULL;
    if (response == NULL)
        return MHD_NO;
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bench-bare DB PORT\n");
        return 2;
    }
    db_path = argv[1];
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)strtoul(argv[2], NULL, 10), NULL, NULL,
                         answer, NULL, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVER_THREADS,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMITS_CONNECTIONS,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE_TIMEOUT_S, MHD_OPTION_END);
    if (daemon == NULL) {
        (void)fprintf(stderr, "bench-bare: cannot listen on port %s\n", argv[2]);
        return 1;
    }
    int number;
    (void)sigwait(&signals, &number);
    MHD_stop_daemon(daemon);
    return 0;
}
