// Objects read by a known shape say the same as the general reader, or are left to it.
#include "consumer/json_flat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static const char source[] =
    "{\"version\":\"2.7.4.Final\",\"ts_ms\":1795386745338,\"snapshot\":null,\"sequence\":\"[null,\\\"426187064\\\"]\","
    "\"rate\":-0.25,\"on\":true,\"off\":false,\"empty\":\"\"}";

// The general reader's word on a flat object: its scalars in order, -1 when it is no such object.
static int read_generally(struct span object, struct json_scalar *ret) {
    struct json_reader json;
    json_open(&json, object);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return -1;
    int count = 0;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        enum json_kind value = json_next(&json);
        if (value < JSON_STRING || count == JSON_SHAPE_KEYS_MAX)
            return -1;
        ret[count++] = (struct json_scalar){value, json.text};
    }
    return kind == JSON_OBJECT_END && json_next(&json) == JSON_END ? count : -1;
}

static void assert_same(const struct json_scalar *a, const struct json_scalar *b, int count) {
    for (int i = 0; i < count; i++) {
        assert_int_equal(a[i].kind, b[i].kind);
        if (a[i].kind == JSON_STRING || a[i].kind == JSON_NUMBER)
            assert_true(span_equal(a[i].text, b[i].text));
    }
}

static bool read_by_shape(const struct json_shape *shape, struct span object, struct json_scalar *ret) {
    struct json_reader json;
    json_open(&json, object);
    return json_read_shape(&json, shape, ret) && json_next(&json) == JSON_END;
}

static void reads_what_it_learnt(void **state) {
    (void)state;
    struct json_shape shape;
    struct json_scalar by_shape[JSON_SHAPE_KEYS_MAX];
    struct json_scalar generally[JSON_SHAPE_KEYS_MAX];
    const struct span object = {source, sizeof source - 1};
    json_learn_shape(&shape, object);
    assert_int_equal(shape.count, 8);
    assert_int_equal(json_shape_find(&shape, "sequence"), 3);
    assert_int_equal(json_shape_find(&shape, "seq"), -1);
    assert_true(read_by_shape(&shape, object, by_shape));
    assert_int_equal(read_generally(object, generally), 8);
    assert_same(by_shape, generally, 8);
}

static void leaves_the_rest_to_the_reader(void **state) {
    (void)state;
    static const char *const others[] = {"{}",
                                         "{\"a\":1}",
                                         "{\"b\":1,\"a\":2}",
                                         "{\"a\":1,\"b\":{}}",
                                         "{\"a\":1,\"b\":[]}",
                                         "{ \"a\":1,\"b\":2}",
                                         "{\"a\":1 ,\"b\":2}",
                                         "{\"a\":1e3,\"b\":2}",
                                         "{\"a\":01,\"b\":2}",
                                         "{\"a\":\"\\u0041\",\"b\":2}",
                                         "{\"a\":\"\xC3\xA9\",\"b\":2}",
                                         "{\"a\":1,\"b\":2,\"c\":3}",
                                         "{\"a\":1,\"b\":2",
                                         "{\"a\":1,\"b\":nul}",
                                         "[1]",
                                         "null",
                                         "{\"a\":-,\"b\":2}",
                                         "{\"a\":1.,\"b\":2}",
                                         "{\"a\":\"\\x\",\"b\":2}",
                                         "{\"a\":\"\x01\",\"b\":2}",
                                         ""};
    struct json_shape shape;
    struct json_scalar values[JSON_SHAPE_KEYS_MAX];
    json_learn_shape(&shape, SPAN("{\"a\":1,\"b\":2}"));
    assert_int_equal(shape.count, 2);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct json_reader json;
        json_open(&json, span_of(others[i]));
        const char *before = json.next;
        assert_false(json_read_shape(&json, &shape, values));
        assert_ptr_equal(json.next, before);
    }
    json_learn_shape(&shape, SPAN("{\"a\":{}}"));
    assert_int_equal(shape.count, 0);
}

enum { MUTATIONS = 20000, SEED = 20261123 };

// Whatever a mutated object is: read by its shape only when the general reader accepts it, and then as the
// same.
static void is_as_strict_as_the_reader(void **state) {
    (void)state;
    struct json_shape shape;
    json_learn_shape(&shape, (struct span){source, sizeof source - 1});
    printf("seed %d\n", SEED);
    srand(SEED);
    int read = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        static const char bytes[] = "\"\\{}[]:,0123456789-+.eEntrufals \n\x01\x80\xC3\xFF";
        char mutated[sizeof source];
        memcpy(mutated, source, sizeof source);
        for (int m = rand() % 3; m >= 0; m--)
            mutated[(size_t)rand() % (sizeof source - 1)] = bytes[(size_t)rand() % (sizeof bytes - 1)];
        const struct span object = {mutated, sizeof source - 1 - (size_t)(rand() % 4 == 0 ? rand() % 5 : 0)};
        struct json_scalar by_shape[JSON_SHAPE_KEYS_MAX];
        struct json_scalar generally[JSON_SHAPE_KEYS_MAX];
        int count = read_generally(object, generally);
        if (read_by_shape(&shape, object, by_shape)) {
            assert_int_equal(count, shape.count);
            assert_same(by_shape, generally, count);
            read++;
        }
        const char *end = json_flat_end(object.data, object.data + object.size);
        assert_true(end != object.data + object.size || count >= 0);
    }
    assert_true(read > MUTATIONS / 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_learnt),
        cmocka_unit_test(leaves_the_rest_to_the_reader),
        cmocka_unit_test(is_as_strict_as_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
