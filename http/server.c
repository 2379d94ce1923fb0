#define _GNU_SOURCE // POLLRDHUP
#include "http/server.h"

#include "http/address.h"
#include "http/endpoint.h"
#include "http/follow.h"
#include "http/gate.h"
#include "http/headers.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/reply_shelf.h"
#include "http/slow_lane.h"
#include "http/spoken.h"
#include "http/streams.h"
#include "http/teller.h"
#include "http/tls.h"
#include "http/unreadable.h"
#include "http/waiters.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/base/real.h"
#include "views/engine/snapshots.h"

#include <assert.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { FILES_BESIDE_CONNECTIONS = 256, TARGET_COPY_MAX = TARGET_SIZE_MAX + 1 };

struct server {
    struct MHD_Daemon *daemon;
    struct routes *routes;
    struct waiters *waiters;
    struct slow_lane *slow;
    struct slow_lane *bulk; // of whole tables
    struct streams *streams;
    struct teller *teller;
    struct follow *follow;
    struct gate *gate;
    struct worker *workers[SERVER_THREADS];
    struct reply_shelf shelves[SERVER_THREADS];
    _Atomic int workers_taken;
    _Atomic int active; // requests that came whole and were not completed
    _Atomic bool stopping;
    bool hands_over;       // to another server at the same address: what has come is answered as ever
    pthread_mutex_t mutex; // for `quiet` alone
    pthread_cond_t quiet;
    const struct endpoint *endpoint;
};

enum stage {
    STAGE_LINE,    // the request's first line has not been read
    STAGE_HEADERS, // it has
    STAGE_BODY,    // so have the headers; what a client sends after them is passed over
    STAGE_WAITING, // suspended, or resumed and to be answered again
    STAGE_SLOW,    // suspended while the slow lane answers, or resumed with its answer
};

// What a connection keeps from request to request, so that a request allocates nothing of its own.
struct connection {
    struct reply_refuser refuser; // first: the library knows the connection by it
    struct waiter waiter;
    struct slow_lane_job job;
    struct stream stream;
    struct request request;
    struct headers_joined joined;       // of the request
    struct response slow_lane_response; // its answer
    enum routes_result slow_lane_result;
    struct server *server;
    struct MHD_Connection *connection;
    struct booked *booked;
    int fd;
    uint64_t address; // address.h
    enum stage stage;
    bool counted; // in server->active
    bool http_1_0;
    int header_count;
    struct reply_held
        held; // of the answer that is being sent: counted in routes->memory and routes->file_bytes
    struct reply_kept *kept; // that is being sent, NULL = none of the shelf's is
    size_t body_size;
    size_t target_size;
    char target[TARGET_COPY_MAX]; // one byte more than allowed is enough to know that it is too long
};

// A request less is under way, or a connection less is there: that wakes the thread that stops the server.
static void server_count_down(struct server *server) {
    if (!atomic_load(&server->stopping))
        return;
    (void)pthread_mutex_lock(&server->mutex);
    (void)pthread_cond_signal(&server->quiet);
    (void)pthread_mutex_unlock(&server->mutex);
}

static int server_request_ms(const struct server *server) {
    int ms = server->routes->config.limits.request_ms;
    return ms > 0 ? ms : LIMITS_REQUEST_S * 1000;
}

// A request that has come whole is under way, unless the server stops already. Counted first, then asked: who
// stops the server does it the other way round, so one of the two sees the other.
static bool server_count_begun(struct connection *connection) {
    struct server *server = connection->server;
    if (connection->counted)
        return true;
    (void)atomic_fetch_add(&server->active, 1);
    connection->counted = !atomic_load(&server->stopping) || server->hands_over;
    if (!connection->counted) {
        (void)atomic_fetch_sub(&server->active, 1);
        server_count_down(server);
    }
    return connection->counted;
}

// The answer has been sent, or will not be.
static void server_let_body_go(struct connection *connection) {
    struct routes *routes = connection->server->routes;
    (void)account_change(&routes->memory, connection->held.memory, 0);
    if (connection->held.file > 0)
        (void)atomic_fetch_sub(&routes->file_bytes, connection->held.file);
    connection->held = (struct reply_held){0};
    reply_shelf_give_back(connection->kept);
    connection->kept = NULL;
}

