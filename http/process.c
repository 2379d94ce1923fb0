#include "http/process.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int64_t process_resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return -1;
    long long pages;
    int found = fscanf(file, "%*s %lld", &pages);
    (void)fclose(file);
    return found == 1 ? (int64_t)pages * sysconf(_SC_PAGESIZE) : -1;
}

static int64_t process_file_bytes(const char *path, int64_t absent) {
    struct stat status;
    if (stat(path, &status) == 0)
        return status.st_size;
    return errno == ENOENT ? absent : -1;
}

void process_read(struct process *ret, const char *db) {
    char wal[4096];
    struct statvfs disk;
    int size = snprintf(wal, sizeof wal, "%s-wal", db);
    ret->id = getpid();
    ret->resident_bytes = process_resident_bytes();
    ret->file_bytes = process_file_bytes(db, -1);
    ret->wal_bytes = size < (int)sizeof wal ? process_file_bytes(wal, 0) : -1;
    ret->disk_free_bytes = statvfs(db, &disk) == 0 ? (int64_t)(disk.f_bavail * disk.f_frsize) : -1;
}
