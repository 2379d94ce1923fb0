// consumer/json against jansson: hard cases, every message of every fixture, and seeded mutations of them.
#include "tests/json_oracle.h"
#include "views/base/cleanup.h"
#include "views/base/random.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
enum { MUTATIONS = 10000 };
#else
enum { MUTATIONS = 50000 };
#endif
enum { MUTATED_MAX = 6000 };
static const uint64_t seed = 20261122;

// Over an exact copy, so that a sanitizer sees any read past the end.
static bool check(struct span input) {
    CLEANUP(free_charp) char *copy = malloc(input.size + 1); // +1: malloc(0) may be NULL
    assert_non_null(copy);
    char *bytes = copy + 1;
    if (input.size > 0)
        memcpy(bytes, input.data, input.size);
    bool taken;
    const char *problem = oracle_disagreement((struct span){bytes, input.size}, &taken);
    if (problem != NULL)
        fail_msg("%s: %.*s", problem, (int)input.size, bytes);
    return taken;
}

struct hard_case {
    struct span input;
    bool taken;
};

#define YES(literal)                                                                                         \
    { {literal, sizeof(literal) - 1}, true }
#define NO(literal)                                                                                          \
    { {literal, sizeof(literal) - 1}, false }

static const struct hard_case values[] = {
    YES("0"),
    YES("-0"),
    YES(" 1 "),
    YES("\t\r\n1\n"),
    YES("1e5"),
    YES("1E+05"),
    YES("-1.25e-3"),
    YES("0.0"),
    YES("0e0"),
    YES("9223372036854775807"),
    YES("1e-400"),
    YES("-9223372036854775808"),
    YES("1e999"),
    YES("9223372036854775808"),
    YES("null"),
    YES("-123456789012345678901234567890.5"),
    YES("true"),
    YES("false"),
    YES("\"\""),
    YES("{}"),
    YES("[]"),
    YES("[[],{}]"),
    YES("[1,2 , 3]"),
    YES("{\"\":1}"),
    YES("{ \"a\" : { \"b\" : [ ] } , \"c\" : null }"),
    NO(""),
    NO(" "),
    NO("01"),
    NO("-01"),
    NO("00"),
    NO("1."),
    NO("1.e1"),
    NO(".5"),
    NO("-"),
    NO("-."),
    NO("- 1"),
    NO("+1"),
    NO("1e"),
    NO("1e+"),
    NO("1e-"),
    NO("1ee1"),
    NO("1e1.5"),
    NO("0x10"),
    NO("1_000"),
    NO("1a"),
    NO("NaN"),
    NO("Infinity"),
    NO("-Infinity"),
    NO("t"),
    NO("tru"),
    NO("True"),
    NO("truex"),
    NO("true false"),
    NO("nul"),
    NO("nullnull"),
    NO("1 2"),
    NO("1,"),
    NO("\xEF\xBB\xBF{}"),
    NO("\xFE\xFF\0{\0}"),
    NO("\0"),
    NO("{}\0"),
    NO("1\0"),
    NO("\x0B"
       "1"),
    NO("\x0C"
       "1"),
    NO("\xA0"
       "1"),
    NO("// c\n1"),
    NO("1 /* c */"),
    NO("'a'"),
    NO("a"),
};

