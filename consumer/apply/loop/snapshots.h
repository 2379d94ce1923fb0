// What is known of the source's snapshots: where a table's ends, and whether all tables have it. A table's ends
// with its last marker. A table whose only row is the first of the whole snapshot has no such marker (Debezium
// 3.4 to 3.7): it ends where another table's rows follow. And every snapshot has ended where something was
// streamed that was committed after it. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_SNAPSHOTS_H
#define TIDEMARK_APPLY_LOOP_SNAPSHOTS_H

#include "consumer/apply/loop/state.h"

enum {
    // So long after a snapshot's end is known, rows of other partitions may still be under way.
    SNAPSHOTS_SETTLE_MS = 500,
};

// Whether the change is a row of a full snapshot.
static inline bool snapshots_is_full(const struct change *change) {
    return change->op == CHANGE_READ && change->snapshot == SNAPSHOT_FULL;
}

int snapshots_init(struct apply *apply, struct error *error);
// A row of a table's snapshot was taken from the partition's head.
void snapshots_note_row(struct apply *apply, struct partition *partition, const struct change *change);
// Whether the partition's head was streamed behind that snapshot of its table.
bool snapshots_is_behind(struct apply *apply, const struct partition *partition, int64_t snapshot_lsn);
// The newest full snapshot of the head's table when the head was streamed behind it, LSN_NONE: it was not.
int64_t snapshots_behind(struct apply *apply, const struct partition *partition);
// Says of the partition's head, a change that is about to be taken, how it stands to the newest snapshot of its table
// (change.h). The connector streams again from where it was before, or from the snapshot's place on, and leaves nothing out,
// so that what is streamed behind a snapshot tells itself whether a row is there.
void snapshots_place(struct apply *apply, struct partition *partition);
// Whether the connector is past the table's snapshot. Its rows may be under way still. `marked`: its last marker
// was seen.
bool snapshots_have_ended(const struct apply *apply, const struct table *table, int64_t lsn, bool marked);
// An END was finished, of the commit `lsn`.
void snapshots_note_end(struct apply *apply, int64_t lsn);
// When the first row of the snapshot that any partition has shown was sent, 0 = not known. Nothing is streamed while a
// connector takes a snapshot, so it holds for all tables.
int64_t snapshots_begun_ms(struct apply *apply, int64_t lsn);
// Whether rows of the snapshot may be under way in the partition: it has shown nothing of that snapshot or after it.
bool snapshots_may_come(const struct apply *apply, int slot, int64_t snapshot_lsn);
// Whether the connector is past all of the snapshot.
bool snapshots_all_ended(const struct apply *apply, int64_t snapshot_lsn);
// Whether all tables have what the snapshot has of them, as far as is known.
bool snapshots_is_complete(const struct apply *apply, int64_t snapshot_lsn);

#endif
