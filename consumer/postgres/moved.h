// Keys whose rows differed between a snapshot of the source and one of the mirror, which never stand at one position: each
// is looked at again on both sides, in turn, until it is plain whether it only moved meanwhile.
//
// The source is sampled again and again; each sample has the log's position behind it (what it shows was committed before
// that). A mirror that shows position P shows each row as some sample has it that is not older than the newest sample
// whose position P has reached. So
// - a row that is as one of those samples has it is equal;
// - a column (or whether there is a row) that is the same in all of those samples and another in the mirror differs,
//   when that was seen MOVED_SIGHTS times and for MOVED_SIGHTS_MS;
// - anything else is looked at again, until MOVED_OPEN is all that can be said.
// A mirror without a position (consistency per-key) differs where a row never changed at the source while it was looked
// at, and never was equal. One thread.
#ifndef TIDEMARK_POSTGRES_MOVED_H
#define TIDEMARK_POSTGRES_MOVED_H

#include "consumer/postgres/key_map.h"
#include "consumer/postgres/sample.h"
#include "views/base/bounds.h"

enum {
    MOVED_SIGHTS = 3,
    MOVED_SIGHTS_MS = 500,
    MOVED_LOOK_MS = 20, // between two looks
    MOVED_TAG_SIZE = 64,
    MOVED_VERSIONS_MAX = 64,   // of a row that are remembered
    MOVED_SAMPLES_MAX = 65536, // of the source
};

enum moved_state { MOVED_OPEN, MOVED_EQUAL, MOVED_DIFFERENT };

struct moved_version {
    char tag[MOVED_TAG_SIZE]; // "" = there is no row
    struct span *forms;       // NULL then; owned, in one piece with their bytes
    int first, last;          // samples
};

struct moved_key {
    enum moved_state state;
    struct span *keys; // forms of a row that has the key; owned
    struct moved_version versions[MOVED_VERSIONS_MAX];
    int version_count;
    struct span *mirror; // forms of the newest look, NULL = there is no row; owned
    int sights;
    int64_t sights_since_ms;
};

struct moved {
    const struct plan *plan;
    struct key_map map; // keys to their numbers
    struct moved_key **keys;
    int count;
    int64_t *lsns; // of each sample; -1 = not known
    int samples;
    struct sample sample;
    struct buffer sql;  // that samples the open keys
    int64_t mirror_lsn; // of the newest look
    bool position_known;
    bool reached; // the mirror has shown the first sample's position
};

int moved_open(struct moved *ret, const struct plan *plan, int64_t first_lsn, struct error *error);
void moved_close(struct moved *moved);
// A key whose row the first sample has as it is here; source NULL = it has none.
int moved_add(struct moved *moved, struct span key, const struct span *keys, struct span version,
              const struct span *source, struct error *error);

// Looks until no key is open or `until_ms` (monotonic). `stopped`: asked between looks, waits that many ms; true ends it.
int moved_settle(struct moved *moved, struct postgres *postgres, struct reader *reader, int64_t until_ms,
                 bool (*stopped)(void *self, int ms), void *self, struct error *error);

// The log's position, as an expression of PostgreSQL's: an integer.
extern const char moved_lsn_sql[];

// --- the steps, for tests

// The source's answer for one key of the sample that began with moved_begin_sample.
void moved_begin_sample(struct moved *moved, int64_t lsn);
int moved_note_source(struct moved *moved, int key, struct span version, const struct span *forms,
                      struct error *error);
// Judges by the mirror's newest look, after that sample.
void moved_judge(struct moved *moved, int key, int64_t now_ms);
// What nothing can be said of any more: a mirror without a position.
void moved_judge_last(struct moved *moved, int key);

#endif
