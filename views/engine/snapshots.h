// Which readers of this process hold a snapshot of the file, and since when. A snapshot keeps the write-ahead log from
// beginning anew; when the log is at its bound, those who have held one for long are asked to let it go. Any thread; a
// holder belongs to its reader, who begins and ends on one thread at a time.
//
// A reader may keep its snapshot from one question to the next: to begin and end one is a fifth of what a row by its key
// costs. A kept one is let go by whoever it is in the way of: the writer before it writes, and those who look after it.
#ifndef TIDEMARK_ENGINE_SNAPSHOTS_H
#define TIDEMARK_ENGINE_SNAPSHOTS_H

#include "views/base/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct snapshots;

struct snapshot_holder {
    _Atomic int64_t since_ms; // monotonic; 0 = holds none
    _Atomic bool asked;       // to let it go; stays until the next snapshot
    struct snapshot_holder *next;
    void (*let_go)(void *self); // ends a kept one, on whatever thread; NULL = none is kept
    void *self;
    pthread_mutex_t mutex; // of `kept`, where there is a `let_go`
    bool kept;
};

int snapshots_new(struct snapshots **ret, struct error *error);
void snapshots_free(struct snapshots **snapshots); // after all holders have left

// For the reader's life. NULL snapshots: nobody asks.
void snapshots_join(struct snapshots *snapshots, struct snapshot_holder *holder);
void snapshots_leave(struct snapshots *snapshots, struct snapshot_holder *holder);

// From now on it may keep one. Between snapshots_join and snapshots_leave, which lets it go.
void snapshot_may_keep(struct snapshots *snapshots, struct snapshot_holder *holder,
                       void (*let_go)(void *self), void *self);
// The reader's two: true = it is kept now, and nobody's question; true = one was kept, and is the question's now.
bool snapshot_keep(struct snapshots *snapshots, struct snapshot_holder *holder);
bool snapshot_take_kept(struct snapshot_holder *holder);

// Ends those that are kept.
void snapshots_let_go(struct snapshots *snapshots);
// The same, and none is kept until as many calls of snapshots_permit. NULL is fine.
void snapshots_forbid(struct snapshots *snapshots);
void snapshots_permit(struct snapshots *snapshots);

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
