#define _GNU_SOURCE // memmem
#include "consumer/status/ask.h"

#include "consumer/status/secure.h"
#include "views/base/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int ask_refuse_url(const char *url, struct error *error) {
    return error_set(error, ERROR_USAGE,
                     "--url %s: expected http://HOST:PORT, https://HOST:PORT or unix:/PATH", url);
}

static int ask_parse_path(struct ask_server *ret, const char *url, struct error *error) {
    const char *path = url + strlen("unix:");
    if (path[0] == '\0' || strlen(path) >= sizeof ret->path)
        return ask_refuse_url(url, error);
    memcpy(ret->path, path, strlen(path) + 1);
    (void)snprintf(ret->host, sizeof ret->host, "localhost");
    return 0;
}

int ask_parse(struct ask_server *ret, const char *url, struct error *error) {
    static const char plain[] = "http://";
    static const char secure[] = "https://";
    *ret = (struct ask_server){.port = "80"};
    if (strncmp(url, "unix:", 5) == 0)
        return ask_parse_path(ret, url, error);
    const char *host = url;
    if (strncmp(url, plain, sizeof plain - 1) == 0) {
        host += sizeof plain - 1;
    } else if (strncmp(url, secure, sizeof secure - 1) == 0) {
        host += sizeof secure - 1;
        ret->tls = true;
        (void)snprintf(ret->port, sizeof ret->port, "443");
    }
    bool bracketed = host[0] == '[';
    host += bracketed;
    size_t size = strcspn(host, bracketed ? "]" : ":/");
    const char *rest = host + size;
    if (bracketed && *rest++ != ']')
        return ask_refuse_url(url, error);
    if (size == 0 || size >= sizeof ret->host)
        return ask_refuse_url(url, error);
    memcpy(ret->host, host, size);
    size_t digits = rest[0] == ':' ? strspn(rest + 1, "0123456789") : 0;
    if (rest[0] == ':' && (digits == 0 || digits > 5))
        return ask_refuse_url(url, error);
    if (digits > 0) {
        memcpy(ret->port, rest + 1, digits);
        ret->port[digits] = '\0';
        rest += digits + 1;
    }
    return rest[0] == '\0' || strcmp(rest, "/") == 0 ? 0 : ask_refuse_url(url, error);
}

struct ask_connection {
    int fd;
    struct secure *secure; // NULL = without TLS
};

static void ask_end(struct ask_connection *connection) {
    secure_close(&connection->secure);
    if (connection->fd >= 0)
        (void)close(connection->fd);
}

static void ask_close(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
}

static int ask_open(int family) {
    const struct timeval longest = {.tv_sec = ASK_TIMEOUT_MS / 1000};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    }
    return fd;
}

static int ask_connect_path(const struct ask_server *server, int *ret, struct error *error) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, server->path, sizeof name.sun_path);
    *ret = ask_open(AF_UNIX);
    if (*ret >= 0 && connect(*ret, (const struct sockaddr *)&name, sizeof name) == 0)
        return 0;
    return error_set(error, ERROR_SYSTEM, "unix:%s does not answer: %s", server->path, strerror(errno));
}

static int ask_connect(const struct ask_server *server, int *ret, struct error *error) {
    if (server->path[0] != '\0')
        return ask_connect_path(server, ret, error);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    int code = getaddrinfo(server->host, server->port, &hints, &addresses);
    if (code != 0)
        return error_set(error, ERROR_SYSTEM, "%s: %s", server->host, gai_strerror(code));
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        ask_close(ret);
        *ret = ask_open(at->ai_family);
        if (*ret >= 0 && connect(*ret, at->ai_addr, at->ai_addrlen) == 0) {
            freeaddrinfo(addresses);
            return 0;
        }
    }
    int cause = errno;
    freeaddrinfo(addresses);
    return error_set(error, ERROR_SYSTEM, "%s:%s does not answer: %s", server->host, server->port,
                     cause == EINPROGRESS ? "no connection in time" : strerror(cause));
}

static ssize_t ask_send_some(const struct ask_connection *to, const char *data, size_t size,
                             struct error *error) {
    if (to->secure != NULL)
        return secure_send(to->secure, data, size, error);
    ssize_t sent = send(to->fd, data, size, MSG_NOSIGNAL);
    return sent > 0 ? sent : error_set(error, ERROR_SYSTEM, "the connection was lost: %s", strerror(errno));
}

