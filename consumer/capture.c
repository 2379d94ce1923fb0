#define _GNU_SOURCE // memmem
#include "consumer/capture.h"

#include "consumer/json/json.h"
#include "views/base/cleanup.h"
#include "views/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    CAPTURE_LINE_MAX = 128 << 20, // bytes
    TOPIC_SIZE_MAX = 249,         // Kafka's own limit
    PARTITION_MAX = 99999,        // each below it takes memory
};

struct capture {
    struct span bytes;
    char *name;
    struct span mapped; // what `bytes` is of; data NULL = memory of the caller's
    size_t next;        // where the next line begins
    size_t place;       // where the newest line began
    int64_t line;       // number of the newest line
};

enum member {
    MEMBER_TOPIC,
    MEMBER_PARTITION,
    MEMBER_OFFSET,
    MEMBER_TS,
    MEMBER_KEY,
    MEMBER_VALUE,
    MEMBER_COUNT
};

static const struct member_rule {
    const char *name;
    const char *wanted; // for messages
    bool integer;       // else a string
    bool nullable;
} member_rules[MEMBER_COUNT] = {
    [MEMBER_TOPIC] = {"topic", "a string", false, false},
    [MEMBER_PARTITION] = {"partition", "an integer", true, false},
    [MEMBER_OFFSET] = {"offset", "an integer", true, false},
    [MEMBER_TS] = {"ts", "an integer", true, false},
    [MEMBER_KEY] = {"key", "a string or null", false, true},
    [MEMBER_VALUE] = {"value", "a string or null", false, true},
};

struct member_value {
    bool seen;
    int64_t number;
    struct span text;
};

static void capture_close_file(int *file) {
    if (*file >= 0)
        (void)close(*file);
}