static void server_on_completed(void *self, struct MHD_Connection *mhd, void **request,
                                enum MHD_RequestTerminationCode how) {
    (void)self, (void)mhd, (void)how;
    struct connection *connection = *request;
    if (connection == NULL)
        return;
    response_free(&connection->slow_lane_response);
    connection->slow_lane_response = (struct response){0};
    headers_free(&connection->joined);
    server_let_body_go(connection);
    if (connection->stream.channel != NULL)
        routes_count_stream(connection->server->routes, -1);
    streams_remove(connection->server->streams, &connection->stream);
    if (connection->counted) {
        (void)atomic_fetch_sub(&connection->server->active, 1);
        server_count_down(connection->server);
    }
    connection->counted = false;
    connection->stage = STAGE_LINE;
    booked_turn_to(connection->booked, TURN_IDLE, SERVER_IDLE_TIMEOUT_S * 1000);
}

// The library is about to take the query apart, in this memory of its own, into a list that nobody reads: forty times
// as long as the query, where parameters are short. Without separators it has one entry. Where a library does it
// otherwise, such a request is refused for its length.
static void server_join_parameters(const char *target) {
    char *query = strchr((char *)(uintptr_t)target, '?');
    while (query != NULL && (query = strchr(query, '&')) != NULL)
        *query = ';';
}

// The target as it came: the library would decode it more leniently than we do. What this returns is the
// request's.
static void *server_on_target(void *self, const char *target, struct MHD_Connection *mhd) {
    (void)self;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info != NULL ? info->socket_context : NULL;
    if (connection == NULL)
        return NULL;
    connection->stage = STAGE_HEADERS;
    connection->body_size = 0;
    connection->target_size = strnlen(target, TARGET_COPY_MAX);
    memcpy(connection->target, target, connection->target_size);
    server_join_parameters(target);
    return connection;
}

// The library need not decode what nobody reads.
static size_t server_leave_encoded(void *self, struct MHD_Connection *mhd, char *text) {
    (void)self, (void)mhd;
    return strlen(text);
}

// Each of the library's threads has a worker and a shelf of its own: as many as threads, and a thread is one server's for
// life.
static int server_own_number(struct server *server) {
    static _Thread_local int number = -1;
    if (number < 0)
        number = atomic_fetch_add(&server->workers_taken, 1);
    assert(number < SERVER_THREADS);
    return number;
}

static struct worker *server_own_worker(struct server *server) {
    return server->workers[server_own_number(server)];
}

static bool server_is_stopping(const struct server *server) {
    return atomic_load_explicit(&server->stopping, memory_order_relaxed);
}

// Once the server stops an answer is its connection's last. A page reads what it is refused too, though no route was asked.
static enum MHD_Result server_queue(struct connection *connection, struct response *response,
                                    struct MHD_Response *reply) {
    response->closes |= server_is_stopping(connection->server);
    response->origin = access_origin(connection->server->endpoint->access, &connection->request);
    if (!reply_headers(reply, response)) {
        MHD_destroy_response(reply);
        return MHD_NO;
    }
    return reply_queue(connection->connection, response->status, reply);
}

// Headers as those of the answer before are not made again. False: it is to be sent as any other.
static bool server_send_kept(struct connection *connection, const struct response *response,
                             enum MHD_Result *ret) {
    struct server *server = connection->server;
    if (response->position_size == 0 || server_is_stopping(server))
        return false;
    connection->kept = reply_shelf_lend(&server->shelves[server_own_number(server)], response);
    if (connection->kept == NULL)
        return false;
    booked_turn_to(connection->booked, TURN_READS, SERVER_IDLE_TIMEOUT_S * 1000);
    *ret = reply_queue_kept(connection->connection, response->status, connection->kept->reply);
    return true;
}

