// Any harm to a message that a decoder knows the shape of: it says the same as one that knows none. The first
// byte chooses the message, then each edit is a place (two bytes), how many bytes go, how many come, and
// these.
#include "tests/envelope_samples.h"
#include "tests/envelope_twins.h"

enum { HARMED_MAX = 8192, EDIT_HEADER = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct harmed {
    char bytes[HARMED_MAX];
    size_t size;
};

static void write_sample(struct harmed *out, const char *source) {
    out->size = strlen(source);
    for (size_t i = 0; i < out->size; i++)
        out->bytes[i] = (char)(source[i] == '\'' ? '"' : source[i]);
}

// Bytes of the input that were used.
static size_t edit(struct harmed *harmed, const uint8_t *data, size_t size) {
    size_t at = ((size_t)data[0] << 8 | data[1]) % (harmed->size + 1), gone = data[2] % 16,
           come = data[3] % 16;
    gone = gone < harmed->size - at ? gone : harmed->size - at;
    come = come < size - EDIT_HEADER ? come : size - EDIT_HEADER;
    if (harmed->size - gone + come > HARMED_MAX)
        return size;
    memmove(harmed->bytes + at + come, harmed->bytes + at + gone, harmed->size - at - gone);
    memcpy(harmed->bytes + at, data + EDIT_HEADER, come);
    harmed->size = harmed->size - gone + come;
    return EDIT_HEADER + come;
}

static void check(struct twins *twins, const struct sample *sample, const struct harmed *key,
                  const struct harmed *value) {
    // of their exact size, so that a read past them is seen
    char *key_copy = malloc(key->size > 0 ? key->size : 1);
    char *value_copy = malloc(value->size > 0 ? value->size : 1);
    if (key_copy == NULL || value_copy == NULL)
        abort();
    memcpy(key_copy, key->bytes, key->size);
    memcpy(value_copy, value->bytes, value->size);
    const struct message message = {.key = {key_copy, key->size}, .value = {value_copy, value->size}};
    const struct table *table =
        sample->table != NULL ? catalog_table(twins->catalog, sample->table, strlen(sample->table)) : NULL;
    const char *problem =
        twins_disagreement(twins, table != NULL ? TOPIC_TABLE : TOPIC_TRANSACTION, table, &message);
    if (problem != NULL) {
        fprintf(stderr, "%s: %s / %s\nkey %.*s\nvalue %.*s\n", problem, twins->by_shape.error.message,
                twins->generally.error.message, (int)key->size, key->bytes, (int)value->size, value->bytes);
        abort();
    }
    free(key_copy);
    free(value_copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct twins twins;
    static struct harmed key, value, harmed_key, harmed_value;
    if (twins.catalog == NULL)
        twins_init(&twins, NULL);
    if (size < 1 + EDIT_HEADER)
        return 0;
    const struct sample *sample = &samples[data[0] % SAMPLES];
    bool also_key = data[0] >= 128;
    write_sample(&key, sample->key);
    write_sample(&value, sample->value);
    harmed_key = key;
    harmed_value = value;
    for (size_t at = 1; size - at >= EDIT_HEADER; also_key = false)
        at += edit(also_key ? &harmed_key : &harmed_value, data + at, size - at);
    check(&twins, sample, &key, &value);
    check(&twins, sample, &harmed_key, &harmed_value);
    check(&twins, sample, &harmed_key, &harmed_value);
    check(&twins, sample, &key, &value);
    twins_forget(&twins);
    return 0;
}
