#include "consumer/postgres/report.h"

#include "consumer/postgres/same.h"
#include "views/base/utf8.h"
#include "views/engine/line_name.h"

enum { REPORT_VALUE_MAX = 60 }; // bytes of a value that people are shown

void report_write_lsn(int64_t lsn, struct buffer *out) {
    if (lsn < 0)
        buffer_text(out, "null");
    else
        buffer_format(out, "%X/%X", (unsigned)((uint64_t)lsn >> 32), (unsigned)lsn);
}

const char *report_outcome_name(enum report_outcome outcome) {
    static const char *const names[] = {"equal", "undecided", "different"};
    return names[outcome];
}

static const struct moved_version *report_newest(const struct moved_key *key) {
    return &key->versions[key->version_count - 1];
}

static bool report_column_differs(const struct plan *plan, const struct moved_key *key, int column) {
    const struct span *source = report_newest(key)->forms;
    return source != NULL && key->mirror != NULL &&
           !same_value(&plan->columns[column].form, source[column], key->mirror[column]);
}

// What decimal.handling.mode=precise has no bytes for.
static bool report_is_special(const struct form *form, struct span source) {
    return form->kind == FORM_NUMERIC &&
           (span_is(source, "NaN") || span_is(source, "Infinity") || span_is(source, "-Infinity"));
}

// What all the differences of a column have in common tells why.
static void report_explain_column(const struct moved *moved, struct plan *plan, int column) {
    int differ = 0, missing = 0, cut = 0, special = 0, hidden = 0;
    const struct form *form = &plan->columns[column].form;
    for (int i = 0; i < moved->count; i++) {
        const struct moved_key *key = moved->keys[i];
        if (key->state != MOVED_DIFFERENT || !report_column_differs(plan, key, column))
            continue;
        struct span source = report_newest(key)->forms[column];
        differ++;
        missing += key->mirror[column].data == NULL;
        cut += same_to_the_millisecond(form, source, key->mirror[column]);
        special += report_is_special(form, source);
        hidden += source.data == NULL;
    }
    const char *name = form->column->name;
    if (differ > 0 && missing == differ && special == differ)
        plan_note(
            plan,
            "%s is NULL in the mirror where the source has NaN or an infinity: decimal.handling.mode=precise sends "
            "these as null, string as they are",
            name);
    else if (differ > 0 && hidden == differ)
        plan_note(
            plan,
            "%s is NULL at the source wherever it differs: where the mirror has its default, "
            "replace.null.with.default is not false at the value.converter (and at ExtractNewRecordState)",
            name);
    else if (differ > 0 && missing == differ)
        plan_note(
            plan,
            "%s is NULL in the mirror wherever it differs: its value never came (unchanged TOAST without replica "
            "identity full, or events lack the column: column.exclude.list); an incremental snapshot brings it, "
            "`-- tidemark: ignore %s.%s` leaves it out",
            name, line_name_table(plan->table->name).text, line_name_column(name).text);
    else if (differ > 0 && cut == differ)
        plan_note(
            plan,
            "%s differs in nothing but what is below the millisecond: where the connector's time.precision.mode is "
            "connect, say `-- tidemark: time %s = connect`",
            name, line_name_table(plan->table->name).text);
}

// Whether one row of the source, and one of the mirror's, are one whose key came cut: *ret_column is one that was.
static bool report_is_cut_key(const struct plan *plan, const struct span *source, const struct span *mirror,
                              int *ret_column) {
    bool cut = false;
    for (int i = 0; i < plan->key_count; i++) {
        int column = plan->keys[i];
        const struct form *form = &plan->columns[column].form;
        if (same_value(form, source[column], mirror[column]))
            continue;
        if (!same_to_the_millisecond(form, source[column], mirror[column]))
            return false;
        cut = true;
        *ret_column = column;
    }
    return cut;
}

// A row that only the source has is looked for among those that only the mirror has: RANGES_FOUND_MAX of both.
static void report_explain_keys(const struct moved *moved, struct plan *plan) {
    int column;
    for (int i = 0; i < moved->count; i++) {
        const struct moved_key *left = moved->keys[i];
        if (left->state != MOVED_DIFFERENT || report_newest(left)->forms == NULL || left->mirror != NULL)
            continue;
        for (int k = 0; k < moved->count; k++) {
            const struct moved_key *right = moved->keys[k];
            if (right->state != MOVED_DIFFERENT || report_newest(right)->forms != NULL ||
                right->mirror == NULL || !report_is_cut_key(plan, left->keys, right->mirror, &column))
                continue;
            plan_note(
                plan,
                "%s of its key comes in whole milliseconds, so that rows of the source are found under no "
                "key: where the connector's time.precision.mode is connect, say `-- tidemark: time %s = connect`",
                plan->columns[column].form.column->name, line_name_table(plan->table->name).text);
            return;
        }
    }
}