static enum MHD_Result server_send_response(struct connection *connection, struct response *response) {
    struct reply_held *held = &connection->held;
    enum MHD_Result queued;
    if (server_send_kept(connection, response, &queued))
        return queued;
    struct MHD_Response *reply = reply_body(response, held);
    if (reply == NULL)
        return MHD_NO;
    if (held->file > 0)
        (void)atomic_fetch_add(&connection->server->routes->file_bytes, held->file);
    int64_t bytes = (int64_t)held->memory + held->file;
    booked_turn_to(connection->booked, TURN_READS,
                   (uint32_t)(SERVER_IDLE_TIMEOUT_S + bytes / SERVER_READ_BYTES_S) * 1000);
    return server_queue(connection, response, reply);
}

#define CONNECTION_OF(part, member)                                                                          \
    ((struct connection *)(void *)((char *)(part)-offsetof(struct connection, member)))

static void server_suspend_waiter(struct waiter *waiter) {
    MHD_suspend_connection(CONNECTION_OF(waiter, waiter)->connection);
}

static void server_resume_waiter(struct waiter *waiter) {
    MHD_resume_connection(CONNECTION_OF(waiter, waiter)->connection);
}

static void server_suspend_job(struct slow_lane_job *job) {
    MHD_suspend_connection(CONNECTION_OF(job, job)->connection);
}

static void server_run_job(struct slow_lane_job *job, struct worker *worker) {
    struct connection *connection = CONNECTION_OF(job, job);
    connection->slow_lane_result = routes_answer(worker, &connection->request,
                                                 &connection->slow_lane_response, &connection->waiter.wait);
}

static void server_drop_job(struct slow_lane_job *job, enum refusal why) {
    struct connection *connection = CONNECTION_OF(job, job);
    routes_refuse(connection->server->routes, why, &connection->slow_lane_response);
    connection->slow_lane_result = ROUTES_ANSWERED;
}

static void server_end_job(struct slow_lane_job *job) {
    MHD_resume_connection(CONNECTION_OF(job, job)->connection);
}

// The library does not look after a connection that is suspended.
static bool server_is_gone(const struct slow_lane_job *job) {
    const struct connection *connection =
        (const struct connection *)(const void *)((const char *)job - offsetof(struct connection, job));
    struct pollfd socket = {.fd = connection->fd, .events = POLLRDHUP};
    return poll(&socket, 1, 0) > 0;
}

static void server_suspend_stream(struct stream *stream) {
    MHD_suspend_connection(CONNECTION_OF(stream, stream)->connection);
}

static void server_resume_stream(struct stream *stream) {
    MHD_resume_connection(CONNECTION_OF(stream, stream)->connection);
}

// What the library is to send next of an answer that does not end.
static ssize_t server_read_stream(void *self, uint64_t at, char *ret, size_t size) {
    (void)at;
    struct connection *connection = self;
    ssize_t count =
        streams_read(connection->server->streams, &connection->stream, ret, size, server_suspend_stream);
    return count < 0 ? MHD_CONTENT_READER_END_OF_STREAM : count;
}

static enum MHD_Result server_queue_stream(struct connection *connection, struct response *response,
                                           bool head) {
    struct MHD_Response *reply = reply_of_stream(head, server_read_stream, connection);
    return reply != NULL ? server_queue(connection, response, reply) : MHD_NO;
}

static enum MHD_Result server_send_stream(struct connection *connection, struct response *response) {
    struct server *server = connection->server;
    if (span_is(connection->request.method, "HEAD")) {
        booked_turn_to(connection->booked, TURN_READS, SERVER_IDLE_TIMEOUT_S * 1000);
        return server_queue_stream(connection, response, true);
    }
    const struct stream_ask ask = {
        .question = {response->question.data, response->question.size},
        .as_lines = response->as_lines,
        .resumes = response->resumes,
        .resume = {response->last_event_id.data, response->last_event_id.size},
        .version = response->version,
    };
    if (!streams_add(server->streams, &connection->stream, &ask)) {
        if (atomic_load(&server->stopping))
            routes_stopping(server->routes, response);
        else
            routes_refuse(server->routes, REFUSAL_STREAMS, response);
        return server_send_response(connection, response);
    }
    routes_count_stream(server->routes, 1);
    return server_queue_stream(connection, response, false);
}

