// The loop's work: takes messages from their partitions in the order that keeps transactions whole, decodes
// them, applies them to the store, and commits rows, offsets and position together. Knows no broker: a
// message_source brings the messages, so that a capture and Kafka are applied by the same code. One thread.
#ifndef TIDEMARK_APPLY_APPLY_H
#define TIDEMARK_APPLY_APPLY_H

#include "consumer/apply/apply_config.h"

struct apply;

int apply_new(struct apply **ret, const struct apply_config *config, struct error *error);
// Undoes what was not committed.
void apply_free(struct apply **apply);

// A partition that messages will come from. Its number is progress_partition's. ret_next_offset: where to
// read from, -1 = nothing of it was applied yet.
int apply_add_partition(struct apply *apply, const char *topic, int32_t partition, int *ret_slot,
                        int64_t *ret_next_offset, struct error *error);
// The message before next_offset will come first: it must be the one that the file remembers, or the topic
// was made anew (ERROR_HALT from apply_step).
void apply_verify_first(struct apply *apply, int slot);
// The newest message that was taken of the slot; ts_ms = 0: none was, or its time is not known.
struct apply_message {
    int64_t offset;
    int64_t ts_ms;
};
struct apply_message apply_newest(const struct apply *apply, int slot);
// The slot's log is another one than was read, and older messages of it were passed over: what was taken and not committed is given up,
// and the file keeps that the tables that it feeds are incomplete. Nothing may be taken afterwards.
int apply_note_another_log(struct apply *apply, int slot, const char *reason, struct error *error);
// The log has offsets from `low` up to `high`, which it does not: for a partition of which nothing was applied. Older rows of the
// tables that it feeds may be missing where low > 0: told, and kept with the next commit until a snapshot has them.
int apply_start_at(struct apply *apply, int slot, int64_t low, int64_t high, struct error *error);
// Reading the slot's log begins, and it ends at `end` now. Where the file had read a part of it, offsets before that end without a
// message are noted when they are passed: in a compacted topic they may have been deletes.
void apply_watch_gaps(struct apply *apply, int slot, int64_t end);
// The log was read up to `passed`, its end, at since_ms (monotonic), and for long nobody could read what came then: the same up to its next
// end, of what was written since.
void apply_watch_gaps_again(struct apply *apply, int slot, int64_t passed, int64_t since_ms);
// Until it is past that end.
bool apply_watches_gaps(const struct apply *apply, int slot);
// All that was delivered of the slot was taken, and before `position` there is no other message.
void apply_note_position(struct apply *apply, int slot, int64_t position);
// The ones of them that were passed the latest after their message; false = there are none, or no table is read of the slot.
struct apply_gap {
    int64_t from, to;
    int64_t after_ms; // passed so long after the message before them was sent
};
bool apply_describe_gap(const struct apply *apply, int slot, struct apply_gap *ret);
// The broker says that the slot's topic is compacted, and for how long tombstones stay (delete.retention.ms). Where offsets without
// a message were passed that long or longer after the message before them was sent, by the wall clock of then, what was deleted
// there is not known: the tables are told to be incomplete, once.
int apply_note_compacted(struct apply *apply, int slot, int64_t tombstones_ms, struct error *error);
int64_t apply_next_offset(const struct apply *apply, int slot);
// Where the last commit stands.
int64_t apply_committed_offset(const struct apply *apply, int slot);

struct apply_partition {
    const char *topic; // NULL = the slot is none of this apply's; lives as long as the apply
    int32_t partition;
    int64_t committed_offset;
};
// By slot; false behind the last.
bool apply_partition(const struct apply *apply, int slot, struct apply_partition *ret);

// Takes over the source's timelines that the store of another apply has by now, before what that one has read since is read here.
int apply_follow_timelines(struct apply *apply, const struct store *of, struct error *error);

// Whether a transaction topic exists: with it rows wait for their ENDs.
void apply_set_sequenced(struct apply *apply, bool sequenced);
// Whether some row named its transaction: then there is such a topic, though it may not have been found yet.
bool apply_saw_transactions(const struct apply *apply);

// Takes what may be taken of what has been delivered, committing at boundaries when a commit is due. Returns
// when nothing more can be taken, or after APPLY_STEP_MESSAGES. ret_taken: messages taken. Errors: a store
// that fails; the apply is of no use then.
int apply_step(struct apply *apply, int64_t *ret_taken, struct error *error);
// How long the transaction that is not committed yet has been open (0 while only an earlier commit is being
// written), -1 = there is none. ret_taken: messages that no finished commit has.
int64_t apply_open_ms(const struct apply *apply, int64_t *ret_taken);
// While a commit that apply_step handed over is being written.
bool apply_is_writing(const struct apply *apply);
// Commits what is whole, if anything is, and waits for it and for what is being written. What is inside a
// source transaction waits for its rest.
int apply_commit(struct apply *apply, struct error *error);

// Waits for the commit that apply_step handed over, if there is one, and tells of it; commits nothing more.
// May be called when the apply is of no use any more: it reports what is in the file.
int apply_finish(struct apply *apply, struct error *error);

// Does what a person asked of messages in quarantine (views/engine/ask.h), if anything was; the next commit has it.
// ret_done: how many requests. Errors as of apply_step.
int apply_requested(struct apply *apply, int *ret_done, struct error *error);

// True while delivered rows wait for events that have not come, since ret_since_ms (monotonic clock).
bool apply_is_waiting(const struct apply *apply, int64_t *ret_since_ms);
// What they wait for, as "waiting: transaction 701, 12,328 rows so far".
void apply_describe_wait(const struct apply *apply, char *ret, size_t size);
// Every topic that exists by now has been added: a table without one is not waited for.
void apply_note_discovery(struct apply *apply);
// Goes on without what will never come, when the log says so; counted, and told in the position and in a warning
// that names the evidence. What is being sent, or may be sent again by a connector that is away, is waited for
// as long as it takes. While no broker answers, at_end says nothing: not to be called then.
int apply_pass_lost(struct apply *apply, struct error *error);
// Nothing more is read (a capture's end): goes on without what is waited for.
int apply_pass(struct apply *apply, struct error *error);

// Tables whose snapshot's last row was seen and whose partitions have all been read past it: their ghosts go.
// A partition whose next message is a change after the snapshot is past it; for the others `at_end` is asked.
// `more_may_come`: the ends are a capture's, not the log's, so rows that the snapshot did not name may still
// follow: the table is swept again then.
int apply_sweep(struct apply *apply, bool (*at_end)(void *self, int slot), void *self, bool more_may_come,
                struct error *error);
// True while some table waits for apply_sweep.
bool apply_awaits_sweep(const struct apply *apply);

// Something that a person should know of and that is no error, once each; NULL when there is nothing new.
const char *apply_warning(struct apply *apply);
// The same, to the log with what it is about. False when there is nothing new.
bool apply_log_warning(struct apply *apply);

const struct progress_counters *apply_counters(const struct apply *apply);
// The same as of the newest commit that is in the file.
const struct progress_counters *apply_committed(const struct apply *apply);

#endif
