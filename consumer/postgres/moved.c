#include "consumer/postgres/moved.h"

#include "consumer/postgres/same.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

const char moved_lsn_sql[] = "(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else "
                             "pg_current_wal_insert_lsn() end - '0/0'::pg_lsn)::int8";

static int moved_no_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

int moved_open(struct moved *ret, const struct plan *plan, int64_t first_lsn, struct error *error) {
    *ret = (struct moved){.plan = plan, .mirror_lsn = -1};
    ret->lsns = calloc(MOVED_SAMPLES_MAX, sizeof *ret->lsns);
    if (ret->lsns == NULL)
        return moved_no_memory(error);
    moved_begin_sample(ret, first_lsn);
    return sample_open(&ret->sample, plan, error);
}

static void moved_free_key(struct moved_key *key) {
    for (int i = 0; i < key->version_count; i++)
        free(key->versions[i].forms);
    free(key->keys);
    free(key->mirror);
    free(key);
}

void moved_close(struct moved *moved) {
    for (int i = 0; i < moved->count; i++)
        moved_free_key(moved->keys[i]);
    free(moved->keys);
    free(moved->lsns);
    key_map_free(&moved->map);
    buffer_free(&moved->sql);
    if (moved->sample.plan != NULL)
        sample_close(&moved->sample);
    *moved = (struct moved){0};
}

// In one piece, for the caller to free. NULL with *ret_failed: out of memory.
static struct span *moved_copy_forms(const struct moved *moved, const struct span *forms, bool *ret_failed) {
    size_t count = (size_t)moved->plan->column_count;
    size_t size = (count + 1) * sizeof *forms;
    *ret_failed = false;
    if (forms == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        size += forms[i].size;
    struct span *copy = malloc(size);
    *ret_failed = copy == NULL;
    if (copy == NULL)
        return NULL;
    char *bytes = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = (struct span){forms[i].data != NULL ? bytes : NULL, forms[i].size};
        if (forms[i].size > 0)
            memcpy(bytes, forms[i].data, forms[i].size);
        bytes += forms[i].size;
    }
    return copy;
}

int moved_add(struct moved *moved, struct span key, const struct span *keys, struct span version,
              const struct span *source, struct error *error) {
    bool failed = false;
    int number = key_map_add(&moved->map, key);
    if (number < 0)
        return moved_no_memory(error);
    if (number < moved->count)
        return 0;
    struct moved_key **grown = realloc(moved->keys, (size_t)(moved->count + 1) * sizeof(struct moved_key *));
    if (grown == NULL)
        return moved_no_memory(error);
    moved->keys = grown;
    struct moved_key *added = calloc(1, sizeof *added);
    if (added == NULL)
        return moved_no_memory(error);
    grown[moved->count++] = added;
    added->keys = moved_copy_forms(moved, keys, &failed);
    return failed ? moved_no_memory(error) : moved_note_source(moved, number, version, source, error);
}

void moved_begin_sample(struct moved *moved, int64_t lsn) {
    moved->lsns[moved->samples++] = lsn;
}

// A row that was not written since is the newest version still.
int moved_note_source(struct moved *moved, int number, struct span version, const struct span *forms,
                      struct error *error) {
    struct moved_key *key = moved->keys[number];
    struct moved_version *newest = key->version_count > 0 ? &key->versions[key->version_count - 1] : NULL;
    int sample = moved->samples - 1;
    if (newest != NULL && (newest->forms == NULL) == (forms == NULL) &&
        (forms == NULL || span_is(version, newest->tag))) {
        newest->last = sample;
        return 0;
    }
    if (key->version_count == MOVED_VERSIONS_MAX) {
        free(key->versions[0].forms);
        memmove(key->versions, key->versions + 1, (MOVED_VERSIONS_MAX - 1) * sizeof *key->versions);
        key->version_count--;
    }
    bool failed;
    struct moved_version added = {.first = sample, .last = sample};
    added.forms = moved_copy_forms(moved, forms, &failed);
    if (failed)
        return moved_no_memory(error);
    (void)snprintf(added.tag, sizeof added.tag, "%.*s", (int)version.size,
                   version.data != NULL ? version.data : "");
    key->versions[key->version_count++] = added;
    return 0;
}