static enum MHD_Result server_read_header(void *self, enum MHD_ValueKind kind, const char *name,
                                          const char *value) {
    struct connection *connection = self;
    (void)kind;
    headers_take(&connection->request, &connection->joined, name, value);
    return MHD_YES;
}

// What the library holds of a request lives until its answer has been sent, suspended or not.
static void server_read_request(struct connection *connection, const char *method) {
    headers_free(&connection->joined);
    connection->request = (struct request){
        .method = span_of(method),
        .target = {connection->target, connection->target_size},
        .http_1_0 = connection->http_1_0,
    };
    connection->header_count =
        MHD_get_connection_values(connection->connection, MHD_HEADER_KIND, server_read_header, connection);
}

static enum routes_result server_answer_now(struct connection *connection, struct response *response) {
    return routes_answer(server_own_worker(connection->server), &connection->request, response,
                         &connection->waiter.wait);
}

static enum MHD_Result server_put_aside(struct connection *connection, struct response *response) {
    connection->stage = STAGE_WAITING;
    if (waiters_add(connection->server->waiters, &connection->waiter, server_suspend_waiter))
        return MHD_YES;
    routes_stopping(connection->server->routes, response);
    return server_send_response(connection, response);
}

static enum MHD_Result server_hand_over(struct connection *connection, struct slow_lane *lane,
                                        struct response *response) {
    connection->stage = STAGE_SLOW;
    connection->request.patient = true;
    enum refusal why;
    connection->job = (struct slow_lane_job){
        .run = server_run_job,
        .drop = server_drop_job,
        .end = server_end_job,
        .is_gone = server_is_gone,
        .subject = worker_subject(server_own_worker(connection->server)),
        .address = connection->address,
        .begun_us = connection->request.begun_us,
    };
    if (lane == connection->server->bulk &&
        atomic_load(&connection->server->routes->file_bytes) >= (int64_t)LIMITS_FILES_MB << 20) {
        routes_refuse(connection->server->routes, REFUSAL_ANSWER_FILES, response);
        return server_send_response(connection, response);
    }
    if (slow_lane_add(lane, &connection->job, server_suspend_job, &why))
        return MHD_YES;
    routes_refuse(connection->server->routes, why, response);
    return server_send_response(connection, response);
}

static enum MHD_Result server_refuse(struct connection *connection, enum refusal why) {
    CLEANUP(response_free) struct response response = {0};
    routes_refuse(connection->server->routes, why, &response);
    return server_send_response(connection, &response);
}

static enum MHD_Result server_answer(struct connection *connection) {
    struct server *server = connection->server;
    CLEANUP(response_free) struct response response = {0};
    enum routes_result result;
    booked_turn_to(connection->booked, TURN_SERVER, 0);
    if (connection->stage == STAGE_SLOW) {
        response = connection->slow_lane_response;
        connection->slow_lane_response = (struct response){0};
        result = connection->slow_lane_result;
    } else {
        if (connection->header_count > SERVER_HEADERS_MAX)
            return server_refuse(connection, REFUSAL_HEADERS_TOO_MANY);
        connection->request.begun_us = clock_monotonic_us();
        if (connection->stage == STAGE_WAITING) {
            connection->request.waited = connection->waiter.expired ? WAITED_EXPIRED : WAITED_REACHED;
            connection->request.patient = false; // the slow lane, which may have put it aside, was
        }
        bool expired = connection->request.waited == WAITED_EXPIRED;
        if (!server_count_begun(connection) || (expired && atomic_load(&server->stopping))) {
            routes_stopping(server->routes, &response);
            return server_send_response(connection, &response);
        }
        result = server_answer_now(connection, &response);
    }
    switch (result) {
    case ROUTES_ANSWERED:
        return server_send_response(connection, &response);
    case ROUTES_WAIT:
        return server_put_aside(connection, &response);
    case ROUTES_SLOW:
        return server_hand_over(connection, server->slow, &response);
    case ROUTES_BULK:
        return server_hand_over(connection, server->bulk, &response);
    case ROUTES_STREAM:
        return server_send_stream(connection, &response);
    }
    return MHD_NO;
}

