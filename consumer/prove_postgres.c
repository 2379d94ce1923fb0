#include "consumer/prove_postgres.h"

#include "consumer/consume.h"
#include "consumer/loading.h"
#include "consumer/postgres/report.h"
#include "consumer/stopper.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/engine/read.h"

#include <limits.h>
#include <stdio.h>

enum {
    PROVE_PASSES_MAX = 3,      // over a table of which more moves than is looked at by key
    PROVE_LATE_WAIT_MS = 1000, // of a table, once the mirror has not come to the source's position in --wait
};

struct prove_postgres {
    const struct options *options;
    struct catalog *catalog;
    struct postgres *postgres;
    struct reader *reader;
    struct stopper stopper;
    struct buffer filling;
    struct buffer out;
    bool digests;
    bool late;     // the mirror did not come to the source's position
    int differing; // tables
    int undecided;
    int64_t rows;
    const char *first_differing;
};

static void prove_postgres_done(struct prove_postgres *prove) {
    postgres_close(&prove->postgres);
    reader_free(&prove->reader);
    catalog_free(&prove->catalog);
    buffer_free(&prove->filling);
    buffer_free(&prove->out);
}

static bool prove_postgres_stopped(void *self, int ms) {
    struct prove_postgres *prove = self;
    return stopper_asked(&prove->stopper, ms);
}

static void prove_postgres_flush(struct prove_postgres *prove) {
    (void)fwrite(prove->out.data, 1, prove->out.size, stdout);
    (void)fflush(stdout);
    buffer_clear(&prove->out);
}

// --- what the file says of a table

struct prove_told {
    struct plan *plan;
    int quarantined;
    int64_t first;
};

static void prove_postgres_note_quarantined(void *self, int64_t id, struct span row_key) {
    struct prove_told *told = self;
    (void)row_key;
    if (told->quarantined++ == 0 || id < told->first)
        told->first = id;
}

static void prove_postgres_note_incomplete(void *self, const char *table, const char *reason) {
    struct prove_told *told = self;
    if (strcmp(table, told->plan->table->name) == 0)
        plan_note(told->plan, "older rows may be missing: %s", reason);
}

// Within a snapshot.
static int prove_postgres_note(struct prove_postgres *prove, struct plan *plan, struct error *error) {
    struct prove_told told = {.plan = plan};
    if (reader_quarantined_of(prove->reader, plan->table, prove_postgres_note_quarantined, &told, error) !=
            0 ||
        read_incomplete(prove->options->db, prove_postgres_note_incomplete, &told, error) != 0)
        return -1;
    if (told.quarantined > 0)
        plan_note(
            plan,
            "%d message%s of its rows wait%s in quarantine, the first is %lld: `tidemark quarantine show %lld --db FILE`",
            told.quarantined, told.quarantined == 1 ? "" : "s", told.quarantined == 1 ? "s" : "",
            (long long)told.first, (long long)told.first);
    return 0;
}

static int prove_postgres_plan(struct prove_postgres *prove, const struct table *table, struct plan *plan,
                               struct ranges_result *ranges, struct error *error) {
    struct position position;
    if (reader_begin(prove->reader, &position, error) != 0)
        return -1;
    buffer_clear(&prove->filling);
    buffer_append(&prove->filling, position.filling.data, position.filling.size);
    int status = reader_count_rows(prove->reader, table, &ranges->mirror_rows, error);
    reader_end(prove->reader);
    if (status != 0)
        return -1;
    const struct span filling = {prove->filling.data, prove->filling.size};
    if (plan_make(plan, prove->postgres, table, filling, error) != 0 ||
        reader_begin(prove->reader, &position, error) != 0)
        return -1;
    status = prove_postgres_note(prove, plan, error);
    reader_end(prove->reader);
    return status;
}

// --- one table

static int prove_postgres_visit(void *self, struct span key, const struct span *keys, struct span version,
                                const struct span *source, struct error *error) {
    return moved_add(self, key, keys, version, source, error);
}

