// The program: reads the command line, puts the parts together, stops them in reverse order. The only file
// that sees both consumer and http.
#include "consumer/broker/kafka.h"
#include "consumer/capture.h"
#include "consumer/changes.h"
#include "consumer/consuming.h"
#include "consumer/decode/topic_role.h"
#include "consumer/demo/mock_broker.h"
#include "consumer/loading.h"
#include "consumer/look.h"
#include "consumer/options.h"
#include "consumer/program.h"
#include "consumer/prove.h"
#include "consumer/prove_postgres.h"
#include "consumer/quarantine.h"
#include "consumer/replay.h"
#include "consumer/replay_report.h"
#include "consumer/serving.h"
#include "consumer/stopper.h"
#include "consumer/temporary.h"
#include "http/endpoint.h"
#include "http/route.h"
#include "http/server.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/engine/check.h"
#include "views/engine/read.h"
#include "views/engine/snapshots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_HALTED = 3 };

// What the file has applied, before the first partition is discovered: the demo's broker has to hold it
// again.
static void main_load_applied(const struct store *store, const struct catalog *catalog,
                              struct progress *progress) {
    int count;
    const struct store_offset *offsets = store_offsets(store, &count);
    for (int i = 0; i < count; i++) {
        // A replay also notes topics that no consumer reads: nobody would ever tell their high watermarks.
        const struct table *table;
        if (topic_role(offsets[i].topic, store_prefix(store), catalog, &table) == TOPIC_IGNORED)
            continue;
        int number = progress_partition(progress, offsets[i].topic, offsets[i].partition);
        if (number >= 0)
            progress_set_applied(progress, number, offsets[i].next_offset);
    }
}

// For as long as the process lives.
static const struct library *main_libraries(void) {
    static struct library libraries[7]; // the last one ends the list
    libraries[0] = (struct library){"SQLite", store_library_version()};
    libraries[1] = (struct library){"librdkafka", kafka_library_version()};
    libraries[2] = (struct library){"libmicrohttpd", server_library_version()};
    libraries[3] = (struct library){"jansson", options_library_version()};
    libraries[4] = (struct library){"zlib", capture_library_version()};
    libraries[5] = (struct library){"libpg_query", catalog_library_version()};
    return libraries;
}

static void main_print_version(void) {
    (void)printf("tidemark %s\n", TIDEMARK_VERSION);
    for (const struct library *library = main_libraries(); library->name != NULL; library++)
        (void)printf("%s %s\n", library->name, library->version);
}

struct parts {
    struct endpoint *endpoint;
    struct catalog *catalog;
    struct progress *progress;
    struct snapshots *snapshots;
    struct store *store;
    struct mock_broker *broker;
    struct server *server;
};

// In the reverse of the order in which they start: no answer is asked of a part that was freed. The address stays bound,
// and the catalog that all is made for.
static void main_stop_work(struct parts *parts) {
    server_stop(&parts->server);
    mock_broker_stop(&parts->broker);
    store_close(&parts->store);
    snapshots_free(&parts->snapshots);
    progress_free(&parts->progress);
}

static void main_stop_parts(struct parts *parts) {
    main_stop_work(parts);
    catalog_free(&parts->catalog);
    endpoint_free(&parts->endpoint);
}

static struct endpoint_config main_endpoint_config(const struct options *options) {
    return (struct endpoint_config){.listen = options->listen,
                                    .socket_mode = options->socket_mode,
                                    .token_file = options->token_file,
                                    .allow_origins = options->allow_origins,
                                    .allow_hosts = options->allow_hosts,
                                    .tls_cert = options->tls_cert,
                                    .tls_key = options->tls_key,
                                    .no_auth = options->no_auth};
}

static void main_warn_of_endpoint(const struct endpoint *endpoint) {
    if (endpoint->warning[0] != '\0')
        log_event(LEVEL_WARN, "endpoint", NULL, "%s", endpoint->warning);
}

