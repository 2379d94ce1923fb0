// What the house takes of SQLite beyond its documentation, and the versions that CI has run it with.
//   wal_batch.c   the order of a commit's calls on the write-ahead log; with other versions it is not used
//   guard.h       the words "no query solution" of a message; with others a complaint lacks its hint
//   reader.c      a statement that stays on its row of `pragma data_version` holds the snapshot
//   wal_index.c   the head of the WAL-index is another after each commit; with other versions no snapshot is kept
//   dedup.c       a function with side effects is called once for each row, in the order of the rows
//   delta.c       the preupdate hook shows whole numbers of a REAL column as integers; either is understood
// A version is added here when the unit tests and the black box have passed with it (tests/roots), among them wal_batch_test and
// sqlite_behaviour_test, which are about these alone, and faults/power has lost no commit. tests/README.md says what was run. Pure.
#ifndef TIDEMARK_SQLITE_VERSIONS_H
#define TIDEMARK_SQLITE_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>

// `number`: as sqlite3_libversion_number has it, 3 * 1000000 + 40 * 1000 + 1 for 3.40.1.
static inline bool versions_has_run(int number) {
    static const int run[] = {
        3040001, // Debian 12
        3046001, // Debian 13
        3054001, // the newest, of an npm package
    };
    for (size_t i = 0; i < sizeof run / sizeof *run; i++)
        if (run[i] == number)
            return true;
    return false;
}

#endif
