// Whether anybody has committed since, without a lock or a call of the system: the head of the file's WAL-index, which every
// connection maps. SQLite itself compares it (https://sqlite.org/walformat.html, 2.1: 48 bytes, with a counter of the
// transactions, the log's salts and a checksum) to know whether what it has cached is current. One thread at a time.
#ifndef TIDEMARK_SQLITE_WAL_INDEX_H
#define TIDEMARK_SQLITE_WAL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;

enum { WAL_INDEX_WORDS = 6 };

struct wal_index {
    const _Atomic uint64_t *head; // SQLite's, as long as the connection is open; NULL = there is none
    uint64_t seen[WAL_INDEX_WORDS];
};

// `db` has read. False: its file has no WAL-index, or SQLite is of a version that this was not run with.
bool wal_index_open(struct wal_index *ret, struct sqlite3 *db);
// Before a snapshot begins: a commit between the two makes it another, which costs one snapshot more.
void wal_index_note(struct wal_index *index);
// Since wal_index_note. A commit that has returned, in whatever process, makes it another.
bool wal_index_is_same(const struct wal_index *index);

#endif
