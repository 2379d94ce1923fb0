#include "consumer/quarantine.h"

#include "consumer/apply/apply.h"
#include "views/base/base64.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/base/real.h"
#include "views/base/utf8.h"
#include "views/engine/ask.h"
#include "views/engine/read.h"

#include <poll.h>
#include <string.h>

static const char quarantine_usage[] =
    "`tidemark quarantine` takes list, show ID, retry ID.. or discard ID.. (or all)";

static bool quarantine_is(const struct quarantine_command *command, const char *verb) {
    return command->word_count > 0 && strcmp(command->words[0], verb) == 0;
}

static bool quarantine_is_id(const char *text) {
    int64_t id;
    return integer_parse(span_of(text), &id) && id > 0;
}

int quarantine_check(const struct quarantine_command *command, struct error *error) {
    bool asks = quarantine_is(command, "retry") || quarantine_is(command, "discard");
    bool all = asks && command->word_count == 2 && strcmp(command->words[1], "all") == 0;
    if (!asks && !quarantine_is(command, "list") && !quarantine_is(command, "show"))
        return error_set(error, ERROR_USAGE, "%s", quarantine_usage);
    if (asks ? command->word_count < 2 : command->word_count != (quarantine_is(command, "list") ? 1 : 2))
        return error_set(error, ERROR_USAGE, "%s", quarantine_usage);
    for (int i = 1; i < command->word_count && !all; i++)
        if (!quarantine_is_id(command->words[i]))
            return error_set(error, ERROR_USAGE,
                             "%s: `%s` is no ID of one; `tidemark quarantine list` has them",
                             command->words[0], command->words[i]);
    if (quarantine_is(command, "discard") != (command->reason != NULL))
        return error_set(error, ERROR_USAGE,
                         command->reason == NULL
                             ? "`tidemark quarantine discard` needs --reason TEXT: it is kept"
                             : "--reason is for `tidemark quarantine discard`");
    if (command->state != NULL && !quarantine_is(command, "list"))
        return error_set(error, ERROR_USAGE, "--state is for `tidemark quarantine list`");
    return 0;
}

// --- what is printed

static void quarantine_print_text(FILE *out, const struct rows *rows, int column) {
    struct cell cell;
    rows_cell(rows, column, &cell);
    if (cell.kind == CELL_INTEGER || cell.kind == CELL_BIGINT)
        (void)fprintf(out, "%lld", (long long)cell.integer);
    else if (cell.kind == CELL_TEXT || cell.kind == CELL_JSON)
        (void)fprintf(out, "%.*s", (int)cell.bytes.size, cell.bytes.data);
}

// Its columns are those of reader_quarantine.
static void quarantine_print_row(FILE *out, const struct rows *rows) {
    enum { ID, TOPIC, PARTITION, OFFSET, KEY, REASON, TIME, STATE, TABLE, ROW_KEY };
    static const struct {
        const char *before;
        int column;
    } parts[] = {{"", ID},
                 {" ", STATE},
                 {" ", TIME},
                 {" ", TOPIC},
                 {" partition ", PARTITION},
                 {" offset ", OFFSET},
                 {" ", TABLE},
                 {" ", ROW_KEY},
                 {"\n    ", REASON}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        (void)fputs(parts[i].before, out);
        quarantine_print_text(out, rows, parts[i].column);
    }
    (void)fputc('\n', out);
}

static int quarantine_list(const struct quarantine_command *command, struct reader *reader, FILE *out,
                           struct error *error) {
    struct span state = command->state != NULL ? span_of(command->state) : (struct span){0};
    char cursor[32] = "";
    bool any = false;
    do {
        struct rows *rows;
        struct span after = cursor[0] != '\0' ? span_of(cursor) : (struct span){0};
        if (reader_quarantine(reader, state, READ_LIMIT_MAX, after, &rows, error) != 0)
            return -1;
        int row;
        while ((row = rows_next(rows, error)) == 1) {
            quarantine_print_row(out, rows);
            any = true;
        }
        if (row < 0)
            return -1;
        struct span next = rows_cursor(rows);
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, next.data != NULL ? next.data : "");
    } while (cursor[0] != '\0');
    if (!any && command->state != NULL && strcmp(command->state, "all") == 0)
        log_event(LEVEL_INFO, "none", NULL, "no message was quarantined");
    else if (!any)
        log_event(LEVEL_INFO, "none", NULL, "no message is %s%s",
                  command->state != NULL ? command->state : "waiting",
                  command->state != NULL ? "" : "; --state all lists those that were settled, too");
    return 0;
}

