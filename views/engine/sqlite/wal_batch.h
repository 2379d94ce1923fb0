// The write-ahead log in few writes: SQLite writes 24 and 4096 bytes for each page of a commit, by two system
// calls; through this VFS the writer's connection writes up to WAL_BATCH_BYTES of the log by one. A layer
// over the default VFS: each file is the default's own, a few of its methods exchanged. One thread a
// connection, as with any; the buffer goes with the log's file.
//
// Nothing gathered may outlive its transaction, and no commit may be seen before it is in the file. As of
// SQLite 3.40.1 (wal.c, pager.c); other versions than those of versions.h gather nothing:
// - With synchronous=normal sqlite3WalFrames makes no call that could be noticed between a commit's last
//   frame and walIndexWriteHdr. With full it syncs the log there (WAL_SYNC_FLAGS): wal_batch_start sets full,
//   and that sync writes out what is gathered; its error fails the commit.
// - Durability is still that of normal: a power cut may take the newest commits, never part of one. Normal
//   syncs the log after a new header at offset 0 (Wal.syncHeader) and before a checkpoint moves it
//   (walCheckpoint), and the main file after one, all with CKPT_SYNC_FLAGS. sqlite3PagerSetFlags makes those
//   SQLITE_SYNC_FULL with checkpoint_fullfsync=on (also set; os_unix.c makes no difference of it on Linux),
//   while a commit's stay SQLITE_SYNC_NORMAL. So the former reach the disk, and only the latter do not.
// - What is gathered when the write lock is released (byte 0 of the wal-index: sqlite3WalEndWriteTransaction)
//   was rolled back: it is dropped, as another process may write there next.
// - A file system without powersafe overwrite has a commit padded behind its sync: nothing is gathered there.
// - wal_batch_set_durable lets a commit's sync through, before the commit is seen: a power cut takes none then.
//   What a killed process had written and not synced is synced at once, since readers are about to see it.
// A log that is shorter than what was written of it is not written on: the commit fails.
// A connection opened through the VFS and not started gathers nothing; do not set `synchronous`,
// `checkpoint_fullfsync` or `locking_mode` behind wal_batch_start.
#ifndef TIDEMARK_SQLITE_WAL_BATCH_H
#define TIDEMARK_SQLITE_WAL_BATCH_H

#include "views/base/bounds.h"
#include "views/base/error.h"

struct sqlite3;

enum {
    WAL_BATCH_BYTES = BOUND(31, 2) * (24 + 4096), // os_unix.c takes less than 128 KB at once (seekAndWriteFd)
};

// The VFS to open the writer's connection with; made at the first call. NULL, the default one, where it
// cannot be or CI has not run this SQLite (`version`: of sqlite3_libversion_number).
const char *wal_batch_vfs(int version);

// Sets `synchronous` for the connection, whose journal mode is wal, outside of a transaction. Where it cannot
// gather, normal without gathering.
int wal_batch_start(struct sqlite3 *db, struct error *error);

// From here on each commit is on the disk before anybody sees it, and so is what the log has now. After wal_batch_start, which
// may have found that it cannot gather; outside of a transaction.
int wal_batch_set_durable(struct sqlite3 *db, struct error *error);
// The wal-index of a connection that has read the file, as it is mapped until the connection closes: its header says how much the
// log has (SQLite's WAL-mode File Format, 2.1). NULL = it cannot be had.
const volatile void *wal_batch_index(struct sqlite3 *db);
// What has been committed to the log, by whatever connection, is on the disk then. Any connection that has read the file.
int wal_batch_sync(struct sqlite3 *db, struct error *error);

#endif