// After what needs neither: a view or a property that is refused opens no port. Before the file is made: an address that
// is taken, or a token file that is not there, leaves nothing behind.
static int main_open_endpoint(struct parts *parts, const struct options *options, struct error *error) {
    const struct endpoint_config config = main_endpoint_config(options);
    if (endpoint_open(&parts->endpoint, &config, error) != 0)
        return -1;
    main_warn_of_endpoint(parts->endpoint);
    return 0;
}

static int main_start_server(struct parts *parts, const struct options *options, const char *db,
                             struct error *error) {
    const struct server_config config = {
        .endpoint = parts->endpoint,
        .db = db,
        .catalog = parts->catalog,
        .progress = parts->progress,
        .snapshots = parts->snapshots,
        .version = TIDEMARK_VERSION,
        .libraries = main_libraries(),
        .feed_window_ms = (int64_t)(options->feed_window * 1000),
        .limits = {(int)options->max_connections, (int)options->max_connections_per_address,
                   (int)(options->request_timeout * 1000), (int)options->answer_memory_mb},
        .answer_empty = options->answer_empty};
    // A file that is none of ours is told of by the server.
    struct error unknown = {0};
    int recalled = loading_recall(db, parts->catalog, parts->progress, &unknown);
    if (server_start(&parts->server, &config, error) != 0)
        return -1;
    if (recalled != 0)
        return error_set(error, unknown.kind, "%s", unknown.message);
    log_event(LEVEL_INFO, "serving", NULL, "serving %s", parts->endpoint->url);
    return 0;
}

// What SIGHUP, and the loop's questions whether to rest or to stop, are answered with.
struct watch {
    struct stopper stopper;
    struct parts *parts;
    const struct options *options;
    struct changes *changes; // of source.sql and the views; NULL = they are not read again
};

static void main_on_hangup(void *self) {
    struct watch *watch = self;
    if (watch->changes != NULL)
        changes_read(watch->changes, "SIGHUP");
    if (watch->options->token_file == NULL && watch->changes != NULL)
        return;
    const struct endpoint_config config = main_endpoint_config(watch->options);
    struct error error = {0};
    if (endpoint_reload(watch->parts->endpoint, &config, &error) != 0) {
        log_event(LEVEL_ERROR, "tokens", NULL, "SIGHUP: %s; the tokens stay as they were", error.message);
        return;
    }
    log_event(LEVEL_INFO, "reloaded", NULL, "SIGHUP: %s",
              config.token_file != NULL ? "the token file was read again" : "there is nothing to read again");
    main_warn_of_endpoint(watch->parts->endpoint);
}

static void main_watch(struct watch *watch, struct parts *parts, const struct options *options) {
    *watch = (struct watch){.parts = parts, .options = options};
    stopper_init(&watch->stopper, options->seconds);
    watch->stopper.on_hangup = main_on_hangup;
    watch->stopper.self = watch;
}

static bool main_rest(void *self, bool quiet) {
    const struct watch *watch = self;
    return watch->changes != NULL && changes_rest(watch->changes, quiet);
}

// A demo's broker whose feeding has failed brings nothing more.
static bool main_stop_now(void *self) {
    struct watch *watch = self;
    struct mock_broker *broker = watch->parts->broker;
    return stopper_asked(&watch->stopper, 0) || (broker != NULL && mock_broker_check(broker, NULL) != 0) ||
           (watch->changes != NULL && changes_end_loop(watch->changes));
}

// Whether the loop ended for changes alone, and goes on after them.
static bool main_goes_on(const struct watch *watch) {
    return !watch->stopper.stopped && watch->changes != NULL && changes_are_there(watch->changes);
}

static bool main_disables_views(const struct options *options) {
    return options->on_view_error != NULL && strcmp(options->on_view_error, "disable") == 0;
}

