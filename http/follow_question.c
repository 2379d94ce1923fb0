#include "http/follow_question.h"

#include "http/route.h"

static bool follow_question_is_once(struct span parameter) {
    static const char *const once[] = {"after_lsn", "after_txid",      "after_offset",
                                       "wait_ms",   "max_lag_seconds", ROUTE_LAST_EVENT_ID};
    const char *equals = parameter.size > 0 ? memchr(parameter.data, '=', parameter.size) : NULL;
    if (equals != NULL)
        parameter.size = (size_t)(equals - parameter.data);
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        if (span_is(parameter, once[i]))
            return true;
    return false;
}

void follow_write_question(struct buffer *out, struct span target) {
    const char *mark = memchr(target.data, '?', target.size);
    size_t path = mark != NULL ? (size_t)(mark - target.data) : target.size;
    char join = '?';
    buffer_append(out, target.data, path);
    for (size_t at = path + 1; at < target.size;) {
        const char *end = memchr(target.data + at, '&', target.size - at);
        struct span parameter = {target.data + at,
                                 end != NULL ? (size_t)(end - target.data) - at : target.size - at};
        at += parameter.size + 1;
        if (parameter.size == 0 || follow_question_is_once(parameter))
            continue;
        buffer_char(out, join);
        buffer_append(out, parameter.data, parameter.size);
        join = '&';
    }
}