static const struct hard_case containers[] = {
    NO("["),
    NO("]"),
    NO("{"),
    NO("}"),
    NO("[1"),
    NO("[1,"),
    NO("[1,]"),
    NO("[,1]"),
    NO("[,]"),
    NO("[1,,2]"),
    NO("[1 2]"),
    NO("[1:2]"),
    NO("[}"),
    NO("{]"),
    NO("[1}"),
    NO("{\"a\":1]"),
    NO("[]]"),
    NO("{}}"),
    NO("[][]"),
    NO("{\"a\"}"),
    NO("{\"a\":}"),
    NO("{\"a\":1,}"),
    NO("{,\"a\":1}"),
    NO("{\"a\" 1}"),
    NO("{\"a\"::1}"),
    NO("{\"a\":1 \"b\":2}"),
    NO("{\"a\":1"),
    NO("{\"a\":1,"),
    NO("{\"a\":"),
    NO("{\"a\""),
    NO("{a:1}"),
    NO("{1:1}"),
    NO("{null:1}"),
    NO("{\"a\":1,,\"b\":2}"),
    NO("{\"a\",1}"),
    NO("{\"a\":1;}"),
    NO("{[]:1}"),
    NO("{\"a\":1,2}"),
    YES("{\"a\":1,\"a\":2}"),
    YES("{\"a\":1,\"\\u0061\":2}"),
    YES("[[[[[[[[[[]]]]]]]]]]"),
    YES("[{\"a\":[{\"b\":[[],{}]}]},1]"),
};

static const struct hard_case strings[] = {
    YES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    YES("\"\\u0041\\u00e9\\u20AC\""),
    YES("\"\\uD83D\\uDE00\""),
    YES("\"\\uDBFF\\uDFFF\""),
    YES("\"\\uFFFF\\uFFFE\""),
    YES("\"\\u0000\""),
    YES("{\"\\u0000\":1}"),
    YES("\"\x7F\""),
    YES("\"\\uD7FF\\uE000\""),
    YES("\"\xC2\x80\xDF\xBF\""),
    YES("\"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\""),
    YES("\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\""),
    YES("\"caf\xC3\xA9 \xF0\x9F\x98\x80 and sixteen bytes more of plain text\""),
    YES("\"0123456789abcdef\\n0123456789abcdef\\\"\""),
    NO("\""),
    NO("\"a"),
    NO("\"a\\\""),
    NO("\"\\"),
    NO("\"\\x41\""),
    NO("\"\\a\""),
    NO("\"\\'\""),
    NO("\"\\U0041\""),
    NO("\"\\\0\""),
    NO("\"\\ \""),
    NO("\"\\u\""),
    NO("\"\\u12\""),
    NO("\"\\u123\""),
    NO("\"\\u12G4\""),
    NO("\"\\u 123\""),
    NO("\"\\u-123\""),
    NO("\"\\uD800\""),
    NO("\"\\uD800x\""),
    NO("\"\\uD800\\n\""),
    NO("\"\\uD800\\u0041\""),
    NO("\"\\uD800\\uD800\""),
    NO("\"\\uDC00\""),
    NO("\"\\uDC00\\uD800\""),
    NO("\"\\uD83D\\uDE0\""),
    NO("\"\\uD83D\\u\""),
    NO("\"\\uD83D\\"),
    NO("\"\n\""),
    NO("\"\t\""),
    NO("\"\0\""),
    NO("\"\x1F\""),
    NO("\"0123456789abcde\x01\""),
    NO("\"0123456789abcdef0123\x1F\""),
    NO("\"\x80\""),
    NO("\"\xBF\""),
    NO("\"\xC0\xAF\""),
    NO("\"\xC1\xBF\""),
    NO("\"\xC2\""),
    NO("\"\xC2 \""),
    NO("\"\xE0\x9F\xBF\""),
    NO("\"\xE2\x82\""),
    NO("\"\xED\xA0\x80\""),
    NO("\"\xED\xBF\xBF\""),
    NO("\"\xF0\x8F\xBF\xBF\""),
    NO("\"\xF0\x9F\x98\""),
    NO("\"\xF4\x90\x80\x80\""),
    NO("\"\xF5\x80\x80\x80\""),
    NO("\"\xFF\""),
    NO("\"\xFE\""),
    NO("{\"\xFF\":1}"),
    NO("\"a\xE9\""),
    NO("\"\xC3"),
    NO("\"\xC3\xA9"),
};

static void check_cases(const struct hard_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (check(cases[i].input) != cases[i].taken)
            fail_msg("%s: %.*s", cases[i].taken ? "refused" : "taken", (int)cases[i].input.size,
                     cases[i].input.data);
}

