// A decoder that knows the shapes of messages says the same of every message as one that reads it for the
// first time: on all captures, with each member of a message moved, missing, renamed, doubled or of another
// value, and under small harms.
#include "consumer/capture.h"
#include "tests/envelope_samples.h"
#include "tests/envelope_twins.h"
#include "views/base/cleanup.h"
#include "views/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <glob.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__ // some times slower
enum { MUTATIONS = 10000 };
#else
enum { MUTATIONS = 30000 };
#endif
enum { SEED = 20261123, TEXT_MAX = 16384, MEMBERS_MAX = 256, LESSONS_MAX = 40 };

struct corpus {
    struct twins twins;
    struct arena arena;
    int lines;
};

static void corpus_done(struct corpus *corpus) {
    twins_done(&corpus->twins);
    arena_free(&corpus->arena);
}

// Bytes in memory of exactly their size, so that a read past them is seen.
static struct span exact_copy(struct span bytes) {
    if (bytes.data == NULL)
        return bytes;
    char *copy = malloc(bytes.size + (bytes.size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    return (struct span){copy, bytes.size};
}

static void free_span(struct span *span) {
    free((char *)(uintptr_t)span->data);
}

static void check(struct twins *twins, enum topic_role role, const struct table *table, struct span key,
                  struct span value) {
    CLEANUP(free_span) struct span key_copy = exact_copy(key);
    CLEANUP(free_span) struct span value_copy = exact_copy(value);
    const struct message message = {.key = key_copy, .value = value_copy};
    const char *problem = twins_disagreement(twins, role, table, &message);
    if (problem != NULL)
        fail_msg("%s: by its shape %d %s, generally %d %s, of key %.*s value %.*s", problem,
                 twins->by_shape.status, twins->by_shape.error.message, twins->generally.status,
                 twins->generally.error.message, (int)key.size, key.data, (int)value.size, value.data);
}

// Each line of each capture, in order. A decoder each, as each has topics of its own.
static void each_line(void (*visit)(struct twins *twins, enum topic_role role, const struct table *table,
                                    const struct capture_line *line)) {
    glob_t captures;
    assert_int_equal(glob(FIXTURES "/captures/*.jsonl", 0, NULL, &captures), 0);
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        CLEANUP(corpus_done) struct corpus corpus = {0};
        CLEANUP(capture_close) struct capture *capture = NULL;
        struct capture_line line;
        twins_init(&corpus.twins, NULL);
        assert_int_equal(capture_open(&capture, captures.gl_pathv[i], NULL), 0);
        char prefix[64];
        struct span theirs = capture_prefix(capture);
        (void)snprintf(prefix, sizeof prefix, "%.*s", (int)theirs.size, theirs.data);
        int64_t rows = 0;
        while (capture_next(capture, &corpus.arena, &line, NULL) == 1) {
            char topic[256];
            (void)snprintf(topic, sizeof topic, "%.*s", (int)line.topic.size, line.topic.data);
            const struct table *table;
            enum topic_role role = topic_role(topic, prefix, corpus.twins.catalog, &table);
            rows += (role == TOPIC_TABLE || role == TOPIC_TRANSACTION) && line.value.size > 4;
            visit(&corpus.twins, role, table, &line);
            arena_reset(&corpus.arena);
        }
        int64_t known = envelope_decoder_known(corpus.twins.taught);
        print_message("%s: %lld of %lld messages were of a known shape\n", captures.gl_pathv[i],
                      (long long)known, (long long)rows);
        assert_true(known >= rows - LESSONS_MAX);
    }
    globfree(&captures);
}

static void check_line(struct twins *twins, enum topic_role role, const struct table *table,
                       const struct capture_line *line) {
    check(twins, role, table, line->key, line->value);
}

static void captures_are_read_the_same(void **state) {
    (void)state;
    each_line(check_line);
}

#define POINTS_KEY "{'order_id':1,'customer_id':2}"

// Whether these are envelopes or rows, or which of two members counts, is the general reader's to say.
static const struct sample unlearnt[] = {
    {"points", POINTS_KEY, "{'schema':null,'order_id':1,'customer_id':2,'points':3,'reason':'x'}"},
    {"points", POINTS_KEY,
     "{'payload':{'after':{'order_id':1,'customer_id':2,'points':3,'reason':'x'},'op':'c'},'schema':"
     "{'type':'struct','fields':" POINTS_FIELDS "}}"},
    {"points", POINTS_KEY,
     "{'after':{'order_id':1,'customer_id':2,'points':3,'more':1},'after':{'order_id':1,'customer_id':2},"
     "'op':'c'}"},
    {"points", POINTS_KEY, "{'after':{'order_id':1,'customer_id':2,'p\\u006fints':3},'op':'c'}"},
};
enum { UNLEARNT = sizeof unlearnt / sizeof *unlearnt };

struct text {
    char bytes[TEXT_MAX];
    size_t size;
};

static void put(struct text *text, const char *bytes, size_t size) {
    assert_true(size <= sizeof text->bytes - text->size);
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

static struct span text_span(const struct text *text) {
    return (struct span){text->bytes, text->size};
}

static void write_quoted(struct text *text, const char *source) {
    text->size = 0;
    put(text, source, strlen(source));
    for (size_t i = 0; i < text->size; i++)
        if (text->bytes[i] == '\'')
            text->bytes[i] = '"';
}

// A sample, and a decoder that has been taught by it.
struct lesson {
    struct twins twins;
    enum topic_role role;
    const struct table *table;
    struct text key;
    struct text value;
    int64_t known; // by decoders before the present one
};

static void lesson_init(struct lesson *lesson, const struct sample *sample) {
    twins_init(&lesson->twins, NULL);
    lesson->known = 0;
    lesson->role = sample->table != NULL ? TOPIC_TABLE : TOPIC_TRANSACTION;
    lesson->table = sample->table != NULL
                        ? catalog_table(lesson->twins.catalog, sample->table, strlen(sample->table))
                        : NULL;
    write_quoted(&lesson->key, sample->key);
    write_quoted(&lesson->value, sample->value);
}

static void lesson_done(struct lesson *lesson) {
    twins_done(&lesson->twins);
}

// By a decoder that knows the sample; then as what the decoder itself may have learnt, and as what it must
// not have spoilt.
static void check_taught(struct lesson *lesson, struct span key, struct span value) {
    struct twins *twins = &lesson->twins;
    check(twins, lesson->role, lesson->table, text_span(&lesson->key), text_span(&lesson->value));
    check(twins, lesson->role, lesson->table, key, value);
    check(twins, lesson->role, lesson->table, key, value);
    check(twins, lesson->role, lesson->table, text_span(&lesson->key), text_span(&lesson->value));
    lesson->known += envelope_decoder_known(twins->taught);
    twins_forget(twins);
}

// Where a member stands: from the quote of its key, its value, to the value's end.
struct member {
    size_t begin, value, end;
};

static int find_members(struct span document, struct member ret[MEMBERS_MAX]) {
    struct json_reader json;
    enum json_kind kind;
    int count = 0;
    json_open(&json, document);
    while ((kind = json_next(&json)) != JSON_END) {
        assert_int_not_equal(kind, JSON_ERROR);
        if (kind != JSON_KEY)
            continue;
        struct json_reader value = json;
        const char *at = json_value_at(&json);
        assert_true(count < MEMBERS_MAX && json_skip(&value));
        ret[count++] = (struct member){(size_t)(json.token - document.data), (size_t)(at - document.data),
                                       (size_t)(value.next - document.data)};
    }
    return count;
}

// The document with the bytes from `from` to `to` replaced.
static struct span replace(struct text *out, struct span document, size_t from, size_t to, const char *by) {
    out->size = 0;
    put(out, document.data, from);
    put(out, by, strlen(by));
    put(out, document.data + to, document.size - to);
    return text_span(out);
}

static const char *const values[] = {"null",
                                     "0",
                                     "-1",
                                     "01",
                                     "1.5",
                                     "1e3",
                                     "-",
                                     "\"\"",
                                     "\"x\"",
                                     "\"17\"",
                                     "\"a\\nb\"",
                                     "\"\\u0041\"",
                                     "\"caf\xC3\xA9\"",
                                     "\"\xC3\"",
                                     "\"\\x\"",
                                     "\"\x01\"",
                                     "\"",
                                     "true",
                                     "false",
                                     "nul",
                                     "{}",
                                     "[]",
                                     "[1,2",
                                     "{\"a\":1}",
                                     "[{\"data_collection\":\"public.points\",\"event_count\":5}]",
                                     "99999999999999999999",
                                     "9223372036854775807",
                                     "\"__debezium_unavailable_value\"",
                                     "\"1:2\"",
                                     "\"007:008\"",
                                     "\"1:2:3\"",
                                     "\":2\"",
                                     "\"1:\"",
                                     "\"-1:2\"",
                                     "\"1:999999999999999999\"",
                                     "\"1:1234567890123456789\"",
                                     "\"9223372036854775807:2\"",
                                     "\"1\\u003a2\"",
                                     "\"[\\\"1\\\",\\\"2\\\"]\"",
                                     "\"[\\\"1\\\", \\\"2\\\"]\"",
                                     "\"[null,\\\"2\\\"]\"",
                                     "\"[\\\"1\\\",null]\"",
                                     "\"[\\\"\\\",\\\"2\\\"]\"",
                                     "\"[\\\"999999999999999999\\\",\\\"2\\\"]\"",
                                     "\"[\\\"1234567890123456789\\\",\\\"2\\\"]\"",
                                     "\"[\\\"1\\\",\\\"1234567890123456789\\\"]\"",
                                     "\"END\"",
                                     "\"d\"",
                                     "\"t\"",
                                     "\"orders\"",
                                     "\"customers\"",
                                     "\"2026-02-30T00:00:00Z\"",
                                     "\"12.345\"",
                                     " 1",
                                     "1 ",
                                     ""};

// Each harm to one member of `document`, given to `visit`.
static void harm_member(struct span document, struct member member, struct lesson *lesson,
                        void (*visit)(struct lesson *lesson, struct span harmed)) {
    static const char *const separators[] = {"", ",", " ,", ",,", ":", " "};
    static struct text out;
    char copy[TEXT_MAX];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        visit(lesson, replace(&out, document, member.value, member.end, values[i]));
    size_t next = member.end + (member.end < document.size && document.data[member.end] == ',');
    visit(lesson, replace(&out, document, member.begin, next, ""));       // missing
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) { // twice
        int size = snprintf(copy, sizeof copy, "%.*s%s", (int)(member.end - member.begin),
                            document.data + member.begin, separators[i]);
        assert_in_range(size, 0, sizeof copy - 1);
        visit(lesson, replace(&out, document, member.begin, member.begin, copy));
    }
    visit(lesson, replace(&out, document, member.begin + 1, member.begin + 1, "x"));
    (void)snprintf(copy, sizeof copy, "\\u%04x", (unsigned char)document.data[member.begin + 1]);
    visit(lesson, replace(&out, document, member.begin + 1, member.begin + 2, copy));
    visit(lesson, replace(&out, document, member.begin, member.begin, "\"new\":{\"lsn\":1},"));
    visit(lesson, replace(&out, document, member.begin, member.begin, " "));
    visit(lesson, replace(&out, document, member.value, member.value, "\n"));
    visit(lesson, replace(&out, document, member.end, member.end, " "));
    visit(lesson, replace(&out, document, member.end, document.size, ""));
}

// Two members that follow each other, exchanged.
static void exchange(struct span document, struct member first, struct member second, struct lesson *lesson,
                     void (*visit)(struct lesson *lesson, struct span harmed)) {
    static struct text out;
    if (second.begin < first.end) // inside
        return;
    out.size = 0;
    put(&out, document.data, first.begin);
    put(&out, document.data + second.begin, second.end - second.begin);
    put(&out, document.data + first.end, second.begin - first.end);
    put(&out, document.data + first.begin, first.end - first.begin);
    put(&out, document.data + second.end, document.size - second.end);
    visit(lesson, text_span(&out));
}

static void harm_members(struct span document, struct lesson *lesson,
                         void (*visit)(struct lesson *lesson, struct span harmed)) {
    static struct member members[MEMBERS_MAX];
    int count = find_members(document, members);
    for (int i = 0; i < count; i++) {
        harm_member(document, members[i], lesson, visit);
        for (int j = i + 1; j < count && j < i + 12; j++)
            exchange(document, members[i], members[j], lesson, visit);
    }
}

static void check_value(struct lesson *lesson, struct span harmed) {
    check_taught(lesson, text_span(&lesson->key), harmed);
}

static void check_key(struct lesson *lesson, struct span harmed) {
    check_taught(lesson, harmed, text_span(&lesson->value));
    check_taught(lesson, harmed, (struct span){NULL, 0});
}

static void a_difference_at_each_member(void **state) {
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        static struct lesson lesson;
        lesson_init(&lesson, &samples[i]);
        harm_members(text_span(&lesson.value), &lesson, check_value);
        harm_members(text_span(&lesson.key), &lesson, check_key);
        lesson_done(&lesson);
    }
}

