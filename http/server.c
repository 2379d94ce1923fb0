#include "http/server.h"

#include "http/routes.h"
#include "http/waiters.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ADDRESS_SIZE = 128, FILES_BESIDE_CONNECTIONS = 256, TARGET_COPY_MAX = TARGET_SIZE_MAX + 1 };

struct server {
    struct MHD_Daemon *daemon;
    struct routes *routes;
    struct waiters *waiters;
    struct worker *workers[SERVER_THREADS];
    struct worker *idle[SERVER_THREADS]; // a stack: the warmest is taken first
    int idle_count;
    pthread_mutex_t mutex; // of the idle workers and of `active`
    pthread_cond_t quiet;
    int active; // requests that were begun and not completed
    _Atomic bool stopping;
    int listener;
    char address[ADDRESS_SIZE];
};

enum stage {
    STAGE_HEADERS, // the request's headers are there
    STAGE_BODY,    // what a client sends after them is passed over
    STAGE_WAITING, // suspended, or resumed and to be answered again
};

// What a connection keeps from request to request, so that a request allocates nothing of its own.
struct connection {
    struct waiter waiter; // first: the waiters know no more
    struct server *server;
    struct MHD_Connection *connection;
    enum stage stage;
    bool counted; // in server->active
    size_t body_size;
    size_t target_size;
    char target[TARGET_COPY_MAX]; // one byte more than allowed is enough to know that it is too long
};

// --- requests

static void count_begun(struct connection *connection) {
    struct server *server = connection->server;
    (void)pthread_mutex_lock(&server->mutex);
    server->active++;
    (void)pthread_mutex_unlock(&server->mutex);
    connection->counted = true;
}

static void on_completed(void *self, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode how) {
    (void)self, (void)mhd, (void)how;
    struct connection *connection = *request;
    if (connection == NULL || !connection->counted)
        return;
    struct server *server = connection->server;
    connection->counted = false;
    (void)pthread_mutex_lock(&server->mutex);
    if (--server->active == 0)
        (void)pthread_cond_signal(&server->quiet);
    (void)pthread_mutex_unlock(&server->mutex);
}

static void on_connection(void *self, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*context);
        *context = NULL;
        return;
    }
    struct connection *connection = malloc(sizeof *connection);
    if (connection != NULL) {
        connection->server = self;
        connection->connection = mhd;
        connection->counted = false;
    }
    *context = connection;
}

// The target as it came: the library would decode it more leniently than we do. What this returns is the
// request's.
static void *on_target(void *self, const char *target, struct MHD_Connection *mhd) {
    (void)self;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info != NULL ? info->socket_context : NULL;
    if (connection == NULL)
        return NULL;
    connection->stage = STAGE_HEADERS;
    connection->body_size = 0;
    connection->target_size = strnlen(target, TARGET_COPY_MAX);
    memcpy(connection->target, target, connection->target_size);
    return connection;
}

// The library need not decode what nobody reads.
static size_t leave_encoded(void *self, struct MHD_Connection *mhd, char *text) {
    (void)self, (void)mhd;
    return strlen(text);
}

static struct worker *take_worker(struct server *server) {
    (void)pthread_mutex_lock(&server->mutex);
    struct worker *worker = server->idle[--server->idle_count]; // as many as threads: one is always there
    (void)pthread_mutex_unlock(&server->mutex);
    return worker;
}

static void give_worker(struct server *server, struct worker *worker) {
    (void)pthread_mutex_lock(&server->mutex);
    server->idle[server->idle_count++] = worker;
    (void)pthread_mutex_unlock(&server->mutex);
}

static void add_header(struct MHD_Response *mhd, const char *name, const char *value) {
    // Out of memory here costs a header, not the answer.
    (void)MHD_add_response_header(mhd, name, value);
}