static int ask_send(const struct ask_connection *to, const struct buffer *request, struct error *error) {
    for (size_t at = 0; at < request->size;) {
        ssize_t sent = ask_send_some(to, request->data + at, request->size - at, error);
        if (sent < 0)
            return -1;
        at += (size_t)sent;
    }
    return 0;
}

static ssize_t ask_receive_some(const struct ask_connection *from, char *ret, size_t size,
                                struct error *error) {
    if (from->secure != NULL)
        return secure_receive(from->secure, ret, size, error);
    ssize_t got = recv(from->fd, ret, size, 0);
    return got >= 0 ? got : error_set(error, ERROR_SYSTEM, "no answer in time: %s", strerror(errno));
}

// Where the body begins, 0 = the headers are not there whole.
static size_t ask_body(const struct buffer *answer) {
    const char *end = answer->size > 0 ? memmem(answer->data, answer->size, "\r\n\r\n", 4) : NULL;
    return end != NULL ? (size_t)(end - answer->data) + 4 : 0;
}

static int ask_receive(const struct ask_connection *from, bool first_line, struct buffer *answer,
                       struct error *error) {
    char piece[16384];
    for (;;) {
        size_t body = first_line ? ask_body(answer) : 0;
        if (body > 0 && memchr(answer->data + body, '\n', answer->size - body) != NULL)
            return 0;
        ssize_t got = ask_receive_some(from, piece, sizeof piece, error);
        if (got <= 0)
            return (int)got;
        buffer_append(answer, piece, (size_t)got);
        if (answer->failed)
            return error_set(error, ERROR_INPUT, "the answer has more than %d bytes", ASK_ANSWER_SIZE_MAX);
    }
}

static int ask_take_body(const struct ask_server *server, const struct buffer *answer, const char *target,
                         struct buffer *ret, struct error *error) {
    int status = 0;
    size_t body = ask_body(answer);
    char line[32] = "";
    (void)snprintf(line, sizeof line, "%.*s", (int)(answer->size < 31 ? answer->size : 31),
                   answer->size > 0 ? answer->data : "");
    if (body == 0 || sscanf(line, "HTTP/1.%*d %d", &status) != 1)
        return error_set(error, ERROR_INPUT, "%s: what answers speaks no HTTP; is it tidemark?", target);
    if (status == 401)
        return error_set(
            error, ERROR_INPUT,
            server->token != NULL
                ? "the token of --token-file is not one of this server's: give it the server's file"
                : "a token is needed: give --token-file");
    if (status != 200)
        return error_set(error, ERROR_INPUT, "%s: status %d: %.*s", target, status,
                         (int)(answer->size - body), answer->data + body);
    buffer_append(ret, answer->data + body, answer->size - body);
    buffer_char(ret, '\0');
    return ret->failed ? error_set(error, ERROR_SYSTEM, "out of memory") : 0;
}

int ask_get(const struct ask_server *server, const char *target, bool first_line, struct buffer *ret,
            struct error *error) {
    CLEANUP(ask_end) struct ask_connection connection = {.fd = -1};
    CLEANUP(buffer_free) struct buffer request = {0};
    CLEANUP(buffer_free) struct buffer answer = {.limit = ASK_ANSWER_SIZE_MAX};
    bool six = strchr(server->host, ':') != NULL;
    buffer_format(&request, "GET %s HTTP/1.0\r\nHost: %s%s%s\r\n", target, six ? "[" : "", server->host,
                  six ? "]" : "");
    if (first_line)
        buffer_text(&request, "Accept: application/x-ndjson\r\n");
    if (server->token != NULL)
        buffer_format(&request, "Authorization: Bearer %s\r\n", server->token);
    buffer_text(&request, "\r\n");
    if (request.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (ask_connect(server, &connection.fd, error) != 0 ||
        (server->tls &&
         secure_open(&connection.secure, connection.fd, server->host, server->ca, error) != 0) ||
        ask_send(&connection, &request, error) != 0 ||
        ask_receive(&connection, first_line, &answer, error) != 0)
        return -1;
    return ask_take_body(server, &answer, target, ret, error);
}
