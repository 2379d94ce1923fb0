#include "consumer/doctor/elsewhere.h"

#include "consumer/evidence/feeding.h"

void elsewhere_check(const struct evidence *evidence, const struct catalog *catalog,
                     struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->collections.count; i++)
        if (feeding_is_elsewhere(evidence, catalog, evidence->collections.names[i]))
            finding_names_add(&names, "%s", evidence->collections.names[i]);
    if (names.count > 0)
        findings_add(
            findings, "rows elsewhere", VERDICT_WARN,
            "where a transform (RegexRouter) sends them to a topic of another name: declare the table, with "
            "`-- tidemark: topic TABLE = NAME`; where one drops them, or the table is not wanted: "
            "`-- tidemark: ignore TABLE`",
            "transactions count rows of tables that come in no topic of %s: %s", evidence->prefix,
            finding_names_text(&names));
}
