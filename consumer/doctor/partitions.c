#include "consumer/doctor/partitions.h"

#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"

#include <string.h>

static bool partitions_changes(const struct evidence_topic *topic) {
    return topic->rows > topic->reads || topic->truncates > 0;
}

// Both are declared, as tables of their own; without a source.sql they would be.
static bool partitions_are_apart(const struct evidence *evidence, const struct catalog *catalog,
                                 const struct evidence_topic *topic, const struct evidence_topic *twin) {
    if (catalog == NULL)
        return true;
    const struct table *table = feeding_table(evidence, catalog, topic);
    const struct table *other = feeding_table(evidence, catalog, twin);
    return table != NULL && other != NULL && table != other;
}

// Two small tables of states or of settings have the same rows by chance; partitions are called after their table, most of them.
static bool partitions_are_likely_parts(const struct evidence_topic *topic,
                                        const struct evidence_topic *twin) {
    enum { TWINS_SURE = 16 };
    size_t size = strlen(topic->table);
    size_t twin_size = strlen(twin->table);
    return topic->twins >= TWINS_SURE ||
           strncmp(topic->table, twin->table, size < twin_size ? size : twin_size) == 0;
}

// By a snapshot a partition's rows come in its topic and in that of the partitioned table, and their changes in one alone.
void partitions_check(const struct evidence *evidence, const struct catalog *catalog,
                      struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->topic_count; i++) {
        const struct evidence_topic *topic = &evidence->topics[i];
        const struct evidence_topic *twin = &evidence->topics[topic->twin];
        const struct evidence_topic *still = partitions_changes(topic) ? twin : topic;
        if (2 * topic->twins > topic->reads && strcmp(topic->connector, "postgresql") == 0 &&
            partitions_changes(topic) != partitions_changes(twin) &&
            partitions_are_likely_parts(topic, twin) && partitions_are_apart(evidence, catalog, topic, twin))
            finding_names_add(&names, "%s (changes come in %s)", still->name,
                              still == topic ? twin->name : topic->name);
    }
    if (names.count > 0)
        findings_add(
            findings, "partitions", VERDICT_WARN,
            "where one is a partition of the other: in source.sql, in place of the partition's table, `create table PARTITION "
            "partition of TABLE default`; else there is nothing to do",
            "the same rows of a snapshot came in two topics, as a partition's do, and changes in one of them: the other's table "
            "stays as it is: %s",
            finding_names_text(&names));
}