static void what_is_not_learnt_is_read_the_same(void **state) {
    (void)state;
    for (int i = 0; i < UNLEARNT; i++) {
        static struct lesson lesson;
        lesson_init(&lesson, &unlearnt[i]);
        for (int times = 0; times < 3; times++)
            check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&lesson.value));
        assert_int_equal(lesson.twins.by_shape.status, 0);
        assert_int_equal(envelope_decoder_known(lesson.twins.taught), 0);
        harm_members(text_span(&lesson.value), &lesson, check_value);
        lesson_done(&lesson);
    }
}

// The two decoders count by the same function: here is what it must count.
static void collections_count_however_written(void **state) {
    (void)state;
    static const struct {
        const char *collections;
        int orders, points; // -1: refused
    } cases[] = {
        {"null", 0, 0},
        {"[]", 0, 0},
        {"[{'data_collection':'public.orders','event_count':2}]", 2, 0},
        {"[{'data_collection':'public.orders','event_count':2},{'data_collection':'public.points','event_count':"
         "30}]",
         2, 30},
        {"[ {'data_collection':'public.orders', 'event_count':2},{'event_count':3,'data_collection':"
         "'public.points'}]",
         2, 3},
        {"[{'data_collection':'public.orders','event_count':2},{'data_collection':'public.points','event_count':"
         "'3','x':[]} ]",
         2, 3},
        {"[{'data_collection':'orders','event_count':2},{'event_count':3},{'data_collection':null}]", 0, 0},
        {"[{'data_collection':'public.orders','event_count':1},{'data_collection':'public.orders','event_count':"
         "1}]",
         2, 0},
        {"[{'data_collection':'public.orders','event_count':2},7]", -1, -1},
        {"[{'data_collection':'public.orders','event_count':-2}]", -1, -1},
        {"[{'data_collection':'public.orders','event_count':2.5}]", -1, -1},
        {"{}", -1, -1},
    };
    static struct lesson lesson;
    lesson_init(&lesson, &samples[SAMPLES - 1]);
    int orders = catalog_table(lesson.twins.catalog, "orders", 6)->index;
    int points = catalog_table(lesson.twins.catalog, "points", 6)->index;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        static struct text value;
        char source[TEXT_MAX];
        size_t number = i % (sizeof cases / sizeof *cases);
        (void)snprintf(source, sizeof source, "{'status':'END','id':'1:2','data_collections':%s}",
                       cases[number].collections);
        write_quoted(&value, source);
        check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&value));
        const struct twin *twin = &lesson.twins.by_shape;
        assert_int_equal(twin->status, cases[number].orders < 0 ? -1 : 0);
        if (cases[number].orders < 0)
            continue;
        assert_int_equal(twin->event.expected[orders], cases[number].orders);
        assert_int_equal(twin->event.expected[points], cases[number].points);
        assert_int_equal(twin->event.expected_total, cases[number].orders + cases[number].points);
    }
    lesson_done(&lesson);
}

