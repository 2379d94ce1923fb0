// unreadable.h: what is said of requests that cannot be read, by where in them that was found.
#include "http/unreadable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct request request_of(const char *target) {
    return (struct request){.target = span_of(target), .host = SPAN("localhost"), .host_count = 1};
}

static void test_doubts(void **state) {
    (void)state;
    static const struct {
        const char *target;
        const char *length;
        const char *coding;
        int lengths;
        bool http_1_0;
        const char *doubt; // NULL = none
    } cases[] = {
        {"/", NULL, NULL, 0, false, NULL},
        {"/", "5", NULL, 1, false, NULL},
        {"/", NULL, "chunked", 0, false, NULL},
        {"/", NULL, "Chunked", 0, false, NULL},
        {"/a%20b", NULL, NULL, 0, true, NULL},
        {"/a b", NULL, NULL, 0, false, "%20"},
        {"/", "5", NULL, 2, false, "several"},
        {"/", "5", "chunked", 1, false, "both"},
        {"/", NULL, "chunked", 0, true, "HTTP/1.0"},
        {"/", NULL, "chunked, chunked", 0, false, "not chunked"},
        {"/", NULL, "chunke", 0, false, "not chunked"},
        {"/", NULL, "", 0, false, "not chunked"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = request_of(cases[i].target);
        request.content_length = span_of(cases[i].length);
        request.transfer_encoding = span_of(cases[i].coding);
        request.length_count = cases[i].lengths;
        request.http_1_0 = cases[i].http_1_0;
        const char *doubt = unreadable_doubt(&request);
        assert_int_equal(doubt != NULL, cases[i].doubt != NULL);
        if (doubt != NULL)
            assert_non_null(strstr(doubt, cases[i].doubt));
    }
}

static void test_answers(void **state) {
    (void)state;
    static const struct {
        unsigned status;
        enum request_part part;
        const char *length;
        int answered; // 0 = it is left to the library
        const char *says;
        enum refusal counted;
    } cases[] = {
        {400, PART_LINE, NULL, 400, "first line", REFUSAL_UNREADABLE},
        {301, PART_LINE, NULL, 400, "first line", REFUSAL_UNREADABLE},
        {400, PART_HEADERS, NULL, 400, "NAME: VALUE", REFUSAL_UNREADABLE},
        {400, PART_HEADERS, "12", 400, "NAME: VALUE", REFUSAL_UNREADABLE},
        {400, PART_HEADERS, "1x", 400, "Content-Length", REFUSAL_UNREADABLE},
        {400, PART_HEADERS, "", 400, "Content-Length", REFUSAL_UNREADABLE},
        {400, PART_BODY, NULL, 400, "chunk", REFUSAL_UNREADABLE},
        {413, PART_BODY, NULL, 413, "1 MB", REFUSAL_BODY_TOO_LARGE},
        {414, PART_LINE, NULL, 414, "8192", REFUSAL_UNREADABLE},
        {431, PART_HEADERS, NULL, 431, "32 KB", REFUSAL_HEADERS_TOO_MANY},
        {500, PART_BODY, NULL, 431, "32 KB", REFUSAL_HEADERS_TOO_MANY},
        {505, PART_LINE, NULL, 505, "HTTP/1.1", REFUSAL_UNREADABLE},
        {200, PART_BODY, NULL, 0, NULL, REFUSAL_COUNT},
        {503, PART_BODY, NULL, 0, NULL, REFUSAL_COUNT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct refusals refusals = {0};
        struct response response = {0};
        struct request request = request_of("/");
        request.content_length = span_of(cases[i].length);
        bool answered = unreadable_answer(&refusals, cases[i].status, cases[i].part, &request, &response);
        assert_int_equal(answered, cases[i].answered != 0);
        assert_int_equal(response.status, cases[i].answered);
        if (answered) {
            assert_string_equal(response.content_type, "application/problem+json");
            assert_int_equal(refusals.counts[cases[i].counted], 1);
            buffer_char(&response.body, '\0');
            assert_non_null(strstr(response.body.data, cases[i].says));
        }
        response_free(&response);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_doubts), cmocka_unit_test(test_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
