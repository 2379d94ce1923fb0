// Rows that no rule places: of a topic that is read, and of none of its tables. How many there were since it was
// reported, by topic and source table. One thread.
#ifndef TIDEMARK_APPLY_LOOP_UNPLACED_H
#define TIDEMARK_APPLY_LOOP_UNPLACED_H

#include "views/base/span.h"
#include "views/engine/progress.h"

enum {
    UNPLACED_MAX = 256,       // pairs that are told apart; the rest is counted under a pair of empty names
    UNPLACED_NAME_SIZE = 192, // of a source table with its schema; longer ones are cut
};

struct unplaced {
    struct unplaced_pair *pairs; // UNPLACED_MAX places once there is one
    int count;
    int64_t others; // since the last report
    bool reports;   // something was noted since the last report
};

void unplaced_free(struct unplaced *unplaced);
// One more message. `topic` outlives `unplaced`; `schema` and `table`: source.schema and source.table, data NULL =
// not said. The source table as it is told when the pair is new and worth a warning, else NULL; lives like `unplaced`.
const char *unplaced_note(struct unplaced *unplaced, const char *topic, struct span schema,
                          struct span table);
// What was counted since the last time.
void unplaced_report(struct unplaced *unplaced, struct progress *progress);

#endif