void report_count_keys(struct report_table *report) {
    report->different = report->open = report->moved_meanwhile = 0;
    for (int i = 0; i < report->moved->count; i++) {
        enum moved_state state = report->moved->keys[i]->state;
        report->different += state == MOVED_DIFFERENT;
        report->open += state == MOVED_OPEN;
        report->moved_meanwhile += state == MOVED_EQUAL;
    }
}

void report_explain(const struct report_table *report, struct plan *plan) {
    for (int i = 0; i < plan->column_count; i++)
        report_explain_column(report->moved, plan, i);
    report_explain_keys(report->moved, plan);
    if (report->ranges->duplicates > 0)
        plan_note(plan,
                  "the source has rows with the same key, and the mirror keeps one of each: %lld were seen",
                  (long long)report->ranges->duplicates);
    if (!report->ranges->more && report->ranges->uncounted != 0)
        plan_note(
            plan,
            "the source has %lld rows and the mirror %lld, and no key tells which: a column of its key may be "
            "NULL there",
            (long long)report->ranges->source_rows, (long long)report->ranges->mirror_rows);
}

enum report_outcome report_outcome(const struct report_table *report) {
    if (report->different > 0 ||
        (report->plan->unproven && report->source_lsn < 0 && report->ranges->mirror_rows > 0))
        return REPORT_DIFFERENT;
    if (report->open > 0 || report->ranges->more || report->ranges->duplicates > 0 ||
        report->ranges->uncounted != 0 || report->plan->unproven)
        return REPORT_UNDECIDED;
    return REPORT_EQUAL;
}

// --- text

static void report_write_value(struct span value, struct buffer *out) {
    if (value.data == NULL) {
        buffer_text(out, "NULL");
        return;
    }
    const size_t size = utf8_fit(value.data, value.size, REPORT_VALUE_MAX);
    buffer_char(out, '\'');
    for (size_t i = 0; i < size; i++)
        buffer_char(out, (unsigned char)value.data[i] < ' ' ? ' ' : value.data[i]);
    buffer_text(out, size < value.size ? "..'" : "'");
}

static void report_write_key(const struct plan *plan, const struct moved_key *key, struct buffer *out) {
    for (int i = 0; i < plan->key_count; i++) {
        struct span form = key->keys[plan->keys[i]];
        buffer_format(out, "%s%s=", i > 0 ? " " : "", plan->columns[plan->keys[i]].form.column->name);
        buffer_append(out, form.data, utf8_fit(form.data, form.size, REPORT_VALUE_MAX));
    }
}

static void report_write_difference(const struct plan *plan, const struct moved_key *key,
                                    struct buffer *out) {
    const struct span *source = report_newest(key)->forms;
    const char *comma = "";
    buffer_text(out, "  ");
    report_write_key(plan, key, out);
    buffer_text(out, ": ");
    if (key->state == MOVED_OPEN)
        buffer_text(out, "undecided: ");
    if (source == NULL || key->mirror == NULL) {
        buffer_text(out, source == NULL && key->mirror == NULL ? "on neither side"
                         : source == NULL                      ? "the source has no such row\n"
                                                               : "not in the mirror\n");
        return;
    }
    for (int i = 0; i < plan->column_count; i++) {
        if (!report_column_differs(plan, key, i))
            continue;
        buffer_format(out, "%s%s is ", comma, plan->columns[i].form.column->name);
        report_write_value(key->mirror[i], out);
        buffer_text(out, ", the source has ");
        report_write_value(source[i], out);
        comma = "; ";
    }
    buffer_char(out, '\n');
}

static void report_write_counts(const struct report_table *report, struct buffer *out) {
    const struct ranges_result *ranges = report->ranges;
    const char *atleast = ranges->more ? " or more" : "";
    buffer_format(out, "%-20s %10lld rows  digest %016llx  %d%s difference%s", report->plan->table->name,
                  (long long)ranges->source_rows, (unsigned long long)ranges->digest, report->different,
                  atleast, report->different == 1 ? "" : "s");
    if (report->moved_meanwhile > 0)
        buffer_format(out, ", %d row%s moved meanwhile and %s compared by key", report->moved_meanwhile,
                      report->moved_meanwhile == 1 ? "" : "s", report->moved_meanwhile == 1 ? "was" : "were");
    if (report->open > 0)
        buffer_format(out, ", %d undecided", report->open);
    buffer_text(out, "; source ");
    report_write_lsn(report->source_lsn, out);
    buffer_text(out, ", mirror ");
    report_write_lsn(report->mirror_lsn, out);
    buffer_char(out, '\n');
}

