// An answer that is too long for memory: a file without a name beside the store, written piece by piece while its rows are
// read. So the snapshot is held for as long as reading takes, not for as long as a client does, and what goes wrong on the
// way is still told by a status. Also gzip (RFC 1952) of either. One thread at a time.
#ifndef TIDEMARK_HTTP_BODY_FILE_H
#define TIDEMARK_HTTP_BODY_FILE_H

#include "views/base/bounds.h"
#include "views/base/buffer.h"
#include "views/base/error.h"

struct body_file;

enum {
    BODY_FILE_FROM = BOUND(1 << 20, 256), // bytes of a body that are better written than kept
    BODY_FILE_SPARE_MB = 256,             // of the disk, that are left for the store
    BODY_GZIP_FROM = 1024,                // bytes that are worth it
};

// Writes the bytes of `body` and clears it; *file is made by the first call, where `db` is or else in the folder for
// temporary files. Errors: ERROR_RETRY when the disk is full or would be, ERROR_SYSTEM. The file is then to be freed.
int body_file_take(struct body_file **file, const char *db, bool gzip, struct buffer *body,
                   struct error *error);
// The end: *ret is a descriptor for the caller to close, at its beginning; the file is freed.
int body_file_end(struct body_file **file, int *ret, int64_t *ret_size, struct error *error);
void body_file_free(struct body_file **file);

// The body of an answer that fits into memory.
int body_gzip(struct buffer *body, struct error *error);

#endif
