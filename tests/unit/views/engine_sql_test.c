// The engine's own statements (views/engine/sqlite/engine_sql.h): that there is one for each upgrade of the file's
// format, and that names are matched whole.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/store.h"

#include <stdio.h>

static void every_format_has_its_upgrade(void **state) {
    (void)state;
    char name[32];
    for (int format = 2; format <= STORE_FORMAT; format++) {
        (void)snprintf(name, sizeof name, "upgrade_%d", format);
        assert_non_null(engine_sql(name));
    }
    (void)snprintf(name, sizeof name, "upgrade_%d", STORE_FORMAT + 1);
    assert_null(engine_sql(name)); // STORE_FORMAT must follow it
}

static void names_are_whole(void **state) {
    (void)state;
    assert_non_null(engine_sql("engine"));
    assert_null(engine_sql("engin"));
    assert_null(engine_sql("engine.sql"));
    assert_null(engine_sql(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_has_its_upgrade),
        cmocka_unit_test(names_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
