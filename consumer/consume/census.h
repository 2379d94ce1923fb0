// Which declared tables have a topic, and which topics of the prefix no table is declared for: reported in the log when
// it changes, and in the progress. One listing of all topics at a time. The consumer's thread.
#ifndef TIDEMARK_CONSUME_CENSUS_H
#define TIDEMARK_CONSUME_CENSUS_H

#include "consumer/decode/topic_role.h"
#include "views/engine/progress.h"

enum {
    CENSUS_NAMED_MAX = 10, // names in one line of the log, the rest is counted
    CENSUS_TEXT_SIZE = 2048,
    CENSUS_LIKELY_SIZE = 240,
};

struct census;

// `catalog` and `prefix` outlive it.
int census_new(struct census **ret, const struct catalog *catalog, const char *prefix,
               struct progress *progress, struct error *error);
void census_free(struct census **census);

// Begins a listing; what is said of the one before stays until census_end.
void census_begin(struct census *census);
// Each topic of the listing.
void census_see(struct census *census, const char *topic);
// One of a table or of nothing that is known; `table` as topic_role gave it.
void census_note(struct census *census, const char *topic, int partitions, const struct table *table);
void census_end(struct census *census);

// Prefixes of other topics, as consumer/decode/other_prefixes.h has them, where the newest listing had none of this one; else "".
const char *census_others(const struct census *census);

// "a, b and 7 more": the first `named` of `count` names, CENSUS_NAMED_MAX at most.
void census_list(char *ret, size_t size, const char *const *names, int named, int count);

// The declared tables without a topic, by name; NULL when there are none, or before the first listing.
const char *census_missing(const struct census *census);

// Topics of the newest listing that may be the connector's own by other names than the defaults: as many names as there
// is room for, "" = none.
const char *census_may_be_transactions(const struct census *census);
const char *census_may_be_heartbeats(const struct census *census);

#endif