// The taught decoder reads each sample by its shape from the second time on.
static void samples_are_learnt_at_once(void **state) {
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        static struct lesson lesson;
        lesson_init(&lesson, &samples[i]);
        for (int times = 0; times < 3; times++)
            check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&lesson.value));
        assert_int_equal(lesson.twins.by_shape.status, 0);
        assert_int_equal(envelope_decoder_known(lesson.twins.taught), 2);
        lesson_done(&lesson);
    }
}

static void null_may_stand_for_an_object(void **state) {
    (void)state;
    static struct lesson lesson, other;
    lesson_init(&lesson, &samples[0]);
    check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&lesson.value));
    for (int i = 1; i <= 2; i++) {
        lesson_init(&other, &samples[i]);
        check(&lesson.twins, lesson.role, lesson.table, text_span(&other.key), text_span(&other.value));
        assert_int_equal(envelope_decoder_known(lesson.twins.taught), i);
        lesson_done(&other);
    }
    lesson_done(&lesson);
}

// Keys and rows whose schemas read the same digits differently.
#define TIMED(name)                                                                                          \
    "[{'type':'int64','name':'io.debezium.time." name "','field':'at'},{'type':'int32','field':'n'}]"
#define TIMED_KEY(name, values) "{'schema':{'type':'struct','fields':" TIMED(name) "},'payload':{" values "}}"
#define TIMED_ROW(name, values)                                                                              \
    "{'schema':{'type':'struct','fields':[{'type':'struct','fields':" TIMED(                                 \
        name) ",'field':'after'},{'type':'string','field':'op'}]},'payload':{" values "}}"
