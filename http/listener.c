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
#include <unistd.h>

enum { HOST_SIZE = 64, PORT_SIZE = 16 };

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
                         "listen address \"%s\": expected HOST:PORT, such as 127.0.0.1:8080", listen_at);
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
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int cause = errno;
    (void)close(fd);
    errno = cause;
    return -1;
}

static int listener_read_address(int fd, char *ret, struct error *error) {
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    char host[HOST_SIZE];
    char port[PORT_SIZE];
    if (getsockname(fd, (struct sockaddr *)&name, &size) < 0 ||
        getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot read the address that is listened on");
    if (name.ss_family == AF_INET6)
        (void)snprintf(ret, LISTENER_ADDRESS_SIZE, "[%s]:%s", host, port);
    else
        (void)snprintf(ret, LISTENER_ADDRESS_SIZE, "%s:%s", host, port);
    return 0;
}

int listener_open(const char *listen_at, int *ret, char ret_address[LISTENER_ADDRESS_SIZE],
                  struct error *error) {
    char host[HOST_SIZE];
    const char *port = NULL;
    if (listener_split_address(listen_at, host, sizeof host, &port, error) != 0)
        return -1;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    CLEANUP(listener_free_addresses) struct addrinfo *addresses = NULL;
    int code = getaddrinfo(host, port, &hints, &addresses);
    if (code != 0)
        return error_set(error, ERROR_USAGE, "listen address \"%s\": %s", listen_at, gai_strerror(code));
    int fd = listener_open_socket(addresses);
    if (fd < 0)
        return error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s", listen_at, strerror(errno));
    if (listener_read_address(fd, ret_address, error) != 0) {
        (void)close(fd);
        return -1;
    }
    *ret = fd;
    return 0;
}
