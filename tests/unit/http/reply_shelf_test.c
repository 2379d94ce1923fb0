// Answers whose headers are used again: never one that is being sent, never with another's headers.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "http/reply_shelf.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

static struct reply_shelf shelf;

static int tear_down(void **state) {
    (void)state;
    reply_shelf_clear(&shelf);
    memset(&shelf, 0, sizeof shelf);
    return 0;
}

static struct response make(const char *body, const char *lsn, const char *etag) {
    struct response response = {.status = 200, .content_type = "application/json"};
    buffer_text(&response.body, body);
    (void)snprintf(response.etag, sizeof response.etag, "%s", etag);
    static const char name[] = "Tidemark-Lsn";
    memcpy(response.position, name, sizeof name);
    memcpy(response.position + sizeof name, lsn, strlen(lsn) + 1);
    response.position_size = sizeof name + strlen(lsn) + 1;
    return response;
}

static struct reply_kept *lend(const char *body, const char *lsn, const char *etag) {
    struct response response = make(body, lsn, etag);
    struct reply_kept *kept = reply_shelf_lend(&shelf, &response);
    response_free(&response);
    return kept;
}

static void headers_are_used_again(void **state) {
    (void)state;
    struct reply_kept *first = lend("{\"id\":1}", "0/1", "\"a\"");
    assert_non_null(first);
    struct MHD_Response *reply = first->reply;
    reply_shelf_give_back(first);
    struct reply_kept *second = lend("{\"id\":2}", "0/1", "\"a\"");
    assert_ptr_equal(second, first);
    assert_ptr_equal(second->reply, reply);
    assert_memory_equal(second->body, "{\"id\":2}", second->size);
    assert_string_equal(MHD_get_response_header(reply, "Tidemark-Lsn"), "0/1");
    assert_string_equal(MHD_get_response_header(reply, "ETag"), "\"a\"");
}

static void one_that_is_sent_is_left_alone(void **state) {
    (void)state;
    struct reply_kept *first = lend("{\"id\":1}", "0/1", "\"a\"");
    assert_null(lend("{\"id\":2}", "0/1", "\"a\""));
    assert_memory_equal(first->body, "{\"id\":1}", first->size);
    struct reply_kept *longer = lend("{\"id\":22}", "0/1", "\"a\"");
    assert_non_null(longer);
    assert_ptr_not_equal(longer, first);
}

static void other_headers_are_made_anew(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"0/2", "\"a\""}, {"0/2", "\"b\""}, {"0/22", "\"b\""}, {"0/1", ""}};
    reply_shelf_give_back(lend("{\"id\":1}", "0/1", "\"a\""));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_kept *kept = lend("{\"id\":1}", cases[i][0], cases[i][1]);
        assert_non_null(kept);
        assert_string_equal(MHD_get_response_header(kept->reply, "Tidemark-Lsn"), cases[i][0]);
        const char *etag = MHD_get_response_header(kept->reply, "ETag");
        assert_string_equal(etag != NULL ? etag : "", cases[i][1]);
        reply_shelf_give_back(kept);
    }
}

static void refuse(void (*change)(struct response *response)) {
    struct response response = make("{\"id\":1}", "0/1", "\"a\"");
    change(&response);
    assert_null(reply_shelf_lend(&shelf, &response));
    response_free(&response);
}

static void set_closes(struct response *response) {
    response->closes = true;
}
static void set_encoded(struct response *response) {
    response->encoded = true;
}
static void set_origin(struct response *response) {
    response->origin = "https://shop.example";
}
static void set_retry(struct response *response) {
    response->retry = true;
}
static void set_allow(struct response *response) {
    response->allow = "GET";
}
static void add_header(struct response *response) {
    response_header(response, "Tidemark-Next", SPAN("x"));
}
static void empty_body(struct response *response) {
    buffer_clear(&response->body);
}
static void fail_body(struct response *response) {
    response->body.failed = true;
}
static void lengthen_body(struct response *response) {
    for (int i = 0; i < REPLY_SHELF_BODY_MAX; i++)
        buffer_char(&response->body, ' ');
}

static void what_has_more_headers_is_not_taken(void **state) {
    (void)state;
    reply_shelf_give_back(lend("{\"id\":1}", "0/1", "\"a\""));
    void (*const changes[])(struct response * response) = {set_closes, set_encoded, set_origin,
                                                           set_retry,  set_allow,   add_header,
                                                           empty_body, fail_body,   lengthen_body};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        refuse(changes[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(headers_are_used_again, tear_down),
        cmocka_unit_test_teardown(one_that_is_sent_is_left_alone, tear_down),
        cmocka_unit_test_teardown(other_headers_are_made_anew, tear_down),
        cmocka_unit_test_teardown(what_has_more_headers_is_not_taken, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
