#define _GNU_SOURCE // strcasestr
// The server on real sockets: keep-alive, many clients, thousands that wait, stopping.
#include "tests/unit/reading_fixture.h"

#include "http/endpoint.h"
#include "http/request.h"
#include "http/server.h"
#include "views/base/cleanup.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    REPLY_SIZE = 1 << 16,
// The longest wait that a request may ask for is 30 s. Under ThreadSanitizer, beside other work, 2,000 take as long as that to
// send and to answer.
#ifdef __SANITIZE_THREAD__
    WAITING = 200,
#else
    WAITING = 2000,
#endif
};

struct state {
    struct fixture fixture;
    struct endpoint *endpoint;
    struct server *server;
    struct sockaddr_in address;
};

struct reply {
    int status;
    size_t head; // bytes of status line and headers
    size_t size; // of all
    char text[REPLY_SIZE];
};

// The system's own, but for the next ones, which find no descriptor free.
static atomic_int accepts_without_file;

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags) {
    int (*real)(int, struct sockaddr *, socklen_t *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "accept4");
    if (atomic_load(&accepts_without_file) > 0) {
        atomic_fetch_sub(&accepts_without_file, 1);
        errno = EMFILE;
        return -1;
    }
    return real(listener, address, size, flags);
}

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    s = (struct state){0};
    fixture_open(&s.fixture, 10);
    const struct endpoint_config endpoint = {.listen = ":0"};
    fixture_check(endpoint_open(&s.endpoint, &endpoint, &error), &error);
    const struct server_config config = {.endpoint = s.endpoint,
                                         .db = s.fixture.db,
                                         .catalog = s.fixture.catalog,
                                         .progress = s.fixture.progress,
                                         .version = "1.2.3"};
    fixture_check(server_start(&s.server, &config, &error), &error);
    unsigned port = 0;
    assert_int_equal(sscanf(s.endpoint->listener.address, "127.0.0.1:%u", &port), 1);
    s.address.sin_family = AF_INET;
    s.address.sin_port = htons((uint16_t)port);
    s.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    server_stop(&s->server);
    endpoint_free(&s->endpoint);
    fixture_close(&s->fixture);
    return 0;
}

// --- a client

static int connect_client(const struct state *s) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    // Only so that a fault ends the test instead of hanging it.
    const struct timeval longest = {.tv_sec = 30};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&s->address, sizeof s->address), 0);
    return fd;
}

static void send_bytes(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void send_request(int fd, const char *method, const char *target, const char *headers) {
    char text[512];
    int size =
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target, headers);
    assert_true(size > 0 && (size_t)size < sizeof text);
    send_bytes(fd, text, (size_t)size);
}

// One reply, byte by byte as far as its headers, so that the next one stays where it is. False = closed
// without one.
static bool read_reply(int fd, bool has_body, struct reply *reply) {
    *reply = (struct reply){0};
    while (strstr(reply->text, "\r\n\r\n") == NULL) {
        assert_true(reply->size + 1 < sizeof reply->text);
        if (recv(fd, reply->text + reply->size, 1, 0) <= 0)
            return false;
        reply->size++;
    }
    reply->head = reply->size;
    assert_int_equal(sscanf(reply->text, "HTTP/1.1 %d", &reply->status), 1);
    const char *length = strcasestr(reply->text, "\r\nContent-Length: ");
    size_t left = length != NULL && has_body ? strtoul(length + 18, NULL, 10) : 0;
    assert_true(reply->size + left < sizeof reply->text);
    while (left > 0) {
        ssize_t got = recv(fd, reply->text + reply->size, left, 0);
        if (got <= 0)
            return false;
        reply->size += (size_t)got;
        left -= (size_t)got;
    }
    reply->text[reply->size] = '\0';
    return true;
}

static void get(int fd, const char *target, struct reply *reply) {
    send_request(fd, "GET", target, "");
    assert_true(read_reply(fd, true, reply));
}

// --- tests

static void test_keep_alive(void **state) {
    struct state *s = *state;
    static struct reply reply;
    int fd = connect_client(s);
    for (int i = 1; i <= 50; i++) {
        char target[64];
        char wanted[32];
        (void)snprintf(target, sizeof target, "/v1/tables/orders?id=%d", i % 10 + 1);
        (void)snprintf(wanted, sizeof wanted, "\"id\":%d,", i % 10 + 1);
        get(fd, target, &reply);
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.text, wanted));
        assert_non_null(strstr(reply.text, "Content-Type: application/json\r\n"));
    }
    // pipelined
    send_request(fd, "GET", "/healthz", "");
    send_request(fd, "GET", "/nowhere", "");
    send_request(fd, "GET", "/v1/lag", "");
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 200);
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 404);
    assert_non_null(strstr(reply.text, "application/problem+json"));
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 200);
    close(fd);
}

