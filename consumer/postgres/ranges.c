#include "consumer/postgres/ranges.h"

#include "consumer/postgres/key_map.h"
#include "consumer/postgres/same.h"
#include "consumer/postgres/source_hash.h"
#include "views/base/cleanup.h"
#include "views/base/real.h"

#include <stdio.h>
#include <stdlib.h>

struct range {
    int64_t rows[2]; // the mirror's, the source's
    __int128 sums[2];
};

struct ranges {
    const struct plan *plan;
    struct postgres *postgres;
    struct reader *reader;
    const struct ranges_visitor *visitor;
    struct ranges_result *result;
    struct sample sample;
    bool digests;
    bool by_key;
    int64_t *bounds; // by_key: where each range but the first begins
    struct range *ranges;
    bool *wanted; // those whose rows are fetched now
    int count;    // a power of two where they are shares of hashes
};

static void ranges_done(struct ranges *ranges) {
    sample_close(&ranges->sample);
    free(ranges->bounds);
    free(ranges->ranges);
    free(ranges->wanted);
}

static int ranges_no_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

int ranges_probe(struct postgres *postgres, bool *ret, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    static const char text[] = "from the first letter to the last, \xc3\xa4\xe2\x82\xac";
    const char *parameters[] = {text};
    if (postgres_ask(
            postgres, "PostgreSQL",
            "select hashtextextended(left($1::text, n) collate \"C\", n * 7777777777 - 99), octet_length(left($1, "
            "n)), current_setting('server_encoding') from generate_series(0, length($1)) n",
            parameters, 1, &rows, error) != 0)
        return -1;
    *ret = true;
    for (int i = 0; i < postgres_rows_count(rows); i++) {
        struct span part = {text, (size_t)postgres_integer(rows, i, 1)};
        *ret = *ret && postgres_is(rows, i, 2, "UTF8") &&
               postgres_integer(rows, i, 0) == source_hash(part, i * 7777777777 - 99);
    }
    return 0;
}

// --- the ranges

static int ranges_ask(struct ranges *ranges, struct span select, const struct parameter *filters, int count,
                      struct rows **ret, struct error *error) {
    const struct table_question question = {
        .limit = READ_LIMIT_ALL, .select = select, .filters = filters, .filter_count = count};
    if (reader_table(ranges->reader, ranges->plan->table, &question, ret, error) != 0)
        return -1;
    sample_bind(&ranges->sample, *ret);
    return 0;
}

// The key of every so many of the mirror's rows, which come in its order.
static int ranges_take_bounds(struct ranges *ranges, int64_t step, struct error *error) {
    CLEANUP(buffer_free) struct buffer select = {0};
    struct rows *rows = NULL;
    struct cell cell;
    int row;
    const struct column *key = ranges->plan->columns[ranges->plan->keys[0]].form.column;
    buffer_quoted(&select, span_of(key->name));
    if (select.failed ||
        ranges_ask(ranges, (struct span){select.data, select.size}, NULL, 0, &rows, error) != 0)
        return select.failed ? ranges_no_memory(error) : -1;
    for (int64_t at = 0; (row = rows_next(rows, error)) == 1; at++) {
        if (at == 0 || at % step != 0 || ranges->count == RANGES_MAX)
            continue;
        rows_cell(rows, 0, &cell);
        ranges->bounds[ranges->count - 1] = cell.integer;
        ranges->count++;
    }
    return row;
}

static int ranges_lay_out(struct ranges *ranges, struct error *error) {
    int64_t rows = 0;
    ranges->by_key = ranges->plan->integer_key;
    ranges->bounds = calloc(RANGES_MAX, sizeof *ranges->bounds);
    ranges->ranges = calloc(RANGES_MAX, sizeof *ranges->ranges);
    ranges->wanted = calloc(RANGES_MAX, sizeof *ranges->wanted);
    if (ranges->bounds == NULL || ranges->ranges == NULL || ranges->wanted == NULL)
        return ranges_no_memory(error);
    if (reader_count_rows(ranges->reader, ranges->plan->table, &rows, error) != 0)
        return -1;
    ranges->count = 1;
    if (ranges->by_key)
        return ranges_take_bounds(
            ranges, rows / RANGES_MAX > RANGES_ROWS ? rows / RANGES_MAX + 1 : RANGES_ROWS, error);
    if (ranges->plan->estimate > rows)
        rows = ranges->plan->estimate;
    // a share is the server's hash
    while (ranges->digests && ranges->count < RANGES_MAX && ranges->count < rows / RANGES_ROWS)
        ranges->count *= 2;
    return 0;
}

