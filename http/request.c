#include "http/request.h"

#include "views/base/utf8.h"

#include <assert.h>
#include <strings.h>

void response_free(struct response *response) {
    buffer_free(&response->headers);
    buffer_free(&response->body);
    body_file_free(&response->file);
    buffer_free(&response->question);
    buffer_free(&response->last_event_id);
}

void response_header(struct response *response, const char *name, struct span value) {
    response->headers.limit = HEADERS_SIZE_MAX;
    buffer_append(&response->headers, name, strlen(name) + 1);
    buffer_append(&response->headers, value.data, value.size);
    buffer_char(&response->headers, '\0');
}

static int request_hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// In place: what comes out is never longer. `plus` is what '+' means: a space in a query, itself in a path.
static int request_decode(char *text, size_t size, char plus, struct span *ret, struct error *error) {
    size_t to = 0;
    for (size_t from = 0; from < size; from++) {
        char c = text[from] == '+' ? plus : text[from];
        if (c == '%') {
            int high = from + 2 < size ? request_hex_digit(text[from + 1]) : -1;
            int low = high >= 0 ? request_hex_digit(text[from + 2]) : -1;
            if (low < 0)
                return error_set(error, ERROR_USAGE,
                                 "a %% in the URL is not followed by two hexadecimal digits");
            c = (char)(high << 4 | low);
            from += 2;
        }
        if (c == '\0')
            return error_set(error, ERROR_USAGE, "a NUL in the URL");
        text[to++] = c;
    }
    for (size_t at = 0; at < to;) {
        size_t n = utf8_sequence(text + at, to - at);
        if (n == 0)
            return error_set(error, ERROR_USAGE, "the URL, percent-decoded, is not UTF-8");
        at += n;
    }
    text[to] = '\0';
    *ret = (struct span){text, to};
    return 0;
}

// Bytes before the first `stop`, at most `size`.
static size_t request_run_until(const char *text, size_t size, char stop) {
    const char *at = memchr(text, stop, size);
    return at != NULL ? (size_t)(at - text) : size;
}

static int request_parse_path(struct target *target, char *path, size_t size, struct error *error) {
    target->segment_count = 0;
    size_t at = size > 0 && path[0] == '/' ? 1 : 0;
    if (size > at && path[size - 1] == '/')
        size--;
    if (at == size)
        return 0;
    while (at <= size) {
        if (target->segment_count == TARGET_SEGMENTS_MAX) {
            target->segment_count++;
            return 0;
        }
        size_t n = request_run_until(path + at, size - at, '/');
        if (request_decode(path + at, n, '+', &target->segments[target->segment_count++], error) != 0)
            return -1;
        at += n + 1;
    }
    return 0;
}

static int request_parse_query(struct target *target, char *query, size_t size, struct error *error) {
    target->parameter_count = 0;
    for (size_t at = 0; at < size;) {
        size_t n = request_run_until(query + at, size - at, '&');
        char *pair = query + at;
        at += n + 1;
        if (n == 0)
            continue;
        if (target->parameter_count == READ_PARAMETERS_MAX)
            return error_set(error, ERROR_USAGE, "more than %d parameters", READ_PARAMETERS_MAX);
        struct parameter *parameter = &target->parameters[target->parameter_count++];
        size_t name = request_run_until(pair, n, '=');
        size_t value = name < n ? name + 1 : n;
        if (request_decode(pair + value, n - value, ' ', &parameter->value, error) != 0 ||
            request_decode(pair, name, ' ', &parameter->name, error) != 0)
            return -1;
    }
    return 0;
}

static struct span request_without_authority(struct span raw) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t begin = strlen(schemes[i]);
        if (raw.size < begin || strncasecmp(raw.data, schemes[i], begin) != 0)
            continue;
        while (begin < raw.size && raw.data[begin] != '/' && raw.data[begin] != '?')
            begin++;
        return (struct span){raw.data + begin, raw.size - begin};
    }
    return raw;
}

int target_parse(struct target *target, struct span raw, struct error *error) {
    assert(raw.size <= TARGET_SIZE_MAX);
    raw = request_without_authority(raw);
    memcpy(target->text, raw.data, raw.size);
    target->text[raw.size] = '\0';
    // The query first: decoding the path writes a NUL over the question mark.
    size_t path = request_run_until(target->text, raw.size, '?');
    size_t query = path < raw.size ? path + 1 : raw.size;
    if (request_parse_query(target, target->text + query, raw.size - query, error) != 0)
        return -1;
    return request_parse_path(target, target->text, path, error);
}
