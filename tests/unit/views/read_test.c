// Readers: snapshots, questions, pages, deadlines.
#include "tests/unit/reading_fixture.h"

#include "views/base/base64.h"
#include "views/base/real.h"
#include "views/engine/read/page_cursor.h"
#include "views/engine/read/reader.h"

#include <math.h>
#include <sqlite3.h>

struct state {
    struct fixture fixture;
    struct reader *reader;
    struct position position;
};

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    fixture_open(&s.fixture, 10);
    fixture_check(reader_open(&s.reader, s.fixture.db, s.fixture.catalog, &error), &error);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    reader_free(&s->reader);
    fixture_close(&s->fixture);
    return 0;
}

static void begin(struct state *s) {
    struct error error = {0};
    fixture_check(reader_begin(s->reader, &s->position, &error), &error);
}

static const struct query *find_query(struct state *s, const char *view, const char *name) {
    const struct query *query = view_query(catalog_view(s->fixture.catalog, view), name);
    assert_non_null(query);
    return query;
}

static const struct table *orders(struct state *s) {
    return catalog_table(s->fixture.catalog, "orders", 6);
}

static struct parameter parameter(const char *name, const char *value) {
    return (struct parameter){.name = span_of(name), .value = span_of(value)};
}

static int64_t first_integer(struct rows *rows) {
    struct error error = {0};
    struct cell cell;
    assert_int_equal(rows_next(rows, &error), 1);
    rows_cell(rows, 0, &cell);
    assert_true(cell.kind == CELL_INTEGER || cell.kind == CELL_BIGINT);
    return cell.integer;
}

static int ask_table(struct state *s, const struct parameter *filters, int count, int limit,
                     struct span after, struct rows **ret, struct error *error) {
    const struct table_question question = {
        .filters = filters, .filter_count = count, .limit = limit, .after = after};
    return reader_table(s->reader, orders(s), &question, ret, error);
}

static int count_rows(struct rows *rows) {
    struct error error = {0};
    int count = 0;
    int row;
    while ((row = rows_next(rows, &error)) == 1)
        count++;
    fixture_check(row, &error);
    return count;
}

static void test_position(void **state) {
    struct state *s = *state;
    begin(s);
    assert_int_equal(s->position.lsn, s->fixture.lsn);
    assert_true(s->position.transactional);
    assert_int_equal(s->position.applied_total, 10);
    assert_int_equal(s->position.txid, 700);
    assert_true(span_is(s->position.offsets, "{\"" TOPIC "\":[10]}"));
    assert_string_equal(s->position.store_id, store_id(s->fixture.store));
    int64_t version = s->position.version;
    reader_end(s->reader);
    reader_end(s->reader);
    fixture_order(&s->fixture, 11, 1, "placed");
    begin(s);
    assert_int_equal(s->position.version, version + 1);
    assert_true(span_is(s->position.offsets, "{\"" TOPIC "\":[11]}"));
    reader_end(s->reader);
}

