// The names that advice gives for a line in source.sql (views/engine/line_name.h): the line that is pasted names the table or the column.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/engine/catalog/source_sql.h"
#include "views/engine/line_name.h"

#include <stdlib.h>
#include <string.h>

static void test_plain_names_stand_as_they_are(void **state) {
    (void)state;
    assert_string_equal(line_name_table("orders").text, "orders");
    assert_string_equal(line_name_table("sales.order_2").text, "sales.order_2");
    assert_string_equal(line_name_column("caf\xc3\xa9").text, "caf\xc3\xa9");
}

static void test_others_are_quoted(void **state) {
    (void)state;
    assert_string_equal(line_name_table("Order").text, "\"Order\"");
    assert_string_equal(line_name_table("S.Order").text, "\"S.Order\"");
    assert_string_equal(line_name_column("a.b").text, "\"a.b\"");
    assert_string_equal(line_name_column("say \"so\"").text, "\"say \"\"so\"\"\"");
    assert_string_equal(line_name_column("").text, "\"\"");
}

static void test_what_is_longer_is_cut_within_its_quotes(void **state) {
    (void)state;
    char name[2 * LINE_NAME_SIZE];
    memset(name, '"', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct line_name cut = line_name_table(name);
    size_t size = strlen(cut.text);
    assert_true(size < LINE_NAME_SIZE);
    assert_int_equal(size % 2, 0);
}

// `table` has no key, so that it is refused unless the line leaves it out.
static void assert_left_out(const char *declared, const char *table) {
    CLEANUP(buffer_free) struct buffer text = {0};
    struct table *tables;
    int count;
    struct error error = {0};
    buffer_format(&text,
                  "create table t(id int primary key);\ncreate table %s(v int);\n-- tidemark: ignore %s\n",
                  declared, line_name_table(table).text);
    buffer_char(&text, '\0');
    if (source_sql_read(text.data, &tables, &count, &error) != 0)
        fail_msg("%s: %s", text.data, error.message);
    assert_int_equal(count, 1);
    source_sql_free(&tables, &count);
}

static void test_a_line_with_it_names_the_table(void **state) {
    (void)state;
    assert_left_out("plain", "plain");
    assert_left_out("s.plain", "s.plain");
    assert_left_out("\"Order\"", "Order");
    assert_left_out("\"Sales\".\"Order\"", "Sales.Order");
    assert_left_out("\"order-lines of \"\"us\"\"\"", "order-lines of \"us\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_names_stand_as_they_are),
        cmocka_unit_test(test_others_are_quoted),
        cmocka_unit_test(test_what_is_longer_is_cut_within_its_quotes),
        cmocka_unit_test(test_a_line_with_it_names_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