// The library could not read what has come, and would send a page of its own.
static bool server_refuse_unreadable(struct reply_refuser *self, struct MHD_Connection *mhd,
                                     unsigned status) {
    (void)mhd;
    struct connection *connection = (struct connection *)self;
    static const enum request_part parts[] = {[STAGE_LINE] = PART_LINE, [STAGE_HEADERS] = PART_HEADERS};
    enum request_part part = connection->stage <= STAGE_HEADERS ? parts[connection->stage] : PART_BODY;
    CLEANUP(response_free) struct response response = {0};
    if (part != PART_BODY)
        server_read_request(connection, "");
    if (!routes_answer_unreadable(connection->server->routes, status, part, &connection->request, &response))
        return false;
    if (part != PART_HEADERS || !reply_is_garbled() || connection->server->endpoint->tls_cert.data != NULL)
        return server_send_response(connection, &response) == MHD_YES;
    char text[SPOKEN_SIZE];
    spoken_write(text, &response);
    spoken_send(connection->fd, text);
    (void)shutdown(connection->fd, SHUT_RDWR); // the library's page goes nowhere
    return false;
}

static int server_connection_fd(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

static uint64_t server_connection_address(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info != NULL ? address_key(info->client_addr) : 0;
}

// Whoever else wants the file's log empty (sqlite3, a backup tool) waits for no snapshot that nobody asks of.
static void server_tidy(void *self) {
    const struct server *server = self;
    snapshots_let_go(server->routes->config.snapshots);
}

static void server_on_connection(void *self, struct MHD_Connection *mhd, void **context,
                                 enum MHD_ConnectionNotificationCode what) {
    struct server *server = self;
    int fd = server_connection_fd(mhd);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*context);
        *context = NULL;
        gate_leave(server->gate, fd);
        if (atomic_fetch_sub(&server->routes->connections, 1) == 1)
            server_tidy(server);
        server_count_down(server);
        return;
    }
    (void)atomic_fetch_add(&server->routes->connections, 1);
    struct booked *booked = gate_begin(server->gate, fd);
    struct connection *connection = malloc(sizeof *connection);
    if (connection != NULL) {
        connection->refuser.refuse = server_refuse_unreadable;
        connection->server = server;
        connection->connection = mhd;
        connection->stage = STAGE_LINE;
        connection->http_1_0 = false;
        connection->booked = booked;
        connection->fd = fd;
        connection->address = server_connection_address(mhd);
        connection->counted = false;
        connection->held = (struct reply_held){0};
        connection->kept = NULL;
        connection->stream = (struct stream){0};
        connection->slow_lane_response = (struct response){0};
        connection->joined = (struct headers_joined){0};
    }
    *context = connection;
}

// A length that is none is the library's to refuse.
static bool server_announces_too_much(const struct request *request) {
    int64_t bytes;
    return request->content_length.data != NULL && integer_parse(request->content_length, &bytes) &&
           bytes > SERVER_REQUEST_BODY_MAX;
}

// Whether what follows them is read.
static enum MHD_Result server_look_at_headers(struct connection *connection, const char *method) {
    connection->stage = STAGE_BODY;
    booked_turn_to(connection->booked, TURN_BODY, (uint32_t)server_request_ms(connection->server));
    server_read_request(connection, method);
    const char *doubt = unreadable_doubt(&connection->request);
    if (doubt != NULL) {
        CLEANUP(response_free) struct response response = {0};
        routes_refuse_unreadable(connection->server->routes, doubt, &response);
        return server_send_response(connection, &response);
    }
    return server_announces_too_much(&connection->request) ? server_refuse(connection, REFUSAL_BODY_TOO_LARGE)
                                                           : MHD_YES;
}

