#include "consumer/doctor/retention.h"

// What the topics' own settings say.
struct retention_told {
    struct finding_names compacted;
    struct finding_names bounded;
    struct finding_names refused;
    int told;
};

static void retention_sum(const struct evidence *evidence, struct retention_told *ret) {
    *ret = (struct retention_told){0};
    for (int i = 0; i < evidence->topic_count; i++) {
        const struct evidence_topic *topic = &evidence->topics[i];
        if (topic->role != EVIDENCE_TABLE)
            continue;
        if (topic->settings_refused && !topic->settings_told)
            finding_names_add(&ret->refused, "%s", topic->name);
        if (!topic->settings_told)
            continue;
        ret->told++;
        if (topic->compacted)
            finding_names_add(&ret->compacted, "%s", topic->name);
        else if (topic->retention_ms >= 0 || topic->retention_bytes >= 0)
            finding_names_add(&ret->bounded, "%s", topic->name);
    }
}

// Deletes that compaction takes leave no trace but offsets without a message, which others have too: that is told of a topic that is
// known to be compacted alone.
static void retention_check_compaction(struct retention_told *kept, struct findings *findings) {
    if (kept->compacted.count > 0)
        findings_add(
            findings, "compaction", VERDICT_WARN, "cleanup.policy=delete, with retention.ms=-1",
            "drops events of transactions, which are then passed over with rows missing, and deletes that were not "
            "read within delete.retention.ms: %s%s%s",
            finding_names_text(&kept->compacted),
            kept->refused.count > 0 ? "; not told (DescribeConfigs) of " : "",
            kept->refused.count > 0 ? finding_names_text(&kept->refused) : "");
    else if (kept->refused.count > 0)
        findings_add(
            findings, "compaction", VERDICT_WARN, "DescribeConfigs on the topics for this account",
            "this account may not ask whether they are compacted, so deletes that compaction takes while "
            "nobody reads are not told: %s",
            finding_names_text(&kept->refused));
    else if (kept->told > 0)
        findings_add(findings, "compaction", VERDICT_OK, NULL, "cleanup.policy is delete");
    else
        findings_add(findings, "compaction", VERDICT_NOT_SEEN, NULL,
                     "nobody told the topics' cleanup.policy");
}

void retention_check(const struct evidence *evidence, struct findings *findings) {
    struct retention_told kept;
    retention_sum(evidence, &kept);
    retention_check_compaction(&kept, findings);
    if (kept.told == 0)
        findings_add(findings, "kept", VERDICT_NOT_SEEN, NULL,
                     "nobody told the topics' retention.ms and retention.bytes");
    else
        findings_add(findings, "kept", kept.bounded.count > 0 ? VERDICT_WARN : VERDICT_OK,
                     kept.bounded.count > 0
                         ? "retention.ms=-1 and retention.bytes=-1, or snapshots more often than they expire"
                         : NULL,
                     "%s%s",
                     kept.bounded.count > 0
                         ? "rows that do not change expire, and a new file will lack them: "
                         : "no table's messages expire",
                     kept.bounded.count > 0 ? finding_names_text(&kept.bounded) : "");
}