static void test_methods(void **state) {
    struct state *s = *state;
    static struct reply reply;
    int fd = connect_client(s);
    send_request(fd, "HEAD", "/v1/tables/orders?id=1", "");
    assert_true(read_reply(fd, false, &reply));
    assert_int_equal(reply.status, 200);
    assert_null(strstr(reply.text, "Content-Length: 0\r\n"));
    const char *etag = strstr(reply.text, "ETag: ");
    assert_non_null(etag);
    char condition[256];
    (void)snprintf(condition, sizeof condition, "If-None-Match: %.*s\r\n", (int)strcspn(etag + 6, "\r"),
                   etag + 6);
    send_request(fd, "GET", "/v1/tables/orders?id=1", condition);
    assert_true(read_reply(fd, false, &reply));
    assert_int_equal(reply.status, 304);
    send_request(fd, "POST", "/v1/tables/orders", "Content-Length: 5\r\n");
    send_bytes(fd, "hello", 5);
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 405);
    assert_non_null(strstr(reply.text, "Allow: GET, HEAD, OPTIONS\r\n"));
    send_request(fd, "GET", "/v1/views/lab/kinds", "Accept: text/csv\r\n");
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.text, "Tidemark-Lsn: 0/19C00A0\r\n"));
    assert_non_null(strstr(reply.text, "\r\n\r\nid,flag,price"));
    close(fd);
}

static void test_malformed(void **state) {
    struct state *s = *state;
    static struct reply reply;
    static const char *const requests[] = {
        "GET\r\n\r\n",
        "GET /v1/tables/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/tables/orders?id=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET /nothing%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    static const char *const unfinished[] = {"\x16\x03\x01\x02", "\r\n\r\n\r\n", "GET /healthz HTTP/1.1\r\n",
                                             "GET /healthz HTTP/1.1\r\nContent-Length: 9\r\n\r\nhe"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = connect_client(s);
        send_bytes(fd, requests[i], strlen(requests[i]));
        if (read_reply(fd, true, &reply))
            assert_true(reply.status >= 400);
        close(fd);
    }
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++) {
        int fd = connect_client(s);
        send_bytes(fd, unfinished[i], strlen(unfinished[i]));
        close(fd);
    }
    // a client that says all it has to say and closes its side is answered
    int half = connect_client(s);
    send_request(half, "GET", "/healthz", "");
    assert_int_equal(shutdown(half, SHUT_WR), 0);
    assert_true(read_reply(half, true, &reply));
    assert_int_equal(reply.status, 200);
    close(half);
    int fd = connect_client(s);
    char *longest = malloc(TARGET_SIZE_MAX + 2);
    memset(longest, 'a', TARGET_SIZE_MAX + 2);
    send_bytes(fd, "GET /", 5);
    send_bytes(fd, longest, TARGET_SIZE_MAX);
    send_bytes(fd, " HTTP/1.1\r\nHost: localhost\r\n\r\n", 30);
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 414);
    free(longest);
    get(fd, "/healthz", &reply);
    assert_int_equal(reply.status, 200);
    close(fd);
}

// Each answer's rows agree with its position: as many orders as the offset says, while commits go on.
struct client {
    pthread_t thread;
    const struct state *state;
    int answers;
    int wrong;
};
static _Atomic bool done;

static void *run_client(void *self) {
    struct client *client = self;
    struct reply *reply = malloc(sizeof *reply);
    int fd = connect_client(client->state);
    while (!atomic_load(&done) || client->answers < 20) {
        get(fd, "/v1/tables/orders?limit=1000&sku=anvil", reply);
        const char *offset = strstr(reply->text, "{\"" TOPIC "\":[");
        int rows = 0;
        for (const char *at = reply->text; (at = strstr(at, "\"customer_id\":")) != NULL; at++)
            rows++;
        if (reply->status != 200 || offset == NULL || rows != atoi(offset + strlen(TOPIC) + 5))
            client->wrong++;
        client->answers++;
    }
    close(fd);
    free(reply);
    return NULL;
}

