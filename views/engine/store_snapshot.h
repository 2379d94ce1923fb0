// What is known of a table's newest full snapshot, and of what the table lacks: plain data of store.h.
#ifndef TIDEMARK_STORE_SNAPSHOT_H
#define TIDEMARK_STORE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

struct store_snapshot {
    int64_t lsn;       // LSN_NONE = there was none
    bool open;         // it was not swept: more of its rows may come
    bool marked;       // its last row was seen
    bool ahead;        // it names a commit that was streamed before it
    int64_t whole_lsn; // the newest one that came whole and was swept, LSN_NONE = none
    // By the log's time: messages of the table that were sent up to then may be gone; 0 = none that is known of.
    int64_t cut_ms;
    // It is incomplete for what a truncate ends: the full snapshot that left it out, 0 = none did; LSN_NONE = it is not.
    int64_t left_out_lsn;
};

#endif
