#define _GNU_SOURCE // O_TMPFILE, mkostemp
#include "http/body_file.h"

#include "views/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8, OUT_SIZE = 1 << 16, PATH_SIZE = 4096 };

struct body_file {
    int descriptor;
    int64_t size;
    bool gzip;
    z_stream deflater;
    unsigned char out[OUT_SIZE];
};

void body_file_free(struct body_file **file) {
    if (*file == NULL)
        return;
    if ((*file)->gzip)
        (void)deflateEnd(&(*file)->deflater);
    if ((*file)->descriptor >= 0)
        (void)close((*file)->descriptor);
    free(*file);
    *file = NULL;
}

// A file that has no name from its beginning, or, where the file system knows none such, from here on.
static int body_file_open_in(const char *folder, int size) {
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%.*s", size, folder);
    int descriptor = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor >= 0 || errno == EACCES || errno == EROFS)
        return descriptor;
    (void)snprintf(path, sizeof path, "%.*s/tidemark-answer-XXXXXX", size, folder);
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor >= 0)
        (void)unlink(path);
    return descriptor;
}

static int body_file_open(const char *db) {
    const char *slash = strrchr(db, '/');
    int descriptor = slash == NULL ? body_file_open_in(".", 1)
                                   : body_file_open_in(db, slash == db ? 1 : (int)(slash - db));
    if (descriptor >= 0)
        return descriptor;
    const char *temporary = getenv("TMPDIR");
    temporary = temporary != NULL && temporary[0] == '/' ? temporary : "/tmp";
    return body_file_open_in(temporary, (int)strlen(temporary));
}

static int body_file_new(struct body_file **ret, const char *db, bool gzip, struct error *error) {
    struct body_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    file->descriptor = body_file_open(db);
    if (gzip && deflateInit2(&file->deflater, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                             Z_DEFAULT_STRATEGY) != Z_OK) {
        body_file_free(&file);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    file->gzip = gzip;
    *ret = file;
    if (file->descriptor < 0)
        return error_set(error, ERROR_SYSTEM,
                         "no file for a long answer can be made beside %s or in TMPDIR: %s", db,
                         strerror(errno));
    return 0;
}

// Another piece must leave the store room to write.
static int body_file_check_room(const struct body_file *file, struct error *error) {
    struct statvfs disk;
    if (fstatvfs(file->descriptor, &disk) != 0)
        return 0;
    uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (left >= (uint64_t)BODY_FILE_SPARE_MB << 20)
        return 0;
    return error_set(error, ERROR_RETRY, "the disk has less than %d MB left: ask for less at once",
                     BODY_FILE_SPARE_MB);
}

static int body_file_write(struct body_file *file, const void *data, size_t size, struct error *error) {
    const char *at = data;
    file->size += (int64_t)size;
    while (size > 0) {
        ssize_t written = write(file->descriptor, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set(error, errno == ENOSPC || errno == EDQUOT ? ERROR_RETRY : ERROR_SYSTEM,
                             "a long answer cannot be written: %s", strerror(errno));
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

static int body_file_deflate(struct body_file *file, const struct buffer *body, int flush,
                             struct error *error) {
    union {
        const char *borrowed;
        unsigned char *bytes;
    } input = {.borrowed = body->data}; // zlib reads it only
    file->deflater.next_in = input.bytes;
    file->deflater.avail_in = (unsigned)body->size;
    int code;
    do {
        file->deflater.next_out = file->out;
        file->deflater.avail_out = OUT_SIZE;
        code = deflate(&file->deflater, flush);
        if (code == Z_STREAM_ERROR)
            return error_set(error, ERROR_SYSTEM, "an answer cannot be compressed");
        if (body_file_write(file, file->out, OUT_SIZE - file->deflater.avail_out, error) != 0)
            return -1;
    } while (file->deflater.avail_out == 0);
    return 0;
}

int body_file_take(struct body_file **file, const char *db, bool gzip, struct buffer *body,
                   struct error *error) {
    if (*file == NULL && body_file_new(file, db, gzip, error) != 0)
        return -1;
    if (body->failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (body_file_check_room(*file, error) != 0)
        return -1;
    int status = (*file)->gzip ? body_file_deflate(*file, body, Z_NO_FLUSH, error)
                               : body_file_write(*file, body->data, body->size, error);
    buffer_clear(body);
    return status;
}

int body_file_end(struct body_file **file, int *ret, int64_t *ret_size, struct error *error) {
    const struct buffer nothing = {0};
    if ((*file)->gzip && body_file_deflate(*file, &nothing, Z_FINISH, error) != 0)
        return -1;
    if (lseek((*file)->descriptor, 0, SEEK_SET) != 0)
        return error_set(error, ERROR_SYSTEM, "a long answer cannot be read: %s", strerror(errno));
    *ret = (*file)->descriptor;
    *ret_size = (*file)->size;
    (*file)->descriptor = -1;
    body_file_free(file);
    return 0;
}

int body_gzip(struct buffer *body, struct error *error) {
    CLEANUP(buffer_free) struct buffer made = {.limit = body->limit, .account = body->account};
    z_stream deflater = {0};
    union {
        const char *borrowed;
        unsigned char *bytes;
    } input = {.borrowed = body->data};
    if (deflateInit2(&deflater, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    size_t bound = deflateBound(&deflater, body->size);
    int code = Z_MEM_ERROR;
    if (buffer_reserve(&made, bound)) {
        deflater.next_in = input.bytes;
        deflater.avail_in = (unsigned)body->size;
        deflater.next_out = (unsigned char *)made.data;
        deflater.avail_out = (unsigned)bound;
        code = deflate(&deflater, Z_FINISH);
        made.size = deflater.total_out;
    }
    (void)deflateEnd(&deflater);
    if (code != Z_STREAM_END)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    buffer_trim(&made);
    struct buffer plain = *body;
    *body = made;
    made = plain;
    return 0;
}