static void test_many_clients(void **state) {
    struct state *s = *state;
    enum { CLIENTS = 8, COMMITS = 100 };
    struct client clients[CLIENTS];
    atomic_store(&done, false);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.state = s};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    const struct progress_counters counters = {0};
    for (int i = 0; i < COMMITS; i++) {
        fixture_order(&s->fixture, 11 + i, 100, "paid");
        progress_committed(s->fixture.progress, &counters, 1700000000000);
    }
    atomic_store(&done, true);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        assert_int_equal(clients[i].wrong, 0);
    }
}

// Asks until the metric has come that far; how long that may take is ctest's to say.
static void until_counted(const struct state *s, const char *metric, int count) {
    static struct reply reply;
    int fd = connect_client(s);
    int counted = 0;
    while (counted < count) {
        get(fd, "/metrics", &reply);
        const char *at = strstr(reply.text, metric);
        assert_non_null(at);
        counted = atoi(at + strlen(metric));
    }
    close(fd);
}

static void until_waiting(const struct state *s, int count) {
    until_counted(s, "\ntidemark_http_waits_total ", count);
}

static void commit_order(struct state *s, int64_t id) {
    const struct progress_counters counters = {0};
    fixture_order(&s->fixture, id, 100, "paid");
    progress_committed(s->fixture.progress, &counters, 1700000000000);
}

static void test_waits(void **state) {
    struct state *s = *state;
    static struct reply reply;
    static const char *const targets[] = {
        "/v1/tables/orders?id=11&wait_ms=30000&after_lsn=0/19C00B0",
        "/v1/tables/orders?id=11&wait_ms=30000&after_txid=711",
        "/v1/tables/orders?id=11&wait_ms=30000&after_offset=" TOPIC ":0:10",
        "/v1/views/lab/pages?after=10&wait_ms=30000&after_txid=711&after_lsn=27000993",
    };
    enum { COUNT = sizeof targets / sizeof *targets };
    int fds[COUNT];
    for (int i = 0; i < COUNT; i++) {
        fds[i] = connect_client(s);
        send_request(fds[i], "GET", targets[i], "");
    }
    until_waiting(s, COUNT);
    commit_order(s, 11);
    for (int i = 0; i < COUNT; i++) {
        assert_true(read_reply(fds[i], true, &reply));
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.text, "\"id\":11,"));
        // the connection is as good as new
        get(fds[i], "/v1/tables/orders?id=11&wait_ms=10&after_txid=999", &reply);
        assert_int_equal(reply.status, 504);
        assert_non_null(strstr(reply.text, "\"lsn\":\"0/19C00B0\""));
        get(fds[i], "/healthz", &reply);
        assert_int_equal(reply.status, 200);
        close(fds[i]);
    }
}

static int count_threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(tasks);
    return count;
}

static void test_thousands_wait(void **state) {
    struct state *s = *state;
    static struct reply reply;
    static int fds[WAITING];
    for (int i = 0; i < WAITING; i++) {
        char target[96];
        // Three targets: one that the commit reaches, two that it does not.
        (void)snprintf(target, sizeof target, "/v1/tables/orders?id=11&wait_ms=30000&after_txid=%d",
                       i % 20 == 0 ? 712 : 711);
        fds[i] = connect_client(s);
        send_request(fds[i], "GET", target, "");
    }
    until_waiting(s, WAITING);
    assert_true(count_threads() < 20);
    // Some give up before their answer.
    for (int i = 1; i < WAITING; i += 10)
        close(fds[i]);
    commit_order(s, 11);
    for (int i = 0; i < WAITING; i++) {
        if (i % 10 == 1 || i % 20 == 0)
            continue;
        assert_true(read_reply(fds[i], true, &reply));
        assert_int_equal(reply.status, 200);
        close(fds[i]);
    }
    // The others wait on, until their own commit.
    commit_order(s, 12);
    for (int i = 0; i < WAITING; i += 20) {
        assert_true(read_reply(fds[i], true, &reply));
        assert_int_equal(reply.status, 200);
        close(fds[i]);
    }
}