static void hard_cases_are_as_listed(void **state) {
    (void)state;
    check_cases(values, sizeof values / sizeof *values);
    check_cases(containers, sizeof containers / sizeof *containers);
    check_cases(strings, sizeof strings / sizeof *strings);
}

static void every_cut_of_a_document_is_refused(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5e+3,true,false,null,\"\\u00e9\\uD83D\\uDE00\xC3\xA9\"],\"b\":{\"c\":{}}}";
    for (size_t size = 0; size < sizeof text - 1; size++)
        assert_false(check((struct span){text, size}));
    assert_true(check(SPAN(text)));
}

// Each odd byte at each place of a string that spans several vector words.
static void odd_bytes_are_found_anywhere(void **state) {
    (void)state;
    static const char *const odd[] = {"\\n",  "\\u00e9", "\xC3\xA9", "\xF0\x9F\x98\x80",
                                      "\x01", "\xFF",    "\\q"};
    for (size_t kind = 0; kind < sizeof odd / sizeof *odd; kind++)
        for (int before = 0; before < 40; before++)
            for (int after = 0; after < 20; after++) {
                char text[128];
                int size = snprintf(text, sizeof text, "\"%.*s%s%.*s\"", before,
                                    "the quick brown fox jumps over the dogs and more", odd[kind], after,
                                    "and nobody else came too");
                assert_int_equal(check((struct span){text, (size_t)size}), kind < 4);
            }
}

static void depth_is_bounded(void **state) {
    (void)state;
    static char text[20001];
    static const int depths[] = {1, 63, 64, 65, 511, 512, 513, 1000, 2047, 2049, 10000};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        size_t depth = (size_t)depths[i];
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(check((struct span){text, depth * 2}), depth <= JSON_DEPTH_MAX);
        assert_false(check((struct span){text, depth}));
    }
}

// Objects and arrays in turn: a closing bracket of the wrong kind is refused on every level.
static void closing_brackets_match(void **state) {
    (void)state;
    enum { LEVELS = 200 };
    char text[LEVELS * 8] = "", *p = text;
    for (int i = 0; i < LEVELS; i++)
        p += sprintf(p, i % 3 == 0 ? "{\"k\":" : "[");
    *p++ = '0';
    char *closing = p;
    for (int i = LEVELS - 1; i >= 0; i--)
        *p++ = i % 3 == 0 ? '}' : ']';
    struct span whole = {text, (size_t)(p - text)};
    assert_true(check(whole));
    for (char *c = closing; c < p; c++) {
        *c ^= '}' ^ ']';
        assert_false(check(whole));
        *c ^= '}' ^ ']';
    }
}

static void skipping_and_leaving(void **state) {
    (void)state;
    struct json_reader reader;
    struct span raw;
    json_open(&reader, SPAN("{\"a\" : {\"x\":[1,{}]} , \"b\": [ 1 , \"t\\n\" ,[ ] ], \"c\":2}"));
    assert_int_equal(json_next(&reader), JSON_OBJECT_BEGIN);
    assert_int_equal(json_next(&reader), JSON_KEY);
    assert_true(json_skip(&reader));
    assert_int_equal(json_next(&reader), JSON_KEY);
    assert_true(json_key_is(&reader, "b", 1));
    assert_int_equal(json_next(&reader), JSON_ARRAY_BEGIN);
    assert_true(json_raw(&reader, &raw) && span_is(raw, "1"));
    assert_true(json_raw(&reader, &raw) && span_is(raw, "\"t\\n\""));
    assert_true(json_leave(&reader, 1));
    assert_int_equal(json_next(&reader), JSON_KEY);
    assert_true(json_raw(&reader, &raw) && span_is(raw, "2"));
    assert_int_equal(json_next(&reader), JSON_OBJECT_END);
    assert_int_equal(json_next(&reader), JSON_END);
    json_open(&reader, SPAN("[]"));
    assert_int_equal(json_next(&reader), JSON_ARRAY_BEGIN);
    assert_false(json_skip(&reader));
    assert_non_null(reader.error);
    json_open(&reader, SPAN("{\"a\":1}"));
    assert_int_equal(json_next(&reader), JSON_OBJECT_BEGIN);
    assert_false(json_raw(&reader, &raw));
    json_open(&reader, (struct span){NULL, 0});
    assert_int_equal(json_next(&reader), JSON_ERROR);
}

