// Preloaded into the program: records what is done to the files of a folder, in order, so that power.py can make what a
// power cut would have left at any point: what was written and not synced is there, or not, or in part.
//   POWER_FOLDER  the folder's real path; of files in folders below it nothing is recorded
//   POWER_TRACE   where the records go, elsewhere
// A record is a kind, a file's number, an offset, a size, all of fixed width in the machine's order, and `size` bytes:
//   O  opened: its name       W  written at offset       T  cut or grown to offset       S  synced
//   D  the folder synced      U  unlinked: its name      R  renamed: two names, a NUL between them
//   M  about to be sent through a socket: an answer with a position, or the offsets that the group is told
// A file keeps its number whatever it is called, and memory shared through -shm is no file: SQLite makes it anew. A call
// and its record are one step: threads wait for each other.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    POWER_DESCRIPTORS_MAX = 65536,
    POWER_FILES_MAX = 4096,
    POWER_MESSAGE_MAX = 1 << 20,
    POWER_FOLDER_FILE = -1, // the folder itself
    KAFKA_OFFSET_COMMIT = 8,
};

struct power_record {
    uint8_t kind;
    uint8_t unused[3];
    int32_t file;
    uint64_t offset;
    uint64_t size;
};

static pthread_mutex_t power_mutex = PTHREAD_MUTEX_INITIALIZER;
static char power_folder[PATH_MAX];
static int power_trace = -1;
static int power_file_of[POWER_DESCRIPTORS_MAX]; // number of a file + 1, 0 = not ours
static ino_t power_inodes[POWER_FILES_MAX];      // by number; 0: unlinked, its inode may come again
static int power_files;

#define POWER_REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void power_set_up(void) {
    const char *folder = getenv("POWER_FOLDER");
    const char *trace = getenv("POWER_TRACE");
    if (folder == NULL || trace == NULL || realpath(folder, power_folder) == NULL)
        return;
    int (*real_open)(const char *, int, ...) = POWER_REAL(open64);
    power_trace = real_open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void power_tell(char kind, int file, uint64_t offset, const void *bytes, size_t size) {
    struct power_record record = {.kind = (uint8_t)kind, .file = file, .offset = offset, .size = size};
    struct iovec parts[] = {{&record, sizeof record}, {(void *)(uintptr_t)bytes, size}};
    if (POWER_REAL(writev)(power_trace, parts, 2) != (ssize_t)(sizeof record + size))
        abort();
}

static int *power_slot(int descriptor) {
    static int none;
    none = 0;
    bool ours = power_trace >= 0 && descriptor >= 0 && descriptor < POWER_DESCRIPTORS_MAX;
    return ours ? &power_file_of[descriptor] : &none;
}

// The name within the folder, NULL when it is elsewhere or not kept.
static const char *power_name(const char *path) {
    char real[PATH_MAX];
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t size = slash != NULL ? (size_t)(slash - path) : 0;
    if (power_trace < 0 || size >= sizeof folder)
        return NULL;
    memcpy(folder, path, size);
    folder[size] = '\0';
    if (realpath(size > 0 ? folder : ".", real) == NULL || strcmp(real, power_folder) != 0)
        return NULL;
    size_t length = strlen(name);
    bool shared = length > 4 && strcmp(name + length - 4, "-shm") == 0;
    return shared || length == 0 ? NULL : name;
}

static int power_number(ino_t inode) {
    for (int i = 0; i < power_files; i++)
        if (power_inodes[i] == inode)
            return i;
    if (power_files == POWER_FILES_MAX)
        abort();
    power_inodes[power_files] = inode;
    return power_files++;
}

static void power_note_open(int descriptor, const char *path) {
    struct stat found;
    char real[PATH_MAX];
    if (power_trace < 0 || descriptor < 0 || descriptor >= POWER_DESCRIPTORS_MAX ||
        fstat(descriptor, &found) != 0)
        return;
    if (S_ISDIR(found.st_mode)) {
        if (realpath(path, real) != NULL && strcmp(real, power_folder) == 0)
            power_file_of[descriptor] = POWER_FOLDER_FILE;
        return;
    }
    const char *name = power_name(path);
    if (name == NULL || !S_ISREG(found.st_mode))
        return;
    int number = power_number(found.st_ino);
    power_file_of[descriptor] = number + 1;
    power_tell('O', number, 0, name, strlen(name));
    if (found.st_size == 0) // or by O_TRUNC
        power_tell('T', number, 0, NULL, 0);
}

static int power_open(int (*real_open)(const char *, int, ...), const char *path, int flags, va_list more) {
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    (void)pthread_mutex_lock(&power_mutex);
    int descriptor = real_open(path, flags, mode);
    power_note_open(descriptor, path);
    (void)pthread_mutex_unlock(&power_mutex);
    return descriptor;
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int descriptor = power_open(POWER_REAL(open), path, flags, more);
    va_end(more);
    return descriptor;
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int descriptor = power_open(POWER_REAL(open64), path, flags, more);
    va_end(more);
    return descriptor;
}

int close(int descriptor) {
    (void)pthread_mutex_lock(&power_mutex);
    *power_slot(descriptor) = 0;
    int status = POWER_REAL(close)(descriptor);
    (void)pthread_mutex_unlock(&power_mutex);
    return status;
}

