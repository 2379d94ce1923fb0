#include "http/request.h"

#include "views/base/hex.h"
#include "views/base/utf8.h"
#include "views/base/word.h"

#include <assert.h>
#include <strings.h>

static void request_free_buffer(struct buffer *buffer) {
    if (buffer->data != NULL) // most answers have a body alone
        buffer_free(buffer);
}

void response_free(struct response *response) {
    request_free_buffer(&response->headers);
    request_free_buffer(&response->body);
    if (response->file != NULL)
        body_file_free(&response->file);
    request_free_buffer(&response->question);
    request_free_buffer(&response->last_event_id);
}

void response_header(struct response *response, const char *name, struct span value) {
    response->headers.limit = HEADERS_SIZE_MAX;
    buffer_append(&response->headers, name, strlen(name) + 1);
    buffer_append(&response->headers, value.data, value.size);
    buffer_char(&response->headers, '\0');
}

// What request_decode takes for `plus` where nothing is encoded.
#define REQUEST_PLAIN '\0'

// Whether decoding changes nothing: no escape, no plus, and ASCII, which is UTF-8.
static bool request_is_plain(const char *text, size_t size) {
    uint64_t odd = 0;
    size_t i = 0;
    for (; i + sizeof odd <= size; i += sizeof odd) {
        uint64_t word = word_at(text + i);
        odd |= (word & WORD_HIGH_BITS) | word_bytes_of(word, '%') | word_bytes_of(word, '+') |
               word_bytes_of(word, '\0');
    }
    for (; i < size; i++)
        odd |= (text[i] & 0x80) != 0 || text[i] == '%' || text[i] == '+' || text[i] == '\0';
    return odd == 0;
}

// In place: what comes out is never longer. `plus` is what '+' means: a space in a query, itself in a path.
static int request_decode(char *text, size_t size, char plus, struct span *ret, struct error *error) {
    size_t to = 0;
    if (plus == REQUEST_PLAIN) {
        text[size] = '\0';
        *ret = (struct span){text, size};
        return 0;
    }
    for (size_t from = 0; from < size; from++) {
        char c = text[from] == '+' ? plus : text[from];
        if (c == '%') {
            int high = from + 2 < size ? hex_digit(text[from + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[from + 2]) : -1;
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
    if (utf8_valid(text, to) < to)
        return error_set(error, ERROR_USAGE, "the URL, percent-decoded, is not UTF-8");
    text[to] = '\0';
    *ret = (struct span){text, to};
    return 0;
}

// Bytes before the first `stop`, at most `size`.
static size_t request_run_until(const char *text, size_t size, char stop) {
    const char *at = memchr(text, stop, size);
    return at != NULL ? (size_t)(at - text) : size;
}

static int request_parse_path(struct target *target, char *path, size_t size, char plus,
                              struct error *error) {
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
        if (request_decode(path + at, n, plus, &target->segments[target->segment_count++], error) != 0)
            return -1;
        at += n + 1;
    }
    return 0;
}

static int request_parse_query(struct target *target, char *query, size_t size, char plus,
                               struct error *error) {
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
        if (request_decode(pair + value, n - value, plus, &parameter->value, error) != 0 ||
            request_decode(pair, name, plus, &parameter->name, error) != 0)
            return -1;
    }
    return 0;
}

static struct span request_without_authority(struct span raw) {
    static const char *const schemes[] = {"http://", "https://"};
    if (raw.size > 0 && raw.data[0] == '/')
        return raw;
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
    bool plain = request_is_plain(raw.data, raw.size);
    // The query first: decoding the path writes a NUL over the question mark.
    size_t path = request_run_until(target->text, raw.size, '?');
    size_t query = path < raw.size ? path + 1 : raw.size;
    if (request_parse_query(target, target->text + query, raw.size - query, plain ? REQUEST_PLAIN : ' ',
                            error) != 0)
        return -1;
    return request_parse_path(target, target->text, path, plain ? REQUEST_PLAIN : '+', error);
}

bool target_gives_twice(const struct target *target, int number) {
    for (int i = 0; i < number; i++)
        if (span_equal(target->parameters[i].name, target->parameters[number].name))
            return true;
    return false;
}

void target_join(const struct target *target, const char *name, struct buffer *out) {
    const size_t first = out->size;
    for (int i = 0; i < target->parameter_count; i++) {
        const struct span value = target->parameters[i].value;
        if (!span_is(target->parameters[i].name, name) || value.size == 0)
            continue;
        if (out->size > first)
            buffer_char(out, ',');
        buffer_append(out, value.data, value.size);
    }
}
