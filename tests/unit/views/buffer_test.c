// buffer.h: JSON string literals, eight bytes at a time, against one byte at a time.
#include "views/base/buffer.h"
#include "views/base/random.h"
#include "views/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 20000, TEXT_MAX = 40 };

static void write_slowly(struct buffer *out, struct span text) {
    buffer_char(out, '"');
    for (size_t i = 0; i < text.size;) {
        unsigned char c = (unsigned char)text.data[i];
        size_t run = utf8_sequence(text.data + i, text.size - i);
        if (run == 0)
            buffer_text(out, "\xEF\xBF\xBD");
        else if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            buffer_format(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c < 0x20)
            buffer_format(out, "\\u%04x", c);
        else
            buffer_append(out, text.data + i, run);
        i += run != 0 ? run : 1;
    }
    buffer_char(out, '"');
}

static void check(struct span text) {
    struct buffer got = {0};
    struct buffer wanted = {0};
    buffer_json_string(&got, text);
    write_slowly(&wanted, text);
    assert_false(got.failed || wanted.failed);
    assert_int_equal(got.size, wanted.size);
    assert_memory_equal(got.data, wanted.data, wanted.size);
    buffer_free(&got);
    buffer_free(&wanted);
}

// Each byte at each place of a text that is plain otherwise.
static void test_each_byte(void **state) {
    (void)state;
    char text[24];
    for (int byte = 0; byte < 256; byte++)
        for (size_t place = 0; place < sizeof text; place++) {
            memset(text, 'a', sizeof text);
            text[place] = (char)byte;
            check((struct span){text, sizeof text});
        }
    check((struct span){"", 0});
    check((struct span){NULL, 0});
}

static void test_random_texts(void **state) {
    (void)state;
    static const char *const pieces[] = {"a",    "\"",       "\\",           "\n",   "\x1f",
                                         "\x7f", "\xC3\xA9", "\xE2\x82\xAC", "\xC3", " plain "};
    uint64_t random = 20261123;
    print_message("seed %llu\n", (unsigned long long)random);
    for (int round = 0; round < ROUNDS; round++) {
        char text[TEXT_MAX + 8];
        size_t size = 0;
        for (size_t wanted = random_below(&random, TEXT_MAX); size < wanted;) {
            const char *piece = pieces[random_below(&random, sizeof pieces / sizeof *pieces)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        check((struct span){text, size});
    }
}

static void test_limit(void **state) {
    (void)state;
    struct buffer buffer = {.limit = 1024};
    for (int i = 0; i < 1024; i++)
        buffer_char(&buffer, 'x');
    assert_false(buffer.failed);
    buffer_append(&buffer, "y", 1);
    assert_true(buffer.failed);
    assert_int_equal(buffer.size, 1024);
    buffer_clear(&buffer);
    buffer_text(&buffer, "again");
    assert_false(buffer.failed);
    assert_int_equal(buffer.size, 5);
    buffer_free(&buffer);
}

// Two buffers that may have 2 MB together: what is short is not counted, who has much leaves a quarter to the others.
static void test_account(void **state) {
    (void)state;
    struct account account = {.max = 2 << 20};
    struct buffer large = {.account = &account};
    struct buffer small = {.account = &account};
    assert_true(buffer_reserve(&small, ACCOUNT_FREE));
    assert_int_equal(atomic_load(&account.bytes), 0);
    assert_true(buffer_reserve(&large, 1 << 20));
    assert_int_equal(atomic_load(&account.bytes), 1 << 20);
    large.size = large.capacity;
    buffer_char(&large, 'x');
    assert_true(large.failed && large.starved && !large.full);
    assert_false(buffer_reserve(&small, 1 << 20));
    buffer_clear(&small);
    assert_true(buffer_reserve(&small, 512 << 10));
    struct buffer smaller[8] = {{0}};
    for (int i = 0; i < 8; i++) {
        smaller[i].account = &account;
        assert_true(buffer_reserve(&smaller[i], 1 << 16)); // what is left, up to the last byte
    }
    assert_int_equal(atomic_load(&account.bytes), 2 << 20);
    for (int i = 0; i < 8; i++)
        buffer_free(&smaller[i]);
    buffer_clear(&large);
    assert_false(large.starved);
    buffer_text(&large, "trimmed");
    buffer_trim(&large);
    assert_int_equal(large.capacity, large.size);
    assert_int_equal(atomic_load(&account.bytes), 512 << 10);
    buffer_free(&small);
    buffer_free(&large);
    assert_int_equal(atomic_load(&account.bytes), 0);
}

static void test_integers(void **state) {
    (void)state;
    struct buffer buffer = {0};
    char expected[32];
    for (int power = 0; power <= 63; power++)
        for (int64_t change = -2; change <= 2; change++)
            for (int sign = 0; sign < 2; sign++) {
                uint64_t value = ((uint64_t)1 << power) + (uint64_t)change;
                int64_t number = (int64_t)(sign == 0 ? value : 0 - value);
                buffer_clear(&buffer);
                buffer_integer(&buffer, number);
                buffer_char(&buffer, '\0');
                (void)snprintf(expected, sizeof expected, "%lld", (long long)number);
                assert_string_equal(buffer.data, expected);
            }
    buffer_free(&buffer);
}

// Whatever stands at whichever place: what is plain is copied eight bytes at a time.
static void test_json_strings_of_every_length(void **state) {
    (void)state;
    struct buffer buffer = {0};
    for (size_t size = 0; size <= 20; size++)
        for (size_t at = 0; at <= size; at++) {
            char text[24] = "";
            char expected[64] = "";
            memset(text, 'a', size);
            if (at < size)
                text[at] = '"';
            (void)snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", (int)at, text,
                           at < size ? "\\\"" : "", at < size ? (int)(size - at - 1) : 0,
                           at < size ? text + at + 1 : "");
            buffer_clear(&buffer);
            buffer_json_string(&buffer, (struct span){text, size});
            buffer_char(&buffer, '\0');
            assert_string_equal(buffer.data, expected);
        }
    buffer_free(&buffer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),  cmocka_unit_test(test_json_strings_of_every_length),
        cmocka_unit_test(test_each_byte), cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_limit),     cmocka_unit_test(test_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
