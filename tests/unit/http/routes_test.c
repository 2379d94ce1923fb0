// Routes, without sockets: every status and shape that the contract names.
#include "tests/unit/reading_fixture.h"

#include "http/accept.h"
#include "http/problem.h"
#include "http/route.h"
#include "http/routes.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <jansson.h>
#include <sqlite3.h>

struct state {
    struct fixture fixture;
    struct routes *routes;
    struct worker *worker;
    struct response response;
    struct wait wait;
};

static int asked;

void __wrap_give_way_asked(void);
void __wrap_give_way_asked(void) {
    asked++;
}

static int setup_with(void **state, int orders) {
    static struct state s;
    struct error error = {0};
    s = (struct state){0};
    fixture_open(&s.fixture, orders);
    static const struct library libraries[] = {{"SQLite", "3.99"}, {0}};
    const struct routes_config config = {.db = s.fixture.db,
                                         .catalog = s.fixture.catalog,
                                         .progress = s.fixture.progress,
                                         .version = "1.2.3",
                                         .libraries = libraries};
    fixture_check(routes_new(&s.routes, &config, &error), &error);
    fixture_check(worker_new(&s.worker, s.routes, &error), &error);
    *state = &s;
    return 0;
}

static int setup(void **state) {
    return setup_with(state, 10);
}

static int setup_empty(void **state) {
    return setup_with(state, 0);
}

static int teardown(void **state) {
    struct state *s = *state;
    response_free(&s->response);
    worker_free(&s->worker);
    routes_free(&s->routes);
    fixture_close(&s->fixture);
    return 0;
}

static enum routes_result ask(struct state *s, struct request request) {
    response_free(&s->response);
    s->response = (struct response){0};
    if (request.method.data == NULL)
        request.method = SPAN("GET");
    return routes_answer(s->worker, &request, &s->response, &s->wait);
}

static const char *header_in(const char *headers, size_t size, const char *name) {
    for (size_t at = 0; at < size;) {
        const char *own = headers + at;
        const char *value = own + strlen(own) + 1;
        if (strcmp(own, name) == 0)
            return value;
        at += strlen(own) + strlen(value) + 2;
    }
    return NULL;
}

static const char *header_of(struct state *s, const char *name) {
    const struct response *response = &s->response;
    const char *value = header_in(response->position, response->position_size, name);
    return value != NULL ? value : header_in(response->headers.data, response->headers.size, name);
}

static void get(struct state *s, const char *target, int status) {
    assert_int_equal(ask(s, (struct request){.target = span_of(target)}), ROUTES_ANSWERED);
    if (s->response.status != status)
        fail_msg("%s: %d instead of %d: %.*s", target, s->response.status, status, (int)s->response.body.size,
                 s->response.body.data);
}

static json_t *parse_body(struct state *s) {
    json_error_t error;
    json_t *body = json_loadb(s->response.body.data, s->response.body.size, JSON_REJECT_DUPLICATES, &error);
    if (body == NULL)
        fail_msg("%s at %d: %.*s", error.text, error.position, (int)s->response.body.size,
                 s->response.body.data);
    return body;
}

static json_t *get_json(struct state *s, const char *target) {
    get(s, target, 200);
    assert_string_equal(s->response.content_type, "application/json");
    return parse_body(s);
}

static void expect_problem(struct state *s, const char *target, int status, const char *type,
                           const char *names) {
    get(s, target, status);
    assert_string_equal(s->response.content_type, "application/problem+json");
    json_t *body = parse_body(s);
    const char *got;
    const char *title;
    const char *detail;
    int code;
    assert_int_equal(json_unpack(body, "{s:s,s:s,s:i,s:s}", "type", &got, "title", &title, "status", &code,
                                 "detail", &detail),
                     0);
    if (strcmp(got, type) != 0)
        fail_msg("%s: %s instead of %s", target, got, type);
    assert_int_equal(code, status);
    char *text = json_dumps(body, 0);
    if (strstr(text, names) == NULL)
        fail_msg("%s: %s does not name %s", target, text, names);
    free(text);
    json_decref(body);
}

static void expect_text(json_t *object, const char *name, const char *expected) {
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL || strcmp(text, expected) != 0)
        fail_msg("%s is %s, not %s", name, text != NULL ? text : "no string", expected);
}

static void live(struct state *s, int64_t high) {
    int number = progress_partition(s->fixture.progress, TOPIC, 0);
    progress_set_applied(s->fixture.progress, number, s->fixture.offset);
    progress_set_high(s->fixture.progress, number, high, 1700000000000);
    progress_set_state(s->fixture.progress, STATE_LIVE, "");
}

static void test_table(void **state) {
    struct state *s = *state;
    live(s, 12);
    json_t *body = get_json(s, "/v1/tables/orders?id=4");
    expect_text(body, "table", "orders");
    json_t *row = json_array_get(json_object_get(body, "rows"), 0);
    assert_int_equal(json_object_size(row), 10);
    assert_int_equal(json_integer_value(json_object_get(row, "id")), 4);
    expect_text(row, "total", "4.20");
    expect_text(row, "status", "paid");
    assert_true(json_is_null(json_object_get(row, "notes")));
    assert_true(json_is_null(json_object_get(body, "next")));
    json_t *position = json_object_get(body, "position");
    expect_text(position, "lsn", "0/19C00A0");
    expect_text(position, "consistency", "transactional");
    json_t *offsets = json_object_get(json_object_get(position, "offsets"), TOPIC);
    assert_int_equal(json_integer_value(json_array_get(offsets, 0)), 10);
    json_t *lag = json_object_get(body, "lag");
    expect_text(lag, "state", "live");
    assert_int_equal(json_integer_value(json_object_get(lag, "messages")), 2);
    assert_int_equal(json_integer_value(json_object_get(lag, "seconds")), 0);
    json_decref(body);
}

static void test_unknown_is_null(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/v1/tables/orders?limit=1");
    json_t *lag = json_object_get(body, "lag");
    expect_text(lag, "state", "starting");
    assert_true(json_is_null(json_object_get(lag, "messages")));
    assert_true(json_is_null(json_object_get(lag, "seconds")));
    json_decref(body);
}

static void test_view(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/v1/views/warehouse/picks?sku=anvil&limit=2");
    expect_text(body, "view", "warehouse");
    expect_text(body, "query", "picks");
    json_t *rows = json_object_get(body, "rows");
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "order_id")), 2);
    char next[128];
    (void)snprintf(next, sizeof next, "/v1/views/warehouse/picks?sku=anvil&limit=2&after=%s",
                   json_string_value(json_object_get(body, "next")));
    json_decref(body);
    body = get_json(s, next);
    rows = json_object_get(body, "rows");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "order_id")), 6);
    json_decref(body);
}

static void test_kinds(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/v1/views/lab/kinds");
    json_t *rows = json_object_get(body, "rows");
    json_t *first = json_array_get(rows, 0);
    json_t *second = json_array_get(rows, 2);
    json_t *third = json_array_get(rows, 1);
    assert_true(json_is_true(json_object_get(first, "flag")));
    expect_text(first, "price", "-0.005");
    assert_true(json_real_value(json_object_get(first, "ratio")) == 0.1);
    expect_text(first, "bytes", "AP8Q");
    expect_text(first, "words", "a\"b\n");
    expect_text(second, "id", "9007199254740993");
    assert_true(json_is_false(json_object_get(second, "flag")));
    expect_text(second, "price", "1234.567");
    expect_text(second, "ratio", "Infinity");
    expect_text(second, "bytes", "");
    expect_text(second, "words", "");
    expect_text(third, "ratio", "-Infinity");
    assert_true(json_is_null(json_object_get(third, "flag")));
    assert_true(json_is_null(json_object_get(third, "words")));
    json_decref(body);
}

