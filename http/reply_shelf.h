// Answers of the library's whose headers are used again. To make one costs a keyed request a quarter of its instructions: the
// library copies and checks each header, name and value, and frees them when the answer has been sent. Between two commits
// they are the same, so an answer is kept with its headers, and the next body of its size is written over the one before,
// once that has been sent.
//
// One thread's, the connections' of which it answers.
#ifndef TIDEMARK_HTTP_REPLY_SHELF_H
#define TIDEMARK_HTTP_REPLY_SHELF_H

#include "http/request.h"

struct MHD_Response;

enum {
    REPLY_SHELF_PLACES = 64,
    REPLY_SHELF_BODY_MAX = 4096, // bytes: longer ones are made anew
};

// One that is kept. All zero: none is.
struct reply_kept {
    struct MHD_Response *reply;
    char *body; // of it, `size` bytes; the library frees it
    size_t size;
    bool lent; // it is being sent
    const char *content_type;
    size_t position_size;
    char etag[ETAG_SIZE];
    char position[POSITION_HEADERS_SIZE];
};

struct reply_shelf {
    struct reply_kept places[REPLY_SHELF_PLACES]; // by the body's size
};

// What answers with the response's headers and a copy of its body, lent until reply_shelf_give_back: it is the shelf's, and
// not to be destroyed. NULL: make it as any other.
struct reply_kept *reply_shelf_lend(struct reply_shelf *shelf, const struct response *response);
void reply_shelf_give_back(struct reply_kept *kept);
// When nothing is lent any more.
void reply_shelf_clear(struct reply_shelf *shelf);

#endif