static void test_stop_while_waiting(void **state) {
    struct state *s = *state;
    static struct reply reply;
    enum { COUNT = 200 };
    int fds[COUNT];
    for (int i = 0; i < COUNT; i++) {
        fds[i] = connect_client(s);
        send_request(fds[i], "GET", "/v1/tables/orders?wait_ms=30000&after_txid=5", "");
    }
    until_waiting(s, COUNT);
    int idle = connect_client(s);
    get(idle, "/healthz", &reply); // so that it has been accepted
    server_stop(&s->server);
    for (int i = 0; i < COUNT; i++) {
        assert_true(read_reply(fds[i], true, &reply));
        assert_int_equal(reply.status, 503);
        assert_non_null(strstr(reply.text, "/problems/stopping"));
        assert_non_null(strstr(reply.text, "Connection: close\r\n"));
        close(fds[i]);
    }
    assert_false(read_reply(idle, true, &reply));
    close(idle);
    // nobody listens any more, and a commit wakes nobody
    endpoint_free(&s->endpoint);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&s->address, sizeof s->address), -1);
    close(fd);
    commit_order(s, 11);
}

// Queries that run for long hold up nobody, whichever thread the others are on; and they end when the server
// stops.
static void test_slow_queries(void **state) {
    struct state *s = *state;
    static struct reply reply;
    enum { SLOW = 4, OTHERS = 20 };
    int slow[SLOW];
    int others[OTHERS];
    for (int i = 0; i < SLOW; i++) {
        slow[i] = connect_client(s);
        send_request(slow[i], "GET", "/v1/views/lab/slow", "");
    }
    for (int i = 0; i < OTHERS; i++)
        others[i] = connect_client(s);
    until_counted(s, "\ntidemark_http_slow_total ", SLOW);
    for (int i = 0; i < OTHERS; i++) {
        get(others[i], "/v1/tables/orders?id=1", &reply);
        assert_int_equal(reply.status, 200);
        close(others[i]);
    }
    server_stop(&s->server);
    for (int i = 0; i < SLOW; i++) {
        assert_true(read_reply(slow[i], true, &reply));
        assert_int_equal(reply.status, 503);
        close(slow[i]);
    }
}

// What was waited for has as much time as any other question: it is slow behind the wait, and only there.
static void test_slow_query_behind_a_wait(void **state) {
    struct state *s = *state;
    static struct reply reply;
    int fd = connect_client(s);
    send_request(fd, "GET", "/v1/views/lab/slow?after=b2k1Ow&wait_ms=30000&after_txid=711", "");
    until_waiting(s, 1);
    int other = connect_client(s);
    get(other, "/metrics", &reply);
    assert_non_null(strstr(reply.text, "\ntidemark_http_slow_total 0\n"));
    close(other);
    commit_order(s, 11);
    until_counted(s, "\ntidemark_http_slow_total ", 1);
    server_stop(&s->server);
    assert_true(read_reply(fd, true, &reply));
    close(fd);
}

// The queries of clients that have gone are ended, those in the queue are never begun: another's is served.
static void test_slow_queries_of_clients_that_go(void **state) {
    struct state *s = *state;
    enum { GONE = 12 };
    int gone[GONE];
    for (int i = 0; i < GONE; i++) {
        gone[i] = connect_client(s);
        send_request(gone[i], "GET", i % 2 == 0 ? "/v1/views/lab/slow" : "/v1/views/lab/slow?limit=5", "");
    }
    until_counted(s, "\ntidemark_http_slow_total ", GONE);
    for (int i = 0; i < GONE; i++)
        close(gone[i]);
    until_counted(s, "\ntidemark_http_refused_total{reason=\"client_gone\"} ", GONE);
    static struct reply reply;
    int fd = connect_client(s);
    get(fd, "/v1/tables/orders?limit=all", &reply);
    assert_int_equal(reply.status, 200);
    close(fd);
}

// Reads until `text` has come, then closes nothing: the answer has no end of its own.
static void read_until(int fd, struct reply *reply, const char *text) {
    while (strstr(reply->text, text) == NULL) {
        assert_true(reply->size + 1 < sizeof reply->text);
        ssize_t got = recv(fd, reply->text + reply->size, sizeof reply->text - reply->size - 1, 0);
        assert_true(got > 0);
        reply->size += (size_t)got;
        reply->text[reply->size] = '\0';
    }
}