// --- what the samples and the mirror's row come to

// The newest sample that the mirror's position has reached; 0 when it has reached none, or has no position.
static int moved_reached(const struct moved *moved) {
    int newest = 0;
    for (int i = 0; moved->position_known && i < moved->samples; i++)
        if (moved->lsns[i] >= 0 && moved->lsns[i] <= moved->mirror_lsn)
            newest = i;
    return newest;
}

static bool moved_is_equal(const struct moved *moved, const struct moved_version *version,
                           const struct span *mirror) {
    if (version->forms == NULL || mirror == NULL)
        return version->forms == NULL && mirror == NULL;
    for (int i = 0; i < moved->plan->column_count; i++)
        if (!same_value(&moved->plan->columns[i].form, version->forms[i], mirror[i]))
            return false;
    return true;
}

// Whether all those versions say the same of the column, or of there being a row (column -1), and the mirror another.
static bool moved_column_differs(const struct moved *moved, const struct moved_key *key, int from,
                                 int column) {
    const struct moved_version *newest = &key->versions[key->version_count - 1];
    for (int i = key->version_count - 1; i >= 0 && key->versions[i].last >= from; i--) {
        const struct moved_version *version = &key->versions[i];
        if ((version->forms == NULL) != (newest->forms == NULL))
            return false;
        if (column >= 0 &&
            (version->forms == NULL ||
             !same_value(&moved->plan->columns[column].form, version->forms[column], newest->forms[column])))
            return false;
    }
    if (column < 0)
        return (newest->forms == NULL) != (key->mirror == NULL);
    return key->mirror != NULL &&
           !same_value(&moved->plan->columns[column].form, newest->forms[column], key->mirror[column]);
}

static bool moved_differs(const struct moved *moved, const struct moved_key *key, int from) {
    for (int i = -1; i < moved->plan->column_count; i++)
        if (moved_column_differs(moved, key, from, i))
            return true;
    return false;
}

void moved_judge(struct moved *moved, int number, int64_t now_ms) {
    struct moved_key *key = moved->keys[number];
    int from = moved_reached(moved);
    bool reached = moved->position_known && moved->lsns[0] <= moved->mirror_lsn;
    moved->reached = moved->reached || reached;
    for (int i = key->version_count - 1; i >= 0 && key->versions[i].last >= from; i--)
        if (moved_is_equal(moved, &key->versions[i], key->mirror)) {
            key->state = MOVED_EQUAL;
            return;
        }
    if (!reached || !moved_differs(moved, key, from)) {
        key->sights = 0;
        return;
    }
    if (key->sights++ == 0)
        key->sights_since_ms = now_ms;
    if (key->sights >= MOVED_SIGHTS && now_ms - key->sights_since_ms >= MOVED_SIGHTS_MS)
        key->state = MOVED_DIFFERENT;
}

void moved_judge_last(struct moved *moved, int number) {
    struct moved_key *key = moved->keys[number];
    if (key->state == MOVED_OPEN && !moved->position_known && key->version_count == 1)
        key->state = MOVED_DIFFERENT;
}

// --- looking

// Columns of a key whose form PostgreSQL reads back are compared as values, so that an index serves; others by their form.
static void moved_write_match(const struct plan *plan, int place, struct buffer *sql) {
    const struct plan_column *column = &plan->columns[plan->keys[place]];
    if (column->form.literal)
        buffer_format(sql, "t.%.*s = k._v%d::%.*s", (int)column->quoted.size, column->quoted.data, place,
                      (int)column->cast.size, column->cast.data);
    else {
        form_write_sql(&column->form, column->quoted, sql);
        buffer_format(sql, " = k._v%d", place);
    }
}