static void errors_say_where(void **state) {
    (void)state;
    struct json_reader reader;
    json_open(&reader, SPAN("{\"a\": 1, \"b\": x}"));
    assert_false(json_skip(&reader));
    assert_int_equal(json_offset(&reader), 14);
    assert_string_equal(reader.error, "a value was expected");
    json_open(&reader, SPAN("{\"a\": \"tail"));
    assert_false(json_skip(&reader));
    assert_int_equal(json_offset(&reader), 11);
    assert_string_equal(reader.error, "the document ends too early");
}

// Every count of digits, with a byte that is none at every place.
static void integers_of_every_length(void **state) {
    (void)state;
    static const char digits[] = "9223372036854775807000";
    static const char others[] = {'/', ':', '-', '.', ' ', '\0', '\x80', (char)0xB5, (char)0xFF};
    for (int size = 1; size < (int)sizeof digits; size++) {
        for (int negative = 0; negative < 2; negative++) {
            char *text = malloc((size_t)(size + negative)); // exact, so that a read past it is seen
            assert_non_null(text);
            text[0] = '-';
            memcpy(text + negative, digits, (size_t)size);
            const struct span number = {text, (size_t)(size + negative)};
            int64_t got, want = 0;
            for (int i = 0; i < size && size <= 19; i++)
                want = want * 10 + (digits[i] - '0');
            assert_int_equal(json_to_integer(number, &got), size <= 19);
            if (size <= 19)
                assert_int_equal(got, negative ? -want : want);
            for (int at = 0; at < size; at++)
                for (size_t i = 0; i < sizeof others; i++) {
                    char *place = &text[negative + at], was = *place;
                    *place = others[i];
                    bool is_sign = at == 0 && !negative && others[i] == '-' && size > 1 && size <= 20;
                    assert_int_equal(json_to_integer(number, &got), is_sign);
                    *place = was;
                }
            free(text);
        }
    }
    int64_t got;
    assert_true(json_to_integer(SPAN("-9223372036854775808"), &got) && got == INT64_MIN);
    assert_false(json_to_integer(SPAN("9223372036854775808"), &got));
    assert_false(json_to_integer(SPAN("-9223372036854775809"), &got));
    assert_false(json_to_integer(SPAN("9999999999999999999"), &got));
    assert_false(json_to_integer(SPAN("-"), &got));
    assert_false(json_to_integer(SPAN("--1"), &got));
    assert_false(json_to_integer((struct span){NULL, 0}, &got));
    assert_true(json_to_integer(SPAN("0000000000000000001"), &got) && got == 1);
}

struct corpus {
    struct span *messages;
    size_t count, capacity;
};

static void corpus_free(struct corpus *corpus) {
    for (size_t i = 0; i < corpus->count; i++)
        free((char *)(uintptr_t)corpus->messages[i].data);
    free(corpus->messages);
}

static void corpus_add(struct corpus *corpus, const char *data, size_t size) {
    if (corpus->count == corpus->capacity) {
        corpus->capacity = corpus->capacity * 2 + 1024;
        corpus->messages = realloc(corpus->messages, corpus->capacity * sizeof *corpus->messages);
        assert_non_null(corpus->messages);
    }
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    corpus->messages[corpus->count++] = (struct span){copy, size};
}

// The line itself, its key and its value.
static void corpus_add_line(struct corpus *corpus, const char *line, size_t size) {
    corpus_add(corpus, line, size);
    json_t *parsed = json_loadb(line, size, 0, NULL);
    assert_non_null(parsed);
    static const char *const members[] = {"key", "value"};
    for (int i = 0; i < 2; i++) {
        const json_t *member = json_object_get(parsed, members[i]);
        if (json_typeof(member) == (json_type)JANSSON_STRING)
            corpus_add(corpus, json_string_value(member), json_string_length(member));
    }
    json_decref(parsed);
}

