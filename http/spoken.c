#include "http/spoken.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char *spoken_reason(int status) {
    switch (status) {
    case 400:
        return "Bad Request";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 431:
        return "Request Header Fields Too Large";
    default:
        return "Service Unavailable";
    }
}

void spoken_write(char ret[SPOKEN_SIZE], const struct response *response) {
    ret[0] = '\0';
    if (response->body.failed)
        return;
    int size = snprintf(ret, SPOKEN_SIZE,
                        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nCache-Control: no-cache\r\n%sConnection: "
                        "close\r\nContent-Length: %zu\r\n\r\n%.*s",
                        response->status, spoken_reason(response->status), response->content_type,
                        response->retry ? "Retry-After: 1\r\n" : "", response->body.size,
                        (int)response->body.size, response->body.data);
    if (size < 0 || size >= SPOKEN_SIZE)
        ret[0] = '\0';
}

void spoken_send(int fd, const char *text) {
    if (text[0] != '\0')
        (void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}
