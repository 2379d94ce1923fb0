// Where a store file stands in the log: plain data of store.h.
#ifndef TIDEMARK_STORE_OFFSET_H
#define TIDEMARK_STORE_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

// What is known of a log that began at next_offset, behind others, while nothing of it was taken.
enum store_unread {
    STORE_READ,         // some was
    STORE_UNREAD,       // it had messages
    STORE_UNREAD_EMPTY, // it had none
};

struct store_offset {
    char *topic;
    int32_t partition;
    int64_t next_offset;
    bool after_delete;    // the newest message taken was a delete or its tombstone
    uint64_t deleted_key; // hash of its key, if so
    int64_t newest_ts_ms; // the broker's timestamp of that message, 0 = none
    int64_t snapshot_lsn; // the newest full snapshot that rows were taken of, LSN_NONE = none
    int64_t snapshot_ms;  // the broker's timestamp of the first of them, 0 = none
    // of the streamed changes taken: the highest LSN, LSN_NONE = none, and the latest source.ts_ms, 0 = none
    int64_t newest_lsn;
    int64_t newest_source_ms;
    enum store_unread unread;
    bool has_others; // store_note_others of its topic
};

// What the newest commit before said.
struct store_before {
    bool torn; // the newest commit showed a transaction in part
    int64_t
        torn_ms; // if so: when the newest row was read that is ahead of what is streamed, 0 = none is, -1 = an older file does not say
    bool nameless; // the newest row before it named no transaction
    // a full snapshot of which it was not looked yet which tables it left out (consumer/apply/loop/emptied.h), LSN_NONE = none
    int64_t unjudged_lsn;
};

// What the merge needs to go on where it was.
struct store_sequence {
    int64_t lsn;   // last commit LSN that was sequenced, LSN_NONE = none
    int64_t ts_ms; // its commit time
};

#endif
