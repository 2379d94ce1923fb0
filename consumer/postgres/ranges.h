// A table on both sides, each in one snapshot: rows and digest of each range of keys, then the rows of those ranges that
// differ, and of them the keys whose rows differ by value (same.h). Of an integer key a range is a span of the key, with
// bounds where the mirror's rows have them; of any other it is a share of the keys' hashes.
//
// A digest is the sum of its rows' hashes (sample.h), which the server makes of the same texts while we make ours. A server
// whose hash is another (probed first), or whose texts are not UTF-8, is asked for all rows instead. One thread.
#ifndef TIDEMARK_POSTGRES_RANGES_H
#define TIDEMARK_POSTGRES_RANGES_H

#include "consumer/postgres/sample.h"
#include "views/base/bounds.h"

enum {
    RANGES_MAX = BOUND(8192, 4),
    RANGES_ROWS = BOUND(128, 2),          // of a range, about
    RANGES_FETCHED_MAX = BOUND(20000, 8), // rows of the source held at a time, but for a range that has more
    RANGES_FOUND_MAX = BOUND(1000, 8),    // keys that are named; then no more are looked for
};

struct ranges_result {
    int64_t source_rows;
    int64_t mirror_rows;
    uint64_t digest; // the source's
    int64_t ranges;
    int64_t fetched;    // rows of the source, of ranges that differ
    int found;          // keys given
    bool more;          // RANGES_FOUND_MAX was reached
    int64_t duplicates; // rows of the source whose key another fetched row has too
    // Unless `more`: rows that the source has more than the mirror though no key tells which they are, below 0 less. So it is of
    // those whose key is NULL there.
    int64_t uncounted;
};

// Told of each key whose rows differ: PostgreSQL's version and forms (NULL = no such row there).
struct ranges_visitor {
    int (*visit)(void *self, struct span key, const struct span *keys, struct span version,
                 const struct span *source, struct error *error);
    void *self;
};

// Whether the server's digests can be relied on.
int ranges_probe(struct postgres *postgres, bool *ret, struct error *error);
// Within a snapshot of the reader and a transaction of the server. Errors: either side's, and the visitor's.
int ranges_compare(const struct plan *plan, struct postgres *postgres, struct reader *reader, bool digests,
                   const struct ranges_visitor *visitor, struct ranges_result *ret, struct error *error);

#endif
