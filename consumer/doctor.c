#include "consumer/doctor.h"

#include "consumer/doctor/declared.h"
#include "consumer/doctor/elsewhere.h"
#include "consumer/doctor/settings.h"
#include "consumer/doctor/shared_keys.h"

#include <stdlib.h>

static const char *const doctor_verdicts[] = {"ok", "warn", "fail", "not seen"};

static int doctor_count(const struct findings *findings, enum verdict verdict) {
    int count = 0;
    for (int i = 0; i < findings->count; i++)
        count += findings->list[i].verdict == verdict;
    return count;
}

static int64_t doctor_messages(const struct evidence *evidence) {
    int64_t messages = 0;
    for (int i = 0; i < evidence->topic_count; i++)
        messages += evidence->topics[i].messages;
    return messages;
}

static void doctor_write_table(const struct findings *findings, const struct evidence *evidence,
                               struct buffer *out) {
    for (int i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        buffer_format(out, "%-9s %-18s %s\n", doctor_verdicts[finding->verdict], finding->check,
                      finding->seen);
        if (finding->remedy[0] != '\0')
            buffer_format(out, "%-28s remedy: %s\n", "", finding->remedy);
    }
    buffer_format(out, "%d ok, %d warn, %d fail, %d not seen, in %lld messages of %d topics\n",
                  doctor_count(findings, VERDICT_OK), doctor_count(findings, VERDICT_WARN),
                  doctor_count(findings, VERDICT_FAIL), doctor_count(findings, VERDICT_NOT_SEEN),
                  (long long)doctor_messages(evidence), evidence->topic_count);
}

static void doctor_write_json(const struct findings *findings, const struct evidence *evidence,
                              struct buffer *out) {
    buffer_text(out, "{\"prefix\":");
    buffer_json_string(out, span_of(evidence->prefix));
    buffer_format(out, ",\"messages\":%lld,\"topics\":%d", (long long)doctor_messages(evidence),
                  evidence->topic_count);
    for (int v = VERDICT_OK; v <= VERDICT_NOT_SEEN; v++)
        buffer_format(out, ",\"%s\":%d", v == VERDICT_NOT_SEEN ? "not_seen" : doctor_verdicts[v],
                      doctor_count(findings, (enum verdict)v));
    buffer_text(out, ",\"checks\":[");
    for (int i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        buffer_format(out, "%s{\"check\":\"%s\",\"verdict\":\"%s\",\"seen\":", i > 0 ? "," : "",
                      finding->check, doctor_verdicts[finding->verdict]);
        buffer_json_string(out, span_of(finding->seen));
        buffer_text(out, ",\"remedy\":");
        if (finding->remedy[0] != '\0')
            buffer_json_string(out, span_of(finding->remedy));
        else
            buffer_text(out, "null");
        buffer_char(out, '}');
    }
    buffer_text(out, "]}\n");
}

int doctor_write(const struct doctor_config *config, struct buffer *out) {
    struct findings *findings = calloc(1, sizeof *findings);
    if (findings == NULL)
        return -1;
    settings_check(config->evidence, config->catalog, config->of_broker, findings);
    elsewhere_check(config->evidence, config->catalog, findings);
    shared_keys_check(config->evidence, config->catalog, findings);
    if (config->catalog != NULL)
        declared_check(config->evidence, config->catalog, findings);
    if (config->json)
        doctor_write_json(findings, config->evidence, out);
    else
        doctor_write_table(findings, config->evidence, out);
    int failed = doctor_count(findings, VERDICT_FAIL);
    free(findings);
    return out->failed ? -1 : failed;
}
