#include "consumer/serving.h"

#include "consumer/consume.h"
#include "consumer/loading.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/engine/read.h"
#include "views/engine/watched_file.h"

#include <string.h>

// What the looks at the file know.
struct serving {
    const struct serving_config *config;
    struct watched_file file;
    struct reader *reader;            // NULL = to be opened
    char refused[ERROR_MESSAGE_SIZE]; // why the file as it is now is not served, "" = it is
};

static void serving_close(struct serving *serving) {
    reader_free(&serving->reader);
}

// Where --views say other than the file the answers are refused, until they agree.
static void serving_refuse(struct serving *serving, const struct error *why) {
    struct progress *progress = *serving->config->progress;
    if (strcmp(serving->refused, why->message) == 0)
        return;
    memcpy(serving->refused, why->message, sizeof serving->refused);
    log_event(LEVEL_ERROR, "made_anew", NULL, "the file was made anew by another process: %s", why->message);
    progress_set_error(progress, why->message);
    progress_set_state(progress, STATE_HALTED, why->message);
}

static int serving_take(struct serving *serving, struct catalog **next, struct error *error) {
    const struct serving_config *config = serving->config;
    config->stop(config->self);
    catalog_free(config->catalog);
    progress_free(config->progress);
    *config->catalog = *next;
    *next = NULL;
    if (progress_new(config->progress, error) != 0)
        return -1;
    progress_set_state(*config->progress, STATE_SERVING, "");
    serving->refused[0] = '\0';
    log_event(LEVEL_INFO, "made_anew", NULL,
              "the file was made anew by another process: it is served as it is now");
    return config->start(config->self, error);
}

static int serving_follow(struct serving *serving, struct error *error) {
    const struct options *options = serving->config->options;
    CLEANUP(catalog_free) struct catalog *next = NULL;
    CLEANUP(reader_free) struct reader *reader = NULL;
    struct error why = {0};
    reader_free(&serving->reader);
    if (loading_served(options, &next, &why) != 0 || reader_open(&reader, options->db, next, &why) != 0) {
        serving_refuse(serving, &why);
        return 0;
    }
    serving->reader = reader;
    reader = NULL;
    return serving_take(serving, &next, error);
}

// What is wrong with the file itself the answers tell.
static int serving_look(struct serving *serving, struct error *error) {
    struct position position;
    struct error why = {0};
    if (watched_file_check_name(&serving->file, error) != 0)
        return -1;
    if (serving->reader == NULL)
        return serving_follow(serving, error);
    int status = reader_begin(serving->reader, &position, &why);
    reader_end(serving->reader);
    return status != 0 && why.kind == ERROR_HALT ? serving_follow(serving, error) : 0;
}

int serving_run(const struct serving_config *config, struct error *error) {
    CLEANUP(serving_close) struct serving serving = {.config = config};
    if (reader_open(&serving.reader, config->options->db, *config->catalog, error) != 0)
        return -1;
    watched_file_begin(&serving.file, config->options->db, config->descriptor);
    int64_t looked_ms = clock_monotonic_ms();
    while (!stopper_asked(config->stopper, CONSUME_WAIT_MS)) {
        int64_t now = clock_monotonic_ms();
        if (now - looked_ms < WATCHED_FILE_CHECK_MS)
            continue;
        looked_ms = now;
        if (serving_look(&serving, error) != 0)
            return -1;
    }
    return 0;
}
