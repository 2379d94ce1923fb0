// bench-bare DB PORT: what libmicrohttpd and SQLite allow: the SELECT of `GET /v1/tables/orders?id=`, one row
// as JSON and nothing else, with the settings of http/server.c (epoll pool of as many threads, a read-only
// connection and a prepared statement for each). Runs until it is ended.
#include "http/server.h"
#include "views/base/buffer.h"

#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const char select_sql[] =
    "select \"id\",\"customer_id\",\"sku\",\"quantity\",\"total\",\"status\",\"placed_on\",\"notes\",\"meta\","
    "\"created_at\" from \"orders\" where \"id\"=? order by \"id\" limit ?";

static const char *db_path;

struct worker {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    struct buffer body;
};

static _Thread_local struct worker worker;

static int open_worker(void) {
    return sqlite3_open_v2(db_path, &worker.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
                       SQLITE_OK &&
                   sqlite3_prepare_v3(worker.db, select_sql, -1, SQLITE_PREPARE_PERSISTENT, &worker.stmt,
                                      NULL) == SQLITE_OK
               ? 0
               : -1;
}

static void render_column(sqlite3_stmt *stmt, int column) {
    struct buffer *body = &worker.body;
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

static void render_rows(const char *id) {
    sqlite3_stmt *stmt = worker.stmt;
    buffer_clear(&worker.body);
    buffer_text(&worker.body, "{\"rows\":[");
    (void)sqlite3_bind_int64(stmt, 1, strtoll(id, NULL, 10));
    (void)sqlite3_bind_int64(stmt, 2, 100);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        buffer_char(&worker.body, '{');
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            render_column(stmt, i);
        buffer_char(&worker.body, '}');
    }
    (void)sqlite3_reset(stmt);
    buffer_text(&worker.body, "]}");
}

static enum MHD_Result answer(void *self, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state) {
    static char seen;
    (void)self, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    const char *id = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "id");
    if (id == NULL || (worker.db == NULL && open_worker() != 0))
        return MHD_NO;
    render_rows(id);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(worker.body.size, worker.body.data, MHD_RESPMEM_MUST_COPY);
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