static ssize_t power_write_at(int file, int descriptor, const void *bytes, size_t size, off64_t offset) {
    ssize_t written = POWER_REAL(pwrite64)(descriptor, bytes, size, offset);
    if (written > 0 && file > 0)
        power_tell('W', file - 1, (uint64_t)offset, bytes, (size_t)written);
    return written;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    (void)pthread_mutex_lock(&power_mutex);
    ssize_t written = power_write_at(*power_slot(descriptor), descriptor, bytes, size, offset);
    (void)pthread_mutex_unlock(&power_mutex);
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    return pwrite64(descriptor, bytes, size, offset);
}

// What says how far the file is, to whomever.
static bool power_is_told(const char *bytes, size_t size) {
    static const char offsets[] = "\"offsets\":{";
    bool kafka = size > 8 && bytes[4] == 0 && bytes[5] == KAFKA_OFFSET_COMMIT;
    return kafka || memmem(bytes, size, offsets, sizeof offsets - 1) != NULL;
}

static void power_note_sent(const struct iovec *parts, size_t count) {
    static char bytes[POWER_MESSAGE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size_t room = sizeof bytes - size;
        size_t taken = parts[i].iov_len < room ? parts[i].iov_len : room;
        memcpy(bytes + size, parts[i].iov_base, taken);
        size += taken;
    }
    if (power_is_told(bytes, size))
        power_tell('M', 0, 0, bytes, size);
}

static void power_sends(int descriptor, const struct iovec *parts, size_t count) {
    struct stat found;
    if (power_trace < 0 || fstat(descriptor, &found) != 0 || !S_ISSOCK(found.st_mode))
        return;
    (void)pthread_mutex_lock(&power_mutex);
    power_note_sent(parts, count);
    (void)pthread_mutex_unlock(&power_mutex);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    power_sends(descriptor, &part, 1);
    if (*power_slot(descriptor) <= 0)
        return POWER_REAL(write)(descriptor, bytes, size);
    (void)pthread_mutex_lock(&power_mutex);
    off64_t at = lseek64(descriptor, 0, SEEK_CUR);
    ssize_t written = POWER_REAL(write)(descriptor, bytes, size);
    if (written > 0)
        power_tell('W', *power_slot(descriptor) - 1, (uint64_t)at, bytes, (size_t)written);
    (void)pthread_mutex_unlock(&power_mutex);
    return written;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    power_sends(descriptor, parts, (size_t)count);
    return POWER_REAL(writev)(descriptor, parts, count);
}

ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    power_sends(descriptor, &part, 1);
    return POWER_REAL(send)(descriptor, bytes, size, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    power_sends(descriptor, message->msg_iov, message->msg_iovlen);
    return POWER_REAL(sendmsg)(descriptor, message, flags);
}

static int power_sync(int (*real_sync)(int), int descriptor) {
    (void)pthread_mutex_lock(&power_mutex);
    int file = *power_slot(descriptor);
    int status = real_sync(descriptor);
    if (status == 0 && file != 0)
        power_tell(file > 0 ? 'S' : 'D', file > 0 ? file - 1 : 0, 0, NULL, 0);
    (void)pthread_mutex_unlock(&power_mutex);
    return status;
}

int fsync(int descriptor) {
    return power_sync(POWER_REAL(fsync), descriptor);
}

int fdatasync(int descriptor) {
    return power_sync(POWER_REAL(fdatasync), descriptor);
}

int ftruncate64(int descriptor, off64_t size) {
    (void)pthread_mutex_lock(&power_mutex);
    int status = POWER_REAL(ftruncate64)(descriptor, size);
    if (status == 0 && *power_slot(descriptor) > 0)
        power_tell('T', *power_slot(descriptor) - 1, (uint64_t)size, NULL, 0);
    (void)pthread_mutex_unlock(&power_mutex);
    return status;
}

int ftruncate(int descriptor, off_t size) {
    return ftruncate64(descriptor, size);
}

int unlink(const char *path) {
    struct stat found = {0};
    (void)pthread_mutex_lock(&power_mutex);
    const char *name = power_name(path);
    bool known = name != NULL && lstat(path, &found) == 0;
    int status = POWER_REAL(unlink)(path);
    if (status == 0 && known) {
        power_tell('U', 0, 0, name, strlen(name));
        for (int i = 0; i < power_files; i++)
            power_inodes[i] = power_inodes[i] == found.st_ino ? 0 : power_inodes[i];
    }
    (void)pthread_mutex_unlock(&power_mutex);
    return status;
}

int rename(const char *from, const char *to) {
    char names[2 * NAME_MAX + 2];
    (void)pthread_mutex_lock(&power_mutex);
    const char *name = power_name(from);
    const char *now = power_name(to);
    int status = POWER_REAL(rename)(from, to);
    if (status == 0 && name != NULL && now != NULL) {
        size_t size = strlen(name) + 1;
        memcpy(names, name, size);
        memcpy(names + size, now, strlen(now));
        power_tell('R', 0, 0, names, size + strlen(now));
    }
    (void)pthread_mutex_unlock(&power_mutex);
    return status;
}
