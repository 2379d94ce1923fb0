// What a replay found that source.sql and its captures do not agree on, told in the log: who replays has no /v1/status to look at.
// The main thread, after the replay.
#ifndef TIDEMARK_REPLAY_REPORT_H
#define TIDEMARK_REPLAY_REPORT_H

#include "views/engine/catalog.h"
#include "views/engine/progress.h"

// A line for each kind: captures of which nothing was for the mirror (their topics), declared tables without a topic, columns that
// source.sql does not declare, columns that no event had.
void replay_report(struct progress *progress, const struct catalog *catalog, const char *prefix,
                   const struct progress_counters *counters);

#endif
