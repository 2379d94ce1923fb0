// A message is one line of UTF-8 whatever was put into it: JSON answers and logs have it as it is.
#include "views/base/error.h"
#include "views/base/utf8.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

static void assert_utf8(const char *text) {
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        size_t sequence = utf8_sequence(text + at, size - at);
        if (sequence == 0)
            fail_msg("not UTF-8 at byte %zu: %s", at, text);
        at += sequence;
    }
}

static const char *const letters[] = {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x9A\xA2"};

static void a_long_message_ends_with_a_whole_character(void **state) {
    (void)state;
    for (size_t letter = 0; letter < sizeof letters / sizeof *letters; letter++)
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2 * ERROR_MESSAGE_SIZE] = {0};
            memset(text, '.', shift);
            size_t size = strlen(letters[letter]);
            for (size_t at = shift; at + size < sizeof text; at += size)
                memcpy(text + at, letters[letter], size);
            struct error error = {0};
            assert_int_equal(error_set(&error, ERROR_INPUT, "%s", text), -1);
            assert_utf8(error.message);
            assert_true(strlen(error.message) + size >= ERROR_MESSAGE_SIZE);
            assert_memory_equal(error.message, text, strlen(error.message));
            for (size_t i = 0; i < 5; i++) {
                assert_int_equal(error_prefix(&error, "%s", "\xE2\x82\xAC"), -1);
                assert_utf8(error.message);
            }
            assert_memory_equal(error.message, "\xE2\x82\xAC: \xE2\x82\xAC: ", 10);
        }
}

static void a_prefix_that_is_too_long_is_cut_too(void **state) {
    (void)state;
    char text[2 * ERROR_MESSAGE_SIZE];
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA4", 2);
    text[sizeof text - 2] = '\0';
    struct error error = {0};
    (void)error_set(&error, ERROR_INPUT, "cause");
    (void)error_prefix(&error, "%s", text);
    assert_utf8(error.message);
}

// A part of a value that the caller has cut, or bytes that never were text.
static void what_is_no_character_is_a_question_mark(void **state) {
    (void)state;
    struct error error = {0};
    (void)error_set(&error, ERROR_INPUT, "column email: %.*s is no number", 3, "a\xE2\x82\xAC");
    assert_string_equal(error.message, "column email: a?? is no number");
    (void)error_set(&error, ERROR_INPUT, "%s", "\xFF\x80 \xC0\x80 \xED\xA0\x80 ok \xC3");
    assert_string_equal(error.message, "?? ?? ??? ok ?");
    (void)error_set(&error, ERROR_INPUT, "a\nb\tc\x7F");
    assert_string_equal(error.message, "a b c\x7F");
}

static void nobody_need_ask(void **state) {
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_INPUT, "x"), -1);
    assert_int_equal(error_prefix(NULL, "x"), -1);
    assert_int_equal(error_become(NULL, ERROR_INPUT), -1);
    struct error error = {0};
    (void)error_set(&error, ERROR_STORE, "x");
    assert_int_equal(error_become(&error, ERROR_INPUT), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.message, "x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_message_ends_with_a_whole_character),
        cmocka_unit_test(a_prefix_that_is_too_long_is_cut_too),
        cmocka_unit_test(what_is_no_character_is_a_question_mark),
        cmocka_unit_test(nobody_need_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
