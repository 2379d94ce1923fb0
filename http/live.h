// What /v1/live tells: state, lag, rates and where each hop of the chain stands, with a sample a second of the last hour
// in memory. Belongs to one thread, the streams' (streams.h). Reads the progress, and of the file the position and the
// quarantine's count.
#ifndef TIDEMARK_HTTP_LIVE_H
#define TIDEMARK_HTTP_LIVE_H

#include "http/render.h"

struct live;

enum {
    LIVE_SAMPLE_MS = 1000,
    LIVE_HISTORY = 3600,   // samples that are kept
    LIVE_EVENT_MS = 250,   // least between two events
    LIVE_REPEAT_MS = 5000, // most between two events, also when nothing changes
    LIVE_RATE_SAMPLES = 5, // that the rates are taken over
};

int live_new(struct live **ret, struct progress *progress, struct reader *reader, struct error *error);
void live_free(struct live **live);

// Takes a sample into the history. Every LIVE_SAMPLE_MS.
void live_sample(struct live *live, int64_t wall_ms, int64_t monotonic_ms);
// Reads what there is to tell. True when it differs from what the newest live_render told.
bool live_look(struct live *live, int64_t wall_ms, int64_t monotonic_ms);
// What live_look found, as an event in `out`; `first`: with the history. Returns where its JSON begins.
size_t live_render(struct live *live, struct buffer *out, bool first);

#endif
