#include "consumer/doctor/deletes.h"

#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"

#include <string.h>

// A tombstone says no table: those of a part are its topic's.
static int64_t deletes_tombstones(const struct evidence *evidence, const struct evidence_topic *topic) {
    bool part = topic < evidence->topics || topic >= evidence->topics + evidence->topic_count;
    return part ? evidence->topics[topic->of].tombstones : topic->tombstones;
}

static bool deletes_are_known(const struct evidence *evidence, const struct evidence_topic *topic,
                              const struct table *table) {
    const char *mark = table != NULL ? table->deleted_mark : NULL;
    return topic->marked > 0 || topic->deletes > 0 || deletes_tombstones(evidence, topic) > 0 ||
           (mark != NULL && evidence_find_column(topic, mark) != NULL);
}

// ExtractNewRecordState's __deleted is a text, "true" or "false", whatever a transform has renamed it to. NULL: there is none.
static const char *deletes_likely_mark(const struct evidence_topic *topic, const struct table *table) {
    for (int i = 0; i < topic->column_count; i++) {
        const struct evidence_column *column = &topic->columns[i];
        bool all = column->truths > 0 && column->truths == column->seen;
        if (all && feeding_column(table, column) == NULL)
            return column->name;
    }
    return NULL;
}

// Without a mark in each row deletes are tombstones, if anything: none need have come yet, and nothing tells.
void deletes_check(const struct evidence *evidence, const struct catalog *catalog,
                   struct findings *findings) {
    struct finding_names unknown = {0};
    struct finding_names likely = {0};
    int64_t unwrapped = 0;
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const char *name = evidence_table_name(topic);
        if (topic->role != EVIDENCE_TABLE || topic->rows == 0 || topic->unwrapped == 0 ||
            feeding_is_left_out(evidence, catalog, topic))
            continue;
        const struct table *table = catalog != NULL ? feeding_table(evidence, catalog, topic) : NULL;
        unwrapped++;
        if (deletes_are_known(evidence, topic, table))
            continue;
        const char *mark = deletes_likely_mark(topic, table);
        if (mark != NULL)
            finding_names_add(&likely, "%s.%s", name, mark);
        else
            finding_names_add(&unknown, "%s", name);
    }
    if (likely.count > 0)
        findings_add(
            findings, "deletes", VERDICT_WARN,
            "in source.sql `-- tidemark: deleted TABLE = FIELD`, where it is ExtractNewRecordState's __deleted",
            "a field is the text true or false in every row, as __deleted is, and is not read as one: where it is, "
            "deleted rows stay: %s%s%s",
            finding_names_text(&likely), unknown.count > 0 ? "; no delete came of " : "",
            unknown.count > 0 ? finding_names_text(&unknown) : "");
    else if (unknown.count > 0)
        findings_add(
            findings, "deletes", VERDICT_NOT_SEEN, NULL,
            "none came, and no unwrapped row says that it is none, as delete.tombstone.handling.mode=rewrite has it: "
            "where the mode is drop, or a transform or filter takes them out, rows that the source deletes stay: %s",
            finding_names_text(&unknown));
    else if (unwrapped > 0)
        findings_add(findings, "deletes", VERDICT_OK, NULL,
                     "unwrapped rows say whether they are deleted, or tombstones do");
}