// As width_bucket: how many bounds are not above it.
static int ranges_of_key(const struct ranges *ranges, int64_t key) {
    int low = 0, high = ranges->count - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (key < ranges->bounds[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

// The range of the row that the sample has read.
static int ranges_of_row(const struct ranges *ranges) {
    int64_t key;
    if (!ranges->by_key)
        return (int)((uint64_t)sample_hash(&ranges->sample, true) & (uint64_t)(ranges->count - 1));
    return integer_parse(ranges->sample.forms[ranges->plan->keys[0]], &key) ? ranges_of_key(ranges, key) : 0;
}

static void ranges_write_number(const struct ranges *ranges, struct buffer *sql) {
    const struct plan *plan = ranges->plan;
    struct span key = plan->columns[plan->keys[0]].quoted;
    if (!ranges->by_key) {
        buffer_char(sql, '(');
        sample_write_hash(plan, true, sql);
        buffer_format(sql, " & %d)::int", ranges->count - 1);
        return;
    }
    buffer_format(sql, "width_bucket(%.*s::int8, $1::int8[])", (int)key.size, key.data);
}

static void ranges_write_bounds(const struct ranges *ranges, struct buffer *out) {
    buffer_char(out, '{');
    for (int i = 0; ranges->by_key && i < ranges->count - 1; i++)
        buffer_format(out, "%s%lld", i > 0 ? "," : "", (long long)ranges->bounds[i]);
    buffer_append(out, "}", 2);
}

// --- digests

static int ranges_send_digests(struct ranges *ranges, struct error *error) {
    CLEANUP(buffer_free) struct buffer sql = {0};
    CLEANUP(buffer_free) struct buffer bounds = {0};
    const struct plan *plan = ranges->plan;
    buffer_text(&sql, "select ");
    ranges_write_number(ranges, &sql);
    buffer_text(&sql, ", count(*), sum(");
    sample_write_hash(plan, false, &sql);
    buffer_format(&sql, ") from %.*s where $1::int8[] is not null group by 1", (int)plan->relation.size,
                  plan->relation.data);
    buffer_char(&sql, '\0');
    ranges_write_bounds(ranges, &bounds);
    if (sql.failed || bounds.failed)
        return ranges_no_memory(error);
    const char *parameters[] = {bounds.data};
    return postgres_send(ranges->postgres, plan->table->name, sql.data, parameters, 1, error);
}

static int ranges_digest_mirror(struct ranges *ranges, struct error *error) {
    struct rows *rows = NULL;
    int row;
    if (ranges_ask(ranges, (struct span){0}, NULL, 0, &rows, error) != 0)
        return -1;
    while ((row = rows_next(rows, error)) == 1) {
        if (!sample_read(&ranges->sample, rows))
            return ranges_no_memory(error);
        struct range *range = &ranges->ranges[ranges_of_row(ranges)];
        range->rows[0]++;
        range->sums[0] += sample_hash(&ranges->sample, false);
        ranges->result->mirror_rows++;
    }
    return row;
}

static __int128 ranges_parse_sum(struct span text) {
    __int128 sum = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    for (size_t i = negative; i < text.size; i++)
        sum = sum * 10 + (text.data[i] - '0');
    return negative ? -sum : sum;
}

static int ranges_digest(struct ranges *ranges, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    if (ranges_send_digests(ranges, error) != 0)
        return -1;
    // the server's answer is taken in any case: the connection is of use only then
    struct error ours;
    int status = ranges_digest_mirror(ranges, &ours);
    if (postgres_await(ranges->postgres, ranges->plan->table->name, &rows, error) != 0)
        return -1;
    if (status != 0)
        return error_set(error, ours.kind, "%s", ours.message);
    for (int i = 0; i < postgres_rows_count(rows); i++) {
        int64_t number = postgres_integer(rows, i, 0);
        if (number < 0 || number >= ranges->count)
            return error_set(error, ERROR_STORE, "%s: the source answered with a range that there is not",
                             ranges->plan->table->name);
        struct range *range = &ranges->ranges[number];
        int64_t count = postgres_integer(rows, i, 1);
        __int128 sum = ranges_parse_sum(postgres_text(rows, i, 2));
        range->rows[1] += count; // a key that is NULL is of no range, and told as of the first
        range->sums[1] += sum;
        ranges->result->source_rows += count;
        ranges->result->digest += (uint64_t)sum;
    }
    return 0;
}

static bool ranges_differs(const struct range *range) {
    return range->rows[0] != range->rows[1] || range->sums[0] != range->sums[1];
}

// --- rows of ranges that differ

// The wanted ranges as conditions on the key, so that an index serves: neighbours are one.
static void ranges_write_spans(const struct ranges *ranges, struct buffer *sql) {
    struct span key = ranges->plan->columns[ranges->plan->keys[0]].quoted;
    const char *either = "";
    for (int i = 0; i < ranges->count; i++) {
        if (!ranges->wanted[i])
            continue;
        int end = i;
        while (end + 1 < ranges->count && ranges->wanted[end + 1])
            end++;
        buffer_format(sql, "%s(true", either);
        if (i > 0)
            buffer_format(sql, " and %.*s >= %lld", (int)key.size, key.data,
                          (long long)ranges->bounds[i - 1]);
        if (end < ranges->count - 1)
            buffer_format(sql, " and %.*s < %lld", (int)key.size, key.data, (long long)ranges->bounds[end]);
        buffer_char(sql, ')');
        either = " or ";
        i = end;
    }
}

static void ranges_write_shares(const struct ranges *ranges, struct buffer *sql) {
    ranges_write_number(ranges, sql);
    buffer_text(sql, " = any('{");
    const char *comma = "";
    for (int i = 0; i < ranges->count; i++)
        if (ranges->wanted[i]) {
            buffer_format(sql, "%s%d", comma, i);
            comma = ",";
        }
    buffer_text(sql, "}')");
}

static int ranges_fetch(struct ranges *ranges, struct postgres_rows **ret, struct error *error) {
    CLEANUP(buffer_free) struct buffer sql = {0};
    const struct plan *plan = ranges->plan;
    buffer_text(&sql, "select ");
    sample_write_columns(plan, &sql);
    buffer_format(&sql, " from %.*s t where ", (int)plan->relation.size, plan->relation.data);
    if (ranges->by_key)
        ranges_write_spans(ranges, &sql);
    else
        ranges_write_shares(ranges, &sql);
    buffer_char(&sql, '\0');
    if (sql.failed)
        return ranges_no_memory(error);
    return postgres_ask(ranges->postgres, plan->table->name, sql.data, NULL, 0, ret, error);
}

// What was fetched, by key.
struct fetched {
    struct ranges *ranges;
    struct postgres_rows *rows;
    struct key_map map; // numbers are rows' unless a key comes twice
    int *row_of;
    bool *matched;
    struct span *forms;
    struct buffer key;
};

static void ranges_free_fetched(struct fetched *fetched) {
    postgres_rows_free(&fetched->rows);
    key_map_free(&fetched->map);
    free(fetched->row_of);
    free(fetched->matched);
    free(fetched->forms);
    buffer_free(&fetched->key);
}

static void ranges_read_fetched(struct fetched *fetched, int row) {
    for (int i = 0; i < fetched->ranges->plan->column_count; i++)
        fetched->forms[i] = postgres_text(fetched->rows, row, SAMPLE_FORMS + i);
}

static struct span ranges_key(struct fetched *fetched, const struct span *forms) {
    buffer_clear(&fetched->key);
    sample_write_key(fetched->ranges->plan, forms, &fetched->key);
    return (struct span){fetched->key.data, fetched->key.size};
}

static int ranges_tell(struct fetched *fetched, const struct span *keys, struct span version,
                       const struct span *source, struct error *error) {
    struct ranges *ranges = fetched->ranges;
    if (ranges->result->found >= RANGES_FOUND_MAX) {
        ranges->result->more = true;
        return 0;
    }
    struct span key = ranges_key(fetched, keys);
    if (fetched->key.failed)
        return ranges_no_memory(error);
    ranges->result->found++;
    return ranges->visitor->visit(ranges->visitor->self, key, keys, version, source, error);
}

// It finds no row, here or there.
static bool ranges_key_is_null(const struct fetched *fetched) {
    const struct plan *plan = fetched->ranges->plan;
    for (int i = 0; i < plan->key_count; i++)
        if (fetched->forms[plan->keys[i]].data == NULL)
            return true;
    return false;
}

static int ranges_index(struct fetched *fetched, struct error *error) {
    int count = postgres_rows_count(fetched->rows);
    fetched->row_of = calloc((size_t)count + 1, sizeof *fetched->row_of);
    fetched->matched = calloc((size_t)count + 1, sizeof *fetched->matched);
    fetched->forms = calloc((size_t)fetched->ranges->plan->column_count + 1, sizeof *fetched->forms);
    if (fetched->row_of == NULL || fetched->matched == NULL || fetched->forms == NULL)
        return ranges_no_memory(error);
    for (int i = 0; i < count; i++) {
        ranges_read_fetched(fetched, i);
        if (ranges_key_is_null(fetched))
            continue;
        int keys = fetched->map.count;
        int number = key_map_add(&fetched->map, ranges_key(fetched, fetched->forms));
        if (number < 0 || fetched->key.failed)
            return ranges_no_memory(error);
        fetched->ranges->result->duplicates += fetched->map.count == keys;
        fetched->row_of[number] = i;
    }
    fetched->ranges->result->fetched += count;
    return 0;
}

static bool ranges_same_row(const struct plan *plan, const struct span *source, const struct span *mirror) {
    for (int i = 0; i < plan->column_count; i++)
        if (!same_value(&plan->columns[i].form, source[i], mirror[i]))
            return false;
    return true;
}

// A row of the mirror in one of the wanted ranges.
static int ranges_match(struct fetched *fetched, struct error *error) {
    struct ranges *ranges = fetched->ranges;
    const struct span *mirror = ranges->sample.forms;
    int number = key_map_find(&fetched->map, ranges_key(fetched, mirror));
    if (number < 0) {
        ranges->result->uncounted++;
        return ranges_tell(fetched, mirror, (struct span){0}, NULL, error);
    }
    fetched->matched[number] = true;
    ranges_read_fetched(fetched, fetched->row_of[number]);
    if (ranges_same_row(ranges->plan, fetched->forms, mirror))
        return 0;
    struct span version = postgres_text(fetched->rows, fetched->row_of[number], SAMPLE_VERSION);
    return ranges_tell(fetched, mirror, version, fetched->forms, error);
}

static int ranges_match_rows(struct fetched *fetched, struct rows *rows, struct error *error) {
    struct ranges *ranges = fetched->ranges;
    int row;
    while ((row = rows_next(rows, error)) == 1 && !ranges->result->more) {
        if (!sample_read_key(&ranges->sample, rows))
            return ranges_no_memory(error);
        if (!ranges->wanted[ranges_of_row(ranges)])
            continue;
        if (!sample_read(&ranges->sample, rows))
            return ranges_no_memory(error);
        if (ranges_match(fetched, error) != 0)
            return -1;
    }
    return row < 0 ? -1 : 0;
}

// With an integer key only the keys from the first wanted range to the last are read.
static int ranges_ask_wanted(struct ranges *ranges, struct rows **ret, struct error *error) {
    char texts[2][32];
    struct parameter filters[2];
    int count = 0, first = 0, last = ranges->count - 1;
    if (!ranges->by_key)
        return ranges_ask(ranges, (struct span){0}, NULL, 0, ret, error);
    const struct column *key = ranges->plan->columns[ranges->plan->keys[0]].form.column;
    while (!ranges->wanted[first])
        first++;
    while (!ranges->wanted[last])
        last--;
    if (first > 0)
        (void)snprintf(texts[count++], sizeof *texts, "gte.%lld", (long long)ranges->bounds[first - 1]);
    if (last < ranges->count - 1)
        (void)snprintf(texts[count++], sizeof *texts, "lt.%lld", (long long)ranges->bounds[last]);
    for (int i = 0; i < count; i++)
        filters[i] = (struct parameter){span_of(key->name), span_of(texts[i]), true};
    return ranges_ask(ranges, (struct span){0}, filters, count, ret, error);
}

static int ranges_compare_wanted(struct ranges *ranges, struct error *error) {
    CLEANUP(ranges_free_fetched) struct fetched fetched = {.ranges = ranges};
    struct rows *rows = NULL;
    if (ranges_fetch(ranges, &fetched.rows, error) != 0 || ranges_index(&fetched, error) != 0 ||
        ranges_ask_wanted(ranges, &rows, error) != 0 || ranges_match_rows(&fetched, rows, error) != 0)
        return -1;
    for (int i = 0; i < fetched.map.count; i++) {
        if (fetched.matched[i])
            continue;
        ranges->result->uncounted--;
        ranges_read_fetched(&fetched, fetched.row_of[i]);
        struct span version = postgres_text(fetched.rows, fetched.row_of[i], SAMPLE_VERSION);
        if (ranges_tell(&fetched, fetched.forms, version, fetched.forms, error) != 0)
            return -1;
    }
    return 0;
}

// The ranges that differ, as many at a time as may be held.
static int ranges_compare_rows(struct ranges *ranges, struct error *error) {
    int64_t held = 0;
    bool any = false;
    for (int i = 0; i <= ranges->count && !ranges->result->more; i++) {
        bool differs = i < ranges->count && ranges_differs(&ranges->ranges[i]);
        if (any &&
            (i == ranges->count || (differs && held + ranges->ranges[i].rows[1] > RANGES_FETCHED_MAX))) {
            if (ranges_compare_wanted(ranges, error) != 0)
                return -1;
            memset(ranges->wanted, 0, (size_t)ranges->count * sizeof *ranges->wanted);
            held = 0;
            any = false;
        }
        if (!differs)
            continue;
        ranges->wanted[i] = any = true;
        held += ranges->ranges[i].rows[1];
    }
    return 0;
}

// Without digests each range differs.
static int ranges_count_only(struct ranges *ranges, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    CLEANUP(buffer_free) struct buffer sql = {0};
    const struct plan *plan = ranges->plan;
    buffer_format(&sql, "select count(*) from %.*s", (int)plan->relation.size, plan->relation.data);
    buffer_char(&sql, '\0');
    if (sql.failed)
        return ranges_no_memory(error);
    if (postgres_ask(ranges->postgres, plan->table->name, sql.data, NULL, 0, &rows, error) != 0 ||
        reader_count_rows(ranges->reader, plan->table, &ranges->result->mirror_rows, error) != 0)
        return -1;
    ranges->result->source_rows = postgres_integer(rows, 0, 0);
    for (int i = 0; i < ranges->count; i++)
        ranges->ranges[i] = (struct range){.rows = {-1, RANGES_ROWS}};
    return 0;
}

int ranges_compare(const struct plan *plan, struct postgres *postgres, struct reader *reader, bool digests,
                   const struct ranges_visitor *visitor, struct ranges_result *ret, struct error *error) {
    *ret = (struct ranges_result){0};
    CLEANUP(ranges_done)
    struct ranges ranges = {.plan = plan,
                            .postgres = postgres,
                            .reader = reader,
                            .visitor = visitor,
                            .result = ret,
                            .digests = digests};
    if (sample_open(&ranges.sample, plan, error) != 0 || ranges_lay_out(&ranges, error) != 0)
        return -1;
    ret->ranges = ranges.count;
    if ((digests ? ranges_digest(&ranges, error) : ranges_count_only(&ranges, error)) != 0)
        return -1;
    if (ranges_compare_rows(&ranges, error) != 0)
        return -1;
    ret->uncounted += ret->source_rows - ret->mirror_rows - ret->duplicates;
    return 0;
}