// A view whose statement fails while it is filled from the mirror.
static int main_open_without(struct parts *parts, const char *db, struct store_report *report,
                             struct error *error) {
    for (int i = 0; i <= parts->catalog->view_count; i++) {
        if (store_open(&parts->store, db, parts->catalog, report, error) == 0)
            return 0;
        if (error->kind != ERROR_VIEW)
            return -1;
        const struct error failure = *error;
        if (store_disable_view_of(db, parts->catalog, failure.subject, failure.message, error) != 0)
            return -1;
        loading_tell_disabled(&failure);
    }
    return -1;
}

static int main_open_file(struct parts *parts, const struct options *options, const char *db,
                          struct store_report *report, struct error *error) {
    int64_t log_bytes = options->wal_max_mb > 0 ? options->wal_max_mb << 20 : STORE_LOG_BYTES_MAX;
    int status = main_disables_views(options) ? main_open_without(parts, db, report, error)
                                              : store_open(&parts->store, db, parts->catalog, report, error);
    if (status != 0 || store_bound_log(parts->store, log_bytes, parts->snapshots, error) != 0 ||
        (options->durable && store_set_durable(parts->store, error) != 0))
        return -1;
    return store_set_feed_window(parts->store, (int64_t)(options->feed_window * 1000), error);
}

// What was done to the file comes in `report`, for loading_report.
static int main_open_store_quietly(struct parts *parts, const struct options *options, const char *db,
                                   struct store_report *report, struct error *error) {
    loading_limit_statements(options, &parts->progress);
    if ((parts->catalog == NULL && loading_catalog(options, &parts->catalog, error) != 0) ||
        progress_new(&parts->progress, error) != 0 || snapshots_new(&parts->snapshots, error) != 0)
        return -1;
    return main_open_file(parts, options, db, report, error);
}

static int main_open_store(struct parts *parts, const struct options *options, const char *db,
                           struct error *error) {
    struct store_report report;
    if (main_open_store_quietly(parts, options, db, &report, error) != 0)
        return -1;
    int status = loading_recall(db, parts->catalog, parts->progress, error);
    loading_report(&report, db);
    return status;
}

static enum apply_timeline main_on_timeline(const struct options *options) {
    if (options->on_timeline != NULL && strcmp(options->on_timeline, "accept") == 0)
        return TIMELINE_ACCEPT;
    return options->accept_timeline ? TIMELINE_ACCEPT_ONE : TIMELINE_HALT;
}

static struct apply_config main_apply_config(const struct parts *parts, const struct options *options,
                                             const char *prefix) {
    struct progress_summary summary;
    progress_summary(parts->progress, &summary);
    return (struct apply_config){.catalog = parts->catalog,
                                 .store = parts->store,
                                 .progress = parts->progress,
                                 .prefix = prefix,
                                 .settings = &value_settings_default,
                                 .commit_messages = (int)options->commit_messages,
                                 .transaction_wait_ms = options->transaction_wait_ms,
                                 .goes_back = true,
                                 .counters = summary.counters, // of a loop before, in the same process
                                 .on_timeline = main_on_timeline(options)};
}

static int main_consume(struct watch *watch, const char *db, const char *brokers, const char *prefix,
                        bool demo, struct error *error) {
    struct parts *parts = watch->parts;
    const struct options *options = watch->options;
    struct consume_config config = {
        .db = db,
        .brokers = brokers,
        .properties = options->properties,
        .property_count = options->property_count,
        .apply = main_apply_config(parts, options, prefix),
        .silent_after_ms = options->silent_after_ms,
        .heartbeats_by_arrival = demo,
        .captured = demo ? mock_broker_captured : NULL,
        .broker = parts->broker,
        .disable_views = main_disables_views(options),
        .verify_topics = !demo,
        .progress_line = true,
        .rest = main_rest,
        .stop = main_stop_now,
        .self = watch,
    };
    int status = consuming_run(&config, &watch->stopper, error);
    if (!main_goes_on(watch))
        consuming_report_end(&watch->stopper, parts->progress, status);
    return status;
}