static void test_live(void **state) {
    struct state *s = *state;
    static struct reply reply;
    static struct reply lines;
    reply = lines = (struct reply){0};
    int fd = connect_client(s);
    int other = connect_client(s);
    int head = connect_client(s);
    send_request(head, "HEAD", "/v1/live", "");
    assert_true(read_reply(head, false, &reply));
    assert_non_null(strstr(reply.text, "Content-Type: text/event-stream\r\n"));
    assert_null(strstr(reply.text, "Content-Length"));
    assert_false(read_reply(head, false, &reply)); // and nothing follows
    close(head);
    head = connect_client(s);
    get(head, "/v1/live?x=1", &reply);
    assert_int_equal(reply.status, 400);
    reply = (struct reply){0};
    send_request(fd, "GET", "/v1/live", "");
    send_request(other, "GET", "/v1/live", "Accept: application/x-ndjson\r\n");
    read_until(fd, &reply, "\"history\":[");
    assert_non_null(strstr(reply.text, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(reply.text, "retry: 2000\nevent: live\nid: 0/19C00A0-1-"));
    assert_non_null(strstr(reply.text, "\"state\":\"starting\",\"ready\":false"));
    read_until(other, &lines, "\"history\":[");
    assert_non_null(strstr(lines.text, "Content-Type: application/x-ndjson\r\n"));
    assert_null(strstr(lines.text, "event: live"));
    until_counted(s, "\ntidemark_http_streams ", 2);
    progress_set_state(s->fixture.progress, STATE_HALTED, "a person is needed");
    read_until(fd, &reply, "\"state\":\"halted\",\"ready\":false,\"reason\":\"a person is needed\"");
    close(other);
    server_stop(&s->server);
    read_until(fd, &reply, "}\n\n\r\n0\r\n");
    close(fd);
    close(head);
}

// One who does not read holds up nobody for long, the end of the server neither.
static void test_live_unread(void **state) {
    struct state *s = *state;
    static struct reply reply;
    reply = (struct reply){0};
    int unread = connect_client(s);
    int fd = connect_client(s);
    send_request(unread, "GET", "/v1/live", "");
    send_request(fd, "GET", "/v1/live", "");
    read_until(fd, &reply, "\"history\":[");
    commit_order(s, 11);
    read_until(fd, &reply, "id: 0/19C00B0-2-");
    server_stop(&s->server);
    close(unread);
    close(fd);
}

static void expect_start_error(struct state *s, const char *listen_at, const char *db, enum error_kind kind,
                               const char *names) {
    struct error error = {0};
    struct server *server = NULL;
    CLEANUP(endpoint_free) struct endpoint *endpoint = NULL;
    const struct endpoint_config listen_config = {.listen = listen_at};
    const struct server_config config = {
        .db = db, .catalog = s->fixture.catalog, .progress = s->fixture.progress, .version = "1.2.3"};
    struct server_config with_endpoint = config;
    int result = endpoint_open(&endpoint, &listen_config, &error);
    with_endpoint.endpoint = endpoint;
    if (result == 0)
        result = server_start(&server, &with_endpoint, &error);
    assert_int_equal(result, -1);
    assert_null(server);
    assert_int_equal(error.kind, kind);
    if (strstr(error.message, names) == NULL)
        fail_msg("\"%s\" does not name \"%s\"", error.message, names);
}

// Who comes while the process has no descriptor left waits, and is answered when there are some again.
static void test_no_descriptor_is_left(void **state) {
    struct state *s = *state;
    static struct reply reply;
    int before = connect_client(s);
    get(before, "/healthz", &reply);
    assert_int_equal(reply.status, 200);
    atomic_store(&accepts_without_file, 5);
    int fd = connect_client(s);
    send_request(fd, "GET", "/healthz", "");
    get(before, "/healthz", &reply); // who is there is served
    assert_int_equal(reply.status, 200);
    assert_true(read_reply(fd, true, &reply));
    assert_int_equal(reply.status, 200);
    assert_int_equal(atomic_load(&accepts_without_file), 0);
    close(before);
    close(fd);
}

static void test_start_errors(void **state) {
    struct state *s = *state;
    static const char *const addresses[] = {
        "", "8080", "127.0.0.1:", "::1:8080", "127.0.0.1:x", "1.2.3.4.5:80"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        expect_start_error(s, addresses[i], s->fixture.db, ERROR_USAGE, "listen address");
    expect_start_error(s, s->endpoint->listener.address, s->fixture.db, ERROR_SYSTEM, "in use");
    expect_start_error(s, ":0", "/nonexistent/file.db", ERROR_STORE, "/nonexistent/file.db");
}

static int raise_file_limit(void **state) {
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_cur > 2 * WAITING + 100);
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keep_alive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_clients, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_thousands_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_while_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_queries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_query_behind_a_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_queries_of_clients_that_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_unread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_descriptor_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_start_errors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, raise_file_limit, NULL);
}
