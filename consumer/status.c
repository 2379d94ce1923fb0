#include "consumer/status.h"

#include "consumer/status/ask.h"
#include "consumer/status/table.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TOKEN_SIZE = 1025, ROWS_MIN = 5 };

// Home, and what was there goes: the terminal's own history stays.
#define SCREEN_BEGIN "\033[H\033[J"

static void status_close(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

// The first, as the server reads its file: without the blanks around it, and no comment's.
static int status_read_token(const char *path, char ret[TOKEN_SIZE], struct error *error) {
    static const char blanks[] = " \t\v\f\r\n";
    ret[0] = '\0';
    if (path == NULL)
        return 0;
    CLEANUP(status_close) FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_INPUT, "--token-file %s: %s", path, strerror(errno));
    char piece[2 * TOKEN_SIZE];
    bool comment = false;
    for (bool begins = true; fgets(piece, sizeof piece, file) != NULL; begins = strchr(piece, '\n') != NULL) {
        const char *token = piece + strspn(piece, blanks);
        size_t size = strcspn(token, blanks);
        comment = begins ? token[0] == '#' : comment;
        if (size == 0 || comment)
            continue;
        if (size >= TOKEN_SIZE)
            return error_set(error, ERROR_INPUT, "--token-file %s: a token has at most %d characters", path,
                             TOKEN_SIZE - 1);
        memcpy(ret, token, size);
        ret[size] = '\0';
        return 0;
    }
    return error_set(error, ERROR_INPUT, "--token-file %s: no token in it", path);
}

static void status_free(struct table_answers *answers) {
    json_decref(answers->live);
    json_decref(answers->status);
    json_decref(answers->lag);
    *answers = (struct table_answers){0};
}

static int status_ask(const struct ask_server *server, const char *target, bool first_line, json_t **ret,
                      struct error *error) {
    CLEANUP(buffer_free) struct buffer body = {0};
    json_error_t cause;
    if (ask_get(server, target, first_line, &body, error) != 0)
        return -1;
    *ret = json_loads(body.data, 0, &cause);
    return json_is_object(*ret) ? 0
                                : error_set(error, ERROR_INPUT, "%s: the answer is not tidemark's", target);
}

static int status_ask_all(const struct ask_server *server, struct table_answers *ret, struct error *error) {
    status_free(ret);
    return status_ask(server, "/v1/status", false, &ret->status, error) != 0 ||
                   status_ask(server, "/v1/lag", false, &ret->lag, error) != 0 ||
                   status_ask(server, "/v1/live", true, &ret->live, error) != 0
               ? -1
               : 0;
}

static int status_outcome(const struct table_answers *answers) {
    const char *state = json_string_value(json_object_get(answers->status, "state"));
    return state != NULL && strcmp(state, "halted") == 0 ? STATUS_HALTED : 0;
}

static int status_print(const struct table_answers *answers, const char *url, struct error *error) {
    CLEANUP(buffer_free) struct buffer text = {0};
    table_render(&text, answers, url, 0, 0);
    if (text.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)fwrite(text.data, 1, text.size, stdout);
    return status_outcome(answers);
}

static void status_draw(const struct table_answers *answers, const char *url, const char *lost) {
    struct winsize size = {0};
    CLEANUP(buffer_free) struct buffer text = {0};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    int rows = size.ws_row > ROWS_MIN ? size.ws_row - 2 : 0; // one for what was lost, one for the cursor
    buffer_text(&text, SCREEN_BEGIN);
    if (lost[0] != '\0')
        buffer_format(&text, "%s\n", lost);
    if (answers->status != NULL)
        table_render(&text, answers, url, size.ws_col, rows);
    if (!text.failed)
        (void)fwrite(text.data, 1, text.size, stdout);
    (void)fflush(stdout);
}

static int status_watch(const struct ask_server *server, const char *url, struct stopper *stopper,
                        struct error *error) {
    CLEANUP(status_free) struct table_answers shown = {0};
    int64_t seen_ms = clock_monotonic_ms();
    int outcome = 0;
    do {
        struct table_answers answers = {0};
        char lost[ERROR_MESSAGE_SIZE + 64] = "";
        if (status_ask_all(server, &answers, error) == 0) {
            status_free(&shown);
            shown = answers;
            seen_ms = clock_monotonic_ms();
            outcome = status_outcome(&shown);
        } else {
            status_free(&answers);
            outcome = -1;
            (void)snprintf(lost, sizeof lost, "LOST the server %lld s ago: %s",
                           (long long)(clock_monotonic_ms() - seen_ms) / 1000, error->message);
        }
        status_draw(&shown, url, lost);
    } while (!stopper_asked(stopper, STATUS_EVERY_MS));
    return outcome;
}

int status_run(const struct status_config *config, struct stopper *stopper, struct error *error) {
    struct ask_server server;
    char token[TOKEN_SIZE];
    if (ask_parse(&server, config->url, error) != 0 ||
        status_read_token(config->token_file, token, error) != 0)
        return -1;
    server.ca = config->ca;
    server.token = token[0] != '\0' ? token : NULL;
    if (!config->once && isatty(STDOUT_FILENO) == 1)
        return status_watch(&server, config->url, stopper, error);
    CLEANUP(status_free) struct table_answers answers = {0};
    return status_ask_all(&server, &answers, error) == 0 ? status_print(&answers, config->url, error) : -1;
}