// `select LSN, NUMBER, VERSION, FORM, .. from keys k left join the table t`: a row for each key asked for, or several.
static int moved_write_sql(struct moved *moved, struct error *error) {
    struct buffer *sql = &moved->sql;
    const struct plan *plan = moved->plan;
    buffer_text(sql, "select ");
    buffer_text(sql, moved_lsn_sql);
    buffer_text(sql, ", k._number, ");
    sample_write_columns(plan, sql);
    buffer_text(sql, " from unnest($1::int[]");
    for (int i = 0; i < plan->key_count; i++)
        buffer_format(sql, ", $%d::text[]", i + 2);
    buffer_text(sql, ") k(_number");
    for (int i = 0; i < plan->key_count; i++)
        buffer_format(sql, ", _v%d", i);
    buffer_format(sql, ") left join %.*s t on ", (int)plan->relation.size, plan->relation.data);
    for (int i = 0; i < plan->key_count; i++) {
        buffer_text(sql, i > 0 ? " and " : "");
        moved_write_match(plan, i, sql);
    }
    buffer_char(sql, '\0');
    return sql->failed ? moved_no_memory(error) : 0;
}

// An element of PostgreSQL's array literal.
static void moved_write_element(struct span text, bool first, struct buffer *out) {
    buffer_text(out, first ? "\"" : ",\"");
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_char(out, '\\');
        buffer_char(out, text.data[i]);
    }
    buffer_char(out, '"');
}

static void moved_free_parameters(struct buffer (*parameters)[TABLE_KEYS_MAX + 1]) {
    for (int i = 0; i <= TABLE_KEYS_MAX; i++)
        buffer_free(&(*parameters)[i]);
}

static int moved_ask_source(struct moved *moved, struct postgres *postgres, struct postgres_rows **ret,
                            struct error *error) {
    CLEANUP(moved_free_parameters) struct buffer parameters[TABLE_KEYS_MAX + 1] = {0};
    const char *texts[TABLE_KEYS_MAX + 1];
    const struct plan *plan = moved->plan;
    for (int place = 0; place <= plan->key_count; place++) {
        bool first = true;
        buffer_char(&parameters[place], '{');
        for (int i = 0; i < moved->count; i++) {
            if (moved->keys[i]->state != MOVED_OPEN)
                continue;
            if (place == 0)
                buffer_format(&parameters[0], "%s%d", first ? "" : ",", i);
            else
                moved_write_element(moved->keys[i]->keys[plan->keys[place - 1]], first, &parameters[place]);
            first = false;
        }
        buffer_append(&parameters[place], "}", 2);
        if (parameters[place].failed)
            return moved_no_memory(error);
        texts[place] = parameters[place].data;
    }
    return postgres_ask(postgres, plan->table->name, moved->sql.data, texts, plan->key_count + 1, ret, error);
}

enum { MOVED_COLUMN_LSN, MOVED_COLUMN_NUMBER, MOVED_COLUMN_VERSION };

static int moved_sample_source(struct moved *moved, struct postgres *postgres, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    CLEANUP(free_any)
    struct span *forms = calloc((size_t)moved->plan->column_count + 1, sizeof *forms);
    if (forms == NULL)
        return moved_no_memory(error);
    if (moved_ask_source(moved, postgres, &rows, error) != 0)
        return -1;
    if (postgres_rows_count(rows) == 0)
        return 0;
    moved_begin_sample(moved, postgres_integer(rows, 0, MOVED_COLUMN_LSN));
    for (int row = 0; row < postgres_rows_count(rows); row++) {
        int number = (int)postgres_integer(rows, row, MOVED_COLUMN_NUMBER);
        struct span version = postgres_text(rows, row, MOVED_COLUMN_VERSION);
        if (number < 0 || number >= moved->count)
            continue;
        for (int i = 0; i < moved->plan->column_count; i++)
            forms[i] = postgres_text(rows, row, MOVED_COLUMN_VERSION + SAMPLE_FORMS + i);
        if (moved_note_source(moved, number, version, version.data != NULL ? forms : NULL, error) != 0)
            return -1;
    }
    return 0;
}

static int moved_keep_mirror(struct moved *moved, int number, struct error *error) {
    bool failed;
    free(moved->keys[number]->mirror);
    moved->keys[number]->mirror = moved_copy_forms(moved, moved->sample.forms, &failed);
    return failed ? moved_no_memory(error) : 0;
}

