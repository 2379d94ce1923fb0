// What the comparison of a table comes to, for people and for machines. Pure.
#ifndef TIDEMARK_POSTGRES_REPORT_H
#define TIDEMARK_POSTGRES_REPORT_H

#include "consumer/postgres/moved.h"
#include "consumer/postgres/ranges.h"

enum { REPORT_KEYS_MAX = 10 }; // shown to people; machines get all that are known

enum report_outcome { REPORT_EQUAL, REPORT_UNDECIDED, REPORT_DIFFERENT };

struct report_table {
    const struct plan *plan;
    const struct ranges_result *ranges;
    const struct moved *moved;
    int64_t source_lsn; // of the snapshot that was compared, -1 = there was none
    int64_t mirror_lsn;
    int different;
    int open;
    int moved_meanwhile;
};

void report_count_keys(struct report_table *report);
// Adds in notes what the differences have in common.
void report_explain(const struct report_table *report, struct plan *plan);
enum report_outcome report_outcome(const struct report_table *report);
void report_write_text(const struct report_table *report, struct buffer *out);
void report_write_json(const struct report_table *report, struct buffer *out);
const char *report_outcome_name(enum report_outcome outcome);
// `0/19C4170`, or `null`.
void report_write_lsn(int64_t lsn, struct buffer *out);

#endif
