// What a changed source.sql left to be read from the log: the topics of those tables are read again, from their start up
// to where the live reading stands, into a store of their own beside the file (FILE-fill), by the ordinary rules. When
// it stands where the live one does, the file takes from it what it awaits. So a row's new column has the value of the
// event that wrote its present state, or of the newest one that had it. The reading beside goes on where it was after a
// kill: it has its own offsets. Knows no broker: a message_source brings the messages. One thread, the live loop's.
#ifndef TIDEMARK_FILL_H
#define TIDEMARK_FILL_H

#include "consumer/apply/apply.h"

enum {
    FILL_TEXT_SIZE = 400,
    // The last messages are read while the live loop waits: so few, and so long at most.
    FILL_JOIN_MESSAGES = 20000,
    FILL_JOIN_WAIT_MS = 10,
    FILL_JOIN_WAITS = 50,
};

struct fill;

struct fill_config {
    const struct apply_config *live;
    const char *db;               // the file of its store
    struct message_source source; // its slots are those of fill_partition
    // Waits until it has messages, or so long; NULL: it has delivered what there is.
    void (*wait)(void *self, int ms);
};

// New tables: their topics are read from the beginning by the live loop, or, where a topic is read for another table
// already, beside. Before the live apply is made.
int fill_begin_new(const struct apply_config *live, struct error *error);

// Whether something is. `again`: or rows are lacking that the log had no event of the last time.
bool fill_is_awaited(const struct store *store, bool again);
// Where nothing is: what a process left that ended as it was taken over.
void fill_clear(const struct store *store, const char *db);
// For all that is awaited or lacking.
int fill_new(struct fill **ret, const struct fill_config *config, struct error *error);
void fill_free(struct fill **fill);
// The file beside goes: what it was to go on with is not in the log any more. Only fill_free is left.
void fill_discard(struct fill *fill);

// Reads up to where the live apply stands by now, and the partitions that it knows by now.
int fill_follow(struct fill *fill, const struct apply *live, struct error *error);
struct fill_partition {
    const char *topic;
    int32_t partition;
    int64_t from; // -1 = from the oldest message there is
};
// The partitions that are read, by slot; false behind the last.
bool fill_partition(const struct fill *fill, int slot, struct fill_partition *ret);
// -1 = it is none of them.
int fill_slot(const struct fill *fill, struct span topic, int32_t partition);
// Whether a message of the slot is to be delivered.
bool fill_wants(const struct fill *fill, int slot, int64_t offset);

// Takes what was delivered, up to a bound. ret_taken: messages. Errors: what the tables' events cannot be read for.
int fill_step(struct fill *fill, int64_t *ret_taken, struct error *error);
// Messages that are left up to where fill_follow said, as far as offsets tell; 0 = it is there.
int64_t fill_behind(const struct fill *fill);
// Tries to stand where the live apply stands; then the file takes what it awaits. Not yet: there is more to read, or a
// source transaction is shown in part. Failed: the reading beside is of no use, the live one goes on. -1: the live store's
// errors. After all but FILL_NOT_YET only fill_free is left.
enum fill_outcome { FILL_NOT_YET, FILL_DONE, FILL_FAILED };
int fill_join(struct fill *fill, struct apply *live, struct error *error);

// Says in the live apply's progress what is awaited, and how far it is.
void fill_report(const struct fill *fill);
// What is lacking for good is said in the progress; after the store was opened.
void fill_report_lacking(const struct apply_config *live);
// What is said when it is over: what was filled, and what is lacking.
void fill_log_end(const struct fill *fill);

#endif