// The position of the transaction's snapshot, which its first query takes.
static int prove_postgres_begin(struct prove_postgres *prove, int64_t *ret_lsn, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    char sql[256];
    (void)snprintf(sql, sizeof sql, "select %s", moved_lsn_sql);
    if (postgres_run(prove->postgres, "begin isolation level repeatable read read only", error) != 0 ||
        postgres_ask(prove->postgres, "PostgreSQL", sql, NULL, 0, &rows, error) != 0)
        return -1;
    *ret_lsn = postgres_integer(rows, 0, 0);
    return 0;
}

static int prove_postgres_pass(struct prove_postgres *prove, struct report_table *report, struct moved *moved,
                               struct ranges_result *ranges, struct error *error) {
    struct position position;
    const struct ranges_visitor visitor = {prove_postgres_visit, moved};
    if (prove_postgres_begin(prove, &report->source_lsn, error) != 0 ||
        moved_open(moved, report->plan, report->source_lsn, error) != 0)
        return -1;
    reader_set_deadline(prove->reader, INT_MAX);
    if (reader_begin(prove->reader, &position, error) != 0)
        return -1;
    report->mirror_lsn = position.lsn;
    int status =
        ranges_compare(report->plan, prove->postgres, prove->reader, prove->digests, &visitor, ranges, error);
    reader_end(prove->reader);
    if (status != 0 || postgres_run(prove->postgres, "commit", error) != 0)
        return -1;
    int64_t wait_ms = (int64_t)(prove->options->wait * 1000);
    if (prove->late && wait_ms > PROVE_LATE_WAIT_MS)
        wait_ms = PROVE_LATE_WAIT_MS;
    status = moved_settle(moved, prove->postgres, prove->reader, clock_monotonic_ms() + wait_ms,
                          prove_postgres_stopped, prove, error);
    prove->late = prove->late || (moved->count > 0 && moved->position_known && !moved->reached);
    return status;
}

