// A log in a storm.
#include "views/base/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { REPEAT_MS = 10000, BURST = 3, KIND = 7, OTHER = 8 };

static struct log_limit limit;

static void expect(uint64_t text, uint64_t kind, int64_t now_ms, bool passes, int64_t left_out) {
    int64_t told = -1;
    assert_int_equal(log_limit_passes(&limit, text, kind, now_ms, REPEAT_MS, BURST, &told), passes);
    if (passes)
        assert_int_equal(told, left_out);
}

static void the_same_text_is_written_once(void **state) {
    (void)state;
    limit = (struct log_limit){0};
    expect(1, KIND, 1, true, 0);
    expect(1, KIND, 2, false, 0);
    expect(1, KIND, REPEAT_MS, false, 0);
    expect(1, OTHER, REPEAT_MS, false, 0);
    expect(1, KIND, REPEAT_MS + 1, true, 2);
    expect(1, KIND, REPEAT_MS + 2, false, 0);
}

static void a_kind_has_so_many_lines(void **state) {
    (void)state;
    limit = (struct log_limit){0};
    for (uint64_t text = 100; text < 110; text++)
        expect(text, KIND, 5, text < 100 + BURST, 0);
    expect(200, OTHER, 6, true, 0); // it takes nothing from others
    expect(300, KIND, 5 + REPEAT_MS, true, 10 - BURST);
    expect(301, KIND, 5 + REPEAT_MS, true, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_is_written_once),
        cmocka_unit_test(a_kind_has_so_many_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
