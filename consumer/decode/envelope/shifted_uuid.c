#include "consumer/decode/envelope/shifted_uuid.h"

#include "views/base/hex.h"

enum {
    UUID_TEXT = 36,
    UUID_DIGITS = 32, // two of a byte
    UUID_VERSION_AT = 12,
    UUID_VARIANT_AT = 16,
};

struct uuid {
    char digits[UUID_DIGITS]; // 0-9 a-f
};

static bool shifted_uuid_is_dash(int at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool shifted_uuid_read(struct span text, struct uuid *ret) {
    if (text.size != UUID_TEXT)
        return false;
    int digits = 0;
    for (int at = 0; at < UUID_TEXT; at++) {
        int digit = hex_digit(text.data[at]);
        if (shifted_uuid_is_dash(at) ? text.data[at] != '-' : digit < 0)
            return false;
        if (digit >= 0)
            ret->digits[digits++] = "0123456789abcdef"[digit];
    }
    return true;
}

static void shifted_uuid_write(const struct uuid *uuid, char *ret) {
    int digits = 0;
    for (int at = 0; at < UUID_TEXT; at++)
        ret[at] = shifted_uuid_is_dash(at) ? '-' : uuid->digits[digits++];
}

// Digits of the whole bytes that are zero.
static int shifted_uuid_zeros_before(const struct uuid *uuid) {
    int zeros = 0;
    while (zeros < UUID_DIGITS && uuid->digits[zeros] == '0')
        zeros++;
    return zeros / 2 * 2;
}

// What would be streamed so if it ended with so many zeros.
static struct uuid shifted_uuid_meant(const struct uuid *streamed, int zeros) {
    struct uuid meant;
    memcpy(meant.digits, streamed->digits + zeros, (size_t)(UUID_DIGITS - zeros));
    memset(meant.digits + UUID_DIGITS - zeros, '0', (size_t)zeros);
    return meant;
}

static bool shifted_uuid_is_generated(const struct uuid *uuid) {
    char version = uuid->digits[UUID_VERSION_AT];
    return version >= '1' && version <= '8' && memchr("89ab", uuid->digits[UUID_VARIANT_AT], 4) != NULL;
}

int shifted_uuid_mend(const struct column *column, struct value *value, struct arena *arena,
                      struct error *error) {
    struct uuid streamed;
    if (value->kind != VALUE_TEXT || !shifted_uuid_read(value->bytes, &streamed))
        return 0;
    int zeros = shifted_uuid_zeros_before(&streamed);
    if (zeros == 0 || zeros == UUID_DIGITS)
        return 0;
    int found = 0;
    struct uuid meant = streamed;
    for (int count = 0; count <= zeros; count += 2) {
        struct uuid tried = shifted_uuid_meant(&streamed, count);
        if (!shifted_uuid_is_generated(&tried))
            continue;
        meant = tried;
        found++;
    }
    if (found != 1)
        return error_set(
            error, ERROR_INPUT,
            "column %s (declared %s): %.*s: it may end with zero bytes at the source, which Debezium for "
            "MariaDB streams as if they stood before it; a snapshot of the row tells",
            column->name, column->declared, (int)value->bytes.size, value->bytes.data);
    char *text = arena_take(arena, UUID_TEXT);
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    shifted_uuid_write(&meant, text);
    value->bytes = (struct span){text, UUID_TEXT};
    return 0;
}
