#include "consumer/doctor/shared_keys.h"

#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"

// Rows are told apart by columns of their own where source.sql declares others than the messages' key (message.key.columns).
static bool shared_keys_matter(const struct evidence_topic *topic, const struct table *table) {
    for (int i = 0; table != NULL && i < table->column_count; i++) {
        if (table->columns[i].key == 0)
            continue;
        const struct evidence_column *column = evidence_find_column(topic, table->columns[i].name);
        if (column == NULL || column->key == 0)
            return false;
    }
    return true;
}

void shared_keys_check(const struct evidence *evidence, const struct catalog *catalog,
                       struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (topic->sharing == 0 || feeding_is_left_out(evidence, catalog, topic))
            continue;
        const struct table *table = catalog != NULL ? feeding_table(evidence, catalog, topic) : NULL;
        if (shared_keys_matter(topic, table))
            finding_names_add(&names, "%s", evidence_table_name(topic));
    }
    if (names.count > 0)
        findings_add(
            findings, "shared keys", VERDICT_FAIL,
            "a primary key at the source, or message.key.columns, then a new snapshot: a unique index with a "
            "condition is taken for the key where there is none",
            "different rows of one snapshot have one key, so that one of them is here: %s",
            finding_names_text(&names));
}