// A file that cannot follow in place is served as it was made, while another is built beside it.
static int main_open_as_it_was(struct parts *parts, const struct options *options, struct error *error) {
    const struct error refused = *error;
    main_stop_work(parts);
    catalog_free(&parts->catalog);
    if (catalog_load_stored(options->db, NULL, &parts->catalog, error) != 0)
        return -1;
    if (parts->catalog == NULL)
        return error_set(error, refused.kind, "%s", refused.message);
    return catalog_check(parts->catalog, error) != 0 ? -1
                                                     : main_open_store(parts, options, options->db, error);
}

static int main_open_store_of_run(struct parts *parts, const struct options *options, struct error *error) {
    if (main_open_store(parts, options, options->db, error) == 0)
        return 0;
    // What was not loaded is not the file's fault.
    bool refused = error->kind == ERROR_INPUT && parts->catalog != NULL && parts->snapshots != NULL;
    return refused && options->rebuild ? main_open_as_it_was(parts, options, error) : -1;
}

static int main_open_run(struct parts *parts, const struct options *options, struct error *error) {
    return main_open_store_of_run(parts, options, error) != 0 ||
                   store_claim_prefix(parts->store, options->prefix, error) != 0
               ? -1
               : main_start_server(parts, options, options->db, error);
}

// What was built becomes what is served: the old readers end, the file is committed, new ones begin. Requests that come
// meanwhile wait in the address's queue.
static int main_take_over(struct watch *watch, struct error *error) {
    int built = changes_build(watch->changes, &watch->stopper, error);
    if (built <= 0)
        return built;
    server_stop_for_next(&watch->parts->server);
    return changes_take(watch->changes, error) != 0
               ? -1
               : main_start_server(watch->parts, watch->options, watch->options->db, error);
}

// A start that was given up for the stop is no failure.
static int main_stopped_at_start(struct watch *watch, const struct error *error) {
    if (error->kind != ERROR_RETRY || !stopper_asked(&watch->stopper, 0))
        return -1;
    log_event(LEVEL_INFO, "stopped", NULL, "stopped%s before the views were filled: %s",
              stopper_cause(&watch->stopper), error->message);
    return 0;
}

static int main_open_replaced(void *self, struct error *error) {
    const struct watch *watch = self;
    struct store_report report;
    return main_open_file(watch->parts, watch->options, watch->options->db, &report, error);
}

static int main_run(struct watch *watch, struct error *error) {
    const struct options *options = watch->options;
    struct parts *parts = watch->parts;
    const struct changes_config changes = {.options = options,
                                           .catalog = &parts->catalog,
                                           .store = &parts->store,
                                           .progress = &parts->progress,
                                           .open_store = main_open_replaced,
                                           .self = watch};
    if (look_check_broker(options, error) != 0 || loading_catalog(options, &parts->catalog, error) != 0 ||
        changes_new(&watch->changes, &changes, error) != 0 || main_open_endpoint(parts, options, error) != 0)
        return -1;
    if (main_open_run(parts, options, error) != 0)
        return main_stopped_at_start(watch, error);
    if (options->rebuild)
        changes_read(watch->changes, "--rebuild");
    int status;
    do {
        status = main_consume(watch, options->db, options->brokers, options->prefix, false, error);
    } while (status >= 0 && main_goes_on(watch) && (status = main_take_over(watch, error)) == 0 &&
             !watch->stopper.stopped);
    return status;
}

static int main_command_run(const struct options *options, struct error *error) {
    struct watch watch;
    CLEANUP(main_stop_parts) struct parts parts = {0};
    main_watch(&watch, &parts, options);
    int status = main_run(&watch, error);
    changes_free(&watch.changes);
    return status;
}