int capture_open_bytes(struct capture **ret, struct span bytes, const char *name, struct error *error) {
    CLEANUP(capture_close) struct capture *capture = calloc(1, sizeof *capture);
    if (capture == NULL || (capture->name = strdup(name)) == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    capture->bytes = bytes;
    *ret = capture;
    capture = NULL;
    return 0;
}

static void capture_close_spool(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

static void capture_close_gzip(gzFile *gzip) {
    if (*gzip != NULL)
        (void)gzclose(*gzip);
}

// Copies what a pipe gives, or what gzip has packed, to a nameless temporary file: a capture is read from any place of
// it. zlib passes through what is not packed.
static int capture_spool(int file, FILE *spool, const char *path, struct error *error) {
    static const int piece = 1 << 16;
    CLEANUP(free_charp) char *bytes = malloc((size_t)piece);
    int copy = dup(file);
    CLEANUP(capture_close_gzip) gzFile gzip = copy < 0 ? NULL : gzdopen(copy, "rb");
    if (bytes == NULL || gzip == NULL) {
        if (copy >= 0 && gzip == NULL)
            (void)close(copy);
        return error_set(error, ERROR_SYSTEM, "cannot read capture %s: out of memory", path);
    }
    int size;
    while ((size = gzread(gzip, bytes, (unsigned)piece)) > 0)
        if (fwrite(bytes, 1, (size_t)size, spool) != (size_t)size)
            return error_set(error, ERROR_SYSTEM, "cannot keep capture %s in a temporary file: %s", path,
                             strerror(errno));
    int code;
    const char *why = gzerror(gzip, &code);
    if (size < 0 || code != Z_OK)
        return error_set(error, ERROR_INPUT, "cannot read capture %s: %s", path,
                         code == Z_ERRNO       ? strerror(errno)
                         : code == Z_BUF_ERROR ? "its gzip data is cut off"
                                               : why);
    return fflush(spool) == 0
               ? 0
               : error_set(error, ERROR_SYSTEM, "cannot keep capture %s in a temporary file: %s", path,
                           strerror(errno));
}

static int capture_map(struct capture *capture, int file, struct error *error) {
    struct stat status;
    if (fstat(file, &status) != 0)
        return error_set(error, ERROR_INPUT, "cannot open capture %s: %s", capture->name, strerror(errno));
    if (status.st_size == 0)
        return 0;
    size_t size = (size_t)status.st_size;
    char *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED)
        return error_set(error, ERROR_SYSTEM, "cannot map capture %s: %s", capture->name, strerror(errno));
    capture->mapped = (struct span){data, size};
    (void)madvise(data, size, MADV_SEQUENTIAL);
    if (utf8_is_16(data, size))
        return error_set(error, ERROR_INPUT, "capture %s: " UTF8_NOT_16, capture->name);
    size_t mark = utf8_mark(data, size);
    capture->bytes = (struct span){data + mark, size - mark};
    return 0;
}

static bool capture_is_gzip(int file) {
    unsigned char magic[2];
    return pread(file, magic, sizeof magic, 0) == (ssize_t)sizeof magic && magic[0] == 0x1F &&
           magic[1] == 0x8B;
}

int capture_open(struct capture **ret, const char *path, struct error *error) {
    CLEANUP(capture_close_file)
    int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        return error_set(error, ERROR_INPUT, "cannot open capture %s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_INPUT, "capture %s is a folder", path);
    CLEANUP(capture_close) struct capture *capture = NULL;
    CLEANUP(capture_close_spool) FILE *spool = NULL;
    if (capture_open_bytes(&capture, (struct span){"", 0}, strcmp(path, "-") == 0 ? "stdin" : path, error) !=
        0)
        return -1;
    if (!S_ISREG(status.st_mode) || capture_is_gzip(file)) {
        spool = tmpfile();
        if (spool == NULL)
            return error_set(error, ERROR_SYSTEM, "no temporary file for capture %s: %s", path,
                             strerror(errno));
        if (capture_spool(file, spool, path, error) != 0)
            return -1;
    }
    if (capture_map(capture, spool != NULL ? fileno(spool) : file, error) != 0)
        return -1;
    *ret = capture;
    capture = NULL;
    return 0;
}

void capture_close(struct capture **capture) {
    struct capture *closing = *capture;
    if (closing == NULL)
        return;
    if (closing->mapped.data != NULL)
        (void)munmap((void *)(uintptr_t)closing->mapped.data, closing->mapped.size);
    free(closing->name);
    free(closing);
    *capture = NULL;
}

// The line that begins at `place`, without its newline.
static struct span capture_line_at(const struct capture *capture, size_t place) {
    const char *start = capture->bytes.data + place;
    size_t left = capture->bytes.size - place;
    const char *newline = memchr(start, '\n', left);
    return (struct span){start, newline != NULL ? (size_t)(newline - start) : left};
}

static int capture_read_text(struct json_reader *json, struct arena *arena, struct span *ret,
                             struct error *error) {
    if (!json_unescape(json, arena, ret))
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (ret->data == NULL) // an empty text is not null
        ret->data = "";
    return 0;
}

static int capture_read_member(struct json_reader *json, enum member member, struct arena *arena,
                               struct member_value *ret, struct error *error) {
    const struct member_rule *rule = &member_rules[member];
    if (ret->seen)
        return error_set(error, ERROR_INPUT, "\"%s\" is there twice", rule->name);
    ret->seen = true;
    enum json_kind kind = json_next(json);
    if (kind == JSON_ERROR)
        return error_set(error, ERROR_INPUT, "%s at byte %zu", json->error, json_offset(json));
    if (kind == JSON_NULL && rule->nullable)
        return 0;
    if (kind == JSON_STRING && !rule->integer)
        return capture_read_text(json, arena, &ret->text, error);
    if (kind == JSON_NUMBER && rule->integer && json_to_integer(json->text, &ret->number))
        return 0;
    return error_set(error, ERROR_INPUT, "\"%s\" is not %s", rule->name, rule->wanted);
}

// Which member the newest KEY names; MEMBER_COUNT = none of ours. kcat -J says payload for value.
static enum member capture_find_member(const struct json_reader *json) {
    if (json_key_is(json, "payload", 7))
        return MEMBER_VALUE;
    enum member member = MEMBER_TOPIC;
    while (member < MEMBER_COUNT &&
           !json_key_is(json, member_rules[member].name, strlen(member_rules[member].name)))
        member++;
    return member;
}

static int capture_read_members(struct span line, struct arena *arena, struct member_value *values,
                                struct error *error) {
    struct json_reader json;
    json_open(&json, line);
    enum json_kind kind = json_next(&json);
    if (kind != JSON_OBJECT_BEGIN && kind != JSON_ERROR)
        return error_set(error, ERROR_INPUT, "not a JSON object");
    while (kind != JSON_ERROR && (kind = json_next(&json)) == JSON_KEY) {
        enum member member = capture_find_member(&json);
        if (member == MEMBER_COUNT)
            kind = json_skip(&json) ? kind : JSON_ERROR;
        else if (capture_read_member(&json, member, arena, &values[member], error) != 0)
            return -1;
    }
    if (kind == JSON_OBJECT_END)
        kind = json_next(&json);
    if (kind != JSON_END)
        return error_set(error, ERROR_INPUT, "%s at byte %zu", json.error, json_offset(&json));
    for (enum member member = MEMBER_TOPIC; member < MEMBER_COUNT; member++)
        if (!values[member].seen)
            return error_set(error, ERROR_INPUT, "\"%s\" is missing", member_rules[member].name);
    return 0;
}

static bool capture_topic_is_legal(struct span topic) {
    for (size_t i = 0; i < topic.size; i++) {
        char c = topic.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
              c == '_' || c == '-'))
            return false;
    }
    return topic.size > 0 && topic.size <= TOPIC_SIZE_MAX;
}