#define AT "'at':1795386720834000"

static void twins_of_source(struct twins *twins, const char *source) {
    char folder[] = "/tmp/tidemark-envelope-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/source.sql", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(source, file);
    assert_int_equal(fclose(file), 0);
    twins_init(twins, folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void schemas_are_part_of_the_shape(void **state) {
    (void)state;
    static const struct sample rows[] = {
        {"timed", TIMED_KEY("Timestamp", AT), TIMED_ROW("Timestamp", "'after':{" AT ",'n':7},'op':'c'")},
        {"timed", TIMED_KEY("MicroTimestamp", AT),
         TIMED_ROW("MicroTimestamp", "'after':{" AT ",'n':7},'op':'c'")},
        {"timed", TIMED_KEY("Timestamp", AT), TIMED_ROW("Timestamp", "'after':{" AT ",'n':8},'op':'c'")},
        {"timed", TIMED_KEY("Timestamp", AT), TIMED_ROW("MicroTimestamp", "'after':{" AT ",'n':7},'op':'c'")},
        {"timed", TIMED_KEY("Timestamp", "'n':7"),
         TIMED_ROW("Timestamp", "'before':{" AT ",'n':7},'after':null,'op':'d'")},
        {"timed", TIMED_KEY("Timestamp", "'n':8"),
         TIMED_ROW("Timestamp", "'before':{" AT ",'n':8},'after':null,'op':'d'")},
        {"timed", "{'n':7}", "{'before':{" AT ",'n':7},'after':null,'op':'d'}"},
        {"timed", "{'n':8}", "{'before':{" AT ",'n':8},'after':null,'op':'d'}"},
        {"timed", TIMED_KEY("Timestamp", AT), TIMED_ROW("Timestamp", "'after':{" AT ",'n':9},'op':'r'")},
    };
    static struct twins twins;
    static struct text key, value;
    twins_of_source(&twins, "create table timed(at timestamp primary key, n int);\n");
    const struct table *table = catalog_table(twins.catalog, "timed", 5);
    assert_non_null(table);
    for (size_t i = 0; i < 4 * sizeof rows / sizeof *rows; i++) {
        const struct sample *row = &rows[i % (sizeof rows / sizeof *rows)];
        write_quoted(&key, row->key);
        write_quoted(&value, row->value);
        check(&twins, TOPIC_TABLE, table, text_span(&key), text_span(&value));
        bool disagree = row == &rows[3];
        assert_int_equal(twins.by_shape.status, disagree ? -1 : 0);
    }
    twins_done(&twins);
}

// Behind the row, "connector" says what its time of day counts. It is read again where that is another's than the row's
// before, and known from then on.
static void a_time_of_day_is_its_connectors(void **state) {
    (void)state;
    enum { TIMES = 10 };
    static const struct {
        const char *source, *time;
    } rows[] = {{"'source':{'connector':'mysql'},", "00:00:30.000000"},
                {"'source':{'connector':'postgresql'},", "08:20:00.000000"},
                {"'source':{'connector':'mariadb'},", "00:00:30.000000"},
                {"", "08:20:00.000000"}};
    static struct twins twins;
    static struct text key, value;
    char json[256];
    twins_of_source(&twins, "create table shifts(n int primary key, at time(0));\n");
    const struct table *table = catalog_table(twins.catalog, "shifts", 6);
    assert_non_null(table);
    for (int i = 0; i < 2 * TIMES * (int)(sizeof rows / sizeof *rows); i++) {
        size_t row = (size_t)(i / TIMES) % (sizeof rows / sizeof *rows);
        (void)snprintf(json, sizeof json, "{'after':{'n':%d,'at':30000000},%s'op':'c'}", i, rows[row].source);
        write_quoted(&value, json);
        (void)snprintf(json, sizeof json, "{'n':%d}", i);
        write_quoted(&key, json);
        int64_t known = envelope_decoder_known(twins.taught);
        check(&twins, TOPIC_TABLE, table, text_span(&key), text_span(&value));
        assert_int_equal(twins.by_shape.status, 0);
        struct span time = twins.by_shape.event.values[1].bytes;
        assert_true(span_is(time, rows[row].time));
        if (i % TIMES >= 2)
            assert_int_equal(envelope_decoder_known(twins.taught), known + 1);
    }
    twins_done(&twins);
}

// The loop looks at an event when the decoder's thread has learnt other shapes, in place of the one that it was read by.
static void what_an_event_says_of_its_source_stays(void **state) {
    (void)state;
    enum { TABLES = 20, ROWS = 12 };
    static struct twins twins;
    static char rows[TABLES * ROWS][160]; // as they are held until the loop has looked
    static struct span said[TABLES * ROWS][3];
    twins_of_source(&twins, "create table t(n int primary key);\n");
    const struct table *table = catalog_table(twins.catalog, "t", 1);
    assert_non_null(table);
    for (int i = 0; i < TABLES * ROWS; i++) {
        int of = i / ROWS;
        (void)snprintf(rows[i], sizeof rows[i],
                       "{\"after\":{\"n\":1},\"source\":{\"connector\":\"c%02d\",\"schema\":\"s%02d\","
                       "\"table\":\"t%02d\"},\"op\":\"c\"}",
                       of, of, of);
        const struct message message = {.key = SPAN("{\"n\":1}"), .value = span_of(rows[i])};
        struct event *event = &twins.by_shape.event;
        assert_int_equal(envelope_decode(twins.taught, TOPIC_TABLE, table, &message, event, NULL), 0);
        said[i][0] = event->connector;
        said[i][1] = event->schema;
        said[i][2] = event->table;
    }
    assert_true(envelope_decoder_known(twins.taught) > TABLES * ROWS / 2);
    for (int i = 0; i < TABLES * ROWS; i++)
        for (int part = 0; part < 3; part++) {
            char name[8];
            (void)snprintf(name, sizeof name, "%c%02d", "cst"[part], i / ROWS);
            assert_true(span_is(said[i][part], name));
        }
    twins_done(&twins);
}

static void a_change_is_learnt(void **state) {
    (void)state;
    static struct lesson lesson;
    static struct text changed;
    static const char old[] = "\"3.4.0.Final\"", new[] = "\"3.4.1.Final\"";
    lesson_init(&lesson, &samples[0]);
    write_quoted(&changed, samples[0].value);
    char *version = strstr(changed.bytes, old);
    assert_non_null(version);
    memcpy(version, new, sizeof new - 1);
    for (int times = 0; times < 10; times++)
        check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&lesson.value));
    int64_t before = envelope_decoder_known(lesson.twins.taught);
    for (int times = 0; times < 10; times++)
        check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&changed));
    assert_int_equal(envelope_decoder_known(lesson.twins.taught), before + 9);
    lesson_done(&lesson);
}