static void report_write_open(const struct report_table *report, struct buffer *out) {
    if (report->different > 0 && !report->moved->position_known)
        buffer_text(
            out,
            "  the mirror has no position (its first snapshot is not over, or the source sends no transaction "
            "metadata): that is how these rows were as long as they were looked at\n");
    if (report->open == 0)
        return;
    if (report->moved->position_known && !report->moved->reached) {
        buffer_text(out, "  the mirror stands at ");
        report_write_lsn(report->moved->mirror_lsn, out);
        buffer_text(out, " and did not come to the source's ");
        report_write_lsn(report->source_lsn, out);
        buffer_text(out,
                    ": is its connector running? An idle source needs heartbeat.action.query to move it\n");
    } else {
        buffer_text(
            out,
            "  rows that change faster than they can be looked at on both sides: try again, or --wait longer\n");
    }
}

void report_write_text(const struct report_table *report, struct buffer *out) {
    const struct moved *moved = report->moved;
    if (report->source_lsn < 0)
        buffer_format(out, "%-20s not compared\n", report->plan->table->name);
    else
        report_write_counts(report, out);
    int shown = 0;
    for (int i = 0; i < moved->count && shown < REPORT_KEYS_MAX; i++)
        if (moved->keys[i]->state != MOVED_EQUAL) {
            report_write_difference(report->plan, moved->keys[i], out);
            shown++;
        }
    if (report->different + report->open > shown)
        buffer_format(out, "  .. and %d more\n", report->different + report->open - shown);
    report_write_open(report, out);
    for (int i = 0; i < report->plan->note_count; i++)
        buffer_format(out, "  %s\n", report->plan->notes[i]);
}

// --- JSON

static void report_write_json_lsn(const char *name, int64_t lsn, struct buffer *out) {
    buffer_format(out, "\"%s\":%s", name, lsn < 0 ? "" : "\"");
    report_write_lsn(lsn, out);
    buffer_text(out, lsn < 0 ? "" : "\"");
}

static void report_write_json_value(struct span value, struct buffer *out) {
    if (value.data == NULL)
        buffer_text(out, "null");
    else
        buffer_json_string(out, value);
}

static void report_write_json_columns(const struct plan *plan, const struct moved_key *key,
                                      struct buffer *out) {
    const char *comma = "";
    buffer_text(out, ",\"columns\":[");
    for (int i = 0; i < plan->column_count; i++) {
        if (!report_column_differs(plan, key, i))
            continue;
        buffer_format(out, "%s{\"column\":", comma);
        buffer_json_string(out, span_of(plan->columns[i].form.column->name));
        buffer_text(out, ",\"mirror\":");
        report_write_json_value(key->mirror[i], out);
        buffer_text(out, ",\"source\":");
        report_write_json_value(report_newest(key)->forms[i], out);
        buffer_char(out, '}');
        comma = ",";
    }
    buffer_char(out, ']');
}

static void report_write_json_key(const struct plan *plan, const struct moved_key *key, struct buffer *out) {
    buffer_text(out, "{\"key\":{");
    for (int i = 0; i < plan->key_count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        buffer_json_string(out, span_of(plan->columns[plan->keys[i]].form.column->name));
        buffer_char(out, ':');
        report_write_json_value(key->keys[plan->keys[i]], out);
    }
    buffer_format(out, "},\"what\":\"%s\"",
                  report_newest(key)->forms == NULL ? "extra"
                  : key->mirror == NULL             ? "missing"
                                                    : "columns");
    report_write_json_columns(plan, key, out);
    buffer_text(out, key->state == MOVED_OPEN ? ",\"decided\":false}" : ",\"decided\":true}");
}

void report_write_json(const struct report_table *report, struct buffer *out) {
    const struct ranges_result *ranges = report->ranges;
    const char *comma = "";
    buffer_text(out, "{\"table\":");
    buffer_json_string(out, span_of(report->plan->table->name));
    buffer_format(
        out, ",\"result\":\"%s\",\"compared\":%s,\"rows\":%lld,\"digest\":\"%016llx\",\"differences\":%d,",
        report_outcome_name(report_outcome(report)), report->source_lsn < 0 ? "false" : "true",
        (long long)ranges->source_rows, (unsigned long long)ranges->digest, report->different);
    buffer_format(out, "\"more\":%s,\"undecided\":%d,\"moved\":%d,\"ranges\":%lld,\"fetched\":%lld,",
                  ranges->more ? "true" : "false", report->open, report->moved_meanwhile,
                  (long long)ranges->ranges, (long long)ranges->fetched);
    report_write_json_lsn("source_lsn", report->source_lsn, out);
    buffer_char(out, ',');
    report_write_json_lsn("mirror_lsn", report->mirror_lsn, out);
    buffer_text(out, ",\"keys\":[");
    for (int i = 0; i < report->moved->count; i++)
        if (report->moved->keys[i]->state != MOVED_EQUAL) {
            buffer_text(out, comma);
            report_write_json_key(report->plan, report->moved->keys[i], out);
            comma = ",";
        }
    buffer_text(out, "],\"notes\":[");
    for (int i = 0; i < report->plan->note_count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        buffer_json_string(out, span_of(report->plan->notes[i]));
    }
    buffer_text(out, "]}");
}
