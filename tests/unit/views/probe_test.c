// Values as sources have them, in tables in memory: alike as they are, they must not share few places. A table of which half is
// taken needs one and a half looks to find a value whose place is drawn, two and a half to see that it is not there.
#include "views/base/probe.h"
#include "views/engine/row/key.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

enum {
    VALUES = 1 << 15,
    SIZE = 2 * VALUES,
    TEXT_SIZE = 48,
};

struct drawn {
    struct value value;
    char text[TEXT_SIZE];
};

struct kind {
    const char *name;
    void (*draw)(int i, struct drawn *ret);
};

static void draw_integer(int64_t integer, struct drawn *ret) {
    ret->value = (struct value){.kind = VALUE_INTEGER, .integer = integer};
}

static void draw_real(double real, struct drawn *ret) {
    ret->value = (struct value){.kind = VALUE_REAL, .real = real};
}

static void draw_text(struct drawn *ret) {
    ret->value = (struct value){.kind = VALUE_TEXT, .bytes = span_of(ret->text)};
}

static void in_sequence(int i, struct drawn *ret) {
    draw_integer(i + 1, ret);
}

static void negative(int i, struct drawn *ret) {
    draw_integer(-i - 1, ret);
}

static void whole_thousands(int i, struct drawn *ret) {
    draw_integer((int64_t)i * 1000, ret);
}

// Made by a generator that has the node and the time in its upper bits.
static void snowflakes(int i, struct drawn *ret) {
    draw_integer((INT64_C(1795385751) * 1000 + i) << 22, ret);
}

static void microseconds(int i, struct drawn *ret) {
    draw_integer(INT64_C(1795385751000000) + i * INT64_C(86400000000), ret);
}

static void halves(int i, struct drawn *ret) {
    draw_real(i * 0.5, ret);
}

static void tenths(int i, struct drawn *ret) {
    draw_real(i * 0.1, ret);
}

static void goods(int i, struct drawn *ret) {
    (void)snprintf(ret->text, TEXT_SIZE, "SKU-%05d", i);
    draw_text(ret);
}

static void eight_bytes(int i, struct drawn *ret) {
    (void)snprintf(ret->text, TEXT_SIZE, "c%07d", i);
    draw_text(ret);
}

static void days(int i, struct drawn *ret) {
    (void)snprintf(ret->text, TEXT_SIZE, "%04d-%02d-%02d", 1950 + i / 336, 1 + i / 28 % 12, 1 + i % 28);
    draw_text(ret);
}

static void moments(int i, struct drawn *ret) {
    (void)snprintf(ret->text, TEXT_SIZE, "2026-11-%02dT%02d:%02d:00Z", 1 + i / 1440, i / 60 % 24, i % 60);
    draw_text(ret);
}

static void uuids(int i, struct drawn *ret) {
    (void)snprintf(ret->text, TEXT_SIZE, "018f3c2a-%04x-7000-8000-00000000%04x", i >> 8, i & 0xff);
    draw_text(ret);
}

static void mail_addresses(int i, struct drawn *ret) {
    (void)snprintf(ret->text, TEXT_SIZE, "user%d@example.com", i);
    draw_text(ret);
}

static const struct kind kinds[] = {
    {"1, 2, 3", in_sequence},
    {"-1, -2, -3", negative},
    {"thousands", whole_thousands},
    {"snowflakes", snowflakes},
    {"microseconds of days", microseconds},
    {"halves", halves},
    {"tenths", tenths},
    {"SKU-00001", goods},
    {"eight bytes", eight_bytes},
    {"days", days},
    {"moments", moments},
    {"uuids", uuids},
    {"mail addresses", mail_addresses},
};

static struct column column = {.name = "id", .key = 1};
static const struct table table = {
    .name = "t", .columns = &column, .column_count = 1, .keys = {0}, .key_count = 1};

static uint64_t hash_of_value(const struct value *value) {
    return value_hash(HASH_SEED, value);
}

static uint64_t hash_of_key(const struct value *value) {
    return key_hash(&table, value);
}

// Looks that it takes to put all of the kind.
static int64_t looks_for(const struct kind *kind, uint64_t (*hash_of)(const struct value *value)) {
    int *buckets = probe_new(SIZE);
    assert_non_null(buckets);
    int64_t looks = 0;
    for (int i = 0; i < VALUES; i++) {
        struct drawn drawn;
        kind->draw(i, &drawn);
        size_t bucket = probe_first(hash_of(&drawn.value), SIZE);
        for (looks++; buckets[bucket] != PROBE_FREE; looks++)
            bucket = probe_next(bucket, SIZE);
        buckets[bucket] = i;
    }
    free(buckets);
    return looks;
}

static void no_kind_of_value_shares_few_places(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int64_t of_values = looks_for(&kinds[i], hash_of_value), of_keys = looks_for(&kinds[i], hash_of_key);
        if (of_values > 2 * VALUES || of_keys > 2 * VALUES)
            fail_msg("%s: %lld looks for %d values, %lld for as many keys", kinds[i].name,
                     (long long)of_values, VALUES, (long long)of_keys);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_kind_of_value_shares_few_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