static int main_command_demo(const struct options *options, struct error *error) {
    struct watch watch;
    CLEANUP(temporary_remove) struct temporary temporary = {0};
    CLEANUP(main_stop_parts) struct parts parts = {0};
    main_watch(&watch, &parts, options);
    if ((options->capture != NULL && capture_check(options->capture, error) != 0) ||
        loading_catalog(options, &parts.catalog, error) != 0 ||
        main_open_endpoint(&parts, options, error) != 0 ||
        (options->db == NULL && temporary_make(&temporary, error) != 0))
        return -1;
    const char *db = options->db != NULL ? options->db : temporary.db;
    struct store_report report;
    if (main_open_store_quietly(&parts, options, db, &report, error) != 0)
        return main_stopped_at_start(&watch, error);
    main_load_applied(parts.store, parts.catalog, parts.progress);
    const struct mock_broker_config broker = {.capture = options->capture,
                                              .rate = options->rate,
                                              .traffic = options->traffic,
                                              .seed = (uint64_t)options->seed};
    if (mock_broker_start(&parts.broker, &broker, parts.progress, error) != 0 ||
        main_start_server(&parts, options, db, error) != 0)
        return -1;
    // After the address: it is what people look for first.
    loading_report(&report, db);
    log_event(LEVEL_INFO, "embedded_broker", NULL, "embedded broker on %s, prefix %s",
              mock_broker_brokers(parts.broker), mock_broker_prefix(parts.broker));
    int status = main_consume(&watch, db, mock_broker_brokers(parts.broker), mock_broker_prefix(parts.broker),
                              true, error);
    return status != 0 ? status : mock_broker_check(parts.broker, error);
}

// As consuming_run. Stdin comes once.
static int main_replay(struct parts *parts, const struct options *options, struct replay_config *config,
                       struct progress_counters *ret, struct error *error) {
    bool again = true;
    for (int i = 0; i < config->capture_count; i++)
        again &= strcmp(config->captures[i], "-") != 0;
    config->apply.goes_back = again;
    while (replay_run(config, ret, error) != 0) {
        const struct error failure = *error;
        config->before = *ret;
        struct store_report report;
        if (failure.subject[0] == '\0' || !again ||
            (failure.kind == ERROR_HALT && !main_disables_views(options)))
            return -1;
        if (consuming_answer_view_error(&config->apply, &failure, error) != 0 ||
            store_reopen(parts->store, &report, error) != 0)
            return -1;
    }
    return 0;
}

static int main_command_replay(const struct options *options, struct error *error) {
    if (capture_check_all(options->captures, options->capture_count, error) != 0)
        return -1;
    CLEANUP(main_stop_parts) struct parts parts = {0};
    if (main_open_store(&parts, options, options->db, error) != 0)
        return -1;
    struct replay_config config = {
        .captures = options->captures,
        .capture_count = options->capture_count,
        .db = options->db,
        .apply = main_apply_config(&parts, options, options->prefix),
        .progress_line = true,
    };
    struct progress_counters counters = {0};
    int64_t begun = clock_monotonic_ms();
    if (main_replay(&parts, options, &config, &counters, error) != 0)
        return -1;
    double seconds = (double)(clock_monotonic_ms() - begun) / 1000.0;
    replay_report(parts.progress, parts.catalog, store_prefix(parts.store), &counters);
    if (options->json)
        (void)printf(
            "{\"messages\":%lld,\"applied\":%lld,\"duplicates\":%lld,\"ignored\":%lld,\"quarantined\":%lld,"
            "\"seconds\":%.3f}\n",
            (long long)counters.messages, (long long)counters.applied, (long long)counters.duplicates,
            (long long)counters.ignored, (long long)counters.quarantined, seconds);
    else
        log_event(
            LEVEL_INFO, "replayed", NULL,
            "%lld messages: %lld applied, %lld duplicates, %lld ignored (boundaries, heartbeats, tombstones, "
            "topics of no table), %lld quarantined in %.3f s",
            (long long)counters.messages, (long long)counters.applied, (long long)counters.duplicates,
            (long long)counters.ignored, (long long)counters.quarantined, seconds);
    return !options->strict || counters.quarantined == 0
               ? 0
               : error_set(error, ERROR_INPUT, "%lld messages are quarantined: see _quarantine in %s",
                           (long long)counters.quarantined, options->db);
}