static void test_csv_and_lines(void **state) {
    struct state *s = *state;
    struct request request = {.target = SPAN("/v1/views/lab/kinds?limit=2"), .accept = SPAN("text/csv")};
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    assert_string_equal(s->response.content_type, "text/csv; charset=utf-8");
    static const char csv[] = "id,flag,price,ratio,bytes,words\r\n"
                              "1,true,-0.005,0.1,AP8Q,\"a\"\"b\n\"\r\n"
                              "3,,,-Infinity,,\r\n";
    assert_int_equal(s->response.body.size, sizeof csv - 1);
    assert_memory_equal(s->response.body.data, csv, sizeof csv - 1);
    assert_non_null(header_of(s, "Tidemark-Next"));
    request.target = SPAN("/v1/views/lab/kinds");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    static const char nothing[] = "\r\n9007199254740993,false,1234.567,Infinity,\"\",\"\"\r\n"; // and no NULL
    const size_t size = sizeof nothing - 1;
    assert_memory_equal(s->response.body.data + s->response.body.size - size, nothing, size);
    request.target = SPAN("/v1/views/lab/kinds?limit=2");
    request.accept = SPAN("application/json;q=0.5, application/x-ndjson");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_string_equal(s->response.content_type, "application/x-ndjson");
    const char *newline = memchr(s->response.body.data, '\n', s->response.body.size);
    json_t *row = json_loadb(s->response.body.data, (size_t)(newline - s->response.body.data), 0, NULL);
    expect_text(row, "price", "-0.005");
    json_decref(row);
    assert_int_equal(s->response.body.data[s->response.body.size - 1], '\n');
}

static bool is_plain(const char *text) {
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

// A client of CSV goes from page to page by the header alone.
static int count_pages(struct state *s, const char *path) {
    char target[512];
    (void)snprintf(target, sizeof target, "%s?limit=1", path);
    int pages = 0;
    while (pages < 50) {
        struct request request = {.target = span_of(target), .accept = SPAN("text/csv")};
        assert_int_equal(ask(s, request), ROUTES_ANSWERED);
        assert_int_equal(s->response.status, 200);
        pages++;
        const char *next = header_of(s, "Tidemark-Next");
        if (next == NULL)
            break;
        if (!is_plain(next))
            fail_msg("%s is no header's value", next);
        (void)snprintf(target, sizeof target, "%s?limit=1&after=%s", path, next);
    }
    return pages;
}

static void test_cursors_of_any_text(void **state) {
    struct state *s = *state;
    assert_int_equal(count_pages(s, "/v1/views/lab/texts"), 10);
    assert_int_equal(count_pages(s, "/v1/views/lab/mixed"), 7);
    assert_int_equal(count_pages(s, "/v1/views/lab/pages"), 10);
    assert_int_equal(count_pages(s, "/v1/tables/orders"), 10);
}

// Where no cursor can say what comes next, the page is no last page.
static void test_no_cursor_is_an_error(void **state) {
    struct state *s = *state;
    expect_problem(s, "/v1/views/lab/nameless?limit=1", 500, "/problems/store-failed", "NULL");
    get(s, "/v1/views/lab/nameless?limit=3", 200);
    get(s, "/v1/views/lab/nameless?limit=1&after=1", 200);
}

// `> :after` leaves the rows out that have the last row's value: the page that ends within them is an error.
static void test_a_page_that_ends_within_ties_is_an_error(void **state) {
    struct state *s = *state;
    get(s, "/v1/views/lab/tied?limit=1", 200);
    expect_problem(s, "/v1/views/lab/tied?limit=2", 500, "/problems/store-failed", "unique");
    expect_problem(s, "/v1/views/lab/tied?limit=3", 500, "/problems/store-failed", "unique");
    get(s, "/v1/views/lab/tied?limit=4", 200);
    get(s, "/v1/views/lab/tied?limit=1&after=b", 200);
    assert_int_equal(ask(s, (struct request){.target = SPAN("/v1/views/lab/tied/follow?limit=2")}),
                     ROUTES_STREAM);
}

// Rows are not asked for, so there is no place to go on, whatever was asked before.
// A text of decimal() is compared with a count: from some page on each would be the same.
static void test_pages_that_stand_still_are_an_error(void **state) {
    struct state *s = *state;
    get(s, "/v1/views/lab/stuck?limit=2", 200);
    expect_problem(s, "/v1/views/lab/stuck?limit=2&after=2.10", 500, "/problems/store-failed",
                   "this one again");
    get(s, "/v1/views/lab/stuck?limit=10&after=2.10", 200);
}

static void test_no_rows_have_no_cursor(void **state) {
    struct state *s = *state;
    struct request request = {.target = SPAN("/v1/tables/orders?limit=1"), .accept = SPAN("text/csv")};
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_non_null(header_of(s, "Tidemark-Next"));
    get(s, "/rest/v1/orders?limit=0", 200);
    assert_null(header_of(s, "Tidemark-Next"));
    assert_int_equal(s->response.body.size, sizeof "[]\n" - 1);
}

static void expect_range_tag(struct state *s, const char *range, const char *known, int status) {
    struct request request = {.target = SPAN("/rest/v1/orders?select=id"),
                              .range = span_of(range),
                              .range_unit = SPAN("items"),
                              .if_none_match = span_of(known)};
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, status);
}

// Else a cache gives one range's rows for another's.
static void test_a_range_has_a_tag_of_its_own(void **state) {
    struct state *s = *state;
    char tag[ETAG_SIZE];
    expect_range_tag(s, "0-1", "", 200);
    (void)snprintf(tag, sizeof tag, "%s", s->response.etag);
    expect_range_tag(s, "0-1", tag, 304);
    expect_range_tag(s, "2-3", tag, 200);
    expect_range_tag(s, "0-2", tag, 200);
    get(s, "/rest/v1/orders?select=id&limit=2", 200);
    assert_string_not_equal(s->response.etag, tag);
}

// As PostgREST has it: Range was passed over beside limit or offset, so that other rows came.
static void test_a_range_beside_a_limit(void **state) {
    static const struct {
        const char *target, *range, *rows; // NULL = 416
    } cases[] = {
        {"/rest/v1/orders?select=id&limit=3", "0-1", "0-1/*"},
        {"/rest/v1/orders?select=id&limit=3", "2-20", "2-2/*"},
        {"/rest/v1/orders?select=id&offset=1", "0-2", "1-2/*"},
        {"/rest/v1/orders?select=id&offset=1&limit=1", "0-", "1-1/*"},
        {"/rest/v1/orders?select=id&limit=0", "3-3", "*/*"},
        {"/rest/v1/orders?select=id&limit=3", "3-", NULL},
        {"/rest/v1/orders?select=id&offset=5", "0-4", NULL},
        {"/rest/v1/orders?select=id&limit=1", "1-0", NULL},
    };
    struct state *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = {.target = span_of(cases[i].target), .range = span_of(cases[i].range)};
        assert_int_equal(ask(s, request), ROUTES_ANSWERED);
        assert_int_equal(s->response.status, cases[i].rows != NULL ? 200 : 416);
        if (cases[i].rows != NULL)
            assert_string_equal(header_of(s, "Content-Range"), cases[i].rows);
    }
}

