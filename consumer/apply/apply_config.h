// What an apply is made of, and its bounds. Plain data.
#ifndef TIDEMARK_APPLY_APPLY_CONFIG_H
#define TIDEMARK_APPLY_APPLY_CONFIG_H

#include "consumer/decode/value.h"
#include "consumer/message.h"
#include "views/base/bounds.h"
#include "views/engine/progress.h"
#include "views/engine/store.h"

enum {
    APPLY_STEP_MESSAGES = BOUND(20000, 4), // that one call of apply_step takes
    // Partitions of a table that grows take turns:
    APPLY_GROWN_MIN = BOUND(512, 4),       // rows that one added: the next ones will be, too
    APPLY_GROWN_MAX = 2 * APPLY_GROWN_MIN, // that are remembered
    APPLY_GROWN_LESS = BOUND(8, 2),        // by each message that adds none: one of nine is too many
    APPLY_TURN_MESSAGES = BOUND(256, 2),
    // A commit is due at the next boundary after so many messages: the more, the fewer times a row or a page
    // that many of them change is written.
    APPLY_COMMIT_MESSAGES = BOUND(250000, 8),
    APPLY_COMMIT_BYTES = BOUND(128 << 20, 16 << 10), // or bytes of values
    APPLY_COMMIT_MS = 1000,                          // or so long after the transaction was opened
    // Where no other commit is being written, one of fewer messages is handed over: this part of the lag, and
    // no more than twice the one before, so that the writer neither waits long for its first nor for its
    // last.
    APPLY_OVERLAP_PARTS = 8,
    APPLY_OVERLAP_LEAST = BOUND(20000, 4), // but so many
    // What two commits hold: when a view's statement fails, so many messages are applied again one by one.
    APPLY_SINGLY_MESSAGES = 2 * APPLY_COMMIT_MESSAGES,
    APPLY_PARTITIONS_MAX = PROGRESS_PARTITIONS_MAX,
};

struct apply_config {
    const struct catalog *catalog;
    struct store *store;       // outlives the apply
    struct progress *progress; // the same
    struct message_source source;
    const char *prefix;
    const struct value_settings *settings;
    struct progress_counters counters; // what an apply before this one has counted
    // A view's statement failed (ERROR_VIEW), and this many messages may have done it: they are applied one by one, so
    // that the next such error is an ERROR_HALT, about the view, that names the row. 0 = none.
    int singly_messages;
    // After ERROR_REFUSED the apply's owner goes on by another one from the newest commit, with this unset. So rows of tables
    // with triggers are written with the others, and not as they come (views/engine/writing.h).
    bool goes_back;
    int commit_messages; // APPLY_COMMIT_MESSAGES unless told otherwise
    bool other_keys;     // of the log's messages, as envelope_config's
    // What a new timeline of the source does (timeline.h): halt until a person accepts it, or go on. FOLLOW: another apply has read what is
    // read here and judged it, and nothing here is (apply_follow_timelines).
    enum apply_timeline { TIMELINE_HALT, TIMELINE_ACCEPT_ONE, TIMELINE_ACCEPT, TIMELINE_FOLLOW } on_timeline;
    // How long awaited rows may be under way though their partitions are read to their ends. Nothing is passed
    // for time alone (see apply_pass_lost).
    int64_t transaction_wait_ms;
    // The clocks in milliseconds, as in views/base/clock.h, which they are where NULL. A test's own make time
    // virtual.
    int64_t (*monotonic_ms)(void);
    int64_t (*wall_ms)(void);
};

#endif
