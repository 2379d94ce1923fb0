// Which readers of this process hold a snapshot of the file, and since when. A snapshot keeps the write-ahead log from
// beginning anew; when the log is at its bound, those who have held one for long are asked to let it go. Any thread; a
// holder belongs to its reader, who begins and ends on one thread at a time.
#ifndef TIDEMARK_ENGINE_SNAPSHOTS_H
#define TIDEMARK_ENGINE_SNAPSHOTS_H

#include "views/base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct snapshots;

struct snapshot_holder {
    _Atomic int64_t since_ms; // monotonic; 0 = holds none
    _Atomic bool asked;       // to let it go; stays until the next snapshot
    struct snapshot_holder *next;
};

int snapshots_new(struct snapshots **ret, struct error *error);
void snapshots_free(struct snapshots **snapshots); // after all holders have left

// For the reader's life. NULL snapshots: nobody asks.
void snapshots_join(struct snapshots *snapshots, struct snapshot_holder *holder);
void snapshots_leave(struct snapshots *snapshots, struct snapshot_holder *holder);

static inline void snapshot_begin(struct snapshot_holder *holder, int64_t now_ms) {
    atomic_store_explicit(&holder->asked, false, memory_order_relaxed);
    atomic_store_explicit(&holder->since_ms, now_ms, memory_order_release);
}
static inline void snapshot_end(struct snapshot_holder *holder) {
    atomic_store_explicit(&holder->since_ms, 0, memory_order_release);
}
static inline bool snapshot_is_asked(const struct snapshot_holder *holder) {
    return atomic_load_explicit(&holder->asked, memory_order_relaxed);
}

// Asks the one who has held a snapshot for longest, if since before `before_ms`; false when there is none such, or all
// have been asked.
bool snapshots_ask_oldest(struct snapshots *snapshots, int64_t before_ms);

#endif
