// Preloaded into the program: makes the k-th call of one kind fail, and with FAULT_EVER=1 all that follow it.
//   FAULT_KIND  malloc (malloc, calloc, realloc and what copies text) | write (write, pwrite: ENOSPC) | read (pread: EIO) |
//               sync (fsync, fdatasync, ftruncate: EIO)
//   FAULT_FROM  a part of the name of the object that calls: tidemark, libsqlite3, libjansson, ... ; only its calls count
//   FAULT_AT    the number of the call, from 1; 0 = none fails, and the count is written to FAULT_COUNT at the end
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAULT_RANGES_MAX = 16 };

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static struct {
    uintptr_t first;
    uintptr_t end;
} fault_ranges[FAULT_RANGES_MAX];
static int fault_range_count;
static const char *fault_kind;
static const char *fault_from;
static long fault_at;
static bool fault_ever;
static bool fault_ready;
static _Atomic long fault_calls;

static int fault_note_object(struct dl_phdr_info *info, size_t size, void *self) {
    (void)size;
    (void)self;
    const char *name = info->dlpi_name[0] != '\0' ? info->dlpi_name : "tidemark";
    if (strstr(name, fault_from) == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum && fault_range_count < FAULT_RANGES_MAX; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD || (info->dlpi_phdr[i].p_flags & PF_X) == 0)
            continue;
        uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        fault_ranges[fault_range_count].first = first;
        fault_ranges[fault_range_count++].end = first + info->dlpi_phdr[i].p_memsz;
    }
    return 0;
}

__attribute__((constructor)) static void fault_set_up(void) {
    const char *at = getenv("FAULT_AT");
    fault_kind = getenv("FAULT_KIND");
    fault_from = getenv("FAULT_FROM");
    fault_ever = getenv("FAULT_EVER") != NULL;
    if (at == NULL || fault_kind == NULL || fault_from == NULL)
        return;
    fault_at = strtol(at, NULL, 10);
    (void)dl_iterate_phdr(fault_note_object, NULL);
    fault_ready = true;
}

__attribute__((destructor)) static void fault_tell(void) {
    const char *path = getenv("FAULT_COUNT");
    fault_ready = false;
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL) {
        (void)fprintf(file, "%ld\n", fault_calls);
        (void)fclose(file);
    }
}

static bool fault_now(const char *kind, const void *caller) {
    if (!fault_ready || strcmp(kind, fault_kind) != 0)
        return false;
    for (int i = 0; i < fault_range_count; i++) {
        if ((uintptr_t)caller < fault_ranges[i].first || (uintptr_t)caller >= fault_ranges[i].end)
            continue;
        long call = ++fault_calls;
        return fault_at != 0 && (call == fault_at || (fault_ever && call > fault_at));
    }
    return false;
}

#define FAULT(kind) fault_now(kind, __builtin_return_address(0))
#define FAULT_REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void *malloc(size_t size) {
    return FAULT("malloc") ? (errno = ENOMEM, NULL) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return FAULT("malloc") ? (errno = ENOMEM, NULL) : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return FAULT("malloc") ? (errno = ENOMEM, NULL) : __libc_realloc(block, size);
}

char *strdup(const char *text) {
    if (FAULT("malloc"))
        return errno = ENOMEM, NULL;
    size_t size = strlen(text) + 1;
    char *copy = __libc_malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    // what goes to the log and to the caller is none of the store's
    return descriptor > 2 && FAULT("write") ? (errno = ENOSPC, -1)
                                            : FAULT_REAL(write)(descriptor, bytes, size);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    return FAULT("write") ? (errno = ENOSPC, -1) : FAULT_REAL(pwrite64)(descriptor, bytes, size, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off64_t offset) {
    return FAULT("read") ? (errno = EIO, -1) : FAULT_REAL(pread64)(descriptor, bytes, size, offset);
}

int fsync(int descriptor) {
    return FAULT("sync") ? (errno = EIO, -1) : FAULT_REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    return FAULT("sync") ? (errno = EIO, -1) : FAULT_REAL(fdatasync)(descriptor);
}

int ftruncate64(int descriptor, off64_t size) {
    return FAULT("sync") ? (errno = EIO, -1) : FAULT_REAL(ftruncate64)(descriptor, size);
}
