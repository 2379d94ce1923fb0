// Which conditions of partial indexes compute (views/engine/mirror/deferral.h): a table with such an index is written
// row by row.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/mirror/deferral.h"

static void a_condition_that_compares_does_not_compute(void **state) {
    (void)state;
    static const char *const plain[] = {
        "create index open on orders(status) where status <> 'shipped'",
        "create index open on orders(status)\nwhere status is not null",
        "create index open on orders(customer_id,\n    status)\n\twhere\tstatus = 'open' and total >= 100",
        "CREATE INDEX open ON orders(status)WHERE NOT status='a(b' OR placed_on IS NULL",
        "create index open on orders(status) -- where (all)\n where status = 'x' /* ( */",
        "create index \"a where (b\" on orders([where (], `where (`) where \"status(\" = 'it''s ('",
        "create index open on orders(status) where total - 5 > -3",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (mirror_deferral_computes(plain[i]))
            fail_msg("%s", plain[i]);
}

static void a_condition_that_may_refuse_a_value_computes(void **state) {
    (void)state;
    static const char *const computing[] = {
        "create index open on orders(status) where json_extract(meta, '$.a') = 1",
        "create index open on orders(status)\nwhere json_extract(meta, '$.a') = 1",
        "create index open on orders(status) where meta -> '$.a' = 1",
        "create index open on orders(status) where meta->>'a' is not null",
        "create index open on orders(status) where status LIKE 'a%'",
        "create index open on orders(status) where cast (total as text) = '1'",
        "create index open on orders(status) where (status) = 'a'",
        "create index open on orders(status)", // it is said to be partial
        "",
        "create index open on orders(status) 'where",
    };
    for (size_t i = 0; i < sizeof computing / sizeof *computing; i++)
        if (!mirror_deferral_computes(computing[i]))
            fail_msg("%s", computing[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_that_compares_does_not_compute),
        cmocka_unit_test(a_condition_that_may_refuse_a_value_computes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
