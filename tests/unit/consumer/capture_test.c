#include "consumer/capture.h"

#include "views/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD                                                                                                 \
    "{\"topic\":\"shop.public.orders\",\"partition\":0,\"offset\":7,\"ts\":12,\"key\":\"k\",\"value\":null}"

static struct capture *open_text(const char *text) {
    struct capture *capture = NULL;
    struct error error = {0};
    assert_int_equal(capture_open_bytes(&capture, span_of(text), "test.jsonl", &error), 0);
    return capture;
}

static void reads_a_line(void **state) {
    (void)state;
    CLEANUP(capture_close)
    struct capture *capture = open_text(
        "{\"value\":\"a\\\"\\u00e9\",\"extra\":[1,{}],\"key\":\"\",\"ts\":-1,\"offset\":9007199254740993,"
        "\"partition\":2,\"topic\":\"a.b.c\"}\r\n" GOOD);
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    struct error error = {0};
    assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
    assert_true(span_is(line.topic, "a.b.c"));
    assert_int_equal(line.partition, 2);
    assert_int_equal(line.offset, 9007199254740993);
    assert_int_equal(line.ts_ms, -1);
    assert_non_null(line.key.data);
    assert_int_equal(line.key.size, 0);
    assert_true(span_is(line.value, "a\"\xc3\xa9"));
    assert_int_equal(line.line, 1);
    assert_int_equal(capture_place(capture), 0);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
    assert_int_equal(line.line, 2);
    assert_true(span_is(line.key, "k"));
    assert_null(line.value.data);
    size_t place = capture_place(capture);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 0);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 0);
    assert_int_equal(capture_at(capture, place, &arena, &line, &error), 1);
    assert_int_equal(line.offset, 7);
    capture_rewind(capture);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
    assert_int_equal(line.line, 1);
}

static void empty_capture_has_no_line(void **state) {
    (void)state;
    CLEANUP(capture_close) struct capture *capture = open_text("");
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    struct error error = {0};
    assert_int_equal(capture_next(capture, &arena, &line, &error), 0);
    assert_false(capture_has_topic(capture, ".transaction"));
    assert_null(capture_prefix(capture).data);
}