static void main_close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static void main_stop_serving(void *self) {
    server_stop_for_next(&((struct watch *)self)->parts->server);
}

static int main_start_serving(void *self, struct error *error) {
    const struct watch *watch = self;
    return main_start_server(watch->parts, watch->options, watch->options->db, error);
}

static int main_command_serve(const struct options *options, struct error *error) {
    struct watch watch;
    // Closed after the readers: that drops the process's fcntl locks on the file.
    CLEANUP(main_close_descriptor) int descriptor = open(options->db, O_RDONLY | O_CLOEXEC);
    CLEANUP(main_stop_parts) struct parts parts = {0};
    if (descriptor < 0)
        return error_set(error, ERROR_STORE, "%s: %s", options->db, strerror(errno));
    main_watch(&watch, &parts, options);
    if (loading_served(options, &parts.catalog, error) != 0 ||
        main_open_endpoint(&parts, options, error) != 0 || progress_new(&parts.progress, error) != 0)
        return -1;
    progress_set_state(parts.progress, STATE_SERVING, "");
    const struct serving_config serving = {.options = options,
                                           .descriptor = descriptor,
                                           .stopper = &watch.stopper,
                                           .catalog = &parts.catalog,
                                           .progress = &parts.progress,
                                           .stop = main_stop_serving,
                                           .start = main_start_serving,
                                           .self = &watch};
    if (main_start_serving(&watch, error) != 0)
        return -1;
    int status = serving_run(&serving, error);
    return status != 0 && error->kind == ERROR_HALT
               ? consuming_stay_halted(parts.progress, &watch.stopper, error->message)
               : status;
}

// Appends a line to the buffer `self`.
static void main_write_route(void *self, const struct loaded_route *loaded) {
    struct buffer *out = self;
    if ((loaded->query == NULL && loaded->table == NULL) || route_form(loaded->route)->stream ||
        loaded->route == ROUTE_REST || loaded->route == ROUTE_DIGEST)
        return;
    buffer_format(out, "%s ", route_form(loaded->route)->method);
    route_write_path(out, loaded);
    char join = '?';
    for (int i = 0; loaded->query != NULL && i < loaded->query->parameter_count; i++, join = '&')
        buffer_format(out, "%c%s=", join, loaded->query->parameters[i]);
    // A table's columns, only where another name than their own asks for them.
    for (int i = 0; loaded->table != NULL && i < loaded->table->column_count; i++)
        if (route_takes_parameter(loaded->table->columns[i].name)) {
            buffer_format(out, "%c" ROUTE_COLUMN_PREFIX "%s=", join, loaded->table->columns[i].name);
            join = '&';
        }
    buffer_char(out, '\n');
}

static int main_command_check(const struct options *options, struct error *error) {
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    if (catalog_load(options->views, options->only, &catalog, error) != 0 ||
        catalog_check(catalog, error) != 0)
        return -1;
    for (int i = 0; i < catalog->warning_count; i++) {
        log_event(LEVEL_WARN, "lint", NULL, "%s", catalog->warnings[i]);
        // for a person at a terminal; a machine has the line
        if (catalog->excerpts[i][0] != '\0' &&
            (options->log_format == NULL || strcmp(options->log_format, "json") != 0))
            (void)fprintf(stderr, "%s\n", catalog->excerpts[i]);
    }
    CLEANUP(buffer_free) struct buffer routes = {0};
    route_each(catalog, main_write_route, &routes);
    if (routes.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)fwrite(routes.data, 1, routes.size, stdout);
    return 0;
}

static int main_command_quarantine(const struct options *options, struct error *error) {
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    struct quarantine_command command = {.db = options->db,
                                         .words = options->captures,
                                         .word_count = options->capture_count,
                                         .state = options->state,
                                         .reason = options->reason};
    if (quarantine_check(&command, error) != 0)
        return -1;
    if (access(options->db, R_OK) != 0)
        return error_set(error, ERROR_STORE, "%s: %s", options->db, strerror(errno));
    if (loading_served(options, &catalog, error) != 0)
        return -1;
    command.catalog = catalog;
    return quarantine_run(&command, stdout, error);
}

