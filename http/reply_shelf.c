#include "http/reply_shelf.h"

#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

// Whether its headers are those that reply_shelf_is_same compares, and no others.
static bool reply_shelf_takes(const struct response *response) {
    return !response->body.failed && !response->headers.failed && response->file == NULL &&
           response->headers.size == 0 && response->position_size > 0 && response->body.size > 0 &&
           response->body.size <= REPLY_SHELF_BODY_MAX && response->allow == NULL &&
           response->origin == NULL && !response->retry && !response->closes && !response->encoded;
}

static bool reply_shelf_is_same(const struct reply_kept *kept, const struct response *response) {
    return kept->reply != NULL && kept->size == response->body.size &&
           kept->content_type == response->content_type && kept->position_size == response->position_size &&
           memcmp(kept->position, response->position, response->position_size) == 0 &&
           strcmp(kept->etag, response->etag) == 0;
}

static void reply_shelf_drop(struct reply_kept *kept) {
    if (kept->reply != NULL)
        reply_free(kept->reply);
    kept->reply = NULL;
}

static bool reply_shelf_make(struct reply_kept *kept, const struct response *response) {
    reply_shelf_drop(kept);
    kept->size = response->body.size;
    kept->body = malloc(kept->size);
    if (kept->body == NULL)
        return false;
    kept->reply = reply_of_bytes(kept->body, kept->size);
    if (kept->reply == NULL) {
        free(kept->body);
        return false;
    }
    if (!reply_headers(kept->reply, response)) {
        reply_shelf_drop(kept);
        return false;
    }
    kept->content_type = response->content_type;
    kept->position_size = response->position_size;
    memcpy(kept->position, response->position, response->position_size);
    memcpy(kept->etag, response->etag, sizeof kept->etag);
    return true;
}

struct reply_kept *reply_shelf_lend(struct reply_shelf *shelf, const struct response *response) {
    struct reply_kept *kept = &shelf->places[response->body.size % REPLY_SHELF_PLACES];
    if (kept->lent || !reply_shelf_takes(response) ||
        (!reply_shelf_is_same(kept, response) && !reply_shelf_make(kept, response)))
        return NULL;
    memcpy(kept->body, response->body.data, kept->size);
    kept->lent = true;
    return kept;
}

void reply_shelf_give_back(struct reply_kept *kept) {
    if (kept != NULL)
        kept->lent = false;
}

void reply_shelf_clear(struct reply_shelf *shelf) {
    for (int i = 0; i < REPLY_SHELF_PLACES; i++)
        reply_shelf_drop(&shelf->places[i]);
}
