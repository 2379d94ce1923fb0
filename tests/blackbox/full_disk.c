// For LD_PRELOAD: while the file that FULL_DISK names exists, no file whose name begins as FULL_DISK_OF says can be written,
// as on a full disk. Deterministic, and no disk is needed for it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_full(int fd) {
    char link[64];
    char path[4096];
    const char *flag = getenv("FULL_DISK");
    const char *of = getenv("FULL_DISK_OF");
    if (flag == NULL || of == NULL || access(flag, F_OK) != 0)
        return 0;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path);
    return size >= (ssize_t)strlen(of) && memcmp(path, of, strlen(of)) == 0;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    if (!is_full(fd))
        return real(fd, data, size, offset);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return pwrite64(fd, data, size, (off64_t)offset);
}

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    if (!is_full(fd))
        return real(fd, data, size);
    errno = ENOSPC;
    return -1;
}
