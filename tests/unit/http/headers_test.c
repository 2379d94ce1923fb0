// A request's headers, one by one (http/headers.h).
#include "http/headers.h"

#include "http/accept.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
// clang-format on

static void assert_text(struct span text, const char *expected) {
    if (!span_is(text, expected))
        fail_msg("%.*s, not %s", (int)text.size, text.data, expected);
}

static void a_list_on_several_lines_is_one(void **state) {
    (void)state;
    struct request request = {0};
    struct headers_joined joined = {0};
    headers_take(&request, &joined, "accept", "text/csv;q=0.5");
    headers_take(&request, &joined, "If-None-Match", "\"a\"");
    headers_take(&request, &joined, "Accept", "application/x-ndjson");
    headers_take(&request, &joined, "ACCEPT", NULL);
    headers_take(&request, &joined, "if-none-match", "\"b\", \"c\"");
    headers_take(&request, &joined, "Accept", "*/*;q=0.1");
    headers_take(&request, &joined, "Prefer", "handling=strict");
    headers_take(&request, &joined, "Prefer", "count=exact");
    headers_take(&request, &joined, "Accept-Encoding", "br");
    headers_take(&request, &joined, "Accept-Encoding", "gzip");
    assert_text(request.accept, "text/csv;q=0.5, application/x-ndjson, , */*;q=0.1");
    assert_int_equal(accept_format(request.accept), FORMAT_NDJSON);
    assert_true(accept_has_tag(request.if_none_match, SPAN("\"c\"")));
    assert_true(accept_wants_count(request.prefer));
    assert_true(accept_takes_gzip(request.accept_encoding));
    headers_free(&joined);
}

static void of_any_other_the_first_line_counts(void **state) {
    (void)state;
    struct request request = {0};
    struct headers_joined joined = {0};
    for (int i = 0; i < 2; i++) {
        headers_take(&request, &joined, "Host", i == 0 ? "a" : "b");
        headers_take(&request, &joined, "Authorization", i == 0 ? "Bearer a" : "Bearer b");
        headers_take(&request, &joined, "Content-Length", i == 0 ? "1" : "2");
        headers_take(&request, &joined, "Of-No-Use", "x");
    }
    assert_text(request.host, "a");
    assert_text(request.authorization, "Bearer a");
    assert_text(request.content_length, "1");
    assert_int_equal(request.host_count, 2);
    assert_int_equal(request.length_count, 2);
    for (int i = 0; i < HEADERS_LISTS; i++)
        assert_null(joined.lists[i].data);
    headers_free(&joined);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_on_several_lines_is_one),
        cmocka_unit_test(of_any_other_the_first_line_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