static void corpus_read(struct corpus *corpus) {
    CLEANUP(free_charp) char *line = NULL;
    size_t capacity = 0;
    CLEANUP(globfree) glob_t captures;
    assert_int_equal(glob(FIXTURES "/captures/*.jsonl", 0, NULL, &captures), 0);
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        FILE *file = fopen(captures.gl_pathv[i], "r");
        assert_non_null(file);
        for (ssize_t size; (size = getline(&line, &capacity, file)) > 0;)
            corpus_add_line(corpus, line, (size_t)size);
        fclose(file);
    }
    assert_true(corpus->count > 10000);
}

static void fixtures_read_as_jansson_reads_them(void **state) {
    (void)state;
    CLEANUP(corpus_free) struct corpus corpus = {0};
    corpus_read(&corpus);
    size_t taken = 0;
    for (size_t i = 0; i < corpus.count; i++)
        taken += check(corpus.messages[i]);
    assert_int_equal(taken, corpus.count);
}

// One to three small harms: a byte changed, a run removed, repeated or put elsewhere, a token put in.
static size_t mutate(char *text, size_t size, size_t capacity, uint64_t *state) {
    static const char *const tokens[] = {"\"",
                                         "\\",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "\\u",
                                         "\\ud83d",
                                         "-",
                                         "0",
                                         ".",
                                         "e",
                                         "01",
                                         "1e5",
                                         "null",
                                         "true",
                                         "\xC3",
                                         "\xED\xA0\x80",
                                         "\\u0000",
                                         " ",
                                         "\n",
                                         "\x01",
                                         "1e400",
                                         "\\ude00",
                                         "18446744073709551616"};
    for (size_t harms = 1 + random_below(state, 3); harms > 0 && size > 0; harms--) {
        size_t at = random_below(state, size), run = 1 + random_below(state, 8);
        if (run > size - at)
            run = size - at;
        const char *token = tokens[random_below(state, sizeof tokens / sizeof *tokens)];
        size_t put = strlen(token);
        switch (random_below(state, 5)) {
        case 0:
            text[at] = (char)random_next(state);
            break;
        case 1:
            text[at] ^= (char)(1 << random_below(state, 8));
            break;
        case 2:
            memmove(text + at, text + at + run, size - at - run);
            size -= run;
            break;
        case 3:
            memmove(text + at, text + random_below(state, size - run + 1), run);
            break;
        default:
            if (size + put > capacity)
                break;
            memmove(text + at + put, text + at, size - at);
            memcpy(text + at, token, put);
            size += put;
        }
    }
    return size;
}

static void mutations_read_as_jansson_reads_them(void **state) {
    (void)state;
    CLEANUP(corpus_free) struct corpus corpus = {0};
    corpus_read(&corpus);
    print_message("seed %llu\n", (unsigned long long)seed);
    uint64_t random = seed;
    size_t taken = 0;
    static char text[MUTATED_MAX];
    for (int i = 0; i < MUTATIONS; i++) {
        struct span message = corpus.messages[random_below(&random, corpus.count)];
        size_t size = message.size < MUTATED_MAX ? message.size : MUTATED_MAX;
        memcpy(text, message.data, size);
        taken += check((struct span){text, mutate(text, size, sizeof text, &random)});
    }
    print_message("%zu of %d mutations are still JSON\n", taken, MUTATIONS);
    assert_true(taken > MUTATIONS / 20 && taken < MUTATIONS * 19 / 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hard_cases_are_as_listed),
        cmocka_unit_test(every_cut_of_a_document_is_refused),
        cmocka_unit_test(odd_bytes_are_found_anywhere),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(closing_brackets_match),
        cmocka_unit_test(skipping_and_leaving),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(integers_of_every_length),
        cmocka_unit_test(fixtures_read_as_jansson_reads_them),
        cmocka_unit_test(mutations_read_as_jansson_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
