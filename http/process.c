#include "http/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void process_read_memory(struct process *ret) {
    long long pages = -1;
    long long resident = -1;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fscanf(file, "%lld %lld", &pages, &resident) != 2)
        pages = resident = -1;
    if (file != NULL)
        (void)fclose(file);
    ret->virtual_bytes = pages >= 0 ? (int64_t)pages * sysconf(_SC_PAGESIZE) : -1;
    ret->resident_bytes = resident >= 0 ? (int64_t)resident * sysconf(_SC_PAGESIZE) : -1;
}

static int64_t process_open_files(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return -1;
    int64_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count - 1; // without that of the folder
}

static int64_t process_cpu_us(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return 0;
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
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
    process_read_memory(ret);
    ret->cpu_us = process_cpu_us();
    ret->open_files = process_open_files();
    struct rlimit files;
    ret->most_files = getrlimit(RLIMIT_NOFILE, &files) == 0 ? (int64_t)files.rlim_cur : -1;
    ret->file_bytes = process_file_bytes(db, -1);
    ret->wal_bytes = size < (int)sizeof wal ? process_file_bytes(wal, 0) : -1;
    ret->disk_free_bytes = statvfs(db, &disk) == 0 ? (int64_t)(disk.f_bavail * disk.f_frsize) : -1;
}