static void quarantine_print_bytes(FILE *out, const char *name, struct span bytes) {
    CLEANUP(buffer_free) struct buffer encoded = {0};
    if (bytes.data == NULL) {
        (void)fprintf(out, "%s: null\n", name);
    } else if (utf8_valid(bytes.data, bytes.size) == bytes.size) {
        (void)fprintf(out, "%s: %.*s\n", name, (int)bytes.size, bytes.data);
    } else {
        base64_write(&encoded, bytes);
        (void)fprintf(out, "%s: %zu bytes that are no text; in base64: %.*s\n", name, bytes.size,
                      (int)encoded.size, encoded.data);
    }
}

static void quarantine_print_line(FILE *out, const char *name, struct span text) {
    if (text.data != NULL && text.size > 0)
        (void)fprintf(out, "%s: %.*s\n", name, (int)text.size, text.data);
}

static int quarantine_show(struct reader *reader, int64_t id, FILE *out, struct error *error) {
    struct quarantined message;
    if (reader_quarantined(reader, id, &message, error) != 0)
        return -1;
    (void)fprintf(out, "id: %lld\n", (long long)message.id);
    quarantine_print_line(out, "state", message.state);
    quarantine_print_line(out, "time", message.time);
    quarantine_print_line(out, "topic", message.topic);
    (void)fprintf(out, "partition: %lld\noffset: %lld\n", (long long)message.partition,
                  (long long)message.offset);
    quarantine_print_line(out, "table", message.table);
    quarantine_print_line(out, "row", message.row_key);
    quarantine_print_line(out, "reason", message.reason);
    quarantine_print_line(out, "settled", message.settled);
    quarantine_print_line(out, "note", message.note);
    quarantine_print_bytes(out, "key", message.key);
    if (message.value_dropped)
        (void)fputs("value: was dropped\n", out);
    else
        quarantine_print_bytes(out, "value", message.value);
    return 0;
}

// --- what is asked

static int quarantine_apply_here(const struct quarantine_command *command, struct store *store,
                                 struct error *error) {
    CLEANUP(progress_free) struct progress *progress = NULL;
    CLEANUP(apply_free) struct apply *apply = NULL;
    if (progress_new(&progress, error) != 0)
        return -1;
    const struct apply_config config = {.catalog = command->catalog,
                                        .store = store,
                                        .progress = progress,
                                        .prefix = store_prefix(store),
                                        .settings = &value_settings_default,
                                        .commit_messages = APPLY_COMMIT_MESSAGES};
    if (apply_new(&apply, &config, error) != 0)
        return -1;
    int done = 1;
    while (done > 0) {
        if (apply_requested(apply, &done, error) != 0)
            return -1;
        while (apply_log_warning(apply)) {
        }
        if (store_in_transaction(store) && store_commit_in_place(store, error) != 0)
            return -1;
    }
    return 0;
}

// ERROR_BUSY: another process has the file, and does it.
static int quarantine_do_here(const struct quarantine_command *command, struct error *error) {
    CLEANUP(store_close) struct store *store = NULL;
    struct store_report report;
    return store_open(&store, command->db, command->catalog, &report, error) != 0
               ? -1
               : quarantine_apply_here(command, store, error);
}

static int quarantine_is_asked(struct reader *reader, bool *ret, struct error *error) {
    struct position position;
    if (reader_begin(reader, &position, error) != 0)
        return -1;
    int status = reader_is_asked(reader, 0, ret, error);
    reader_end(reader);
    return status;
}