static void add_headers(struct MHD_Response *mhd, const struct server *server,
                        const struct response *response) {
    if (response->content_type != NULL)
        add_header(mhd, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
    if (response->etag[0] != '\0') {
        add_header(mhd, MHD_HTTP_HEADER_ETAG, response->etag);
        add_header(mhd, MHD_HTTP_HEADER_VARY, "Accept");
    }
    add_header(mhd, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (response->allow != NULL)
        add_header(mhd, MHD_HTTP_HEADER_ALLOW, response->allow);
    if (response->retry)
        add_header(mhd, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (atomic_load_explicit(&server->stopping, memory_order_relaxed))
        add_header(mhd, MHD_HTTP_HEADER_CONNECTION, "close");
    const char *end = response->headers.data + response->headers.size;
    for (const char *name = response->headers.data; name < end;) {
        const char *value = name + strlen(name) + 1;
        add_header(mhd, name, value);
        name = value + strlen(value) + 1;
    }
}

// The body's memory goes to the library, which frees it when it has been sent.
static enum MHD_Result send_response(struct connection *connection, struct response *response) {
    struct MHD_Response *mhd = NULL;
    if (response->body.failed)
        return MHD_NO;
    if (response->body.size == 0)
        mhd = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    else
        mhd =
            MHD_create_response_from_buffer(response->body.size, response->body.data, MHD_RESPMEM_MUST_FREE);
    if (mhd == NULL)
        return MHD_NO;
    if (response->body.size > 0)
        response->body = (struct buffer){0};
    add_headers(mhd, connection->server, response);
    enum MHD_Result result = MHD_queue_response(connection->connection, (unsigned)response->status, mhd);
    MHD_destroy_response(mhd);
    return result;
}

static void suspend(struct waiter *waiter) {
    MHD_suspend_connection(((struct connection *)waiter)->connection);
}

static void resume(struct waiter *waiter) {
    MHD_resume_connection(((struct connection *)waiter)->connection);
}

static struct span header_value(struct connection *connection, const char *name) {
    return span_of(MHD_lookup_connection_value(connection->connection, MHD_HEADER_KIND, name));
}

static enum MHD_Result answer(struct connection *connection, const char *method) {
    struct server *server = connection->server;
    CLEANUP(response_free) struct response response = {0};
    struct request request = {
        .method = span_of(method),
        .target = {connection->target, connection->target_size},
        .accept = header_value(connection, MHD_HTTP_HEADER_ACCEPT),
        .if_none_match = header_value(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
    };
    if (connection->stage == STAGE_WAITING)
        request.waited = connection->waiter.expired ? WAITED_EXPIRED : WAITED_REACHED;
    if (request.waited == WAITED_EXPIRED && atomic_load(&server->stopping)) {
        routes_stopping(server->routes, &response);
        return send_response(connection, &response);
    }
    struct worker *worker = take_worker(server);
    enum routes_result result = routes_answer(worker, &request, &response, &connection->waiter.wait);
    give_worker(server, worker);
    if (result == ROUTES_WAIT) {
        connection->stage = STAGE_WAITING;
        if (waiters_add(server->waiters, &connection->waiter, suspend))
            return MHD_YES;
        routes_stopping(server->routes, &response);
    }
    return send_response(connection, &response);
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size,
                                  void **context) {
    (void)self, (void)mhd, (void)url, (void)version, (void)upload;
    struct connection *connection = *context;
    if (connection == NULL)
        return MHD_NO;
    if (connection->stage == STAGE_HEADERS) {
        count_begun(connection);
        connection->stage = STAGE_BODY;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        connection->body_size += *upload_size;
        *upload_size = 0;
        return connection->body_size <= SERVER_REQUEST_BODY_MAX ? MHD_YES : MHD_NO;
    }
    return answer(connection, method);
}

__attribute__((format(printf, 2, 0))) static void on_library_log(void *self, const char *format,
                                                                 va_list args) {
    (void)self;
    char line[512];
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("http: %s", line);
}

// --- listening

// "127.0.0.1:8080", "[::1]:8080", ":8080" = 127.0.0.1.
static int split_address(const char *listen_at, char *host, size_t host_size, const char **ret_port,
                         struct error *error) {
    const char *colon = strrchr(listen_at, ':');
    const char *start = listen_at;
    size_t size = colon != NULL ? (size_t)(colon - listen_at) : 0;
    if (size >= 2 && start[0] == '[' && start[size - 1] == ']') {
        start++;
        size -= 2;
    } else if (memchr(start, ':', size) != NULL) {
        colon = NULL;
    }
    if (colon == NULL || colon[1] == '\0' || size >= host_size)
        return error_set(error, ERROR_USAGE,
                         "listen address \"%s\": expected HOST:PORT, such as 127.0.0.1:8080", listen_at);
    (void)snprintf(host, host_size, "%.*s", (int)size, size > 0 ? start : "");
    if (size == 0)
        (void)snprintf(host, host_size, "127.0.0.1");
    *ret_port = colon + 1;
    return 0;
}

static void free_addresses(struct addrinfo **addresses) {
    if (*addresses != NULL)
        freeaddrinfo(*addresses);
}

static int open_socket(const struct addrinfo *address) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    const int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int cause = errno;
    (void)close(fd);
    errno = cause;
    return -1;
}

static int read_address(struct server *server, struct error *error) {
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    char host[ADDRESS_SIZE / 2];
    char port[16];
    if (getsockname(server->listener, (struct sockaddr *)&name, &size) < 0 ||
        getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot read the address that is listened on");
    if (name.ss_family == AF_INET6)
        (void)snprintf(server->address, sizeof server->address, "[%s]:%s", host, port);
    else
        (void)snprintf(server->address, sizeof server->address, "%s:%s", host, port);
    return 0;
}

static int open_listener(struct server *server, const char *listen_at, struct error *error) {
    char host[ADDRESS_SIZE / 2];
    const char *port;
    if (split_address(listen_at, host, sizeof host, &port, error) < 0)
        return -1;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    CLEANUP(free_addresses) struct addrinfo *addresses = NULL;
    int code = getaddrinfo(host, port, &hints, &addresses);
    if (code != 0)
        return error_set(error, ERROR_USAGE, "listen address \"%s\": %s", listen_at, gai_strerror(code));
    server->listener = open_socket(addresses);
    if (server->listener < 0)
        return error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s", listen_at, strerror(errno));
    return read_address(server, error);
}

// --- start and stop

// A connection is a file: without this a usual limit of 1024 would be met before ours.
static void raise_file_limit(void) {
    struct rlimit limit;
    const rlim_t wanted = SERVER_CONNECTIONS_MAX + FILES_BESIDE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_workers(struct server *server, struct error *error) {
    for (int i = 0; i < SERVER_THREADS; i++) {
        if (worker_new(&server->workers[i], server->routes, error) < 0)
            return -1;
        server->idle[server->idle_count++] = server->workers[i];
    }
    return 0;
}

static int start_daemon(struct server *server, struct error *error) {
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server,
        // first, so that what the others say of themselves is logged
        MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL, MHD_OPTION_LISTEN_SOCKET, server->listener,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVER_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)SERVER_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE_TIMEOUT_S,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded,
        NULL, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (server->daemon == NULL)
        return error_set(error, ERROR_SYSTEM, "cannot start the HTTP server on %s", server->address);
    return 0;
}

static struct server *new_server(void) {
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    server->listener = -1;
    (void)pthread_mutex_init(&server->mutex, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->quiet, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return server;
}

int server_start(struct server **ret, const struct server_config *config, struct error *error) {
    CLEANUP(server_stop) struct server *server = new_server();
    if (server == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    const struct routes_config routes = {
        .db = config->db,
        .catalog = config->catalog,
        .progress = config->progress,
        .version = config->version,
    };
    raise_file_limit();
    if (open_listener(server, config->listen, error) < 0 || routes_new(&server->routes, &routes, error) < 0 ||
        open_workers(server, error) < 0 ||
        waiters_new(&server->waiters, config->db, config->catalog, config->progress, resume, error) < 0 ||
        start_daemon(server, error) < 0)
        return -1;
    *ret = server;
    server = NULL;
    return 0;
}

const char *server_address(const struct server *server) {
    return server->address;
}

static void wait_until_quiet(struct server *server) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SERVER_STOP_WAIT_MS / 1000;
    (void)pthread_mutex_lock(&server->mutex);
    int code = 0;
    while (server->active > 0 && code == 0)
        code = pthread_cond_timedwait(&server->quiet, &server->mutex, &until);
    (void)pthread_mutex_unlock(&server->mutex);
}

// No new connections; then those who wait, while their connections still stand; then the threads.
static void stop_daemon(struct server *server) {
    atomic_store(&server->stopping, true);
    (void)MHD_quiesce_daemon(server->daemon); // the listener is ours again, to be closed after the threads
    waiters_stop(server->waiters);
    wait_until_quiet(server);
    for (int i = 0; i < SERVER_THREADS; i++)
        reader_interrupt(worker_reader(server->workers[i]));
    MHD_stop_daemon(server->daemon);
}

void server_stop(struct server **server) {
    struct server *s = *server;
    if (s == NULL)
        return;
    if (s->daemon != NULL)
        stop_daemon(s);
    waiters_free(&s->waiters);
    for (int i = 0; i < SERVER_THREADS; i++)
        worker_free(&s->workers[i]);
    routes_free(&s->routes);
    if (s->listener >= 0)
        (void)close(s->listener);
    (void)pthread_cond_destroy(&s->quiet);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
    *server = NULL;
}
