#include "http/headers.h"

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
    const struct {
        const char *name;
        struct span *value;
        int list; // HEADERS_LISTS = none
    } wanted[] = {
        {"Host", &request->host, HEADERS_LISTS},
        {"Accept", &request->accept, HEADERS_ACCEPT},
        {"If-None-Match", &request->if_none_match, HEADERS_IF_NONE_MATCH},
        {"Last-Event-ID", &request->last_event_id, HEADERS_LISTS},
        {"Prefer", &request->prefer, HEADERS_PREFER},
        {"Accept-Encoding", &request->accept_encoding, HEADERS_ACCEPT_ENCODING},
        {"Range", &request->range, HEADERS_LISTS},
        {"Range-Unit", &request->range_unit, HEADERS_LISTS},
        {"Accept-Profile", &request->accept_profile, HEADERS_LISTS},
        {"Authorization", &request->authorization, HEADERS_LISTS},
        {"Origin", &request->origin, HEADERS_LISTS},
        {"Access-Control-Request-Method", &request->preflight, HEADERS_LISTS},
        {"Content-Length", &request->content_length, HEADERS_LISTS},
        {"Transfer-Encoding", &request->transfer_encoding, HEADERS_LISTS},
    };
    size_t i = 0;
    while (i < sizeof wanted / sizeof *wanted && strcasecmp(name, wanted[i].name) != 0)
        i++;
    if (i == sizeof wanted / sizeof *wanted)
        return;
    const struct span came = value != NULL ? span_of(value) : SPAN("");
    request->host_count += wanted[i].value == &request->host;
    request->length_count += wanted[i].value == &request->content_length;
    if (wanted[i].value->data == NULL)
        *wanted[i].value = came;
    else if (wanted[i].list != HEADERS_LISTS)
        headers_join(&joined->lists[wanted[i].list], wanted[i].value, came);
}

void headers_free(struct headers_joined *joined) {
    for (int i = 0; i < HEADERS_LISTS; i++)
        buffer_free(&joined->lists[i]);
    *joined = (struct headers_joined){0};
}