static void test_snapshot_does_not_move(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    begin(s);
    fixture_order(&s->fixture, 11, 1, "placed");
    fixture_check(ask_table(s, NULL, 0, 100, (struct span){0}, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 10);
    reader_end(s->reader);
    begin(s);
    fixture_check(ask_table(s, NULL, 0, 100, (struct span){0}, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 11);
    reader_end(s->reader);
}

static void test_table_by_equality(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    begin(s);
    const struct parameter one[] = {parameter("total", "4.20"), parameter("id", "4")};
    fixture_check(ask_table(s, one, 2, 1, (struct span){0}, &rows, &error), &error);
    assert_int_equal(first_integer(rows), 4);
    struct cell total;
    rows_cell(rows, 4, &total);
    assert_int_equal(total.kind, CELL_DECIMAL);
    assert_int_equal(total.integer, 420);
    assert_int_equal(total.scale, 2);
    assert_string_equal(rows_column_name(rows, 4), "total");
    assert_int_equal(rows_column_count(rows), 10);
    assert_int_equal(rows_next(rows, &error), 0);
    assert_null(rows_cursor(rows).data);
    const struct parameter turned[] = {one[1], one[0]};
    fixture_check(ask_table(s, turned, 2, 1, (struct span){0}, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 1);
    const struct parameter none[] = {parameter("id", "4"), parameter("status", "placed")};
    fixture_check(ask_table(s, none, 2, 1, (struct span){0}, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 0);
    reader_end(s->reader);
}

static void expect_table_error(struct state *s, const struct parameter *equals, int count, struct span after,
                               enum error_kind kind, const char *names) {
    struct error error = {0};
    struct rows *rows;
    assert_int_equal(ask_table(s, equals, count, 10, after, &rows, &error), -1);
    assert_int_equal(error.kind, kind);
    if (strstr(error.message, names) == NULL)
        fail_msg("\"%s\" does not name \"%s\"", error.message, names);
}

static void test_table_errors(void **state) {
    struct state *s = *state;
    struct span start = {0};
    begin(s);
    const struct parameter unknown = parameter("colour", "red");
    expect_table_error(s, &unknown, 1, start, ERROR_NOTFOUND, "customer_id");
    const struct parameter engine = parameter("_lsn", "1");
    expect_table_error(s, &engine, 1, start, ERROR_NOTFOUND, "_lsn");
    const struct parameter word = parameter("id", "four");
    expect_table_error(s, &word, 1, start, ERROR_USAGE, "bigint");
    const struct parameter fine = parameter("total", "4.201");
    expect_table_error(s, &fine, 1, start, ERROR_USAGE, "decimal");
    const struct parameter twice[] = {parameter("id", "1"), parameter("sku", "x"), parameter("id", "2")};
    expect_table_error(s, twice, 3, start, ERROR_USAGE, "twice");
    expect_table_error(s, NULL, 0, SPAN("nonsense!"), ERROR_USAGE, "cursor");
    // an error leaves nothing open
    struct rows *rows;
    struct error error = {0};
    fixture_check(ask_table(s, NULL, 0, 100, start, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 10);
    reader_end(s->reader);
}

// Walks all pages of a table or a query, and returns how many rows there were, in rising order of the first
// column.
static int walk(struct state *s, const struct query *query, int limit) {
    char cursor[256] = "";
    int64_t last = 0;
    int total = 0;
    for (int page = 0; page < 20; page++) {
        struct error error = {0};
        struct rows *rows;
        struct span after = {cursor[0] != '\0' ? cursor : NULL, strlen(cursor)};
        begin(s);
        int status = query != NULL ? reader_query(s->reader, query, NULL, 0, limit, after, &rows, &error)
                                   : ask_table(s, NULL, 0, limit, after, &rows, &error);
        fixture_check(status, &error);
        int count = 0;
        while (rows_next(rows, &error) == 1) {
            struct cell cell;
            rows_cell(rows, 0, &cell);
            assert_true(cell.integer > last);
            last = cell.integer;
            count++;
        }
        assert_true(count <= limit);
        total += count;
        struct span next = rows_cursor(rows);
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, next.size > 0 ? next.data : "");
        reader_end(s->reader);
        if (next.data == NULL)
            return total;
        assert_int_equal(count, limit);
    }
    fail_msg("the pages have no end");
    return 0;
}

static void test_pages(void **state) {
    struct state *s = *state;
    for (int limit = 1; limit <= 11; limit++) {
        assert_int_equal(walk(s, NULL, limit), 10);
        assert_int_equal(walk(s, find_query(s, "lab", "pages"), limit), 10);
        assert_int_equal(walk(s, find_query(s, "warehouse", "picks"), limit), 5);
    }
}

// Pages of one row each. A cursor that reads back as another value skips rows, gives some again, or is refused.
static int count_pages(struct state *s, const struct query *query) {
    char cursor[256] = "";
    for (int pages = 1; pages < 20; pages++) {
        struct error error = {0};
        struct rows *rows;
        struct span after = {cursor[0] != '\0' ? cursor : NULL, strlen(cursor)};
        begin(s);
        if (reader_query(s->reader, query, NULL, 0, 1, after, &rows, &error) != 0)
            fail_msg("%s, page %d: %s", query->name, pages, error.message);
        if (count_rows(rows) != 1)
            fail_msg("%s, page %d: after=%s has no row", query->name, pages, cursor);
        struct span next = rows_cursor(rows);
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, next.size > 0 ? next.data : "");
        reader_end(s->reader);
        if (next.data == NULL)
            return pages;
    }
    fail_msg("the pages have no end");
    return 0;
}

static void test_a_cursor_reads_back_whatever_the_rule(void **state) {
    struct state *s = *state;
    for (int limit = 1; limit <= 11; limit++)
        assert_int_equal(walk(s, find_query(s, "lab", "amounts"), limit), 10);
    for (int i = 0; i < FIXTURE_RULES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "ruled_%d", i);
        assert_int_equal(count_pages(s, find_query(s, "lab", name)), FIXTURE_RULED_ROWS);
    }
}

static void test_a_number_is_bound_as_one(void **state) {
    struct state *s = *state;
    static const char *const numbers[][2] = {{"1.50", "real"},     {"1e5", "real"},
                                             {"-0", "real"},       {".5", "real"},
                                             {"+5.", "real"},      {"42", "integer"},
                                             {"+42", "integer"},   {" 42", "integer"},
                                             {"-0042", "integer"}, {"9007199254740993", "integer"}};
    begin(s);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct error error = {0};
        struct rows *rows;
        struct cell cell;
        const struct parameter given = parameter("a", numbers[i][0]);
        fixture_check(reader_query(s->reader, find_query(s, "lab", "numbers"), &given, 1, 1, (struct span){0},
                                   &rows, &error),
                      &error);
        assert_int_equal(rows_next(rows, &error), 1);
        rows_cell(rows, 0, &cell);
        if (!span_is(cell.bytes, numbers[i][1]))
            fail_msg("%s is bound as %.*s", numbers[i][0], (int)cell.bytes.size, cell.bytes.data);
        assert_int_equal(rows_next(rows, &error), 0);
    }
    reader_end(s->reader);
}

// A value that SQLite does not take leaves the parameter NULL: the rows would be those of no such parameter.
static void test_what_is_not_bound_is_an_error(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    const struct query *query = find_query(s, "lab", "of_status");
    const struct parameter status = parameter("status", "a status of more bytes than SQLite's least limit");
    const struct span none = {0};
    begin(s);
    fixture_check(reader_query(s->reader, query, &status, 1, 100, none, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 0);
    fixture_check(ask_table(s, &status, 1, 100, none, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 0);
    int before = sqlite3_limit(s->reader->db, SQLITE_LIMIT_LENGTH, 10);
    assert_int_equal(reader_query(s->reader, query, &status, 1, 100, none, &rows, &error), -1);
    assert_int_equal(error.kind, ERROR_STORE);
    assert_int_equal(ask_table(s, &status, 1, 100, none, &rows, &error), -1);
    assert_int_equal(error.kind, ERROR_STORE);
    (void)sqlite3_limit(s->reader->db, SQLITE_LIMIT_LENGTH, before);
    fixture_check(reader_query(s->reader, query, NULL, 0, 100, none, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 10);
    reader_end(s->reader);
}

static void test_limit_of_the_query_itself(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    begin(s);
    const struct query *limited = find_query(s, "lab", "limited");
    fixture_check(reader_query(s->reader, limited, NULL, 0, 3, (struct span){0}, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 3);
    assert_null(rows_cursor(rows).data);
    assert_int_equal(reader_query(s->reader, limited, NULL, 0, 3, SPAN("bzM7"), &rows, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    reader_end(s->reader);
}

static void expect_types(struct state *s, const char *a, const char *b, const char *type_a,
                         const char *type_b) {
    struct error error = {0};
    struct rows *rows;
    struct cell cell;
    const struct parameter given[] = {parameter("a", a), parameter("b", b)};
    fixture_check(
        reader_query(s->reader, find_query(s, "lab", "typed"), given, 2, 1, (struct span){0}, &rows, &error),
        &error);
    assert_int_equal(rows_next(rows, &error), 1);
    rows_cell(rows, 0, &cell);
    assert_true(span_is(cell.bytes, type_a));
    rows_cell(rows, 1, &cell);
    assert_true(span_is(cell.bytes, type_b));
    assert_int_equal(rows_next(rows, &error), 0);
}

static void test_parameters(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    begin(s);
    expect_types(s, "42", "-1.5", "integer", "real");
    expect_types(s, "007", "1.50", "text", "text");
    expect_types(s, "9223372036854775808", "-0", "text", "text");
    expect_types(s, "", "1e5", "text", "text");
    expect_types(s, "NaN", "-9223372036854775808", "text", "integer");
    const struct parameter unknown = parameter("c", "1");
    assert_int_equal(reader_query(s->reader, find_query(s, "lab", "typed"), &unknown, 1, 1, (struct span){0},
                                  &rows, &error),
                     -1);
    assert_int_equal(error.kind, ERROR_NOTFOUND);
    assert_non_null(strstr(error.message, "a, b"));
    // what is not given is NULL, also when the statement was used before
    fixture_check(
        reader_query(s->reader, find_query(s, "lab", "typed"), NULL, 0, 1, (struct span){0}, &rows, &error),
        &error);
    assert_int_equal(rows_next(rows, &error), 1);
    struct cell cell;
    rows_cell(rows, 0, &cell);
    assert_true(span_is(cell.bytes, "null"));
    reader_end(s->reader);
}

static void test_kinds(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    struct cell cells[6];
    begin(s);
    fixture_check(
        reader_query(s->reader, find_query(s, "lab", "kinds"), NULL, 0, 9, (struct span){0}, &rows, &error),
        &error);
    assert_int_equal(rows_next(rows, &error), 1);
    for (int i = 0; i < 6; i++)
        rows_cell(rows, i, &cells[i]);
    assert_int_equal(cells[1].kind, CELL_BOOLEAN);
    assert_int_equal(cells[2].kind, CELL_DECIMAL);
    assert_int_equal(cells[2].scale, 3);
    assert_int_equal(cells[3].kind, CELL_REAL);
    assert_int_equal(cells[4].kind, CELL_BLOB);
    assert_int_equal(cells[4].bytes.size, 3);
    assert_int_equal(cells[5].kind, CELL_TEXT);
    assert_int_equal(rows_next(rows, &error), 1);
    rows_cell(rows, 1, &cells[1]);
    assert_int_equal(cells[1].kind, CELL_NULL);
    reader_end(s->reader);
}

static void test_deadline(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    reader_set_deadline(s->reader, 20);
    begin(s);
    fixture_check(
        reader_query(s->reader, find_query(s, "lab", "slow"), NULL, 0, 1, (struct span){0}, &rows, &error),
        &error);
    assert_int_equal(rows_next(rows, &error), -1);
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_int_equal(rows_next(rows, &error), 0);
    reader_end(s->reader);
    begin(s);
    fixture_check(ask_table(s, NULL, 0, 100, (struct span){0}, &rows, &error), &error);
    assert_int_equal(count_rows(rows), 10);
    reader_end(s->reader);
}

enum { DEADLINE_ROWS = 1500 }; // more work than SQLite does between two looks at the clock

// The columns of the index that would have served, in the order that serves.
static void test_deadline_names_an_index(void **state) {
    struct state *s = *state;
    static const struct {
        const char *name;
        const char *value;
        const char *order;
        const char *names;
    } cases[] = {
        {"sku", "nowhere", NULL, "create index orders_sku on \"orders\"(\"sku\")"},
        {"sku", "eq.nowhere", NULL, "create index orders_sku on \"orders\"(\"sku\")"},
        {"total", "gt.99999", NULL, "(\"total\")"},
        {"status", "eq.nowhere", "placed_on.desc,total", "(\"status\",\"placed_on\",\"total\")"},
        {"sku", "like.*nowhere", NULL, "none can"},
        {"or", "(sku.eq.nowhere,status.eq.nowhere)", NULL, "none can"},
    };
    store_begin(s->fixture.store);
    for (int64_t id = 11; id < DEADLINE_ROWS; id++)
        fixture_put_order(&s->fixture, id, 1, "placed");
    fixture_commit(&s->fixture, 711, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct rows *rows;
        const struct parameter filter = parameter(cases[i].name, cases[i].value);
        const struct table_question question = {
            .filters = &filter, .filter_count = 1, .limit = 10, .order = span_of(cases[i].order)};
        reader_set_deadline(s->reader, -1);
        begin(s);
        int status = reader_table(s->reader, orders(s), &question, &rows, &error);
        if (status == 0)
            status = rows_next(rows, &error);
        if (status != -1 || error.kind != ERROR_TIMEOUT || strstr(error.message, cases[i].names) == NULL)
            fail_msg("%s=%s: %d, %s", cases[i].name, cases[i].value, status, error.message);
        reader_end(s->reader);
    }
    reader_set_deadline(s->reader, READ_DEADLINE_MS);
}

static void test_failing_query(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    begin(s);
    fixture_check(
        reader_query(s->reader, find_query(s, "lab", "wrong"), NULL, 0, 1, (struct span){0}, &rows, &error),
        &error);
    assert_int_equal(rows_next(rows, &error), -1);
    assert_int_equal(error.kind, ERROR_STORE);
    assert_non_null(strstr(error.message, "overflow"));
    reader_end(s->reader);
}

// Not even for a moment: memory is everybody's.
static void test_values_have_a_bound(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    static const char *const ways[] = {"zeroblob", "concat", "replace", "group_concat"};
    begin(s);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct parameter by = parameter("by", ways[i]);
        fixture_check(
            reader_query(s->reader, find_query(s, "lab", "fat"), &by, 1, 1, (struct span){0}, &rows, &error),
            &error);
        if (rows_next(rows, &error) != -1 ||
            strstr(error.message, "makes a value of more than 67108864 bytes") == NULL)
            fail_msg("%s: %s", ways[i], error.message);
        assert_int_equal(error.kind, ERROR_STORE);
    }
    // SQLite's printf is NULL then, that of 3.54 fails as the others do.
    struct cell cell;
    const struct parameter by = parameter("by", "printf");
    fixture_check(
        reader_query(s->reader, find_query(s, "lab", "fat"), &by, 1, 1, (struct span){0}, &rows, &error),
        &error);
    if (rows_next(rows, &error) == 1) {
        rows_cell(rows, 0, &cell);
        assert_int_equal(cell.kind, CELL_NULL);
        assert_int_equal(rows_next(rows, &error), 0);
    } else
        assert_non_null(strstr(error.message, "makes a value of more than 67108864 bytes"));
    for (int i = 0; i < 2; i++) {
        const struct parameter size = parameter("size", i == 0 ? "999" : "1000");
        fixture_check(reader_query(s->reader, find_query(s, "lab", "like"), &size, 1, 1, (struct span){0},
                                   &rows, &error),
                      &error);
        assert_int_equal(rows_next(rows, &error), i == 0 ? 1 : -1);
        assert_true(i == 1 || rows_next(rows, &error) == 0);
    }
    assert_non_null(strstr(error.message, "LIKE or GLOB pattern too complex"));
    reader_end(s->reader);
}

static void test_waits(void **state) {
    struct state *s = *state;
    struct error error = {0};
    bool shown = true;
    int64_t next = 0;
    fixture_order(&s->fixture, 21, 1, "placed");
    begin(s);
    fixture_check(reader_shows_transaction(s->reader, 721, &shown, &error), &error);
    assert_true(shown);
    fixture_check(reader_shows_transaction(s->reader, ((int64_t)5 << 32) + 721, &shown, &error), &error);
    assert_true(shown);
    fixture_check(reader_shows_transaction(s->reader, 999, &shown, &error), &error);
    assert_false(shown);
    fixture_check(reader_next_offset(s->reader, SPAN(TOPIC), 0, &next, &error), &error);
    assert_int_equal(next, 11);
    fixture_check(reader_next_offset(s->reader, SPAN(TOPIC), 1, &next, &error), &error);
    assert_int_equal(next, -1);
    const struct applied_offset *applied;
    int count;
    fixture_check(reader_offsets(s->reader, &applied, &count, &error), &error);
    assert_int_equal(count, 1);
    assert_true(span_is(applied[0].topic, TOPIC));
    assert_int_equal(applied[0].next_offset, 11);
    reader_end(s->reader);
}

static void test_quarantine(void **state) {
    struct state *s = *state;
    struct error error = {0};
    struct rows *rows;
    fixture_quarantine(&s->fixture, "{\"id\":1}", "first");
    fixture_quarantine(&s->fixture, "{\"id\":2}", "second");
    begin(s);
    struct position position;
    reader_end(s->reader);
    fixture_check(reader_begin(s->reader, &position, &error), &error);
    assert_int_equal(position.quarantined, 2);
    fixture_check(reader_quarantine(s->reader, (struct span){0}, 1, (struct span){0}, &rows, &error), &error);
    assert_int_equal(rows_next(rows, &error), 1);
    struct cell cell;
    rows_cell(rows, 5, &cell);
    assert_true(span_is(cell.bytes, "second"));
    rows_cell(rows, 6, &cell);
    assert_true(span_is(cell.bytes, "2023-11-14T22:13:20.123Z"));
    assert_int_equal(rows_next(rows, &error), 0);
    char cursor[32];
    (void)snprintf(cursor, sizeof cursor, "%.*s", (int)rows_cursor(rows).size, rows_cursor(rows).data);
    fixture_check(reader_quarantine(s->reader, (struct span){0}, 1, span_of(cursor), &rows, &error), &error);
    assert_int_equal(rows_next(rows, &error), 1);
    rows_cell(rows, 5, &cell);
    assert_true(span_is(cell.bytes, "first"));
    assert_int_equal(rows_next(rows, &error), 0);
    assert_null(rows_cursor(rows).data);
    reader_end(s->reader);
}

// More sets of columns than statements are kept: the oldest go, the answers stay right.
static void test_many_statements(void **state) {
    struct state *s = *state;
    struct error error = {0};
    const char *values[10] = {"2",
                              "2",
                              "anvil",
                              "2",
                              "2.10",
                              "paid",
                              "2024-02-29",
                              "",
                              "{\"gift\":true}",
                              "2024-02-29T10:00:00.000000Z"};
    begin(s);
    for (unsigned set = 1; set < 1024; set++) {
        struct parameter equals[10];
        int count = 0;
        for (unsigned i = 0; i < 10; i++)
            if ((set >> i & 1) != 0)
                equals[count++] = parameter(orders(s)->columns[i].name, values[i]);
        struct rows *rows;
        fixture_check(ask_table(s, equals, count, 100, (struct span){0}, &rows, &error), &error);
        int found = count_rows(rows);
        bool notes = (set & 1U << 7) != 0; // NULL in every row
        bool one = (set & 1) != 0 || (set & 1U << 4) != 0;
        assert_true(notes ? found == 0 : one ? found == 1 : found >= 1);
    }
    reader_end(s->reader);
}

static void expect_refusal(struct state *s, const char *sql, const char *names) {
    struct error error = {0};
    struct reader *reader = NULL;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(s->fixture.db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(reader_open(&reader, s->fixture.db, s->fixture.catalog, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    if (strstr(error.message, names) == NULL)
        fail_msg("\"%s\" does not name \"%s\"", error.message, names);
}

static void test_refuses_other_files(void **state) {
    struct state *s = *state;
    reader_free(&s->reader);
    store_close(&s->fixture.store);
    expect_refusal(s, "update _views set hash = 'x' where name = 'email'", "\"email\" was built by another");
    expect_refusal(s, "delete from _views where name = 'email'", "no view \"email\"");
    expect_refusal(s, "pragma user_version = 3", "start `tidemark run`");
    char newer[64];
    (void)snprintf(newer, sizeof newer, "pragma user_version = %d", STORE_FORMAT + 1);
    expect_refusal(s, newer, "newer tidemark");
    expect_refusal(s, "pragma application_id = 7", "not a tidemark file");
    struct error error = {0};
    struct reader *reader = NULL;
    assert_int_equal(reader_open(&reader, "/nonexistent/file.db", s->fixture.catalog, &error), -1);
    assert_non_null(strstr(error.message, "/nonexistent/file.db"));
    assert_null(reader);
}

static int64_t integer_of(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return value;
}

// What a reader's snapshot rests on: `pragma data_version` that stands on its row keeps a read transaction
// open, whose rows do not move, and gives another number once another connection has committed.
static void test_sqlite_holds_the_snapshot_of_a_pragma(void **state) {
    struct state *s = *state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(s->fixture.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_stmt *version = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "pragma data_version", -1, &version, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(version), SQLITE_ROW);
    assert_int_equal(sqlite3_txn_state(db, NULL), SQLITE_TXN_READ);
    int64_t before = sqlite3_column_int64(version, 0);
    fixture_order(&s->fixture, 11, 1, "placed");
    assert_int_equal(integer_of(db, "select count(*) from orders"), 10);
    assert_int_equal(sqlite3_reset(version), SQLITE_OK);
    assert_int_equal(sqlite3_txn_state(db, NULL), SQLITE_TXN_NONE);
    assert_int_equal(sqlite3_step(version), SQLITE_ROW);
    assert_int_not_equal(sqlite3_column_int64(version, 0), before);
    assert_int_equal(integer_of(db, "select count(*) from orders"), 11);
    (void)sqlite3_finalize(version);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_cursor_text(void **state) {
    (void)state;
    const struct cell cells[] = {
        {.kind = CELL_INTEGER, .integer = INT64_MIN},
        {.kind = CELL_TEXT, .bytes = SPAN("a:b;\xC3\xA9")},
        {.kind = CELL_BLOB, .bytes = SPAN("\x00\xff")},
        {.kind = CELL_REAL, .real = 0.1},
        {.kind = CELL_NULL},
    };
    struct buffer text = {0};
    struct buffer scratch = {0};
    struct cell back[5];
    cursor_write(&text, CURSOR_KEYS, cells, 5);
    struct span cursor = {text.data, text.size};
    assert_true(cursor_read(cursor, CURSOR_KEYS, &scratch, back, 5));
    assert_int_equal(back[0].integer, INT64_MIN);
    assert_true(span_equal(back[1].bytes, cells[1].bytes));
    assert_true(span_equal(back[2].bytes, cells[2].bytes));
    assert_true(back[3].real == 0.1);
    assert_int_equal(back[4].kind, CELL_NULL);
    assert_false(cursor_read(cursor, CURSOR_KEYS, &scratch, back, 4));
    assert_false(cursor_read(cursor, CURSOR_OFFSET, &scratch, back, 5));
    for (size_t size = 0; size < text.size; size++)
        assert_false(cursor_read((struct span){text.data, size}, CURSOR_KEYS, &scratch, back, 5));
    buffer_free(&text);
    buffer_free(&scratch);
}

static void test_base64(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                           {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff", "+/8="}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buffer out = {0};
        base64_write(&out, span_of(pairs[i][0]));
        assert_int_equal(out.size, strlen(pairs[i][1]));
        assert_memory_equal(out.size > 0 ? out.data : "", pairs[i][1], out.size);
        buffer_clear(&out);
        assert_true(base64_read(&out, span_of(pairs[i][1])));
        assert_int_equal(out.size, strlen(pairs[i][0]));
        buffer_free(&out);
    }
    static const char *const broken[] = {"Z", "Zg=", "Zh==", "Zm9=", "Z!==", "Zg==Zg==", "===="};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct buffer out = {0};
        if (base64_read(&out, span_of(broken[i])))
            fail_msg("\"%s\" is not base64", broken[i]);
        buffer_free(&out);
    }
}

static void test_reals(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {1e300, "1e+300"},
                 {-2.5, "-2.5"},
                 {INFINITY, "Infinity"},
                 {-INFINITY, "-Infinity"},
                 {5e-324, "4.94065645841247e-324"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[REAL_TEXT_SIZE];
        double back;
        (void)real_write(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
        assert_true(real_parse(span_of(text), &back));
        assert_true(back == cases[i].value);
    }
    double ignored;
    assert_false(real_parse(SPAN("0x10"), &ignored));
    assert_false(real_parse(SPAN("1."), &ignored));
    assert_false(real_parse(SPAN(" 1"), &ignored));
    assert_false(real_parse(SPAN("inf"), &ignored));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_position, setup, teardown),
        cmocka_unit_test_setup_teardown(test_snapshot_does_not_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_table_by_equality, setup, teardown),
        cmocka_unit_test_setup_teardown(test_table_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cursor_reads_back_whatever_the_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_number_is_bound_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_bound_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit_of_the_query_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline_names_an_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_query, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_have_a_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quarantine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_other_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sqlite_holds_the_snapshot_of_a_pragma, setup, teardown),
        cmocka_unit_test(test_cursor_text),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_reals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
