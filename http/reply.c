#define _GNU_SOURCE // RTLD_NEXT
#include "http/reply.h"

#include "views/base/log.h"

#include <assert.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#define EXPOSED_HEADERS                                                                                      \
    "Content-Range, ETag, Preference-Applied, Retry-After, Tidemark-Consistency, Tidemark-Filling, Tidemark-Lag, Tidemark-Lsn, Tidemark-Next, Tidemark-Quarantine, Tidemark-State"

typedef enum MHD_Result reply_queue_function(struct MHD_Connection *connection, unsigned status,
                                             struct MHD_Response *reply);

static reply_queue_function *queue; // the library's; written before there is a second thread

int reply_prepare(struct error *error) {
    void *found = dlsym(RTLD_NEXT, "MHD_queue_response");
    static_assert(sizeof found == sizeof queue, "as POSIX has it");
    if (found == NULL)
        return error_set(error, ERROR_SYSTEM, "libmicrohttpd %s has no MHD_queue_response",
                         MHD_get_version());
    if (queue == NULL)
        memcpy(&queue, &found, sizeof queue);
    return 0;
}

bool reply_is_garbled(void) {
    return strncmp(MHD_get_version(), "0.", 2) == 0;
}

// Called by the library alone.
enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *page) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct reply_refuser *refuser = info != NULL ? info->socket_context : NULL;
    return refuser != NULL && refuser->refuse(refuser, connection, status) ? MHD_YES
                                                                           : queue(connection, status, page);
}

static void reply_add_header(struct MHD_Response *reply, const char *name, const char *value) {
    // Out of memory here costs a header, not the answer.
    (void)MHD_add_response_header(reply, name, value);
}

// The headers that tell what the answer is: without one of them, without Tidemark-Next for example, a client
// would believe something else. False when there is no memory.
static bool reply_add_own_headers(struct MHD_Response *reply, const char *headers, size_t size) {
    const char *end = headers + size;
    for (const char *name = headers; name < end;) {
        const char *value = name + strlen(name) + 1;
        if (MHD_add_response_header(reply, name, value) != MHD_YES)
            return false;
        name = value + strlen(value) + 1;
    }
    return true;
}

bool reply_headers(struct MHD_Response *reply, const struct response *response) {
    if (response->content_type != NULL)
        reply_add_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
    if (response->etag[0] != '\0') {
        reply_add_header(reply, MHD_HTTP_HEADER_ETAG, response->etag);
        reply_add_header(reply, MHD_HTTP_HEADER_VARY,
                         response->postgrest
                             ? "Accept, Accept-Encoding, Prefer, Range, Range-Unit, Accept-Profile"
                             : "Accept, Accept-Encoding, Prefer");
    }
    reply_add_header(reply, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (response->allow != NULL)
        reply_add_header(reply, MHD_HTTP_HEADER_ALLOW, response->allow);
    if (response->origin != NULL) {
        reply_add_header(reply, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, response->origin);
        reply_add_header(reply, MHD_HTTP_HEADER_VARY, "Origin");
        reply_add_header(reply, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
    }
    if (response->encoded)
        reply_add_header(reply, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (response->retry)
        reply_add_header(reply, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (response->closes)
        reply_add_header(reply, MHD_HTTP_HEADER_CONNECTION, "close");
    return reply_add_own_headers(reply, response->position, response->position_size) &&
           reply_add_own_headers(reply, response->headers.data, response->headers.size);
}

// The library closes the file when it has been sent.
static struct MHD_Response *reply_long_body(struct response *response, struct reply_held *ret_held) {
    int descriptor;
    int64_t size;
    struct error error;
    if (body_file_end(&response->file, &descriptor, &size, &error) != 0) {
        log_warn("http: %s", error.message);
        return NULL;
    }
    struct MHD_Response *reply = MHD_create_response_from_fd64((uint64_t)size, descriptor);
    if (reply == NULL) {
        (void)close(descriptor);
        return NULL;
    }
    ret_held->file = size;
    return reply;
}

struct MHD_Response *reply_of_bytes(char *body, size_t size) {
    return MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
}

// No length is said of it. A head ends its connection: behind the headers of one in chunks the library (0.9.75) sends the last chunk,
// and the connection's next answer would begin with that (findings/libmicrohttpd-a-head-without-a-size-ends-with-a-chunk.sh).
struct MHD_Response *reply_of_stream(bool head, MHD_ContentReaderCallback read, void *self) {
    enum { BLOCK_SIZE = 4096 }; // of no use to the library where chunks are sent
    struct MHD_Response *reply =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read, self, NULL);
    if (reply == NULL)
        return NULL;
    if (head)
        (void)MHD_set_response_options(reply, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    // a proxy that gathers would hold events back
    (void)MHD_add_response_header(reply, "X-Accel-Buffering", "no");
    return reply;
}

// The body's memory goes to the library, which frees it when it has been sent. It stays counted until then.
struct MHD_Response *reply_body(struct response *response, struct reply_held *ret_held) {
    if (response->body.failed)
        return NULL;
    if (response->file != NULL)
        return reply_long_body(response, ret_held);
    if (response->body.size == 0)
        return MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    buffer_trim(&response->body);
    struct MHD_Response *reply = reply_of_bytes(response->body.data, response->body.size);
    if (reply == NULL)
        return NULL;
    if (response->body.account != NULL)
        ret_held->memory = response->body.capacity;
    response->body = (struct buffer){0};
    return reply;
}

void reply_free(struct MHD_Response *reply) {
    MHD_destroy_response(reply);
}

enum MHD_Result reply_queue_kept(struct MHD_Connection *connection, int status, struct MHD_Response *reply) {
    return queue(connection, (unsigned)status, reply);
}

enum MHD_Result reply_queue(struct MHD_Connection *connection, int status, struct MHD_Response *reply) {
    enum MHD_Result result = queue(connection, (unsigned)status, reply);
    MHD_destroy_response(reply);
    return result;
}