static enum MHD_Result server_on_request(void *self, struct MHD_Connection *mhd, const char *url,
                                         const char *method, const char *version, const char *upload,
                                         size_t *upload_size, void **context) {
    (void)self, (void)mhd, (void)url, (void)upload;
    struct connection *connection = *context;
    if (connection == NULL)
        return MHD_NO;
    if (connection->stage == STAGE_HEADERS) {
        connection->http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
        return server_look_at_headers(connection, method);
    }
    if (*upload_size > 0) {
        connection->body_size +=
            *upload_size; // for as long as a body may take: only after it can it be answered
        *upload_size = 0;
        return MHD_YES;
    }
    if (connection->body_size > SERVER_REQUEST_BODY_MAX)
        return server_refuse(connection, REFUSAL_BODY_TOO_LARGE);
    return server_answer(connection);
}

__attribute__((format(printf, 2, 0))) static void on_library_log(void *self, const char *format,
                                                                 va_list args) {
    (void)self;
    char line[512];
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("http: %s", line);
}

// A connection is a file: without this a usual limit of 1024 would be met before ours. Returns how many connections there
// may be.
static int server_raise_file_limit(int connections) {
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)connections + FILES_BESIDE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return connections;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted)
        return connections;
    int left = limit.rlim_cur > 2 * FILES_BESIDE_CONNECTIONS ? (int)limit.rlim_cur - FILES_BESIDE_CONNECTIONS
                                                             : (int)limit.rlim_cur / 2;
    log_warn("http: this process may have %lld files open (ulimit -Hn), so %d connections, not %d",
             (long long)limit.rlim_cur, left, connections);
    return left;
}

// The library closes a socket that it cannot take.
static bool server_take(void *self, int fd, const struct sockaddr *address, socklen_t size) {
    struct server *server = self;
    return MHD_add_connection(server->daemon, fd, address, size) == MHD_YES;
}

static int server_open_gate(struct server *server, int connections, struct error *error) {
    const struct limits *limits = &server->routes->config.limits;
    const struct gate_config config = {
        .listener = server->endpoint->listener.fd,
        .encrypted = server->endpoint->tls_cert.data != NULL,
        .most = connections,
        .most_of_address = limits->connections_of_address,
        .headers_ms = server_request_ms(server),
        .refusals = &server->routes->refusals,
        .take = server_take,
        .tidy = server_tidy,
        .self = server,
    };
    return gate_new(&server->gate, &config, error);
}

static int server_open_workers(struct server *server, struct error *error) {
    for (int i = 0; i < SERVER_THREADS; i++) {
        if (worker_new(&server->workers[i], server->routes, error) != 0)
            return -1;
        reader_set_deadline(worker_reader(server->workers[i]), SERVER_MOMENT_MS);
        reader_keep_snapshots(worker_reader(server->workers[i]));
    }
    return 0;
}

static int server_start_daemon(struct server *server, int connections, struct error *error) {
    const struct endpoint *endpoint = server->endpoint;
    if (reply_prepare(error) != 0)
        return -1;
    const bool tls = endpoint->tls_cert.data != NULL;
    // The gate accepts; the connections are shared out to threads by their sockets' numbers, nearly evenly.
    const unsigned uneven = 64 * SERVER_THREADS;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                     MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    const struct MHD_OptionItem certificate[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, endpoint->tls_cert.data},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, endpoint->tls_key.data},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    server->daemon = MHD_start_daemon(
        flags | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL, server_on_request, server,
        // first, so that what the others say of themselves is logged
        MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)SERVER_THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections + uneven,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVER_IDLE_TIMEOUT_S, MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server,
        MHD_OPTION_NOTIFY_COMPLETED, server_on_completed, server, MHD_OPTION_URI_LOG_CALLBACK,
        server_on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, server_leave_encoded, NULL,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls ? certificate : none, MHD_OPTION_END);
    if (server->daemon == NULL)
        return error_set(error, ERROR_SYSTEM, "cannot start the HTTP server on %s", endpoint->url);
    return 0;
}

