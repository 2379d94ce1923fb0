#!/bin/sh
# libmicrohttpd 0.9.75 (Debian 12): a HEAD whose answer has no known size is followed by the last chunk, which the next answer begins with.
#
# An answer that a callback gives piece by piece (MHD_create_response_from_callback, MHD_SIZE_UNKNOWN: event streams, exports) is sent
# in chunks. Queued for a HEAD, as its manual has it ("MHD will not send the body"), its headers are right, and no piece is asked for, but
# `0\r\n\r\n` is sent behind them: a body of which RFC 9110, 9.3.2 has none. The connection is kept, and a client that goes on with it,
# as health checks and proxies do, reads these five bytes where the status of its next answer is to be.
# What to do: MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END) for HEAD: no chunks, and the
# connection ends. An empty buffer in its place says `Content-Length: 0`, which GET does not.
#
# Seen (2026-11-30), what comes behind the headers of the HEAD, and then of a GET on the same connection:
#   0.9.75 plain: 0|| then HTTP/1.1 200 OK
#   0.9.75 strict:  then nothing
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download libmicrohttpd12=0.9.75-6 libmicrohttpd-dev=0.9.75-6
for package in *.deb; do dpkg -x "$package" root; done
library=$(dirname "$(find "$PWD/root" -name 'libmicrohttpd.so.12')")
cat >look.c <<'END'
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int strict;

static ssize_t piece(void *owner, uint64_t at, char *into, size_t size) {
    if (at > 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    memcpy(into, "ok", 2);
    return 2;
}

static enum MHD_Result answer(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context) {
    static int begun;
    if (*context == NULL) {
        *context = &begun;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, piece, NULL, NULL);
    if (strict && strcmp(method, "HEAD") == 0)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    enum MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

// All that comes within half a second.
static void ask(int client, const char *method, char *text, size_t room) {
    char request[64];
    size_t got = 0;
    write(client, request, (size_t)snprintf(request, sizeof request, "%s / HTTP/1.1\r\nHost: x\r\n\r\n", method));
    struct timeval wait = {.tv_usec = 500000};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    for (ssize_t size; (size = recv(client, text + got, room - 1 - got, 0)) > 0;)
        got += (size_t)size;
    text[got] = '\0';
}

static void look(const char *name) {
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_END);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    place.sin_port = htons(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (struct sockaddr *)&place, sizeof place);
    static char head[4096];
    static char next[4096];
    ask(client, "HEAD", head, sizeof head);
    ask(client, "GET", next, sizeof next);
    char *behind = strstr(head, "\r\n\r\n");
    printf("%s %s: ", MHD_get_version(), name);
    for (behind = behind != NULL ? behind + 4 : "?"; *behind != '\0'; behind++)
        if (*behind != '\r')
            putchar(*behind == '\n' ? '|' : *behind);
    printf(" then %s\n", next[0] == '\0' ? "nothing" : strtok(next, "\r"));
    close(client);
    MHD_stop_daemon(daemon);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    look("plain");
    strict = 1;
    look("strict");
    return 0;
}
END
cc -O1 -w -I root/usr/include -o look look.c "$library/libmicrohttpd.so.12"
LD_LIBRARY_PATH="$library" timeout 30 ./look | tee seen
cat >wanted <<'END'
0.9.75 plain: 0|| then HTTP/1.1 200 OK
0.9.75 strict:  then nothing
END
cmp seen wanted
