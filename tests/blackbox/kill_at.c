// For LD_PRELOAD: SIGKILL in place of the KILL_AT-th call that changes a file whose name begins as KILL_OF says, half of a write done
// before it. Without KILL_AT the calls are counted into KILL_COUNT at the end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long calls;

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("KILL_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    (void)fprintf(file, "%ld\n", calls);
    (void)fclose(file);
}

static int is_now(const char *path) {
    const char *of = getenv("KILL_OF");
    const char *at = getenv("KILL_AT");
    if (of == NULL || strncmp(path, of, strlen(of)) != 0)
        return 0;
    long call = ++calls;
    return at != NULL && call == strtol(at, NULL, 10);
}

static int is_now_of(int fd) {
    char link[64];
    char path[4096] = "";
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && is_now(path);
}

static void *next(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL)
        *(void **)&real = next("pwrite64");
    if (is_now_of(fd)) {
        (void)real(fd, data, size / 2, offset);
        (void)raise(SIGKILL);
    }
    return real(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return pwrite64(fd, data, size, (off64_t)offset);
}

int ftruncate64(int fd, off64_t size) {
    static int (*real)(int, off64_t);
    if (real == NULL)
        *(void **)&real = next("ftruncate64");
    if (is_now_of(fd))
        (void)raise(SIGKILL);
    return real(fd, size);
}

int ftruncate(int fd, off_t size) {
    return ftruncate64(fd, (off64_t)size);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (real == NULL)
        *(void **)&real = next("fdatasync");
    if (is_now_of(fd))
        (void)raise(SIGKILL);
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (real == NULL)
        *(void **)&real = next("fsync");
    if (is_now_of(fd))
        (void)raise(SIGKILL);
    return real(fd);
}

int unlink(const char *path) {
    static int (*real)(const char *);
    if (real == NULL)
        *(void **)&real = next("unlink");
    if (is_now(path))
        (void)raise(SIGKILL);
    return real(path);
}