static void test_accept(void **state) {
    (void)state;
    static const struct {
        const char *header;
        enum format format;
    } cases[] = {
        {"*/*", FORMAT_JSON},
        {"text/html", FORMAT_JSON},
        {"text/csv", FORMAT_CSV},
        {"TEXT/CSV; header=present", FORMAT_CSV},
        {"text/csv;q=0", FORMAT_JSON},
        {"text/csv;q=0.4, application/json;q=0.5", FORMAT_JSON},
        {"text/csv;q=0.51,application/json;q=0.5", FORMAT_CSV},
        {"text/csvx", FORMAT_JSON},
        {"application/x-ndjson;q=1.0, text/csv;q=0.9", FORMAT_NDJSON},
        {"", FORMAT_JSON},
        {",,;;,", FORMAT_JSON},
        {"text/csv;q=", FORMAT_JSON},
        // the most exact range says how much a type is wanted (RFC 9110, 12.5.1)
        {"text/csv;q=0.5, */*", FORMAT_JSON},
        {"*/*, text/csv;q=0.5", FORMAT_JSON},
        {"*/*;q=0.5, text/csv", FORMAT_CSV},
        {"text/csv;q=0.2, application/*;q=0.3, */*", FORMAT_JSON},
        {"application/x-ndjson;q=0.9, application/*;q=0.1", FORMAT_NDJSON},
        {"*/*, application/json;q=0", FORMAT_CSV},
        {"*/*, application/json;q=0, text/csv;q=0", FORMAT_NDJSON},
        {"text/*", FORMAT_CSV},
        {"text/*;q=0.5, application/json;q=0.6", FORMAT_JSON},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", FORMAT_JSON},
        {"*/*, text/csv", FORMAT_CSV}, // named
        {"*", FORMAT_JSON},
        {"application/*", FORMAT_JSON},
        {"application/vnd.pgrst.object+json", FORMAT_OBJECT},
        {"application/json, application/vnd.pgrst.object+json;q=0.5", FORMAT_JSON},
        {"application/vnd.pgrst.array+json, */*;q=0.1", FORMAT_ARRAY},
        // of those that are named the first: a generated client names all that the document has
        {"application/json, text/csv, application/x-ndjson, application/vnd.pgrst.object+json", FORMAT_JSON},
        {"application/vnd.pgrst.object+json, application/json", FORMAT_OBJECT},
        {"text/csv, application/json", FORMAT_CSV},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (accept_format(span_of(cases[i].header)) != cases[i].format)
            fail_msg("%s", cases[i].header);
    assert_int_equal(accept_format((struct span){0}), FORMAT_JSON);
}

static void test_accept_of_a_stream(void **state) {
    (void)state;
    static const struct {
        const char *header;
        bool lines;
    } cases[] = {
        {"*/*", false},
        {"", false},
        {"application/x-ndjson", true},
        {"text/event-stream, application/x-ndjson", false},
        {"text/event-stream, application/x-ndjson;q=0.5", false},
        {"text/event-stream;q=0.5, application/x-ndjson", true},
        {"*/*, application/x-ndjson;q=0.1", false},
        {"application/x-ndjson, */*", true},
        {"application/x-ndjson, text/event-stream", true},
        {"application/x-ndjson;q=0", false},
        {"application/json", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (accept_wants_lines(span_of(cases[i].header)) != cases[i].lines)
            fail_msg("%s", cases[i].header);
    assert_false(accept_wants_lines((struct span){0}));
}

// What PostgREST's clients ask for with stripNulls(), explain() and geojson(): told, not taken for rows as they are.
static void test_forms_that_are_not_made(void **state) {
    struct state *s = *state;
    static const struct {
        const char *accept;
        int status;
    } cases[] = {
        {"application/vnd.pgrst.array+json;nulls=stripped", 406},
        {"application/vnd.pgrst.object+json; nulls=stripped", 406},
        {"application/vnd.pgrst.object+json;nulls=stripped, application/json", 406},
        {"application/vnd.pgrst.plan+text; for=\"application/json\"; options=analyze|verbose;", 406},
        {"APPLICATION/VND.PGRST.PLAN", 406},
        {"application/geo+json", 406},
        {"application/geo+json, application/json;q=0.1", 200},
        {"application/vnd.pgrst.plan+json, */*;q=0.5", 200},
        {"application/vnd.pgrst.plan+json;q=0", 200},
        {"application/vnd.pgrst.array+json", 200},
        {"application/xml", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = {
            .target = SPAN("/rest/v1/orders?id=eq.4"), .accept = span_of(cases[i].accept), .patient = true};
        assert_int_equal(ask(s, request), ROUTES_ANSWERED);
        if (s->response.status != cases[i].status)
            fail_msg("%s is answered with %d", cases[i].accept, s->response.status);
        if (cases[i].status == 406)
            assert_non_null(strstr(s->response.body.data, "\"code\":\"PGRST107\""));
        request.target = SPAN("/v1/views/warehouse/stock"); // not PostgREST's: JSON, as ever
        assert_int_equal(ask(s, request), ROUTES_ANSWERED);
        assert_int_equal(s->response.status, 200);
    }
}

static void test_problems(void **state) {
    struct state *s = *state;
    expect_problem(s, "/nowhere", 404, "/problems/not-found", "/v1/lag");
    expect_problem(s, "/nothing", 404, "/problems/not-found", "/v1/lag");
    expect_problem(s, "/v1/lag//", 404, "/problems/not-found", "/v1/lag");
    expect_problem(s, "//v1/lag", 404, "/problems/not-found", "/v1/lag");
    expect_problem(s, "/a/b/c/d/e/f/g/h/i/j", 404, "/problems/not-found", "/v1/lag");
    expect_problem(s, "/v1/views/nothing/at", 404, "/problems/unknown-view", "warehouse");
    expect_problem(s, "/v1/views/warehouse/nothing", 404, "/problems/unknown-query", "low_stock");
    expect_problem(s, "/v1/tables/_meta", 404, "/problems/unknown-table", "inventory");
    expect_problem(s, "/v1/tables/orders?colour=red", 400, "/problems/unknown-parameter", "customer_id");
    expect_problem(s, "/v1/tables/orders?id=x", 400, "/problems/bad-parameter", "bigint");
    expect_problem(s, "/v1/views/warehouse/stock?colour=red", 400, "/problems/unknown-parameter", "sku");
    expect_problem(s, "/v1/quarantine?x=1", 400, "/problems/unknown-parameter", "limit");
    expect_problem(s, "/v1/lag?x=1", 400, "/problems/unknown-parameter", "x");
    static const char *const limits[] = {"0", "1001", "-1", "x", "", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char target[96];
        (void)snprintf(target, sizeof target, "/v1/tables/orders?limit=%s", limits[i]);
        expect_problem(s, target, 400, "/problems/bad-parameter", "1 to 1000");
    }
    expect_problem(s, "/v1/tables/orders?limit=1&limit=2", 400, "/problems/bad-parameter", "twice");
    expect_problem(s, "/v1/tables/orders?id=1&id=2", 400, "/problems/bad-parameter", "twice");
    expect_problem(s, "/v1/tables/orders?after=zzz", 400, "/problems/bad-parameter", "cursor");
    expect_problem(s, "/v1/views/lab/wrong", 500, "/problems/store-failed",
                   "overflow; the SQL itself fails on what the rows hold");
}

static void test_malformed(void **state) {
    struct state *s = *state;
    static const char *const targets[] = {
        "/v1/tables/%zz",         "/v1/tables/%4",           "/v1/tables/%",
        "/v1/tables/orders?id=%", "/v1/tables/%ff%fe",       "/v1/tables/%c0%af",
        "/v1/tables/orders%00",   "/v1/tables/orders?%00=1", "/v1/tables/orders?a=%ed%a0%80",
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        expect_problem(s, targets[i], 400, "/problems/malformed-request", "URL");
    char many[4096] = "/v1/tables/orders?";
    for (int i = 0; i < 65; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "a%d=1&", i);
    expect_problem(s, many, 400, "/problems/malformed-request", "64");
    char *longest = malloc(TARGET_SIZE_MAX + 2);
    memset(longest, 'a', TARGET_SIZE_MAX + 1);
    longest[0] = '/';
    longest[TARGET_SIZE_MAX + 1] = '\0';
    expect_problem(s, longest, 414, "/problems/url-too-long", "8192");
    longest[TARGET_SIZE_MAX] = '\0';
    expect_problem(s, longest, 404, "/problems/not-found", "");
    free(longest);
}

static void test_decoding(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/v1/%74ables/order%73?%69d=4&sku=%61nvil&&placed_on=2024%2D02-29");
    assert_int_equal(json_array_size(json_object_get(body, "rows")), 1);
    json_decref(body);
    body = get_json(s, "/v1/views/lab/typed?a=x+y%2Bz&b=");
    json_t *row = json_array_get(json_object_get(body, "rows"), 0);
    expect_text(row, "va", "x y+z");
    expect_text(row, "vb", "");
    json_decref(body);
    expect_problem(s, "/v1/tables/or+ders", 404, "/problems/unknown-table", "or+ders");
    expect_problem(s, "/v1/tables/a%2Fb", 404, "/problems/unknown-table", "a/b");
}

static void test_methods(void **state) {
    struct state *s = *state;
    struct request request = {.method = SPAN("POST"), .target = SPAN("/v1/lag")};
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 405);
    assert_string_equal(s->response.allow, "GET, HEAD, OPTIONS");
    request.method = SPAN("HEAD");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    assert_true(s->response.body.size > 0);
}

static void test_etag(void **state) {
    struct state *s = *state;
    struct request request = {.target = SPAN("/v1/tables/orders?id=4")};
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    char etag[ETAG_SIZE];
    (void)snprintf(etag, sizeof etag, "%s", s->response.etag);
    char several[2 * ETAG_SIZE];
    (void)snprintf(several, sizeof several, "\"x\" , %s", etag);
    const char *const same[] = {etag, etag + 2, several, "*"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        request.if_none_match = span_of(same[i]);
        assert_int_equal(ask(s, request), ROUTES_ANSWERED);
        assert_int_equal(s->response.status, 304);
        assert_int_equal(s->response.body.size, 0);
        assert_string_equal(s->response.etag, etag);
    }
    request.if_none_match = span_of(etag);
    request.accept = SPAN("text/csv");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    request.accept = (struct span){0};
    fixture_order(&s->fixture, 11, 1, "paid");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    assert_string_not_equal(s->response.etag, etag);
}

// A client that polls learns that the broker is gone: the state is in the tag, and a 304 tells the lag too.
static void test_etag_has_the_state(void **state) {
    struct state *s = *state;
    live(s, 10);
    struct request request = {.target = SPAN("/v1/tables/orders?id=4")};
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    char etag[ETAG_SIZE];
    (void)snprintf(etag, sizeof etag, "%s", s->response.etag);
    request.if_none_match = span_of(etag);
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 304);
    assert_string_equal(header_of(s, "Tidemark-State"), "live");
    assert_string_equal(header_of(s, "Tidemark-Lag"), "{\"state\":\"live\",\"messages\":0,\"seconds\":0}");
    progress_set_state(s->fixture.progress, STATE_DISCONNECTED, "no broker answers");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    assert_string_equal(header_of(s, "Tidemark-State"), "disconnected");
    progress_set_state(s->fixture.progress, STATE_LIVE, "");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 304);
}

// Every answer of a data route, whatever its form and its status.
static void test_headers_of_all(void **state) {
    struct state *s = *state;
    static const char *const targets[] = {
        "/v1/tables/orders",
        "/v1/views/email/outbox",
        "/v1/quarantine",
        "/v1/tables/orders?after_lsn=7/0",
        "/v1/tables/orders?max_lag_seconds=1",
        "/v1/tables/orders?id=x",
        "/v1/tables/orders?colour=x",
        "/v1/tables/orders?limit=0",
        "/v1/tables/orders?id=1&id=2",
        "/v1/quarantine?wait_ms=x",
        "/v1/tables/nope",
        "/v1/views/nope/nope",
        "/v1/views/email/nope",
    };
    static const char *const types[] = {"application/json", "text/csv", "application/x-ndjson"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (size_t j = 0; j < sizeof types / sizeof *types; j++) {
            struct request request = {.target = span_of(targets[i]), .accept = span_of(types[j])};
            assert_int_equal(ask(s, request), ROUTES_ANSWERED);
            if (header_of(s, "Tidemark-Lsn") == NULL)
                fail_msg("%s as %s: %d without its position", targets[i], types[j], s->response.status);
            assert_string_equal(header_of(s, "Tidemark-Lsn"), "0/19C00A0");
            assert_string_equal(header_of(s, "Tidemark-Consistency"), "transactional");
            assert_string_equal(header_of(s, "Tidemark-State"), "starting");
            assert_non_null(strstr(header_of(s, "Tidemark-Lag"), "\"seconds\":null"));
        }
}

static void test_nothing_applied(void **state) {
    struct state *s = *state;
    static const char *const targets[] = {"/v1/tables/orders", "/v1/views/warehouse/stock",
                                          "/v1/tables/orders?limit=1&max_lag_seconds=1"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        expect_problem(s, targets[i], 503, "/problems/not-ready", "\"position\"");
        assert_true(s->response.retry);
        assert_string_equal(header_of(s, "Tidemark-State"), "starting");
    }
    json_decref(get_json(s, "/v1/quarantine"));
    expect_problem(s, "/v1/tables/orders?after_lsn=7/0", 504, "/problems/position-not-reached", "lsn");
    fixture_order(&s->fixture, 1, 1, "paid");
    json_decref(get_json(s, "/v1/tables/orders"));
}

static void test_waits(void **state) {
    struct state *s = *state;
    get(s, "/v1/tables/orders?id=1&after_lsn=0/19C00A0", 200);
    get(s, "/v1/tables/orders?id=1&after_lsn=0%2f19c00a0&after_txid=700&after_offset=" TOPIC ":0:9", 200);
    get(s, "/v1/views/email/outbox?after_lsn=27000992", 200);
    expect_problem(s, "/v1/tables/orders?after_lsn=0/19C00A1", 504, "/problems/position-not-reached",
                   "19C00A0");
    expect_problem(s, "/v1/tables/orders?after_txid=701", 504, "/problems/position-not-reached",
                   "transaction 701 was not reached within 0 ms\"");
    expect_problem(s, "/v1/tables/orders?after_txid=1", 504, "/problems/position-not-reached",
                   "; the least transaction that is remembered is 700");
    expect_problem(s, "/v1/tables/orders?after_offset=" TOPIC ":0:10", 504, "/problems/position-not-reached",
                   "\"lag\"");
    expect_problem(s, "/v1/tables/orders?after_offset=" TOPIC ":1:0", 504, "/problems/position-not-reached",
                   TOPIC);
    struct request request = {.target = SPAN("/v1/tables/orders?id=1&after_lsn=0/19C00A1&wait_ms=50")};
    assert_int_equal(ask(s, request), ROUTES_WAIT);
    assert_int_equal(s->wait.wait_ms, 50);
    assert_int_equal(s->wait.lsn, 0x19C00A1);
    request.waited = WAITED_EXPIRED;
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 504);
    fixture_order(&s->fixture, 11, 1, "paid");
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    request.waited = WAITED_NOT;
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
}

static void test_wait_is_never_reached_per_key(void **state) {
    struct state *s = *state;
    store_begin(s->fixture.store);
    fixture_put_order(&s->fixture, 11, 1, "paid");
    fixture_commit(&s->fixture, -1, false);
    expect_problem(s, "/v1/tables/orders?after_lsn=0", 504, "/problems/position-not-reached",
                   "within 0 ms; answers are per-key, which show no LSN");
    get(s, "/v1/tables/orders?after_offset=" TOPIC ":0:10", 200);
}

static void test_bad_waits(void **state) {
    struct state *s = *state;
    static const char *const bad[] = {
        "after_lsn=",
        "after_lsn=0/",
        "after_lsn=/0",
        "after_lsn=0/1/2",
        "after_lsn=x",
        "after_lsn=-1",
        "after_lsn=0/123456789",
        "after_lsn=ffffffff/0",
        "after_txid=-1",
        "after_txid=x",
        "after_offset=a",
        "after_offset=a:0",
        "after_offset=:0:0",
        "after_offset=a:x:0",
        "after_offset=a:0:x",
        "after_offset=a:0:-1",
        "after_offset=a:9999999999:0",
        "wait_ms=30001",
        "wait_ms=-1",
        "wait_ms=x",
        "max_lag_seconds=-1",
        "max_lag_seconds=x",
        "max_lag_seconds=NaN",
        "max_lag_seconds=1e300",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char target[128];
        (void)snprintf(target, sizeof target, "/v1/tables/orders?%s", bad[i]);
        expect_problem(s, target, 400, "/problems/bad-parameter", "expected");
    }
    // a mistake is told at once, not when the time is over
    expect_problem(s, "/v1/tables/orders?colour=red&after_lsn=7/0&wait_ms=30000", 400,
                   "/problems/unknown-parameter", "colour");
}

static void test_staleness(void **state) {
    struct state *s = *state;
    expect_problem(s, "/v1/tables/orders?max_lag_seconds=1e9", 503, "/problems/too-stale", "not known");
    struct progress_counters counters = {0};
    progress_committed(s->fixture.progress, &counters, 1700000000000); // years ago
    expect_problem(s, "/v1/tables/orders?max_lag_seconds=60.5", 503, "/problems/too-stale", "\"seconds\"");
    get(s, "/v1/tables/orders?max_lag_seconds=1e10", 200);
    // Two clocks are never quite the same.
    progress_committed(s->fixture.progress, &counters, clock_wall_ms() + 500);
    get(s, "/v1/tables/orders?max_lag_seconds=1", 200);
    // The source's clock is an hour ahead: how far behind is not known, and not 0.
    progress_committed(s->fixture.progress, &counters, clock_wall_ms() + 3600 * 1000);
    expect_problem(s, "/v1/tables/orders?max_lag_seconds=1e9", 503, "/problems/too-stale", "not known");
    live(s, 10);
    get(s, "/v1/tables/orders?max_lag_seconds=0", 200);
}

static void test_deadline(void **state) {
    struct state *s = *state;
    reader_set_deadline(worker_reader(s->worker), 20);
    struct request request = {.target = SPAN("/v1/views/lab/slow")};
    assert_int_equal(ask(s, request), ROUTES_SLOW);
    assert_int_equal(s->response.body.size, 0);
    request.patient = true;
    assert_int_equal(ask(s, request), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 503);
    assert_true(s->response.retry);
    json_t *body = parse_body(s);
    expect_text(body, "type", "/problems/too-slow");
    json_decref(body);
    get(s, "/v1/tables/orders?id=4", 200);
}

// What all rows are asked for in, an order by times too, may take as long to put as it does to read.
static void test_deadline_of_all_rows(void **state) {
    struct state *s = *state;
    store_begin(s->fixture.store);
    for (int id = 11; id < 1000; id++)
        fixture_put_order(&s->fixture, id, 100, "paid");
    fixture_commit(&s->fixture, 2000, true);
    reader_set_deadline(worker_reader(s->worker), -1); // over before it begins
    struct request request = {.target = SPAN("/v1/tables/orders?order=created_at&limit=1")};
    assert_int_equal(ask(s, request), ROUTES_SLOW);
    request.target = SPAN("/v1/tables/orders?order=created_at&limit=all");
    assert_int_equal(ask(s, request), ROUTES_BULK);
    assert_int_equal(s->response.body.size, 0);
}

// It is put to the rows of then: neither a count nor rows that are passed over (the cursor is of 5) come before the wait.
static void test_a_wait_comes_before_what_is_slow(void **state) {
    struct state *s = *state;
    reader_set_deadline(worker_reader(s->worker), 20);
    struct request request = {.target = SPAN("/v1/views/lab/slow?after=b2k1Ow&after_lsn=7/0&wait_ms=50")};
    assert_int_equal(ask(s, request), ROUTES_WAIT);
    request.waited = WAITED_REACHED;
    assert_int_equal(ask(s, request), ROUTES_SLOW);
    expect_problem(s, "/v1/views/lab/slow?after=b2k&after_lsn=7/0&wait_ms=50", 400, "/problems/bad-parameter",
                   "cursor");
}

static void test_lag(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/v1/lag");
    json_t *partition = json_array_get(json_object_get(body, "partitions"), 0);
    expect_text(partition, "topic", TOPIC);
    assert_int_equal(json_integer_value(json_object_get(partition, "applied")), 10);
    assert_true(json_is_null(json_object_get(partition, "high")));
    assert_true(json_is_null(json_object_get(partition, "lag")));
    assert_true(json_is_null(json_object_get(partition, "age_ms")));
    assert_true(json_is_null(json_object_get(body, "as_of_age_ms")));
    json_decref(body);
    live(s, 15);
    int number = progress_partition(s->fixture.progress, "shop.public.apples", 3);
    progress_set_high(s->fixture.progress, number, 7, 1700000000000);
    body = get_json(s, "/v1/lag");
    json_t *partitions = json_object_get(body, "partitions");
    assert_int_equal(json_array_size(partitions), 2);
    expect_text(json_array_get(partitions, 0), "topic", "shop.public.apples");
    partition = json_array_get(partitions, 1);
    assert_int_equal(json_integer_value(json_object_get(partition, "lag")), 5);
    assert_true(json_integer_value(json_object_get(partition, "age_ms")) > 0);
    assert_true(json_is_null(json_object_get(partition, "log_start")));
    assert_int_equal(json_integer_value(json_object_get(body, "messages")), 12);
    json_decref(body);
}

static void test_status(void **state) {
    struct state *s = *state;
    fixture_quarantine(&s->fixture, "{\"id\":1}", "no such column");
    progress_drift(s->fixture.progress, "orders", "colour", 6, 1);
    progress_set_state(s->fixture.progress, STATE_HALTED, "offset 7 is gone");
    progress_set_error(s->fixture.progress, "the last one");
    json_t *body = get_json(s, "/v1/status");
    expect_text(body, "state", "halted");
    expect_text(body, "reason", "offset 7 is gone");
    expect_text(body, "consistency", "transactional");
    expect_text(body, "version", "1.2.3");
    expect_text(body, "last_error", "the last one");
    assert_int_equal(json_integer_value(json_object_get(body, "quarantined")), 1);
    expect_text(json_array_get(json_object_get(body, "drift"), 0), "column", "colour");
    assert_int_equal(json_array_size(json_object_get(body, "views")), (size_t)s->fixture.catalog->view_count);
    expect_text(json_array_get(json_object_get(body, "views"), 0), "hash", s->fixture.catalog->views[0].hash);
    json_decref(body);
    body = get_json(s, "/v1/quarantine");
    json_t *row = json_array_get(json_object_get(body, "rows"), 0);
    expect_text(row, "topic", TOPIC);
    expect_text(row, "key", "{\"id\":1}");
    expect_text(row, "reason", "no such column");
    expect_text(row, "time", "2023-11-14T22:13:20.123Z");
    json_decref(body);
}

// What the page's last section shows: the process, its file and libraries, the log's last lines.
static void test_status_of_the_process(void **state) {
    struct state *s = *state;
    progress_set_group(s->fixture.progress, "tidemark-abc");
    log_event(LEVEL_WARN, "storm", NULL, "a wind of \xff");
    json_t *body = get_json(s, "/v1/status");
    json_t *process = json_object_get(body, "process");
    expect_text(process, "file", s->fixture.db);
    expect_text(process, "group", "tidemark-abc");
    expect_text(json_object_get(process, "libraries"), "SQLite", "3.99");
    assert_true(json_integer_value(json_object_get(process, "id")) > 0);
    assert_true(json_integer_value(json_object_get(process, "memory_bytes")) > 0);
    assert_true(json_integer_value(json_object_get(process, "file_bytes")) > 0);
    assert_true(json_is_integer(json_object_get(process, "wal_bytes")));
    assert_true(json_integer_value(json_object_get(process, "disk_free_bytes")) > 0);
    assert_int_equal(json_integer_value(json_object_get(body, "oldest_txid")), 700);
    assert_int_equal(json_integer_value(json_object_get(body, "newest_txid")), 700);
    json_t *log = json_object_get(body, "log");
    json_t *last = json_array_get(log, json_array_size(log) - 1);
    expect_text(last, "level", "warn");
    expect_text(last, "event", "storm");
    expect_text(last, "message", "a wind of \xef\xbf\xbd");
    assert_true(json_integer_value(json_object_get(last, "at_ms")) > 1700000000000);
    json_decref(body);
}

static void expect_page_header(struct state *s, const char *name, const char *part) {
    const char *value = header_of(s, name);
    assert_non_null(value);
    assert_non_null(strstr(value, part));
}

static void test_page(void **state) {
    struct state *s = *state;
    assert_int_equal(ask(s, (struct request){.target = SPAN("/")}), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
    assert_string_equal(s->response.content_type, "text/html; charset=utf-8");
    assert_true(s->response.body.size > 0);
    expect_page_header(s, "Content-Security-Policy", "default-src 'none'; script-src 'sha256-");
    char etag[ETAG_SIZE];
    memcpy(etag, s->response.etag, sizeof etag);
    assert_int_equal(ask(s, (struct request){.target = SPAN("/"), .if_none_match = span_of(etag)}),
                     ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 304);
    assert_int_equal(s->response.body.size, 0);
}

// What a broker or a message says is told whatever its bytes are.
static void test_status_of_any_bytes(void **state) {
    struct state *s = *state;
    static const char *const texts[] = {"cut \xc3", "\xff\xfe", "\xed\xa0\x80", "a\nb\x01\x7f",
                                        "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        progress_set_error(s->fixture.progress, texts[i]);
        progress_set_state(s->fixture.progress, STATE_HALTED, texts[i]);
        progress_drift(s->fixture.progress, "orders", texts[i], (int)strlen(texts[i]), 1);
        json_t *body = get_json(s, "/v1/status");
        assert_true(json_is_string(json_object_get(body, "last_error")));
        assert_true(json_is_string(json_object_get(body, "reason")));
        assert_int_equal(json_array_size(json_object_get(body, "drift")), i + 1);
        json_decref(body);
        expect_problem(s, "/readyz", 503, "/problems/not-ready", "");
    }
}

static json_t *member_named(json_t *array, const char *name) {
    size_t index;
    json_t *member;
    json_array_foreach(array, index, member) {
        const char *own = json_string_value(json_object_get(member, "name"));
        if (own != NULL && strcmp(own, name) == 0)
            return member;
    }
    fail_msg("%s is not told", name);
    return NULL;
}

static void expect_texts(json_t *object, const char *name, const char *first, size_t count) {
    json_t *array = json_object_get(object, name);
    assert_int_equal(json_array_size(array), count);
    if (count > 0)
        assert_string_equal(json_string_value(json_array_get(array, 0)), first);
}

static void test_status_of_tables(void **state) {
    struct state *s = *state;
    struct progress *progress = s->fixture.progress;
    const char *const nobodys[] = {"shop.public.order"};
    live(s, 13);
    int orders = catalog_table(s->fixture.catalog, "orders", 6)->index;
    progress_table_topic(progress, orders, TOPIC, 1);
    progress_table_event(progress, orders, 1700000000007);
    progress_table_incomplete(progress, orders, "the topic begins at offset 7");
    progress_missing(progress, "orders", "notes", 5, 3);
    progress_drift(progress, "orders", "colour", 6, 2);
    progress_set_undeclared(progress, nobodys, 1, 1);
    progress_unplaced(progress, "shop.all", "public.x", 4);
    json_t *body = get_json(s, "/v1/status");
    json_t *tables = json_object_get(body, "tables");
    assert_int_equal(json_array_size(tables), (size_t)s->fixture.catalog->table_count);
    json_t *table = member_named(tables, "orders");
    assert_int_equal(json_integer_value(json_object_get(table, "rows")), 10);
    expect_text(table, "topic", TOPIC);
    expect_texts(table, "topics", TOPIC, 1);
    assert_int_equal(json_integer_value(json_object_get(table, "partitions")), 1);
    assert_int_equal(json_integer_value(json_object_get(table, "lag")), 3);
    assert_int_equal(json_integer_value(json_object_get(table, "newest_event_ms")), 1700000000007);
    expect_texts(table, "missing", "notes", 1);
    expect_texts(table, "extra", "colour", 1);
    assert_true(json_is_false(json_object_get(table, "complete")));
    expect_text(table, "incomplete", "the topic begins at offset 7");
    table = member_named(tables, "customers");
    assert_int_equal(json_integer_value(json_object_get(table, "rows")), 0);
    assert_true(json_is_null(json_object_get(table, "topic")));
    assert_true(json_is_null(json_object_get(table, "lag")));
    assert_true(json_is_null(json_object_get(table, "newest_event_ms")));
    expect_texts(table, "missing", "", 0);
    assert_true(json_is_true(json_object_get(table, "complete")));
    expect_texts(body, "undeclared", "shop.public.order", 1);
    json_t *unplaced = json_array_get(json_object_get(body, "unplaced"), 0);
    expect_text(unplaced, "topic", "shop.all");
    expect_text(unplaced, "table", "public.x");
    assert_int_equal(json_integer_value(json_object_get(unplaced, "messages")), 4);
    assert_true(json_is_array(json_object_get(body, "lint")));
    assert_int_equal(json_array_size(json_object_get(body, "drift")), 2);
    json_decref(body);
    get(s, "/metrics", 200);
    buffer_char(&s->response.body, '\0');
    static const char *const lines[] = {
        "tidemark_table_rows{table=\"orders\"} 10\n",
        "tidemark_table_lag_messages{table=\"orders\"} 3\n",
        "tidemark_table_newest_event_seconds{table=\"orders\"} 1700000000\n",
        "tidemark_table_complete{table=\"orders\"} 0\n",
        "tidemark_tables_without_topic 3\n",
        "tidemark_missing_columns 1\n",
        "tidemark_undeclared_topics 1\n",
        "tidemark_unplaced_messages_total 4\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(s->response.body.data, lines[i]) == NULL)
            fail_msg("%s is not in %s", lines[i], s->response.body.data);
    if (strstr(s->response.body.data, "tidemark_table_lag_messages{table=\"customers\"}") != NULL)
        fail_msg("a table without a topic has a lag");
}

// A table whose rows come from a topic a shard, named in another order than they are told of.
static void test_status_of_a_table_of_many_topics(void **state) {
    struct state *s = *state;
    enum { SHARDS = 300, BEHIND = 2 };
    struct progress *progress = s->fixture.progress;
    int orders = catalog_table(s->fixture.catalog, "orders", 6)->index;
    live(s, 13);
    progress_table_topic(progress, orders, TOPIC, 1);
    for (int i = 0; i < SHARDS; i++) {
        char topic[64];
        (void)snprintf(topic, sizeof topic, "shard%d.public.orders", i * 7 % SHARDS);
        progress_set_high(progress, progress_partition(progress, topic, 0), BEHIND, clock_wall_ms());
        progress_table_topic(progress, orders, topic, 1);
    }
    progress_set_high(progress, progress_partition(progress, "shard7.public.others", 0), 50, clock_wall_ms());
    json_t *body = get_json(s, "/v1/status");
    json_t *table = member_named(json_object_get(body, "tables"), "orders");
    expect_texts(table, "topics", "shard0.public.orders", SHARDS + 1);
    assert_int_equal(json_integer_value(json_object_get(table, "partitions")), SHARDS + 1);
    assert_int_equal(json_integer_value(json_object_get(table, "lag")), 3 + SHARDS * BEHIND);
    json_decref(body);
}

// Answers that somebody holds leave no memory for another long one; a short one is answered, and so is the long one later.
static void test_too_much_under_way(void **state) {
    struct state *s = *state;
    struct account *memory = &s->routes->memory;
    assert_int_equal(memory->max, (size_t)LIMITS_ANSWER_MB << 20);
    memory->max = 64 << 10;
    struct buffer held = {.account = memory};
    assert_true(buffer_reserve(&held, 60 << 10));
    expect_problem(s, "/v1/views/lab/wide", 503, "/problems/too-busy", "--answer-memory-mb");
    assert_true(s->response.retry);
    get(s, "/v1/tables/orders?id=1", 200);
    buffer_free(&held);
    get(s, "/metrics", 200);
    assert_non_null(
        strstr(s->response.body.data, "tidemark_http_refused_total{reason=\"answer_bytes\"} 1\n"));
    get(s, "/v1/views/lab/wide", 200);
    assert_true(atomic_load(&memory->bytes) > 0);
    response_free(&s->response);
    assert_int_equal(atomic_load(&memory->bytes), 0);
}

static void test_too_large(void **state) {
    struct state *s = *state;
    expect_problem(s, "/v1/views/lab/large", 500, "/problems/answer-too-large", "limit");
}

static void test_health(void **state) {
    struct state *s = *state;
    json_decref(get_json(s, "/healthz"));
    progress_set_state(s->fixture.progress, STATE_DISCONNECTED, "no broker answers");
    expect_problem(s, "/readyz", 503, "/problems/not-ready", "no broker answers");
    progress_set_state(s->fixture.progress, STATE_SERVING, "");
    json_decref(get_json(s, "/readyz"));
    progress_set_state(s->fixture.progress, STATE_CATCHING_UP, "");
    expect_problem(s, "/readyz", 503, "/problems/not-ready", "catching_up");
    live(s, 10);
    progress_set_state(s->fixture.progress, STATE_DISCONNECTED, "");
    json_decref(get_json(s, "/readyz"));
}

// A probe and a scrape can wait for a processor.
static void test_work_gives_way_to_rows(void **state) {
    struct state *s = *state;
    live(s, 12);
    asked = 0;
    json_decref(get_json(s, "/v1/tables/orders?id=4"));
    assert_int_equal(asked, 1);
    json_decref(get_json(s, "/v1/views/warehouse/stock"));
    assert_int_equal(asked, 2);
    get(s, "/metrics", 200);
    get(s, "/v1/status", 200);
    get(s, "/healthz", 200);
    assert_int_equal(asked, 2);
}

// Caught up once is ready, whatever the connector does; halted is not.
static void test_ready(void **state) {
    struct state *s = *state;
    progress_set_state(s->fixture.progress, STATE_UPSTREAM_SILENT, "no heartbeat for 7 s");
    expect_problem(s, "/readyz", 503, "/problems/not-ready", "no heartbeat");
    progress_caught_up(s->fixture.progress);
    json_decref(get_json(s, "/readyz"));
    progress_set_state(s->fixture.progress, STATE_HALTED, "offset 7 is gone");
    expect_problem(s, "/readyz", 503, "/problems/not-ready", "halted: offset 7 is gone");
    assert_int_equal(ask(s, (struct request){.target = SPAN("/healthz")}), ROUTES_ANSWERED);
    assert_int_equal(s->response.status, 200);
}

static void test_ready_needs_something_applied(void **state) {
    struct state *s = *state;
    static const enum progress_state states[] = {STATE_LIVE, STATE_SERVING};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        progress_set_state(s->fixture.progress, states[i], "");
        expect_problem(s, "/readyz", 503, "/problems/not-ready", "nothing was applied");
    }
    fixture_order(&s->fixture, 1, 1, "paid");
    json_decref(get_json(s, "/readyz"));
}

static void test_views(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/v1/views");
    json_t *views = json_object_get(body, "views");
    size_t index;
    json_t *view;
    int queries = 0;
    json_array_foreach(views, index, view) {
        size_t number;
        json_t *query;
        json_array_foreach(json_object_get(view, "queries"), number, query) {
            assert_non_null(json_string_value(json_object_get(query, "path")));
            size_t parameters = json_array_size(json_object_get(query, "parameters"));
            assert_int_equal(json_array_size(json_object_get(query, "rules")), parameters);
            assert_non_null(strstr(json_string_value(json_object_get(query, "sql")), "select"));
            queries++;
        }
    }
    assert_true(queries >= 10);
    json_t *first = json_array_get(json_object_get(member_named(views, "warehouse"), "queries"), 0);
    expect_text(first, "file", "warehouse/query.low_stock.sql");
    expect_text(json_array_get(json_object_get(first, "rules"), 0), "type", "number");
    assert_true(json_array_size(json_object_get(body, "tables")) == 4);
    json_decref(body);
}

static void count_route(void *self, const struct loaded_route *loaded) {
    json_t *paths = self;
    struct buffer path = {0};
    route_write_path(&path, loaded);
    buffer_char(&path, '\0');
    if (json_object_get(paths, path.data) == NULL)
        fail_msg("%s is not in openapi.json", path.data);
    assert_int_equal(json_object_del(paths, path.data), 0);
    buffer_free(&path);
}

// Exactly the routes that are loaded, and every reference in it leads somewhere.
static void check_references(json_t *root, json_t *at) {
    const char *name;
    json_t *member;
    size_t index;
    if (json_is_object(at)) {
        const char *reference = json_string_value(json_object_get(at, "$ref"));
        if (reference != NULL) {
            char section[32];
            char item[128];
            assert_int_equal(sscanf(reference, "#/components/%31[a-z]/%127[A-Za-z0-9_-]", section, item), 2);
            json_t *components = json_object_get(root, "components");
            assert_non_null(json_object_get(json_object_get(components, section), item));
        }
        json_object_foreach(at, name, member) check_references(root, member);
    }
    json_array_foreach(at, index, member) check_references(root, member);
}

static void test_openapi(void **state) {
    struct state *s = *state;
    json_t *body = get_json(s, "/openapi.json");
    expect_text(body, "openapi", "3.1.0");
    check_references(body, body);
    json_t *paths = json_object_get(body, "paths");
    route_each(s->fixture.catalog, count_route, paths);
    assert_int_equal(json_object_size(paths), 0);
    json_decref(body);
}

static void test_metrics(void **state) {
    struct state *s = *state;
    live(s, 12);
    get(s, "/v1/tables/orders", 200);
    get(s, "/metrics", 200);
    buffer_char(&s->response.body, '\0');
    static const char *const lines[] = {
        "tidemark_state{state=\"live\"} 1\n",
        "tidemark_state{state=\"starting\"} 0\n",
        "tidemark_lag_messages 2\n",
        "tidemark_lag_seconds 0\n",
        "tidemark_partition_applied_offset{topic=\"" TOPIC "\",partition=\"0\"} 10\n",
        "tidemark_partition_lag_messages{topic=\"" TOPIC "\",partition=\"0\"} 2\n",
        "tidemark_http_answers_total{class=\"2xx\"} 1\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(s->response.body.data, lines[i]) == NULL)
            fail_msg("%s is not in %s", lines[i], s->response.body.data);
}

// PostgREST's clients read `code` and `message`, also of what no table answers.
static void test_problems_below_rest(void **state) {
    struct state *s = *state;
    static const char *const targets[] = {"/rest/v1/rpc/x", "/rest/v1/nope", "/rest/v1"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        get(s, targets[i], 404);
        buffer_char(&s->response.body, '\0');
        assert_non_null(strstr(s->response.body.data, "\"code\":\""));
    }
    get(s, "/nope", 404);
    buffer_char(&s->response.body, '\0');
    assert_null(strstr(s->response.body.data, "\"code\":\""));
}

// An encoded slash is a part of its segment.
static void test_an_encoded_slash_is_no_slash(void **state) {
    struct state *s = *state;
    get(s, "/v1%2Ftables/orders", 404);
    get(s, "/v1/tables%2Forders", 404);
    get(s, "/v1/tables/orders", 200);
}

// A gap in the list of forms, or of handlers, would crash here.
static void test_each_route_has_a_form_and_a_handler(void **state) {
    struct state *s = *state;
    for (int i = 0; i < ROUTE_COUNT; i++) {
        const struct route_form *form = route_form((enum route)i);
        assert_non_null(form->method);
        assert_non_null(form->pattern);
        assert_non_null(form->summary);
        const char *target = i == ROUTE_TABLE          ? "/v1/tables/orders"
                             : i == ROUTE_DIGEST       ? "/v1/digest/orders"
                             : i == ROUTE_REST         ? "/rest/v1/orders?limit=1"
                             : i == ROUTE_VIEW         ? "/v1/views/email/"
                             : i == ROUTE_PROBLEM      ? "http://x:80/problems/too-slow"
                             : i == ROUTE_QUERY        ? "/v1/views/email/outbox"
                             : i == ROUTE_FOLLOW_TABLE ? "/v1/tables/orders/follow"
                             : i == ROUTE_FOLLOW_QUERY ? "/v1/views/email/outbox/follow"
                                                       : form->pattern;
        enum routes_result wanted = form->stream ? ROUTES_STREAM : ROUTES_ANSWERED;
        assert_int_equal(ask(s, (struct request){.target = span_of(target)}), wanted);
        bool writes = strcmp(form->method, "POST") == 0; // and nobody may: there is no token
        assert_int_equal(s->response.status, writes                   ? 403
                                             : i == ROUTE_QUARANTINED ? 404
                                             : i == ROUTE_READY       ? 503
                                                                      : 200);
    }
}

static void test_metrics_of_an_odd_topic(void **state) {
    struct state *s = *state;
    int number = progress_partition(s->fixture.progress, "a\"b\\c\nd", 0);
    progress_set_applied(s->fixture.progress, number, 7);
    progress_set_high(s->fixture.progress, number, 9, 1700000000000);
    get(s, "/metrics", 200);
    buffer_char(&s->response.body, '\0');
    const char *line = "{topic=\"a\\\"b\\\\c\\nd\",partition=\"0\"} ";
    if (strstr(s->response.body.data, line) == NULL)
        fail_msg("%s is not in %s", line, s->response.body.data);
}

// Every prefix of a good request, and bytes thrown into it: never a crash, never a body that is no JSON.
static void test_damaged_targets(void **state) {
    struct state *s = *state;
    static const char good[] =
        "/v1/views/warehouse/picks?sku=%61&limit=3&after_offset=a:0:1&wait_ms=0&after_lsn=0/1";
    unsigned seed = 20240229;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 3000; round++) {
        char target[sizeof good];
        memcpy(target, good, sizeof good);
        for (int hits = 0; hits < 1 + round % 3; hits++) {
            seed = seed * 1664525 + 1013904223;
            char byte = (char)(seed >> 24);
            target[(seed >> 8) % (sizeof good - 1)] = byte != '\0' ? byte : '%';
        }
        size_t size = round < (int)sizeof good ? (size_t)round : sizeof good - 1;
        struct request request = {.target = {round < (int)sizeof good ? good : target, size}};
        if (ask(s, request) == ROUTES_ANSWERED &&
            strcmp(s->response.content_type, "text/html; charset=utf-8") != 0)
            json_decref(parse_body(s));
    }
}

// A name of the source may be any: it is percent-encoded where a URL has no room for it.
static void test_path_of_odd_names(void **state) {
    (void)state;
    struct table table = {.name = (char[]){"sales.Order lines/\xc3\xa9"}};
    struct buffer path = {0};
    route_write_path(&path, &(struct loaded_route){.route = ROUTE_TABLE, .table = &table});
    assert_true(span_is((struct span){path.data, path.size}, "/v1/tables/sales.Order%20lines%2F%C3%A9"));
    buffer_free(&path);
}

static void test_problem_table(void **state) {
    (void)state;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem)i);
        assert_int_equal(strncmp(kind->type, "/problems/", 10), 0);
        assert_true(kind->status >= 400 && kind->status < 600);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(kind->type, problem_kind((enum problem)j)->type);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_is_null, setup, teardown),
        cmocka_unit_test_setup_teardown(test_view, setup, teardown),
        cmocka_unit_test_setup_teardown(test_work_gives_way_to_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_csv_and_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cursors_of_any_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_cursor_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_page_that_ends_within_ties_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_rows_have_no_cursor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages_that_stand_still_are_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_range_has_a_tag_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_range_beside_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_of_any_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_of_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_of_a_table_of_many_topics, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_much_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_accept_of_a_stream),
        cmocka_unit_test_setup_teardown(test_forms_that_are_not_made, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problems, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_decoding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_etag, setup, teardown),
        cmocka_unit_test_setup_teardown(test_etag_has_the_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_headers_of_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_applied, setup_empty, teardown),
        cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wait_is_never_reached_per_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_staleness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline_of_all_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wait_comes_before_what_is_slow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lag, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_of_the_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_health, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ready, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ready_needs_something_applied, setup_empty, teardown),
        cmocka_unit_test_setup_teardown(test_views, setup, teardown),
        cmocka_unit_test_setup_teardown(test_openapi, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problems_below_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_encoded_slash_is_no_slash, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_route_has_a_form_and_a_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metrics_of_an_odd_topic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_targets, setup, teardown),
        cmocka_unit_test(test_path_of_odd_names),
        cmocka_unit_test(test_problem_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