static void main_print_line(const char *line) {
    (void)printf("%s\n", line);
    (void)fflush(stdout);
}

// The views of a FILE that is there are looked at as they stand, and nothing is written to it. One that is not there is
// the scratch file of the captures.
static int main_command_prove(const struct options *options, struct error *error) {
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    CLEANUP(temporary_remove) struct temporary temporary = {0};
    bool there = options->db != NULL && access(options->db, F_OK) == 0;
    if (capture_check_all(options->captures, options->capture_count, error) != 0 ||
        (there ? loading_served(options, &catalog, error) : loading_catalog(options, &catalog, error)) != 0)
        return -1;
    if (there && prove_file(options->db, catalog, error) != 0)
        return -1;
    if (there)
        main_print_line("the file as it stands: equal");
    if (options->capture_count == 0)
        return there ? 0 : error_set(error, ERROR_STORE, "%s: %s", options->db, strerror(ENOENT));
    if ((there || options->db == NULL) && temporary_make(&temporary, error) != 0)
        return -1;
    const struct prove_config config = {.catalog = catalog,
                                        .db = temporary.folder[0] != '\0' ? temporary.db : options->db,
                                        .captures = options->captures,
                                        .capture_count = options->capture_count,
                                        .prefix = options->prefix,
                                        .transaction_wait_ms = options->transaction_wait_ms,
                                        .tell = main_print_line};
    return prove_captures(&config, error);
}

// 0, -1 with the error, or CONSUME_HALTED.
static int main_run_command(const struct options *options, struct error *error) {
    switch (options->command) {
    case COMMAND_RUN:
        return main_command_run(options, error);
    case COMMAND_DEMO:
        return main_command_demo(options, error);
    case COMMAND_REPLAY:
        return main_command_replay(options, error);
    case COMMAND_SERVE:
        return main_command_serve(options, error);
    case COMMAND_CHECK:
        return main_command_check(options, error);
    case COMMAND_QUARANTINE:
        return main_command_quarantine(options, error);
    case COMMAND_PROVE:
        return options->postgres ? prove_postgres(options, error) : main_command_prove(options, error);
    case COMMAND_STATUS:
        return look_status(options, error);
    case COMMAND_INIT:
        return look_init(options, error);
    case COMMAND_DOCTOR:
        return look_doctor(options, error);
    case COMMAND_NONE:
        break;
    }
    return 0;
}

static enum log_level main_level_of(const char *name) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; name != NULL && i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return (enum log_level)i;
    return LEVEL_INFO;
}

static int main_exit_status(int argc, char **argv) {
    struct error error = {0};
    CLEANUP(options_done) struct options options;
    int status = options_parse(&options, argc, argv, &error);
    if (status == 0 && options.help) {
        options_help(options.command, stdout);
        return EXIT_OK;
    }
    if (status == 0 && options.version) {
        main_print_version();
        return EXIT_OK;
    }
    if (status == 0) {
        log_setup(main_level_of(options.log_level),
                  options.log_format != NULL && strcmp(options.log_format, "json") == 0);
        status = main_run_command(&options, &error);
    }
    if (status == 0)
        return EXIT_OK;
    if (status == CONSUME_HALTED)
        return EXIT_HALTED; // the log says why
    (void)fprintf(stderr, "tidemark: %s\n", error.message);
    if (error.excerpt[0] != '\0')
        (void)fprintf(stderr, "%s\n", error.excerpt);
    return error.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv) {
    program_begin();
    int status = main_exit_status(argc, argv);
    if (!program_has_printed() && status == EXIT_OK)
        status = EXIT_FAILED;
    if (!kafka_is_closing())
        return status;
    (void)fflush(NULL);
    _exit(status);
}
