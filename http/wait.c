#include "http/wait.h"

#include "http/render.h"
#include "views/base/real.h"

void wait_init(struct wait *wait) {
    *wait = (struct wait){.lsn = -1, .txid = -1, .max_lag_ms = -1};
}

static bool wait_parse_hex(struct span text, uint64_t *ret) {
    enum { HEX_DIGITS_MAX = 8 };
    if (text.size == 0 || text.size > HEX_DIGITS_MAX)
        return false;
    *ret = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        *ret = *ret << 4 | (uint64_t)digit;
    }
    return true;
}

static bool wait_parse_count(struct span text, int64_t *ret) {
    return integer_parse(text, ret) && *ret >= 0;
}

static bool wait_parse_lsn(struct span text, int64_t *ret) {
    const char *slash = memchr(text.data, '/', text.size);
    if (slash == NULL)
        return wait_parse_count(text, ret);
    size_t before = (size_t)(slash - text.data);
    uint64_t high;
    uint64_t low;
    if (!wait_parse_hex((struct span){text.data, before}, &high) ||
        !wait_parse_hex((struct span){slash + 1, text.size - before - 1}, &low) || high > INT32_MAX)
        return false;
    *ret = (int64_t)(high << 32 | low);
    return true;
}

// The last two colons count: what stands before them is the topic.
static bool wait_parse_offset(struct span text, struct wait *wait) {
    size_t last = text.size;
    while (last > 0 && text.data[last - 1] != ':')
        last--;
    if (last < 2)
        return false;
    size_t middle = last - 1;
    while (middle > 0 && text.data[middle - 1] != ':')
        middle--;
    if (middle < 2 || middle - 1 >= sizeof wait->topic)
        return false;
    int64_t partition;
    if (!wait_parse_count((struct span){text.data + middle, last - 1 - middle}, &partition) ||
        partition > INT32_MAX ||
        !wait_parse_count((struct span){text.data + last, text.size - last}, &wait->offset))
        return false;
    wait->partition = (int32_t)partition;
    memcpy(wait->topic, text.data, middle - 1);
    wait->topic[middle - 1] = '\0';
    return true;
}

static bool wait_parse_wait_ms(struct span text, int *ret) {
    int64_t ms;
    if (!wait_parse_count(text, &ms) || ms > WAIT_MS_MAX)
        return false;
    *ret = (int)ms;
    return true;
}

static bool wait_parse_max_lag(struct span text, int64_t *ret_ms) {
    const double longest = 1e12;
    double seconds;
    if (!real_parse(text, &seconds) || !(seconds >= 0 && seconds <= longest))
        return false;
    *ret_ms = (int64_t)(seconds * 1000);
    return true;
}

static int wait_bad(const struct parameter *parameter, const char *expected, struct error *error) {
    return error_set(error, ERROR_USAGE, "%.*s=%.*s: expected %s", (int)parameter->name.size,
                     parameter->name.data, (int)parameter->value.size, parameter->value.data, expected);
}

int wait_parameter(struct wait *wait, const struct parameter *parameter, struct error *error) {
    struct span value = parameter->value;
    if (span_is(parameter->name, "after_lsn"))
        return wait_parse_lsn(value, &wait->lsn)
                   ? 1
                   : wait_bad(parameter, "an LSN such as 0/19C4170 or 27017584", error);
    if (span_is(parameter->name, "after_txid"))
        return wait_parse_count(value, &wait->txid) ? 1 : wait_bad(parameter, "a transaction id", error);
    if (span_is(parameter->name, "after_offset"))
        return wait_parse_offset(value, wait) ? 1 : wait_bad(parameter, "topic:partition:offset", error);
    if (span_is(parameter->name, "wait_ms"))
        return wait_parse_wait_ms(value, &wait->wait_ms)
                   ? 1
                   : wait_bad(parameter, "milliseconds, 0 to 30000", error);
    if (span_is(parameter->name, "max_lag_seconds"))
        return wait_parse_max_lag(value, &wait->max_lag_ms)
                   ? 1
                   : wait_bad(parameter, "seconds, 0 or more", error);
    return 0;
}

bool wait_asks(const struct wait *wait) {
    return wait->lsn >= 0 || wait->txid >= 0 || wait->topic[0] != '\0';
}

int wait_reached(const struct wait *wait, struct reader *reader, const struct position *position, bool *ret,
                 struct error *error) {
    *ret = false;
    if (wait->asked != 0) {
        bool asked = false;
        int status = reader_is_asked(reader, wait->asked, &asked, error);
        *ret = !asked;
        return status;
    }
    // Only where transactions are shown whole does an LSN say what has been seen.
    if (wait->lsn >= 0 && !(position->transactional && position->lsn >= wait->lsn))
        return 0;
    if (wait->topic[0] != '\0') {
        int64_t next;
        if (reader_next_offset(reader, span_of(wait->topic), wait->partition, &next, error) != 0)
            return -1;
        if (next <= wait->offset)
            return 0;
    }
    if (wait->txid >= 0)
        return reader_shows_transaction(reader, wait->txid, ret, error);
    *ret = true;
    return 0;
}

static void wait_describe(const struct wait *wait, struct buffer *out) {
    const char *and = "";
    if (wait->lsn >= 0) {
        buffer_text(out, "lsn ");
        render_lsn(out, wait->lsn);
        and = " and ";
    }
    if (wait->txid >= 0) {
        buffer_format(out, "%stransaction %lld", and, (long long)wait->txid);
        and = " and ";
    }
    if (wait->topic[0] != '\0')
        buffer_format(out, "%soffset %s:%d:%lld", and, wait->topic, wait->partition, (long long)wait->offset);
}

void wait_describe_missed(const struct wait *wait, struct reader *reader, const struct position *position,
                          struct buffer *out) {
    struct error error;
    int64_t oldest = -1;
    wait_describe(wait, out);
    buffer_format(out, " was not reached within %d ms", wait->wait_ms);
    if (wait->txid >= 0 && reader_oldest_transaction(reader, &oldest, &error) == 0 &&
        (int64_t)(uint32_t)wait->txid < oldest)
        buffer_format(out, "; the least transaction that is remembered is %lld", (long long)oldest);
    if (wait->lsn >= 0 && !position->transactional)
        buffer_text(out, "; answers are per-key, which show no LSN");
}