// Databases without number in one topic: what looked constant is found not to be.
static void what_varies_is_no_constant(void **state) {
    (void)state;
    enum { MESSAGES = 400, LAST = 50 };
    static struct lesson lesson;
    static struct text varied;
    lesson_init(&lesson, &samples[0]);
    write_quoted(&varied, samples[0].value);
    char *db = strstr(varied.bytes, "\"db\":\"shop\"");
    assert_non_null(db);
    int64_t before = 0;
    for (int i = 0; i < MESSAGES; i++) {
        char digits[8];
        (void)snprintf(digits, sizeof digits, "%04d", i);
        memcpy(db + strlen("\"db\":\""), digits, 4);
        if (i == MESSAGES - LAST)
            before = envelope_decoder_known(lesson.twins.taught);
        check(&lesson.twins, lesson.role, lesson.table, text_span(&lesson.key), text_span(&varied));
    }
    assert_int_equal(envelope_decoder_known(lesson.twins.taught), before + LAST);
    lesson_done(&lesson);
}

// A byte changed, a run removed, or a run from elsewhere put in.
static struct span mutate(struct text *out, struct span document, uint64_t *state) {
    static const char bytes[] = "\"\\{}[]:,0123456789-+.eEntrufals \n\x01\x80\xC3\xFF";
    size_t at = random_below(state, document.size), run = random_below(state, 6);
    size_t from = random_below(state, document.size);
    run = run < document.size - at ? run : document.size - at;
    run = run < document.size - from ? run : document.size - from;
    out->size = 0;
    put(out, document.data, at);
    switch (random_below(state, 4)) {
    case 0:
        put(out, document.data + at + run, document.size - at - run);
        break;
    case 1:
        put(out, document.data + from, run);
        put(out, document.data + at, document.size - at);
        break;
    default:
        put(out, &bytes[random_below(state, sizeof bytes - 1)], 1);
        put(out, document.data + at + 1, document.size - at - 1);
    }
    return text_span(out);
}