static int capture_read_line(struct span line, struct arena *arena, struct capture_line *ret,
                             struct error *error) {
    if (line.size > CAPTURE_LINE_MAX)
        return error_set(error, ERROR_INPUT, "longer than %d bytes", CAPTURE_LINE_MAX);
    struct member_value values[MEMBER_COUNT] = {0};
    if (capture_read_members(line, arena, values, error) != 0)
        return -1;
    if (!capture_topic_is_legal(values[MEMBER_TOPIC].text))
        return error_set(error, ERROR_INPUT, "\"topic\" is not a name that Kafka allows");
    if (values[MEMBER_PARTITION].number < 0 || values[MEMBER_PARTITION].number > PARTITION_MAX)
        return error_set(error, ERROR_INPUT, "\"partition\" %" PRId64 " is out of range: 0 to %d",
                         values[MEMBER_PARTITION].number, PARTITION_MAX);
    // the next one is kept
    if (values[MEMBER_OFFSET].number < 0 || values[MEMBER_OFFSET].number == INT64_MAX)
        return error_set(error, ERROR_INPUT, "\"offset\" %" PRId64 " is out of range",
                         values[MEMBER_OFFSET].number);
    *ret = (struct capture_line){
        .topic = values[MEMBER_TOPIC].text,
        .partition = (int32_t)values[MEMBER_PARTITION].number,
        .offset = values[MEMBER_OFFSET].number,
        .ts_ms = values[MEMBER_TS].number,
        .key = values[MEMBER_KEY].text,
        .value = values[MEMBER_VALUE].text,
    };
    return 0;
}

static bool capture_is_blank(struct span line) {
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

// Blank lines are passed over.
int capture_next(struct capture *capture, struct arena *arena, struct capture_line *ret,
                 struct error *error) {
    struct span line;
    do {
        if (capture->next >= capture->bytes.size)
            return 0;
        line = capture_line_at(capture, capture->next);
        capture->place = capture->next;
        capture->next += line.size + 1;
        capture->line++;
    } while (capture_is_blank(line));
    if (capture_read_line(line, arena, ret, error) != 0)
        return error_prefix(error, "%s:%" PRId64, capture->name, capture->line);
    ret->line = capture->line;
    return 1;
}

int capture_check(const char *path, struct error *error) {
    struct stat status;
    if (strcmp(path, "-") == 0)
        return 0;
    if (access(path, R_OK) != 0)
        return error_set(error, ERROR_INPUT, "%s: %s", path, strerror(errno));
    CLEANUP(capture_close_file) int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &status) != 0)
        return error_set(error, ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode) && (!S_ISREG(status.st_mode) || capture_is_gzip(file)))
        return 0;
    CLEANUP(capture_close) struct capture *capture = NULL;
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    return capture_open(&capture, path, error) == 0 && capture_next(capture, &arena, &line, error) >= 0 ? 0
                                                                                                        : -1;
}

int capture_check_all(const char *const *paths, int count, struct error *error) {
    for (int i = 0; i < count; i++)
        if (capture_check(paths[i], error) != 0)
            return -1;
    return 0;
}

size_t capture_place(const struct capture *capture) {
    return capture->place;
}

int capture_at(struct capture *capture, size_t place, struct arena *arena, struct capture_line *ret,
               struct error *error) {
    if (place >= capture->bytes.size)
        return 0;
    if (capture_read_line(capture_line_at(capture, place), arena, ret, error) != 0)
        return error_prefix(error, "%s, the line at byte %zu", capture->name, place);
    return 1;
}

void capture_rewind(struct capture *capture) {
    capture->next = 0;
    capture->place = 0;
    capture->line = 0;
}