static int quarantine_await(const struct quarantine_command *command, struct reader *reader,
                            struct error *error) {
    int64_t until = clock_monotonic_ms() + QUARANTINE_WAIT_MS;
    bool asked = true;
    while (clock_monotonic_ms() < until) {
        struct error failure = {0};
        if (quarantine_do_here(command, &failure) == 0)
            return 0;
        if (failure.kind != ERROR_BUSY) {
            if (error != NULL)
                *error = failure;
            return -1;
        }
        if (quarantine_is_asked(reader, &asked, error) != 0)
            return -1;
        if (!asked)
            return 0;
        (void)poll(NULL, 0, QUARANTINE_POLL_MS);
    }
    return error_set(
        error, ERROR_TIMEOUT,
        "%s: the process that has the file has not done it within %d s: it may be halted or still be "
        "starting (/v1/status says). What was asked is in the file, and is done when it goes on or "
        "starts again",
        command->db, QUARANTINE_WAIT_MS / 1000);
}

// What has become of one.
static int quarantine_tell(struct reader *reader, int64_t id, FILE *out, struct error *error) {
    struct quarantined message;
    if (reader_quarantined(reader, id, &message, error) != 0)
        return -1;
    bool waits = span_is(message.state, "waiting");
    struct span why = message.note.data != NULL ? message.note : waits ? message.reason : message.note;
    (void)fprintf(out, "%lld %.*s%s%.*s\n", (long long)id, (int)message.state.size, message.state.data,
                  why.size > 0 ? ": " : "", (int)why.size, why.data != NULL ? why.data : "");
    return waits ? error_set(error, ERROR_INPUT, "not all could be applied") : 0;
}

static int quarantine_tell_all(const struct quarantine_command *command, struct reader *reader,
                               int64_t waited, FILE *out, struct error *error) {
    struct position position;
    if (reader_begin(reader, &position, error) != 0)
        return -1;
    int status = 0;
    bool all = strcmp(command->words[1], "all") == 0;
    for (int i = 1; i < command->word_count && !all; i++) {
        int64_t id = 0;
        (void)integer_parse(span_of(command->words[i]), &id);
        struct error failure = {0};
        if (quarantine_tell(reader, id, out, &failure) != 0) {
            status = -1;
            if (error != NULL)
                *error = failure;
        }
    }
    if (all) {
        (void)fprintf(out, "%lld waited, %lld wait now\n", (long long)waited,
                      (long long)position.quarantined);
        if (position.quarantined > 0)
            status = error_set(error, ERROR_INPUT, "not all could be applied: `tidemark quarantine list`");
    }
    reader_end(reader);
    return status;
}

static int quarantine_ask(const struct quarantine_command *command, struct reader *reader, int64_t waited,
                          FILE *out, struct error *error) {
    enum ask_action action = quarantine_is(command, "retry") ? ASK_RETRY : ASK_DISCARD;
    struct span reason = command->reason != NULL ? span_of(command->reason) : (struct span){0};
    int count = command->word_count - 1;
    CLEANUP(free_any) int64_t *ids = calloc((size_t)count, sizeof *ids);
    if (ids == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < count; i++) {
        ids[i] = ASK_ALL;
        (void)integer_parse(span_of(command->words[i + 1]), &ids[i]); // else it is "all"
    }
    if (ask_quarantined(command->db, action, ids, count, reason, QUARANTINE_WRITE_MS, error) != 0)
        return -1;
    return quarantine_await(command, reader, error) != 0
               ? -1
               : quarantine_tell_all(command, reader, waited, out, error);
}

int quarantine_run(const struct quarantine_command *command, FILE *out, struct error *error) {
    CLEANUP(reader_free) struct reader *reader = NULL;
    struct position position;
    int64_t id = 0;
    if (reader_open(&reader, command->db, command->catalog, error) != 0 ||
        reader_begin(reader, &position, error) != 0)
        return -1;
    if (quarantine_is(command, "list"))
        return quarantine_list(command, reader, out, error);
    if (quarantine_is(command, "show")) {
        (void)integer_parse(span_of(command->words[1]), &id);
        return quarantine_show(reader, id, out, error);
    }
    reader_end(reader);
    return quarantine_ask(command, reader, position.quarantined, out, error);
}