static int prove_postgres_tell(struct prove_postgres *prove, const struct report_table *report,
                               struct error *error) {
    enum report_outcome outcome = report_outcome(report);
    prove->undecided += outcome == REPORT_UNDECIDED;
    prove->differing += outcome == REPORT_DIFFERENT;
    prove->rows += report->ranges->source_rows;
    if (outcome == REPORT_DIFFERENT && prove->first_differing == NULL)
        prove->first_differing = report->plan->table->name;
    if (!prove->options->json) {
        report_write_text(report, &prove->out);
    } else {
        buffer_text(&prove->out, report->plan->table->index > 0 ? "," : "");
        report_write_json(report, &prove->out);
    }
    if (prove->out.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    prove_postgres_flush(prove);
    return 0;
}

static int prove_postgres_table(struct prove_postgres *prove, const struct table *table,
                                struct error *error) {
    CLEANUP(plan_free) struct plan plan = {0};
    CLEANUP(moved_close) struct moved moved = {0};
    struct ranges_result ranges = {0};
    struct report_table report = {
        .plan = &plan, .ranges = &ranges, .moved = &moved, .source_lsn = -1, .mirror_lsn = -1};
    if (prove_postgres_plan(prove, table, &plan, &ranges, error) != 0)
        return -1;
    for (int pass = 1; plan.relation.data != NULL && pass <= PROVE_PASSES_MAX; pass++) {
        moved_close(&moved);
        if (prove_postgres_pass(prove, &report, &moved, &ranges, error) != 0)
            return -1;
        report_count_keys(&report);
        if (!ranges.more || report.different > 0 || report.open > 0)
            break;
    }
    report_explain(&report, &plan);
    return prove_postgres_tell(prove, &report, error);
}

// --- all of them

static const char prove_postgres_published[] =
    "select distinct p.schemaname, p.tablename from pg_publication_tables p join pg_namespace n on n.nspname = p.schemaname"
    " join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename where not c.relispartition order by 1, 2";

static bool prove_postgres_declares(const struct catalog *catalog, struct span schema, struct span relation) {
    for (int i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (span_is(relation, table->relation) && (table->schema == NULL || span_is(schema, table->schema)))
            return true;
    }
    return false;
}

// What is published and not mirrored is told once.
static int prove_postgres_tell_others(struct prove_postgres *prove, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    struct buffer *out = &prove->out;
    const char *before = prove->options->json ? "" : "published, and not in source.sql: ";
    if (postgres_ask(prove->postgres, "PostgreSQL", prove_postgres_published, NULL, 0, &rows, error) != 0)
        return -1;
    for (int i = 0; i < postgres_rows_count(rows); i++) {
        struct span schema = postgres_text(rows, i, 0), relation = postgres_text(rows, i, 1);
        char name[160];
        if (prove_postgres_declares(prove->catalog, schema, relation))
            continue;
        (void)snprintf(name, sizeof name, "%.*s.%.*s", (int)schema.size, schema.data, (int)relation.size,
                       relation.data);
        buffer_text(out, before);
        if (prove->options->json)
            buffer_json_string(out, span_of(name));
        else
            buffer_text(out, name);
        before = prove->options->json ? "," : ", ";
    }
    if (!prove->options->json && out->size > 0)
        buffer_char(out, '\n');
    return 0;
}

static int prove_postgres_tables(struct prove_postgres *prove, struct error *error) {
    bool json = prove->options->json;
    if (json)
        buffer_text(&prove->out, "{\"tables\":[");
    for (int i = 0; i < prove->catalog->table_count; i++)
        if (prove_postgres_table(prove, &prove->catalog->tables[i], error) != 0)
            return -1;
    buffer_text(&prove->out, json ? "],\"not_mirrored\":[" : "");
    if (prove_postgres_tell_others(prove, error) != 0)
        return -1;
    enum report_outcome outcome = prove->differing > 0   ? REPORT_DIFFERENT
                                  : prove->undecided > 0 ? REPORT_UNDECIDED
                                                         : REPORT_EQUAL;
    if (json)
        buffer_format(&prove->out, "],\"result\":\"%s\"}\n", report_outcome_name(outcome));
    else
        buffer_format(&prove->out, "%s: %d tables, %lld rows of PostgreSQL %d, database %s\n",
                      report_outcome_name(outcome), prove->catalog->table_count, (long long)prove->rows,
                      postgres_version(prove->postgres) / 10000, postgres_database(prove->postgres));
    prove_postgres_flush(prove);
    return 0;
}

static int prove_postgres_open(struct prove_postgres *prove, struct error *error) {
    const struct options *options = prove->options;
    stopper_init(&prove->stopper, 0);
    if (postgres_open(&prove->postgres, options->postgres, error) != 0 ||
        loading_served(options, &prove->catalog, error) != 0 ||
        ranges_probe(prove->postgres, &prove->digests, error) != 0 ||
        reader_open(&prove->reader, options->db, prove->catalog, error) != 0)
        return -1;
    if (!prove->digests)
        log_event(
            LEVEL_WARN, "prove", NULL,
            "the server's hash is another than PostgreSQL's of UTF-8 on little-endian machines: all rows are fetched");
    return 0;
}

int prove_postgres(const struct options *options, struct error *error) {
    CLEANUP(prove_postgres_done) struct prove_postgres prove = {.options = options};
    int status = prove_postgres_open(&prove, error);
    if (status == 0)
        status = prove_postgres_tables(&prove, error);
    if (status != 0 && error->kind == ERROR_USAGE)
        return -1;
    if (status != 0) {
        log_event(LEVEL_ERROR, "prove", NULL, "nothing is proven: %s", error->message);
        return CONSUME_HALTED;
    }
    if (prove.differing > 0)
        return error_set(error, ERROR_INPUT, "%d table%s differ%s from the source, the first is %s",
                         prove.differing, prove.differing == 1 ? "" : "s", prove.differing == 1 ? "s" : "",
                         prove.first_differing);
    if (prove.undecided == 0)
        return 0;
    log_event(LEVEL_ERROR, "prove", NULL, "not all is proven: %d table%s undecided", prove.undecided,
              prove.undecided == 1 ? " is" : "s are");
    return CONSUME_HALTED;
}