// One row, by equality with its key.
static int moved_look_at(struct moved *moved, struct reader *reader, int number, struct error *error) {
    struct parameter filters[TABLE_KEYS_MAX];
    struct buffer texts[TABLE_KEYS_MAX + 1] = {0};
    const struct plan *plan = moved->plan;
    struct rows *rows = NULL;
    int status = 0;
    for (int i = 0; i < plan->key_count; i++) {
        const struct span form = moved->keys[number]->keys[plan->keys[i]];
        buffer_text(&texts[i], "eq.");
        buffer_append(&texts[i], form.data, form.size);
        if (texts[i].failed)
            status = moved_no_memory(error);
        filters[i] = (struct parameter){
            span_of(plan->columns[plan->keys[i]].form.column->name), {texts[i].data, texts[i].size}, true};
    }
    const struct table_question question = {.limit = 2, .filters = filters, .filter_count = plan->key_count};
    if (status == 0)
        status = reader_table(reader, plan->table, &question, &rows, error);
    if (status == 0)
        sample_bind(&moved->sample, rows);
    while (status == 0 && (status = rows_next(rows, error)) == 1)
        status = !sample_read(&moved->sample, rows) ? moved_no_memory(error)
                                                    : moved_keep_mirror(moved, number, error);
    moved_free_parameters(&texts);
    return status;
}

// All rows, where they cannot be found by their key's form.
static int moved_look_at_all(struct moved *moved, struct reader *reader, struct error *error) {
    CLEANUP(buffer_free) struct buffer key = {0};
    const struct table_question question = {.limit = READ_LIMIT_ALL};
    struct rows *rows = NULL;
    int row;
    if (reader_table(reader, moved->plan->table, &question, &rows, error) != 0)
        return -1;
    sample_bind(&moved->sample, rows);
    while ((row = rows_next(rows, error)) == 1) {
        buffer_clear(&key);
        if (!sample_read_key(&moved->sample, rows))
            return moved_no_memory(error);
        sample_write_key(moved->plan, moved->sample.forms, &key);
        int number = key_map_find(&moved->map, (struct span){key.data, key.size});
        if (number < 0 || moved->keys[number]->state != MOVED_OPEN)
            continue;
        if (!sample_read(&moved->sample, rows))
            return moved_no_memory(error);
        if (moved_keep_mirror(moved, number, error) != 0)
            return -1;
    }
    return row;
}

static int moved_look(struct moved *moved, struct reader *reader, struct error *error) {
    struct position position;
    reader_set_deadline(reader, INT_MAX);
    if (reader_begin(reader, &position, error) != 0)
        return -1;
    moved->mirror_lsn = position.lsn;
    moved->position_known = position.transactional && position.lsn >= 0;
    int status = 0;
    for (int i = 0; i < moved->count; i++)
        if (moved->keys[i]->state == MOVED_OPEN) {
            free(moved->keys[i]->mirror);
            moved->keys[i]->mirror = NULL;
        }
    if (!moved->plan->literal_key)
        status = moved_look_at_all(moved, reader, error);
    for (int i = 0; moved->plan->literal_key && status == 0 && i < moved->count; i++)
        if (moved->keys[i]->state == MOVED_OPEN)
            status = moved_look_at(moved, reader, i, error);
    reader_end(reader);
    return status;
}

static int moved_count_open(const struct moved *moved) {
    int open = 0;
    for (int i = 0; i < moved->count; i++)
        open += moved->keys[i]->state == MOVED_OPEN;
    return open;
}

int moved_settle(struct moved *moved, struct postgres *postgres, struct reader *reader, int64_t until_ms,
                 bool (*stopped)(void *self, int ms), void *self, struct error *error) {
    if (moved->count > 0 && moved_write_sql(moved, error) != 0)
        return -1;
    while (moved_count_open(moved) > 0 && moved->samples < MOVED_SAMPLES_MAX) {
        if (moved_look(moved, reader, error) != 0 || moved_sample_source(moved, postgres, error) != 0)
            return -1;
        int64_t now_ms = clock_monotonic_ms();
        for (int i = 0; i < moved->count; i++)
            if (moved->keys[i]->state == MOVED_OPEN)
                moved_judge(moved, i, now_ms);
        if (now_ms > until_ms)
            break;
        if (moved_count_open(moved) > 0 && stopped(self, MOVED_LOOK_MS))
            return error_set(error, ERROR_TIMEOUT, "%s: interrupted", moved->plan->table->name);
    }
    for (int i = 0; i < moved->count; i++)
        moved_judge_last(moved, i);
    return 0;
}