static struct server *server_new_server(void) {
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    (void)pthread_mutex_init(&server->mutex, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->quiet, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return server;
}

int server_start(struct server **ret, const struct server_config *config, struct error *error) {
    CLEANUP(server_stop) struct server *server = server_new_server();
    if (server == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    const struct routes_config routes = {
        .db = config->db,
        .catalog = config->catalog,
        .progress = config->progress,
        .snapshots = config->snapshots,
        .access = config->endpoint->access,
        .version = config->version,
        .libraries = config->libraries,
        .limits = config->limits,
        .answer_empty = config->answer_empty,
    };
    int connections = server_raise_file_limit(config->limits.connections > 0 ? config->limits.connections
                                                                             : LIMITS_CONNECTIONS);
    server->endpoint = config->endpoint;
    if (routes_new(&server->routes, &routes, error) != 0 || server_open_workers(server, error) != 0 ||
        waiters_new(&server->waiters, config->db, config->catalog, config->progress, server_resume_waiter,
                    error) != 0 ||
        slow_lane_new(&server->slow, server->routes, READ_DEADLINE_MS, error) != 0 ||
        slow_lane_new(&server->bulk, server->routes, SERVER_BULK_MS, error) != 0 ||
        streams_new(&server->streams, server_resume_stream, error) != 0 ||
        teller_new(&server->teller, server->routes, server->streams, error) != 0 ||
        follow_new(&server->follow, server->routes, server->streams, config->feed_window_ms, error) != 0 ||
        listener_listen(&config->endpoint->listener, error) != 0 ||
        server_open_gate(server, connections, error) != 0 ||
        server_start_daemon(server, connections, error) != 0 || gate_open(server->gate, error) != 0)
        return -1;
    *ret = server;
    server = NULL;
    return 0;
}

const char *server_library_version(void) {
    return MHD_get_version();
}

static int server_active(struct server *server) {
    return atomic_load(&server->active);
}

static int server_connected(struct server *server) {
    return gate_count(server->gate);
}

// Until `left` requests are under way, or connections are there, if that comes soon.
static void server_wait_until_quiet(struct server *server, int (*count)(struct server *server), int left,
                                    int wait_ms) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&server->mutex);
    int code = 0;
    while (count(server) > left && code == 0)
        code = pthread_cond_timedwait(&server->quiet, &server->mutex, &until);
    (void)pthread_mutex_unlock(&server->mutex);
}

// No new connections; then those who wait or are slow, while their connections still stand; then the threads.
static void server_stop_daemon(struct server *server, bool hands_over) {
    server->hands_over = hands_over;
    atomic_store(&server->stopping, true);
    gate_close(server->gate);
    waiters_stop(server->waiters);
    streams_stop(server->streams);
    server_wait_until_quiet(server, server_active, 0, SERVER_STOP_WAIT_MS);
    // Who has connected and not asked yet is about to; who keeps an idle connection is not.
    if (hands_over)
        server_wait_until_quiet(server, server_connected, 0, SERVER_HAND_OVER_MS);
    slow_lane_stop(server->slow);
    slow_lane_stop(server->bulk);
    // who reads no more of a stream had his time
    server_wait_until_quiet(server, server_active, streams_count(server->streams), SERVER_STOP_WAIT_MS);
    MHD_stop_daemon(server->daemon);
}

static void server_end(struct server **server, bool hands_over) {
    struct server *s = *server;
    if (s == NULL)
        return;
    if (s->daemon != NULL)
        server_stop_daemon(s, hands_over);
    gate_free(&s->gate);
    waiters_free(&s->waiters);
    slow_lane_free(&s->slow);
    slow_lane_free(&s->bulk);
    teller_free(&s->teller);
    follow_free(&s->follow);
    streams_free(&s->streams);
    for (int i = 0; i < SERVER_THREADS; i++) {
        worker_free(&s->workers[i]);
        reply_shelf_clear(&s->shelves[i]);
    }
    routes_free(&s->routes);
    (void)pthread_cond_destroy(&s->quiet);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
    *server = NULL;
}

void server_stop(struct server **server) {
    server_end(server, false);
}

void server_stop_for_next(struct server **server) {
    server_end(server, true);
}
