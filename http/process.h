// What the process is: its memory, the file that it has open, the room that is left. Any thread; reads /proc and the
// file system. -1 is not known.
#ifndef TIDEMARK_HTTP_PROCESS_H
#define TIDEMARK_HTTP_PROCESS_H

#include <stdint.h>

struct process {
    int64_t id;
    int64_t resident_bytes; // of memory
    int64_t virtual_bytes;
    int64_t cpu_us;     // of user and system
    int64_t open_files; // descriptors
    int64_t most_files; // that may be open
    int64_t file_bytes;
    int64_t wal_bytes;       // 0 = there is no write-ahead log
    int64_t disk_free_bytes; // for this user, where the file is
};
void process_read(struct process *ret, const char *db);

#endif
