#include "consumer/decode/envelope/shifted_uuid.h"

#include "views/base/hex.h"

enum {
    UUID_BYTES = 16,
    UUID_TEXT = 36,
    UUID_VERSION_AT = 6, // its high half
    UUID_VERSION_MOST = 8,
    UUID_VARIANT_AT = 8, // its two highest bits are 10
};

struct uuid {
    unsigned char bytes[UUID_BYTES];
};

static bool shifted_uuid_is_dash(int at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool shifted_uuid_read(struct span text, struct uuid *ret) {
    if (text.size != UUID_TEXT)
        return false;
    int digits = 0;
    *ret = (struct uuid){{0}};
    for (int at = 0; at < UUID_TEXT; at++) {
        int digit = hex_digit(text.data[at]);
        if (shifted_uuid_is_dash(at) ? text.data[at] != '-' : digit < 0)
            return false;
        if (digit < 0)
            continue;
        unsigned char *byte = &ret->bytes[digits++ / 2];
        *byte = (unsigned char)(*byte << 4 | digit);
    }
    return true;
}

static void shifted_uuid_write(const struct uuid *uuid, char *ret) {
    int digits = 0;
    for (int at = 0; at < UUID_TEXT; at++) {
        if (shifted_uuid_is_dash(at)) {
            ret[at] = '-';
            continue;
        }
        unsigned byte = uuid->bytes[digits / 2];
        ret[at] = "0123456789abcdef"[digits++ % 2 == 0 ? byte >> 4 : byte & 15];
    }
}

static int shifted_uuid_zeros_before(const struct uuid *uuid) {
    int zeros = 0;
    while (zeros < UUID_BYTES && uuid->bytes[zeros] == 0)
        zeros++;
    return zeros;
}

// What would be streamed so if it ended with so many zero bytes.
static struct uuid shifted_uuid_meant(const struct uuid *streamed, int zeros) {
    struct uuid meant = {{0}};
    memcpy(meant.bytes, streamed->bytes + zeros, (size_t)(UUID_BYTES - zeros));
    return meant;
}

static bool shifted_uuid_is_generated(const struct uuid *uuid) {
    int version = uuid->bytes[UUID_VERSION_AT] >> 4;
    return version >= 1 && version <= UUID_VERSION_MOST && uuid->bytes[UUID_VARIANT_AT] >> 6 == 2;
}

int shifted_uuid_mend(const struct column *column, struct value *value, struct arena *arena,
                      struct error *error) {
    struct uuid streamed;
    if (value->kind != VALUE_TEXT || !shifted_uuid_read(value->bytes, &streamed))
        return 0;
    int zeros = shifted_uuid_zeros_before(&streamed);
    if (zeros == 0 || zeros == UUID_BYTES)
        return 0;
    int found = 0;
    struct uuid meant = streamed;
    for (int count = 0; count <= zeros; count++) {
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
