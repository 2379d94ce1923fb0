// Who may ask: hosts, origins, tokens, without sockets.
#include "http/access.h"
#include "views/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// After the four that it needs.
#include <cmocka.h>

#define TOKEN "0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffff"

static struct access *open_access(const struct access_config *config) {
    struct access *access = NULL;
    struct error error = {0};
    if (access_new(&access, config, &error) != 0)
        fail_msg("%s", error.message);
    return access;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_path(char *path, size_t size) {
    (void)snprintf(path, size, "/tmp/tidemark-access-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

// 0 = let in.
static int host_status(const struct access *access, const char *host, int count) {
    CLEANUP(response_free) struct response response = {0};
    const struct request request = {.method = SPAN("GET"), .host = span_of(host), .host_count = count};
    return access_refuse_host(access, &request, &response) ? response.status : 0;
}

static void test_hosts(void **state) {
    (void)state;
    CLEANUP(access_free)
    struct access *access = open_access(&(struct access_config){.allow_hosts = "tide.example,store"});
    static const char *const local[] = {
        "localhost",  "localhost:8080", "LocalHost",      "a.localhost:1", "127.0.0.1",
        "10.1.2.3:8", "[::1]",          "[::1]:8080",     "[fe80::1]:80",  "tide.example",
        "Store:8080", "127.0.0.1:",     "tide.EXAMPLE:1", "x.y.localhost"};
    static const char *const foreign[] = {"evil.example", "localhost.evil.example", "evillocalhost",
                                          ".localhost",   "127.0.0.1.evil.example", "0x7f.1",
                                          "2130706433",   "sub.tide.example"};
    static const char *const wrong[] = {"",
                                        ":80",
                                        "[::1",
                                        "[]",
                                        "[evil]",
                                        "a b",
                                        "localhost:80x",
                                        "localhost/",
                                        "[::1]x",
                                        "user@localhost",
                                        "localhost:80:80"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (host_status(access, local[i], 1) != 0)
            fail_msg("%s is refused", local[i]);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (host_status(access, foreign[i], 1) != 421)
            fail_msg("%s is not refused as foreign", foreign[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (host_status(access, wrong[i], 1) != 400 && host_status(access, wrong[i], 1) != 421)
            fail_msg("%s is let in", wrong[i]);
    assert_int_equal(host_status(access, NULL, 0), 400);
    assert_int_equal(host_status(access, "localhost", 2), 400);
    assert_int_equal(host_status(NULL, "evil.example", 1), 0);
    CLEANUP(access_free) struct access *any = open_access(&(struct access_config){.any_host = true});
    assert_int_equal(host_status(any, "evil.example", 1), 0);
    assert_int_equal(host_status(any, "localhost", 2), 400);
}

static void test_old_clients_have_no_host(void **state) {
    (void)state;
    CLEANUP(access_free) struct access *access = open_access(&(struct access_config){0});
    CLEANUP(response_free) struct response response = {0};
    struct request request = {.method = SPAN("GET"), .http_1_0 = true};
    assert_false(access_refuse_host(access, &request, &response));
    request.host = SPAN("evil.example");
    request.host_count = 1;
    assert_true(access_refuse_host(access, &request, &response));
}

static int token_status(struct access *access, const char *authorization, enum access_need need) {
    CLEANUP(response_free) struct response response = {0};
    const struct request request = {.method = SPAN("GET"), .authorization = span_of(authorization)};
    return access_refuse_token(access, &request, need, &response) ? response.status : 0;
}

static void test_tokens(void **state) {
    (void)state;
    char path[64];
    make_path(path, sizeof path);
    write_file(path, "# of the dashboards\n\n  " TOKEN "\r\n" OTHER "\n");
    CLEANUP(access_free) struct access *access = open_access(&(struct access_config){.token_file = path});
    assert_int_equal(token_status(access, NULL, ACCESS_READ), 401);
    assert_int_equal(token_status(access, NULL, ACCESS_OPEN), 0);
    assert_int_equal(token_status(access, "Bearer " TOKEN, ACCESS_READ), 0);
    assert_int_equal(token_status(access, "bearer   " TOKEN " ", ACCESS_WRITE), 0);
    assert_int_equal(token_status(access, "Bearer " OTHER, ACCESS_WRITE), 0);
    static const char *const wrong[] = {
        "Bearer " TOKEN "0",          "Bearer 0123456789abcdef", "Bearer", "Bearer ", TOKEN, "Basic " TOKEN,
        "Bearer # of the dashboards", "Bearer " TOKEN TOKEN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(token_status(access, wrong[i], ACCESS_READ), 401);
    // a file that is changed, then one that cannot be used: the tokens stay
    struct error error = {0};
    write_file(path, OTHER "\n");
    assert_int_equal(access_reload(access, &error), 0);
    assert_int_equal(token_status(access, "Bearer " TOKEN, ACCESS_READ), 401);
    write_file(path, "short\n");
    assert_int_equal(access_reload(access, &error), -1);
    assert_null(strstr(error.message, "short"));
    assert_int_equal(token_status(access, "Bearer " OTHER, ACCESS_READ), 0);
    unlink(path);
}

static void test_without_tokens_nobody_writes(void **state) {
    (void)state;
    CLEANUP(access_free) struct access *access = open_access(&(struct access_config){0});
    assert_int_equal(token_status(access, NULL, ACCESS_READ), 0);
    assert_int_equal(token_status(access, "Bearer " TOKEN, ACCESS_WRITE), 403);
    assert_int_equal(token_status(NULL, "Bearer " TOKEN, ACCESS_WRITE), 403);
    assert_int_equal(token_status(NULL, NULL, ACCESS_READ), 0);
}

static void test_a_token_file_that_is_none(void **state) {
    (void)state;
    char path[64];
    static char many[(ACCESS_TOKENS_MAX + 1) * sizeof TOKEN + 1];
    make_path(path, sizeof path);
    for (int i = 0; i <= ACCESS_TOKENS_MAX; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), TOKEN "\n");
    const char *const texts[] = {"", "# nothing\n", "with a space in it\n", "\x01\x02 0123456789abcdef\n",
                                 many};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct access *access = NULL;
        struct error error = {0};
        write_file(path, texts[i]);
        assert_int_equal(access_new(&access, &(struct access_config){.token_file = path}, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_non_null(strstr(error.message, path));
    }
    unlink(path);
}

static const char *origin_of(const struct access *access, const char *origin) {
    const struct request request = {.method = SPAN("GET"), .origin = span_of(origin)};
    return access_origin(access, &request);
}

static void test_origins(void **state) {
    (void)state;
    CLEANUP(access_free)
    struct access *access =
        open_access(&(struct access_config){.allow_origins = "https://shop.example,http://localhost:3000"});
    assert_string_equal(origin_of(access, "https://shop.example"), "https://shop.example");
    assert_string_equal(origin_of(access, "http://localhost:3000"), "http://localhost:3000");
    assert_null(origin_of(access, "https://shop.example.evil"));
    assert_null(origin_of(access, "http://shop.example"));
    assert_null(origin_of(access, "null"));
    assert_null(origin_of(access, NULL));
    CLEANUP(response_free) struct response response = {0};
    struct request preflight = {.method = SPAN("OPTIONS"), .origin = SPAN("https://shop.example")};
    assert_false(access_answer_preflight(access, &preflight, &response));
    preflight.preflight = SPAN("GET");
    assert_true(access_answer_preflight(access, &preflight, &response));
    assert_int_equal(response.status, 204);
    preflight.origin = SPAN("https://evil.example");
    assert_false(access_answer_preflight(access, &preflight, &response));
    CLEANUP(access_free) struct access *any = open_access(&(struct access_config){.allow_origins = "*"});
    assert_string_equal(origin_of(any, "https://evil.example"), "*");
    assert_null(origin_of(any, NULL));
}

static void test_names_that_are_none(void **state) {
    (void)state;
    static const char *const origins[] = {"shop.example", "https://", "https://shop.example/", "",
                                          "https://a,,",  "null"};
    static const char *const hosts[] = {"", "a b", "tide.example:80", "https://tide.example", "a,"};
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        struct access *access = NULL;
        struct error error = {0};
        assert_int_equal(access_new(&access, &(struct access_config){.allow_origins = origins[i]}, &error),
                         -1);
        assert_int_equal(error.kind, ERROR_USAGE);
    }
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct access *access = NULL;
        struct error error = {0};
        assert_int_equal(access_new(&access, &(struct access_config){.allow_hosts = hosts[i]}, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_old_clients_have_no_host),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_without_tokens_nobody_writes),
        cmocka_unit_test(test_a_token_file_that_is_none),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
