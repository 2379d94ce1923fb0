// Any bytes as a capture: each line is read or told with its number, the looks ahead (topics, partitions, the prefix) read
// nothing out of bounds, and a line that is asked for again is the same.
#include "consumer/capture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count_partition(void *self, struct span topic, int32_t partition, struct error *error) {
    (void)error;
    if (topic.data == NULL || partition < 0)
        abort();
    ++*(int *)self;
    return 0;
}

static bool same(const struct capture_line *a, const struct capture_line *b) {
    return span_equal(a->topic, b->topic) && a->partition == b->partition && a->offset == b->offset &&
           a->ts_ms == b->ts_ms && (a->key.data == NULL) == (b->key.data == NULL) &&
           span_equal(a->key, b->key) && (a->value.data == NULL) == (b->value.data == NULL) &&
           span_equal(a->value, b->value);
}

static void read_all(struct capture *capture) {
    struct arena arena = {0};
    struct capture_line line, again;
    struct error error = {0};
    int result;
    while ((result = capture_next(capture, &arena, &line, &error)) == 1) {
        if (capture_at(capture, capture_place(capture), &arena, &again, &error) != 1 || !same(&line, &again))
            abort();
        if (line.offset < 0 || line.offset == INT64_MAX) // the next one is kept
            abort();
    }
    if (result < 0 && (error.kind != ERROR_INPUT || error.message[0] == '\0'))
        abort();
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct capture *capture = NULL;
    struct error error = {0};
    int partitions = 0;
    if (capture_open_bytes(&capture, (struct span){(const char *)data, size}, "x", &error) != 0)
        return 0;
    (void)capture_has_topic(capture, ".transaction");
    (void)capture_prefix(capture);
    if (capture_visit_partitions(capture, count_partition, &partitions, &error) != 0)
        abort();
    read_all(capture);
    capture_rewind(capture);
    read_all(capture);
    capture_close(&capture);
    return 0;
}
