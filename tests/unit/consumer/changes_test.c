// A real SIGHUP while the live loop stands still for a file that was built anew beside (run --rebuild).
#include "consumer/changes.h"

#include "consumer/loading.h"
#include "consumer/rebuild.h"
#include "consumer/reload.h"
#include "views/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

// What stands for the loops and files of reload.c and rebuild.c, of which nothing is done here.
static char stand_in;
static struct catalog *given_up;
static int loaded;
static int joining_rounds; // until the file that is built anew stands where the live one does
static int signal_sent;    // in the first of them

int __wrap_loading_catalog(const struct options *options, struct catalog **ret, struct error *error);
int __wrap_loading_catalog(const struct options *options, struct catalog **ret, struct error *error) {
    (void)options;
    loaded++;
    return catalog_load(NULL, NULL, ret, error);
}

bool __wrap_catalog_equal(const struct catalog *a, const struct catalog *b);
bool __wrap_catalog_equal(const struct catalog *a, const struct catalog *b) {
    (void)a;
    (void)b;
    return false;
}

int __wrap_reload_start(struct reload **ret, const struct store *of, struct catalog **next,
                        struct error *error);
int __wrap_reload_start(struct reload **ret, const struct store *of, struct catalog **next,
                        struct error *error) {
    (void)of;
    (void)error;
    given_up = *next;
    *next = NULL;
    *ret = (struct reload *)&stand_in;
    return 0;
}

bool __wrap_reload_is_done(const struct reload *reload);
bool __wrap_reload_is_done(const struct reload *reload) {
    return reload != NULL;
}

int __wrap_reload_end(struct reload *reload, struct error *error);
int __wrap_reload_end(struct reload *reload, struct error *error) {
    assert_non_null(reload);
    return error_set(error, ERROR_INPUT, "not in place");
}

struct catalog *__wrap_reload_give_up(struct reload **reload);
struct catalog *__wrap_reload_give_up(struct reload **reload) {
    *reload = NULL;
    return given_up;
}

int __wrap_rebuild_start(struct rebuild **ret, const struct options *options, const struct store *of,
                         struct progress *progress, struct catalog **next, struct error *error);
int __wrap_rebuild_start(struct rebuild **ret, const struct options *options, const struct store *of,
                         struct progress *progress, struct catalog **next, struct error *error) {
    (void)options;
    (void)of;
    (void)progress;
    (void)error;
    given_up = *next;
    *next = NULL;
    *ret = (struct rebuild *)&stand_in;
    return 0;
}

enum rebuild_state __wrap_rebuild_look(struct rebuild *rebuild, int *ret_percent, struct error *error);
enum rebuild_state __wrap_rebuild_look(struct rebuild *rebuild, int *ret_percent, struct error *error) {
    (void)rebuild;
    (void)error;
    *ret_percent = 99;
    return REBUILD_THERE;
}

bool __wrap_rebuild_has_joined(struct rebuild *rebuild);
bool __wrap_rebuild_has_joined(struct rebuild *rebuild) {
    assert_non_null(rebuild);
    if (signal_sent != 0)
        assert_int_equal(kill(getpid(), signal_sent), 0);
    signal_sent = 0;
    return joining_rounds-- == 0;
}

int __wrap_rebuild_finish(struct rebuild *rebuild, const struct store *of, struct error *error);
int __wrap_rebuild_finish(struct rebuild *rebuild, const struct store *of, struct error *error) {
    (void)of;
    (void)error;
    assert_non_null(rebuild);
    return 0;
}

int __wrap_rebuild_replace(struct rebuild *rebuild, struct error *error);
int __wrap_rebuild_replace(struct rebuild *rebuild, struct error *error) {
    (void)error;
    assert_non_null(rebuild);
    return 0;
}

struct catalog *__wrap_rebuild_give_catalog(struct rebuild *rebuild);
struct catalog *__wrap_rebuild_give_catalog(struct rebuild *rebuild) {
    assert_non_null(rebuild);
    struct catalog *catalog = given_up;
    given_up = NULL;
    return catalog;
}

void __wrap_rebuild_free(struct rebuild **rebuild);
void __wrap_rebuild_free(struct rebuild **rebuild) {
    if (*rebuild != NULL)
        catalog_free(&given_up);
    *rebuild = NULL;
}

struct fixture {
    struct options options;
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    struct changes *changes;
    struct stopper stopper;
};

static int open_store(void *self, struct error *error) {
    (void)self;
    (void)error;
    return 0;
}

static void on_hangup(void *self) {
    changes_read(((struct fixture *)self)->changes, "SIGHUP");
}

// Up to where the loop has ended for a file that is there.
static void begin(struct fixture *fixture) {
    *fixture = (struct fixture){.options = {.db = "changes_test.db", .rebuild = true}};
    struct error error = {0};
    assert_int_equal(catalog_load(NULL, NULL, &fixture->catalog, &error), 0);
    assert_int_equal(progress_new(&fixture->progress, &error), 0);
    const struct changes_config config = {.options = &fixture->options,
                                          .catalog = &fixture->catalog,
                                          .store = &fixture->store,
                                          .progress = &fixture->progress,
                                          .open_store = open_store};
    assert_int_equal(changes_new(&fixture->changes, &config, &error), 0);
    stopper_init(&fixture->stopper, 0);
    fixture->stopper.on_hangup = on_hangup;
    fixture->stopper.self = fixture;
    loaded = 0;
    changes_read(fixture->changes, "SIGHUP");
    assert_true(changes_rest(fixture->changes, true));
    assert_false(changes_end_loop(fixture->changes)); // it was not done in place
    assert_true(changes_end_loop(fixture->changes));
    assert_int_equal(loaded, 1);
    joining_rounds = 2;
}

static void end(struct fixture *fixture) {
    changes_free(&fixture->changes);
    progress_free(&fixture->progress);
    catalog_free(&fixture->catalog);
}

// What is built is taken over, and what changed since is read then.
static void a_hangup_while_it_joins_is_kept_for_later(void **state) {
    (void)state;
    struct fixture fixture;
    struct error error = {0};
    begin(&fixture);
    signal_sent = SIGHUP;
    assert_int_equal(changes_build(fixture.changes, &fixture.stopper, &error), 1);
    assert_int_equal(signal_sent, 0);
    assert_int_equal(loaded, 1);
    assert_int_equal(changes_take(fixture.changes, &error), 0);
    assert_int_equal(loaded, 2);
    assert_true(changes_are_there(fixture.changes));
    assert_false(fixture.stopper.stopped);
    end(&fixture);
}

// It does not join, for a stop here: then what changed is read at once.
static void a_hangup_before_it_is_given_up_is_not_lost(void **state) {
    (void)state;
    struct fixture fixture;
    struct error error = {0};
    begin(&fixture);
    joining_rounds = 1000;
    signal_sent = SIGHUP;
    fixture.stopper.at_ms = clock_monotonic_ms() + 300;
    assert_int_equal(changes_build(fixture.changes, &fixture.stopper, &error), 0);
    assert_true(fixture.stopper.stopped);
    assert_int_equal(loaded, 2);
    end(&fixture);
}

int main(void) {
    (void)signal(SIGHUP, SIG_DFL); // it may be ignored, as under nohup
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hangup_while_it_joins_is_kept_for_later),
        cmocka_unit_test(a_hangup_before_it_is_given_up_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
