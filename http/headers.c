#include "http/headers.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static void headers_join(struct buffer *joined, struct span *list, struct span more) {
    struct buffer *text = joined;
    if (text->size == 0)
        buffer_append(text, list->data, list->size);
    size_t size = text->size;
    buffer_text(text, ", ");
    buffer_append(text, more.data, more.size);
    if (text->failed)
        text->size = size;
    else
        *list = (struct span){text->data, text->size};
}

void headers_take(struct request *request, struct headers_joined *joined, const char *name,
                  const char *value) {
    static const struct {
        const char *name;
        size_t at; // of its value in struct request
        int list;  // HEADERS_LISTS = none
    } wanted[] = {
        {"Host", offsetof(struct request, host), HEADERS_LISTS},
        {"Accept", offsetof(struct request, accept), HEADERS_ACCEPT},
        {"If-None-Match", offsetof(struct request, if_none_match), HEADERS_IF_NONE_MATCH},
        {"Last-Event-ID", offsetof(struct request, last_event_id), HEADERS_LISTS},
        {"Prefer", offsetof(struct request, prefer), HEADERS_PREFER},
        {"Accept-Encoding", offsetof(struct request, accept_encoding), HEADERS_ACCEPT_ENCODING},
        {"Range", offsetof(struct request, range), HEADERS_LISTS},
        {"Range-Unit", offsetof(struct request, range_unit), HEADERS_LISTS},
        {"Accept-Profile", offsetof(struct request, accept_profile), HEADERS_LISTS},
        {"Authorization", offsetof(struct request, authorization), HEADERS_LISTS},
        {"Origin", offsetof(struct request, origin), HEADERS_LISTS},
        {"Access-Control-Request-Method", offsetof(struct request, preflight), HEADERS_LISTS},
        {"Content-Length", offsetof(struct request, content_length), HEADERS_LISTS},
        {"Transfer-Encoding", offsetof(struct request, transfer_encoding), HEADERS_LISTS},
    };
    size_t i = 0;
    while (i < sizeof wanted / sizeof *wanted && strcasecmp(name, wanted[i].name) != 0)
        i++;
    if (i == sizeof wanted / sizeof *wanted)
        return;
    const struct span came = value != NULL ? span_of(value) : SPAN("");
    struct span *kept = (struct span *)(void *)((char *)request + wanted[i].at);
    request->host_count += kept == &request->host;
    request->length_count += kept == &request->content_length;
    if (kept->data == NULL)
        *kept = came;
    else if (wanted[i].list != HEADERS_LISTS)
        headers_join(&joined->lists[wanted[i].list], kept, came);
}

void headers_free(struct headers_joined *joined) {
    for (int i = 0; i < HEADERS_LISTS; i++)
        buffer_free(&joined->lists[i]);
    *joined = (struct headers_joined){0};
}
