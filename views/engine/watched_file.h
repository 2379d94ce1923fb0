// Whether an open SQLite file is still the one that others would open by its name: not deleted, moved, replaced or
// truncated, with the write-ahead log and the shared memory that it was opened with. SQLite goes on writing into a file
// that has no name any more, and nobody would ever see it. One thread at a time; touches only metadata and the header,
// by a descriptor of the caller's (closing one of its own would drop the process's fcntl locks on the file).
#ifndef TIDEMARK_ENGINE_WATCHED_FILE_H
#define TIDEMARK_ENGINE_WATCHED_FILE_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { WATCHED_FILE_CHECK_MS = 500, WATCHED_FILE_PARTS = 3 };

struct watched_file {
    const char *path; // borrowed
    int descriptor;   // borrowed; of the file at `path` as it was opened
    struct {
        dev_t device; // 0 and 0 = not seen yet
        ino_t inode;
    } parts[WATCHED_FILE_PARTS]; // the file, its -wal, its -shm
    int64_t largest;             // bytes, as seen by the checks
    const volatile void
        *index; // the log's, mapped (wal_batch_index); borrowed, NULL = the log's length is not looked at
};

// Opens the file, making it, with flock's lock on the file itself: that goes with the process however it ends, and SQLite's own
// locks (fcntl) do not see it. The descriptor, for the caller to close after every connection to the file: closing one drops the
// process's fcntl locks on it. -1: ERROR_BUSY when another process has it, ERROR_STORE.
int watched_file_lock(const char *path, struct error *error);

// Nothing is looked at yet. A log or shared memory that is first seen by a later check is taken for the file's own.
void watched_file_begin(struct watched_file *file, const char *path, int descriptor);
// 0, or ERROR_HALT with what has happened to which file and what to do.
int watched_file_check(struct watched_file *file, struct error *error);
// The same of the file's name alone: a reader's log and shared memory may come and go with the writer.
int watched_file_check_name(struct watched_file *file, struct error *error);

// Whether it is shorter than it was with `bytes`, which no VACUUM explains. The descriptor is the file's, as above.
bool watched_file_is_cut(int descriptor, int64_t bytes);
// 0 = it cannot be told.
int64_t watched_file_bytes(int descriptor);

#endif
