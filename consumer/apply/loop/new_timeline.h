// Where the source's log began anew (timeline.h): how that is known, what it does, and what waits for it. Inside apply only.
//
// A commit that is lower than the newest, and yet later, is of a new timeline. A full snapshot may be lower and later
// while the source is the same: the connector reads it anew from where its slot was kept. What the connector sent
// after such a row tells which it is: a commit that is lower and later, or any other. Until then the row waits.
#ifndef TIDEMARK_APPLY_LOOP_NEW_TIMELINE_H
#define TIDEMARK_APPLY_LOOP_NEW_TIMELINE_H

#include "consumer/apply/loop/state.h"

enum { NEW_TIMELINE_BLIND_WAITS = 6 }; // so many times transaction_wait_ms before a person is asked

void new_timeline_load(struct apply *apply);
// Makes an event's LSNs comparable with those of other timelines.
void new_timeline_place(const struct apply *apply, struct event *event);
// The head of a partition is of a new timeline: a commit at `place`. Accepts it, or ERROR_HALT; where another apply is followed it is none.
int new_timeline_meet(struct apply *apply, const struct partition *partition, int64_t place,
                      struct error *error);
// An END at `place`, above all others, of a txid that has ended already: the log began anew below, and the connector goes on
// where it was, above. What was committed between is sent by nobody. Never so where another apply is followed.
bool new_timeline_repeats(const struct apply *apply, const struct event *event, int64_t place);
// The head of a partition is such a one. Accepts the new timeline, or ERROR_HALT.
int new_timeline_meet_repeated(struct apply *apply, const struct partition *partition, int64_t place,
                               struct error *error);
// Goes on in the new timeline. It holds for all that was committed at since_ms by the source's clock, or later.
int new_timeline_accept(struct apply *apply, int64_t since_ms, struct error *error);
// See apply_follow_timelines.
int new_timeline_follow(struct apply *apply, const struct store *of, struct error *error);

// Whether rows tell where the source's log stands, since there are no ENDs, or none of theirs.
bool new_timeline_is_by_rows(const struct apply *apply);
// The place of the newest commit that a boundary or a streamed row names, LSN_NONE = it names none. A row of the first
// transaction after a snapshot names its own: what was committed before the snapshot lies below it.
int64_t new_timeline_place_of(const struct apply *apply, const struct event *event);
// A commit's place was read that is of no new timeline, sent at `sent_ms`: nor is what was sent before it.
void new_timeline_note_sent(struct apply *apply, int64_t sent_ms);
// Judges the head of a partition, a snapshot's row, anew: partition->lower. With ENDs the new timeline's first one halts; without, this is
// told here. ERROR_HALT: a new timeline.
int new_timeline_look(struct apply *apply, int slot, struct error *error);
// Whether all that waits are rows of such a snapshot.
bool new_timeline_is_awaited(const struct apply *apply);
// Whether that goes on for ever: there never were ENDs, and more such rows wait than are delivered, so that nothing
// behind them can be looked at. True only after a while without any step.
bool new_timeline_is_blind(const struct apply *apply);
// Then a person decides: ERROR_HALT, or it is taken for a new timeline where that is accepted.
int new_timeline_meet_blind(struct apply *apply, struct error *error);

#endif