static void names_file_line_and_cause(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"[1]", "not a JSON object"},
        {"12", "not a JSON object"},
        {"{\"topic\":\"t\"}", "\"partition\" is missing"},
        {"{\"topic\":1}", "\"topic\" is not a string"},
        {"{\"topic\":null}", "\"topic\" is not a string"},
        {"{\"topic\":\"\",\"partition\":0,\"offset\":0,\"ts\":0,\"key\":null,\"value\":null}",
         "name that Kafka"},
        {"{\"topic\":\"a b\",\"partition\":0,\"offset\":0,\"ts\":0,\"key\":null,\"value\":null}",
         "name that Kafka"},
        {"{\"topic\":\"t\",\"partition\":-1,\"offset\":0,\"ts\":0,\"key\":null,\"value\":null}",
         "\"partition\" -1"},
        {"{\"topic\":\"t\",\"partition\":2147483648,\"offset\":0,\"ts\":0,\"key\":null,\"value\":null}",
         "\"partition\" 2147483648"},
        {"{\"topic\":\"t\",\"partition\":100000,\"offset\":0,\"ts\":0,\"key\":null,\"value\":null}",
         "\"partition\" 100000 is out of range: 0 to 99999"},
        {"{\"topic\":\"t\",\"partition\":0,\"offset\":9223372036854775807,\"ts\":0,\"key\":null,\"value\":null}",
         "\"offset\" 9223372036854775807"},
        {"{\"topic\":\"t\",\"partition\":0,\"offset\":-2,\"ts\":0,\"key\":null,\"value\":null}",
         "\"offset\" -2"},
        {"{\"offset\":1.5}", "\"offset\" is not an integer"},
        {"{\"offset\":\"1\"}", "\"offset\" is not an integer"},
        {"{\"ts\":null}", "\"ts\" is not an integer"},
        {"{\"key\":{}}", "\"key\" is not a string or null"},
        {"{\"value\":true}", "\"value\" is not a string or null"},
        {"{\"ts\":1,\"ts\":1}", "\"ts\" is there twice"},
        {GOOD "x", "test.jsonl:2"},
        {"{\"topic\":\"shop.public.or", "test.jsonl:2"},
        {"{\"topic\":\"t\",\"value\":\"\xff\"}", "test.jsonl:2"},
        {"{\"unknown\":\"\xff\"}", "test.jsonl:2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "%s\n%s\n%s\n", GOOD, cases[i].text, GOOD);
        CLEANUP(capture_close) struct capture *capture = open_text(text);
        CLEANUP(arena_free) struct arena arena = {0};
        struct capture_line line;
        struct error error = {0};
        assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
        assert_int_equal(capture_next(capture, &arena, &line, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_non_null(strstr(error.message, "test.jsonl:2: "));
        if (strstr(error.message, cases[i].says) == NULL)
            fail_msg("%s: says %s", cases[i].text, error.message);
        assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
        assert_int_equal(line.line, 3);
    }
}

static void finds_topics_and_prefix(void **state) {
    (void)state;
    CLEANUP(capture_close)
    struct capture *capture =
        open_text("{\"offset\":1,\"topic\":\"shop.message\"}\nbroken\n{\"topic\":\"my.shop.transaction\"}\n");
    assert_true(capture_has_topic(capture, ".transaction"));
    assert_false(capture_has_topic(capture, ".orders"));
    assert_true(span_is(capture_prefix(capture), "my.shop"));
    CLEANUP(capture_close)
    struct capture *heartbeat =
        open_text("{\"topic\":\"__debezium-heartbeat.shop\"}\n{\"topic\":\"other.public.orders\"}\n");
    assert_true(span_is(capture_prefix(heartbeat), "shop"));
    CLEANUP(capture_close)
    struct capture *copied =
        open_text("{\"topic\":\"eu.__debezium-heartbeat.shop\"}\n{\"topic\":\"eu.shop.public.orders\"}\n");
    assert_true(span_is(capture_prefix(copied), "eu.shop"));
    CLEANUP(capture_close) struct capture *table = open_text(GOOD);
    assert_true(span_is(capture_prefix(table), "shop"));
}

static void maps_a_file(void **state) {
    (void)state;
    char path[] = "/tmp/capture_test.XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    struct capture *capture = NULL;
    struct error error = {0};
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    assert_int_equal(capture_open(&capture, path, &error), 0);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 0);
    capture_close(&capture);
    assert_int_equal(write(file, GOOD "\n", sizeof GOOD), sizeof GOOD);
    assert_int_equal(close(file), 0);
    assert_int_equal(capture_open(&capture, path, &error), 0);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
    assert_int_equal(capture_next(capture, &arena, &line, &error), 0);
    capture_close(&capture);
    capture_close(&capture);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(capture_open(&capture, path, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_non_null(strstr(error.message, path));
    assert_int_equal(capture_open(&capture, "/tmp", &error), -1);
}

// A byte order mark is passed over, as it is of source.sql; UTF-16 is told.
static void what_windows_writes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *says; // NULL = it is read
    } cases[] = {{"\xEF\xBB\xBF" GOOD "\r\n", sizeof GOOD + 4, NULL},
                 {"\xEF\xBB\xBF", 3, NULL},
                 {"\xFF\xFE{\0\"\0", 6, "is UTF-16"},
                 {"\xFE\xFF\0{\0\"", 6, "is UTF-16"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/capture_test.XXXXXX";
        int file = mkstemp(path);
        assert_true(file >= 0);
        assert_int_equal(write(file, cases[i].bytes, cases[i].size), cases[i].size);
        assert_int_equal(close(file), 0);
        CLEANUP(capture_close) struct capture *capture = NULL;
        CLEANUP(arena_free) struct arena arena = {0};
        struct capture_line line;
        struct error error = {0};
        int opened = capture_open(&capture, path, &error);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(opened, cases[i].says == NULL ? 0 : -1);
        if (cases[i].says != NULL && strstr(error.message, cases[i].says) == NULL)
            fail_msg("says %s", error.message);
        if (cases[i].size > sizeof GOOD) {
            assert_true(span_is(capture_prefix(capture), "shop"));
            assert_int_equal(capture_next(capture, &arena, &line, &error), 1);
            assert_int_equal(line.offset, 7);
            assert_int_equal(capture_at(capture, capture_place(capture), &arena, &line, &error), 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_line),
        cmocka_unit_test(empty_capture_has_no_line),
        cmocka_unit_test(names_file_line_and_cause),
        cmocka_unit_test(finds_topics_and_prefix),
        cmocka_unit_test(maps_a_file),
        cmocka_unit_test(what_windows_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