static void mutations_are_read_the_same(void **state) {
    (void)state;
    uint64_t random = SEED;
    print_message("seed %d\n", SEED);
    for (int i = 0; i < SAMPLES; i++) {
        static struct lesson lesson;
        static struct text value, key;
        lesson_init(&lesson, &samples[i]);
        for (int m = 0; m < MUTATIONS / SAMPLES; m++) {
            struct span harmed = mutate(&value, text_span(&lesson.value), &random);
            bool also_key = random_below(&random, 4) == 0;
            check_taught(&lesson,
                         also_key ? mutate(&key, text_span(&lesson.key), &random) : text_span(&lesson.key),
                         harmed);
        }
        assert_true(lesson.known >= MUTATIONS / SAMPLES);
        lesson_done(&lesson);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_learnt_at_once),
        cmocka_unit_test(null_may_stand_for_an_object),
        cmocka_unit_test(schemas_are_part_of_the_shape),
        cmocka_unit_test(what_an_event_says_of_its_source_stays),
        cmocka_unit_test(a_time_of_day_is_its_connectors),
        cmocka_unit_test(a_change_is_learnt),
        cmocka_unit_test(what_varies_is_no_constant),
        cmocka_unit_test(what_is_not_learnt_is_read_the_same),
        cmocka_unit_test(collections_count_however_written),
        cmocka_unit_test(captures_are_read_the_same),
        cmocka_unit_test(a_difference_at_each_member),
        cmocka_unit_test(mutations_are_read_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
