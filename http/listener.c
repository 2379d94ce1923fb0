#include "http/listener.h"

#include "views/base/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HOST_SIZE = 64, PORT_SIZE = 16 };

#define UNIX_PREFIX "unix:"

// getaddrinfo takes any number and cuts it to 16 bits.
static bool listener_is_port(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && text[digits] == '\0' && strtol(text, NULL, 10) <= UINT16_MAX;
}

// "127.0.0.1:8080", "[::1]:8080", ":8080" = 127.0.0.1.
static int listener_split_address(const char *listen_at, char *host, size_t host_size, const char **ret_port,
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
    if (colon == NULL || !listener_is_port(colon + 1) || size >= host_size)
        return error_set(error, ERROR_USAGE,
                         "listen address \"%s\": expected HOST:PORT, such as 127.0.0.1:8080, or unix:/path",
                         listen_at);
    (void)snprintf(host, host_size, "%.*s", (int)size, size > 0 ? start : "");
    if (size == 0)
        (void)snprintf(host, host_size, "127.0.0.1");
    *ret_port = colon + 1;
    return 0;
}

static void listener_free_addresses(struct addrinfo **addresses) {
    if (*addresses != NULL)
        freeaddrinfo(*addresses);
}

static int listener_open_socket(const struct addrinfo *address) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    const int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    int cause = errno;
    (void)close(fd);
    errno = cause;
    return -1;
}

static bool listener_is_loopback(const struct sockaddr_storage *name) {
    if (name->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)name)->sin_addr.s_addr) >> 24 == 127;
    const struct in6_addr *address = &((const struct sockaddr_in6 *)(const void *)name)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static int listener_read_address(struct listener *listener, struct error *error) {
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    char host[HOST_SIZE];
    char port[PORT_SIZE];
    if (getsockname(listener->fd, (struct sockaddr *)&name, &size) < 0 ||
        getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot read the address that is listened on");
    listener->kind = listener_is_loopback(&name) ? LISTENER_LOOPBACK : LISTENER_NETWORK;
    (void)snprintf(listener->address, sizeof listener->address,
                   name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

// Says what to do about the causes that users meet.
static int listener_refused(const char *where, int cause, struct error *error) {
    const char *advice = cause == EADDRINUSE ? "; end the process that has it, or give another --listen"
                         : cause == EADDRNOTAVAIL
                             ? "; this machine has no such address: give one of its own to --listen"
                         : cause == EACCES ? "; give a port of 1024 or more to --listen"
                                           : "";
    return error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s%s", where, strerror(cause), advice);
}

static int listener_open_tcp(struct listener *listener, const char *listen_at, struct error *error) {
    char host[HOST_SIZE];
    const char *port = NULL;
    if (listener_split_address(listen_at, host, sizeof host, &port, error) != 0)
        return -1;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    CLEANUP(listener_free_addresses) struct addrinfo *addresses = NULL;
    int code = getaddrinfo(host, port, &hints, &addresses);
    if (code != 0)
        return error_set(error, ERROR_USAGE, "listen address \"%s\": %s", listen_at, gai_strerror(code));
    listener->fd = listener_open_socket(addresses);
    if (listener->fd < 0)
        return listener_refused(listen_at, errno, error);
    return listener_read_address(listener, error);
}

// What is left of a process that was killed goes; what somebody listens on, and what is no socket, stays.
static int listener_clear_path(const struct sockaddr_un *name, struct error *error) {
    struct stat there;
    if (lstat(name->sun_path, &there) < 0)
        return errno == ENOENT ? 0
                               : error_set(error, ERROR_SYSTEM, "%s: %s", name->sun_path, strerror(errno));
    if (!S_ISSOCK(there.st_mode))
        return error_set(error, ERROR_SYSTEM, "cannot listen on %s: it is there and is no socket",
                         name->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_set(error, ERROR_SYSTEM, "cannot make a socket: %s", strerror(errno));
    bool stale = connect(fd, (const struct sockaddr *)name, sizeof *name) < 0 && errno == ECONNREFUSED;
    (void)close(fd);
    if (!stale)
        return error_set(error, ERROR_SYSTEM, "cannot listen on %s: another process does", name->sun_path);
    return unlink(name->sun_path) == 0 || errno == ENOENT
               ? 0
               : error_set(error, ERROR_SYSTEM, "cannot remove %s, which nobody listens on: %s",
                           name->sun_path, strerror(errno));
}

// The socket has its mode before its file is there, so that it is never wider.
static int listener_bind_path(struct listener *listener, const struct sockaddr_un *name, mode_t mode) {
    struct stat made;
    if (fchmod(listener->fd, mode) < 0 ||
        bind(listener->fd, (const struct sockaddr *)name, sizeof *name) < 0 ||
        lstat(name->sun_path, &made) < 0)
        return -1;
    listener->device = made.st_dev;
    listener->inode = made.st_ino;
    return chmod(name->sun_path, mode);
}

static int listener_open_unix(struct listener *listener, const char *path, mode_t mode, struct error *error) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof name.sun_path)
        return error_set(error, ERROR_USAGE,
                         "listen address \"" UNIX_PREFIX "%s\": a path of 1 to %zu bytes is needed", path,
                         sizeof name.sun_path - 1);
    memcpy(name.sun_path, path, size);
    if (listener_clear_path(&name, error) != 0)
        return -1;
    listener->kind = LISTENER_UNIX;
    (void)snprintf(listener->address, sizeof listener->address, UNIX_PREFIX "%s", path);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0 || listener_bind_path(listener, &name, mode) < 0)
        return error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s", path, strerror(errno));
    return 0;
}

int listener_open(struct listener *ret, const char *listen_at, mode_t mode, struct error *error) {
    const size_t prefix = sizeof UNIX_PREFIX - 1;
    *ret = (struct listener){.fd = -1};
    int result = strncmp(listen_at, UNIX_PREFIX, prefix) == 0
                     ? listener_open_unix(ret, listen_at + prefix, mode, error)
                     : listener_open_tcp(ret, listen_at, error);
    if (result != 0)
        listener_close(ret);
    return result;
}

int listener_listen(const struct listener *listener, struct error *error) {
    if (listen(listener->fd, SOMAXCONN) == 0)
        return 0;
    return listener_refused(listener->address, errno, error);
}

void listener_close(struct listener *listener) {
    const char *path = listener->address + sizeof UNIX_PREFIX - 1;
    struct stat there;
    if (listener->kind == LISTENER_UNIX && listener->inode != 0 && lstat(path, &there) == 0 &&
        there.st_ino == listener->inode && there.st_dev == listener->device)
        (void)unlink(path);
    if (listener->fd >= 0)
        (void)close(listener->fd);
    *listener = (struct listener){.fd = -1};
}
