// A request and an answer as plain data: what routes.h takes and gives, no sockets, no library.
#ifndef TIDEMARK_HTTP_REQUEST_H
#define TIDEMARK_HTTP_REQUEST_H

#include "http/body_file.h"
#include "views/base/buffer.h"
#include "views/base/error.h"
#include "views/engine/read.h"

enum {
    TARGET_SIZE_MAX = 8192, // bytes of path and query: beyond it 414
    TARGET_SEGMENTS_MAX = 8,
    ETAG_SIZE = 160,
    ETAG_END_SIZE = 64, // of it, what tells forms and parts apart
    HEADERS_SIZE_MAX = 8192,
    POSITION_HEADERS_SIZE = 320,
    ANSWER_SIZE_MAX = 64 << 20,
};

enum waited {
    WAITED_NOT,
    WAITED_REACHED, // the answer is due: what was waited for has come
    WAITED_EXPIRED, // the time is over: the answer says so unless it has come by now
};

struct request {
    struct span method;
    struct span target;        // as it came: path and query, still encoded
    struct span accept;        // data NULL = the header is not there
    struct span if_none_match; // likewise, as all that follow
    struct span last_event_id;
    struct span prefer;
    struct span range;
    struct span range_unit;
    struct span accept_profile;
    struct span accept_encoding;
    struct span authorization;
    struct span host;
    struct span origin;
    struct span preflight; // Access-Control-Request-Method
    struct span content_length;
    struct span transfer_encoding;
    int host_count;   // how many Host headers there are; `host` is the first
    int length_count; // likewise of Content-Length
    bool http_1_0;
    int64_t begun_us; // monotonic, when it was there whole; 0 = nobody asks how long it takes
    enum waited waited;
    bool patient; // the reader's deadline is the answer's; otherwise a query that meets it is ROUTES_SLOW
};

struct response {
    int status;
    const char *content_type;
    const char *allow; // NULL = none
    bool retry;        // Retry-After: 1
    bool closes;       // Connection: close
    // A stream's: NDJSON; it goes on after the event `last_event_id`; the file's version that it shows at least; what is
    // followed, "" = /v1/live.
    bool as_lines;
    bool resumes;
    int64_t version;
    struct buffer question;
    struct buffer last_event_id;
    const char *origin;     // Access-Control-Allow-Origin; NULL = none. The access's
    char etag[ETAG_SIZE];   // "" = none
    size_t position_size;   // of `position`
    struct buffer headers;  // more of them: "Name\0value\0" each
    struct buffer body;     // the caller's to free
    bool postgrest;         // its problems have the members that PostgREST's clients read
    bool encoded;           // the body is gzip
    struct body_file *file; // with what stands before the body; NULL = nothing does. The caller's to free
    // Tidemark-Lsn, -Consistency, -State, -Lag and -Quarantine, written as `headers` is; here, so that they cost no memory
    char position[POSITION_HEADERS_SIZE];
};

void response_free(struct response *response);
void response_header(struct response *response, const char *name, struct span value);

// A target taken apart and percent-decoded. Everything points into `text`, where each piece is followed by a
// NUL.
struct target {
    struct span segments[TARGET_SEGMENTS_MAX]; // of the path: "/v1/lag" has two
    int segment_count;                         // TARGET_SEGMENTS_MAX + 1 = more than that
    struct parameter parameters[READ_PARAMETERS_MAX];
    int parameter_count;
    char text[TARGET_SIZE_MAX + 1];
};

// In absolute form (RFC 9112, 3.2.2) scheme and authority are passed over; one slash at the path's end is, too.
// `raw` has at most TARGET_SIZE_MAX bytes. Escapes that are none, bytes that are not UTF-8, a NUL and more
// parameters than READ_PARAMETERS_MAX are ERROR_USAGE.
int target_parse(struct target *target, struct span raw, struct error *error);
// Whether a parameter before this one has its name.
bool target_gives_twice(const struct target *target, int number);
// All values of the parameters of that name, with commas between them, behind what `out` has: at most TARGET_SIZE_MAX bytes.
void target_join(const struct target *target, const char *name, struct buffer *out);

#endif
