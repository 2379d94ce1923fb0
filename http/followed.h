// One followed question: its rows as they were told last, and how an event says what they are now. Belongs to the
// follow's thread; knows no streams.
#ifndef TIDEMARK_HTTP_FOLLOWED_H
#define TIDEMARK_HTTP_FOLLOWED_H

#include "http/event.h"
#include "http/exchange.h"
#include "http/result.h"

enum {
    FOLLOWED_TABLES_MAX = 16,
    FOLLOWED_TABLE_SIZE = 128,
    FOLLOWED_TXIDS_MAX = 64,      // that one event names; the rest is counted
    FOLLOWED_KEPT_MAX = 16 << 10, // bytes of an event of all rows that is kept though nobody is being sent it
};

struct followed {
    struct result_key key;
    struct result result; // as told
    struct result fresh;  // as read just now
    bool has_key;         // `key` was chosen
    bool is_known;        // `result` is one
    int64_t version;      // of the file
    int64_t lsn;          // of the position, -1 = null
    enum progress_state state;
    // Takes the place of the views' identity where the question asks for the time: what was told at a position is known to
    // nobody who asks it again, so that an event's id is known here alone. 0 = it asks for none.
    uint64_t born;
    // What the question reads, as far as there is room.
    char tables[FOLLOWED_TABLES_MAX][FOLLOWED_TABLE_SIZE];
    int table_count;
    struct buffer id;    // of the position, ends with a NUL
    struct buffer place; // `"position":..,"lag":..`
    struct buffer draft; // of it
    int column_count;
    struct buffer names; // `["sku"]`: the key's
    struct event *rows;  // what newcomers are given, NULL = not made yet
    struct event *reset; // likewise for those who lag
};

enum followed_outcome {
    FOLLOWED_SAME,    // the position may have moved, the rows are as they were
    FOLLOWED_CHANGED, // *ret_event says how; NULL = nobody was told anything before
    FOLLOWED_ENDED,   // the response holds the problem
};

void followed_free(struct followed *followed);
// Reads what there is now. `exchange`: its target is the question, its reader has a snapshot at exchange->position.
enum followed_outcome followed_read(struct followed *followed, struct exchange *exchange,
                                    struct buffer *scratch, _Atomic size_t *account,
                                    struct event **ret_event);
// The rows are as they were told: only how late they are may differ.
void followed_note_position(struct followed *followed, struct exchange *exchange);
// All rows as they are now: "rows", or "reset". Lives as long as they are that, and until followed_forget_large. NULL = no
// memory.
struct event *followed_rows(struct followed *followed, bool reset, struct buffer *scratch,
                            _Atomic size_t *account);
// How the rows are now differs from `before`, which the event of that name and key showed. False when it cannot be told
// so; *ret_event: NULL = nothing changed. Marks rows of `before`.
bool followed_changes_since(struct followed *followed, struct result *before, struct buffer *scratch,
                            _Atomic size_t *account, struct event **ret_event);
// Where it stands, and nothing else. The caller drops it.
struct event *followed_position(const struct followed *followed, struct buffer *scratch,
                                _Atomic size_t *account);
// Events of all rows that are large and that nobody is being sent: they are made again when somebody comes.
void followed_forget_large(struct followed *followed);
size_t followed_bytes(const struct followed *followed);

#endif
