#include "views/engine/watched_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// SQLite's file format, section 1.3: the magic text, the page size at 16 (1 = 65536), the pages of the file at 28.
enum { WATCHED_FILE_HEADER = 100, WATCHED_FILE_PAGE_SIZE_AT = 16, WATCHED_FILE_PAGES_AT = 28 };

// The same, sections 4.1 and 4.2; WAL-mode File Format, 2.1: two copies of a header of 48 bytes, in the machine's byte order. The
// first is written last, after the frames that it counts.
enum {
    LOG_HEADER = 32,
    LOG_FRAME_HEADER = 24,
    INDEX_WORDS = 12,
    INDEX_IS_INIT_AT = 12,   // a byte
    INDEX_PAGE_SIZE_AT = 14, // two of them
    INDEX_FRAMES_AT = 4,     // a word
};

static const char *const watched_file_suffixes[WATCHED_FILE_PARTS] = {"", "-wal", "-shm"};

static const char *const watched_file_remedies[WATCHED_FILE_PARTS] = {
    "nobody else sees what this process has open. Stop it, put the file back (or begin with a new one) and start again: "
    "it goes on from the offsets in the file",
    "the newest commits are in it, and nobody else can see them. Stop this process in good order (SIGTERM): that moves "
    "them into the file; then start again",
    "another process could not tell any more what is locked. Stop all that have the file open, then start again",
};

int watched_file_lock(const char *path, struct error *error) {
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock < 0)
        return error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno));
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    int status = errno == EWOULDBLOCK
                     ? error_set(error, ERROR_BUSY,
                                 "%s: another tidemark process has this file; stop it, or use "
                                 "`tidemark serve --db %s` to read beside it",
                                 path, path)
                     : error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno));
    (void)close(lock);
    return status;
}

void watched_file_begin(struct watched_file *file, const char *path, int descriptor) {
    *file = (struct watched_file){.path = path, .descriptor = descriptor};
    struct stat opened;
    if (fstat(descriptor, &opened) == 0) {
        file->parts[0].device = opened.st_dev;
        file->parts[0].inode = opened.st_ino;
    }
}

static uint32_t watched_file_number(const unsigned char *at, int bytes) {
    uint32_t number = 0;
    for (int i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

// A file that became smaller in good order (VACUUM) says so in its header.
static bool watched_file_is_whole(int descriptor, int64_t size) {
    unsigned char header[WATCHED_FILE_HEADER];
    if (pread(descriptor, header, sizeof header, 0) != (ssize_t)sizeof header ||
        memcmp(header, "SQLite format 3", 16) != 0)
        return false;
    uint32_t page_size = watched_file_number(header + WATCHED_FILE_PAGE_SIZE_AT, 2);
    page_size = page_size == 1 ? 65536 : page_size;
    return (int64_t)watched_file_number(header + WATCHED_FILE_PAGES_AT, 4) * page_size <= size;
}

int64_t watched_file_bytes(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) == 0 ? (int64_t)found.st_size : 0;
}

bool watched_file_is_cut(int descriptor, int64_t bytes) {
    struct stat found;
    return fstat(descriptor, &found) == 0 && found.st_size < bytes &&
           !watched_file_is_whole(descriptor, found.st_size);
}

static int watched_file_check_size(struct watched_file *file, int64_t size, struct error *error) {
    if (watched_file_is_cut(file->descriptor, file->largest))
        return error_set(
            error, ERROR_HALT,
            "%s was truncated while it was open: it has %lld bytes, and had %lld. Stop this process, take "
            "a backup of the file or begin with a new one, and start again",
            file->path, (long long)size, (long long)file->largest);
    file->largest = size;
    return 0;
}

// The bytes that a log has at least by its index's header, which `ret` gets; 0 = it is changing, or says nothing.
static int64_t watched_file_log_needs(const volatile void *index, uint32_t ret[INDEX_WORDS]) {
    const volatile uint32_t *words = index;
    if (words == NULL)
        return 0;
    uint32_t again[INDEX_WORDS];
    for (int i = 0; i < INDEX_WORDS; i++)
        ret[i] = words[i];
    for (int i = 0; i < INDEX_WORDS; i++)
        again[i] = words[INDEX_WORDS + i];
    const unsigned char *bytes = (const unsigned char *)ret;
    if (memcmp(ret, again, sizeof again) != 0 || bytes[INDEX_IS_INIT_AT] == 0)
        return 0;
    uint16_t page_size;
    memcpy(&page_size, bytes + INDEX_PAGE_SIZE_AT, sizeof page_size);
    int64_t frame = LOG_FRAME_HEADER + (page_size == 1 ? 65536 : page_size);
    uint32_t frames = ret[INDEX_FRAMES_AT];
    return frames > 0 ? LOG_HEADER + frames * frame : 0;
}

// SQLite cuts a log down after its index says that it has nothing.
static int watched_file_check_log(const struct watched_file *file, const char *path, struct error *error) {
    uint32_t before[INDEX_WORDS];
    uint32_t after[INDEX_WORDS];
    struct stat found;
    int64_t needs = watched_file_log_needs(file->index, before);
    if (needs == 0 || stat(path, &found) != 0 || found.st_size >= needs ||
        watched_file_log_needs(file->index, after) != needs || memcmp(before, after, sizeof before) != 0)
        return 0;
    return error_set(
        error, ERROR_HALT,
        "%s was truncated while it was open: it has %lld bytes, and had %lld; the newest commits were in it. Stop this "
        "process and begin with a backup or with a new file: it reads again from the offsets there",
        path, (long long)found.st_size, (long long)needs);
}

static int watched_file_check_part(struct watched_file *file, int part, struct error *error) {
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s%s", file->path, watched_file_suffixes[part]);
    struct stat found;
    bool known = file->parts[part].inode != 0 || file->parts[part].device != 0;
    if (size < 0 || (size_t)size >= sizeof path)
        return 0; // SQLite could not have opened it
    if (stat(path, &found) != 0) {
        if (!known || (errno != ENOENT && errno != ENOTDIR))
            return 0; // whether it is there is not known
        return error_set(error, ERROR_HALT, "%s was deleted or moved away while it was open: %s", path,
                         watched_file_remedies[part]);
    }
    if (!known) {
        file->parts[part].device = found.st_dev;
        file->parts[part].inode = found.st_ino;
    }
    if (found.st_dev != file->parts[part].device || found.st_ino != file->parts[part].inode)
        return error_set(error, ERROR_HALT, "another file stands at %s than the one that was opened: %s",
                         path, watched_file_remedies[part]);
    return part == 0   ? watched_file_check_size(file, found.st_size, error)
           : part == 1 ? watched_file_check_log(file, path, error)
                       : 0;
}

int watched_file_check(struct watched_file *file, struct error *error) {
    for (int part = 0; part < WATCHED_FILE_PARTS; part++)
        if (watched_file_check_part(file, part, error) != 0)
            return -1;
    return 0;
}

int watched_file_check_name(struct watched_file *file, struct error *error) {
    return watched_file_check_part(file, 0, error);
}