// The topic that the line names, data NULL when it has none or is broken before it. Kafka's topics have no
// character that JSON must escape, so the few that are written escaped count as none.
static struct span capture_topic_of(struct span line) {
    struct json_reader json;
    json_open(&json, line);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return (struct span){0};
    while (json_next(&json) == JSON_KEY) {
        if (json_key_is(&json, "topic", 5))
            return json_next(&json) == JSON_STRING && !json.escaped ? json.text : (struct span){0};
        if (!json_skip(&json))
            break;
    }
    return (struct span){0};
}

bool capture_has_topic(const struct capture *capture, const char *suffix) {
    struct span wanted = span_of(suffix);
    for (size_t place = 0; place < capture->bytes.size;) {
        struct span line = capture_line_at(capture, place);
        struct span topic = capture_topic_of(line);
        if (topic.data != NULL && topic.size >= wanted.size &&
            span_equal((struct span){topic.data + topic.size - wanted.size, wanted.size}, wanted))
            return true;
        place += line.size + 1;
    }
    return false;
}

// False when the line's first two members are not its topic and partition.
static bool capture_head_of(struct span line, struct span *ret_topic, int32_t *ret_partition) {
    struct json_reader json;
    int64_t partition;
    json_open(&json, line);
    if (json_next(&json) != JSON_OBJECT_BEGIN || json_next(&json) != JSON_KEY ||
        !json_key_is(&json, "topic", 5) || json_next(&json) != JSON_STRING || json.escaped)
        return false;
    *ret_topic = json.text;
    if (json_next(&json) != JSON_KEY || !json_key_is(&json, "partition", 9) ||
        json_next(&json) != JSON_NUMBER || !json_to_integer(json.text, &partition) || partition < 0 ||
        partition > PARTITION_MAX)
        return false;
    *ret_partition = (int32_t)partition;
    return true;
}

int capture_visit_partitions(const struct capture *capture,
                             int (*visit)(void *self, struct span topic, int32_t partition,
                                          struct error *error),
                             void *self, struct error *error) {
    struct span last = {0};
    int32_t last_partition = -1;
    for (size_t place = 0; place < capture->bytes.size;) {
        struct span line = capture_line_at(capture, place);
        struct span topic;
        int32_t partition;
        place += line.size + 1;
        if (!capture_head_of(line, &topic, &partition) ||
            (partition == last_partition && span_equal(topic, last)))
            continue;
        if (visit(self, topic, partition, error) != 0)
            return -1;
        last = topic;
        last_partition = partition;
    }
    return 0;
}

static bool capture_strip_prefix(struct span *text, struct span prefix) {
    if (text->size <= prefix.size || memcmp(text->data, prefix.data, prefix.size) != 0)
        return false;
    *text = (struct span){text->data + prefix.size, text->size - prefix.size};
    return true;
}

static bool capture_strip_suffix(struct span *text, struct span suffix) {
    if (text->size <= suffix.size ||
        memcmp(text->data + text->size - suffix.size, suffix.data, suffix.size) != 0)
        return false;
    text->size -= suffix.size;
    return true;
}

// Cuts the last two parts, ".schema.table".
static bool capture_strip_table(struct span *topic) {
    int dots = 0;
    for (size_t i = topic->size; i > 1; i--)
        if (topic->data[i - 1] == '.' && ++dots == 2) {
            topic->size = i - 1;
            return true;
        }
    return false;
}

// A prefix that another stands in the midst of, as MirrorMaker names the copy, is told by the other topics.
static bool capture_is_copied_heartbeat(struct span topic) {
    static const char heartbeat[] = ".__debezium-heartbeat.";
    return memmem(topic.data, topic.size, heartbeat, sizeof heartbeat - 1) != NULL;
}

struct span capture_prefix(const struct capture *capture) {
    for (size_t place = 0; place < capture->bytes.size;) {
        struct span line = capture_line_at(capture, place);
        struct span topic = capture_topic_of(line);
        if (topic.data != NULL && !capture_is_copied_heartbeat(topic) &&
            (capture_strip_prefix(&topic, SPAN("__debezium-heartbeat.")) ||
             capture_strip_suffix(&topic, SPAN(".transaction")) || capture_strip_table(&topic)))
            return topic;
        place += line.size + 1;
    }
    return (struct span){0};
}

const char *capture_library_version(void) {
    return zlibVersion();
}
