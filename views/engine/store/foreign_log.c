#include "views/engine/foreign_log.h"

#include "views/engine/sqlite/read_only.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// SQLite's file format (sqlite.org/fileformat2.html): the log's header and a frame's, a table's leaf, a record.
enum {
    FILE_HEADER = 100,
    FILE_PAGES = 28,
    FILE_SCHEMA = 40, // how often the schema was changed
    LOG_HEADER = 32,
    LOG_PAGE_SIZE = 8,
    LOG_SALTS = 16,
    LOG_SALTS_SIZE = 8,
    FRAME_HEADER = 24,
    FRAME_SALTS = 8,
    PAGE_SIZE_LEAST = 512,
    PAGE_SIZE_MOST = 65536,
    LEAF = 13,
    LEAF_CELLS = 3,
    LEAF_FIRST_CELL = 8,
    SERIAL_TEXT = 13,
    POSITION_OFFSETS = 6, // the column of _position, a JSON object
    FRAMES_MAX = 1 << 20,
    VERSIONS_A_COMMIT_MAX = 2,
};

struct foreign_log {
    int descriptor;
    size_t page_size;
    unsigned char header[LOG_HEADER];
    unsigned char page[PAGE_SIZE_MOST];
};

// The file without its log.
struct foreign_file {
    unsigned char header[FILE_HEADER];
    int64_t page; // the one with _position's row
    int64_t version;
};

static void foreign_log_close(struct foreign_log *log) {
    if (log->descriptor >= 0)
        (void)close(log->descriptor);
}

static uint64_t foreign_log_number(const unsigned char *bytes, int size) {
    uint64_t number = 0;
    for (int i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

// Moves *at behind it; 0 at the page's end.
static uint64_t foreign_log_varint(const struct foreign_log *log, size_t *at) {
    uint64_t number = 0;
    for (int i = 0; i < 9 && *at < log->page_size; i++) {
        unsigned char byte = log->page[(*at)++];
        number = i == 8 ? number << 8 | byte : number << 7 | (byte & 0x7f);
        if (i == 8 || byte < 0x80)
            return number;
    }
    return 0;
}

static size_t foreign_log_size(uint64_t serial) {
    static const unsigned char sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return serial < sizeof sizes ? sizes[serial] : (size_t)(serial - 12) / 2;
}

// The version in a page that is _position's one row; -1 = it is another page.
static int64_t foreign_log_page_version(const struct foreign_log *log) {
    size_t at = (size_t)foreign_log_number(&log->page[LEAF_FIRST_CELL], 2);
    if (log->page[0] != LEAF || foreign_log_number(&log->page[LEAF_CELLS], 2) != 1 || at >= log->page_size)
        return -1;
    (void)foreign_log_varint(log, &at); // its size
    (void)foreign_log_varint(log, &at); // its rowid, which is `id`
    size_t types = at;
    size_t body = at + (size_t)foreign_log_varint(log, &types);
    uint64_t id = foreign_log_varint(log, &types);
    uint64_t version = foreign_log_varint(log, &types);
    size_t size = foreign_log_size(version);
    size_t offsets = body + size;
    uint64_t serial = 0;
    for (int i = 2; i <= POSITION_OFFSETS; i++) {
        serial = foreign_log_varint(log, &types);
        offsets += i < POSITION_OFFSETS ? foreign_log_size(serial) : 0;
    }
    bool is = id == 0 && (version == 8 || version == 9 || (version > 0 && version < 7)) && types <= body &&
              offsets < log->page_size && serial >= SERIAL_TEXT && serial % 2 == 1 &&
              log->page[offsets] == '{';
    if (!is)
        return -1;
    return version >= 8 ? (int64_t)version - 8 : (int64_t)foreign_log_number(&log->page[body], (int)size);
}

static bool foreign_log_open(struct foreign_log *log, const char *path) {
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s-wal", path) >= (int)sizeof name ||
        (log->descriptor = open(name, O_RDONLY | O_CLOEXEC)) < 0 ||
        pread(log->descriptor, log->header, LOG_HEADER, 0) != LOG_HEADER)
        return false;
    log->page_size = (size_t)foreign_log_number(&log->header[LOG_PAGE_SIZE], 4);
    return log->page_size >= PAGE_SIZE_LEAST && log->page_size <= PAGE_SIZE_MOST;
}

// Moves *at behind the next frame that has the page, which log->page is then. False: there is none any more.
static bool foreign_log_next(struct foreign_log *log, int64_t page, off_t *at) {
    unsigned char frame[FRAME_HEADER];
    for (int i = 0; i < FRAMES_MAX; i++) {
        if (pread(log->descriptor, frame, sizeof frame, *at) != (ssize_t)sizeof frame ||
            memcmp(&frame[FRAME_SALTS], &log->header[LOG_SALTS], LOG_SALTS_SIZE) != 0)
            return false;
        const off_t begin = *at + (off_t)sizeof frame;
        *at = begin + (off_t)log->page_size;
        if ((int64_t)foreign_log_number(frame, 4) == page)
            return pread(log->descriptor, log->page, log->page_size, begin) == (ssize_t)log->page_size;
    }
    return false;
}

// What the file has without its log. False: it has no position yet, or a page of it was being written.
static bool foreign_log_read_file(const char *path, struct foreign_file *ret) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    sqlite3_file *file = NULL;
    if (read_only_open_immutable(path, &db, NULL) != 0 ||
        stmt_prepare(db,
                     "select (select rootpage from sqlite_schema where name = '_position'), version"
                     " from _position where id = 1 and typeof(version) = 'integer' and json_valid(offsets)",
                     path, &stmt, NULL) != 0 ||
        stmt_row(stmt, path, NULL) != 1)
        return false;
    ret->page = sqlite3_column_int64(stmt, 0);
    ret->version = sqlite3_column_int64(stmt, 1);
    return sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
           file->pMethods->xRead(file, ret->header, FILE_HEADER, 0) == SQLITE_OK;
}

// Whether the file cannot have been so before the log, of which log->page is the first header. The schema is counted up, so before
// the log the count was no higher. A copy by .backup has a count of its own, from 1 on; where it has pages of the log it is longer than
// the log's first commit made the file, and by itself that commit shortens a file only as VACUUM does, which counts one.
static bool foreign_log_is_of_another(const struct foreign_log *log, const struct foreign_file *file) {
    const uint64_t schema = foreign_log_number(&file->header[FILE_SCHEMA], 4);
    const uint64_t first = foreign_log_number(&log->page[FILE_SCHEMA], 4);
    const bool is_longer =
        foreign_log_number(&file->header[FILE_PAGES], 4) > foreign_log_number(&log->page[FILE_PAGES], 4);
    return schema > first || (schema + 1 < first && is_longer);
}

// Whether the file's header is neither of before the log nor one of the log's. (A page that a power cut has torn has its header
// whole.)
static bool foreign_log_header_differs(struct foreign_log *log, const struct foreign_file *file) {
    off_t at = LOG_HEADER;
    if (!foreign_log_next(log, 1, &at) || !foreign_log_is_of_another(log, file))
        return false;
    do
        if (memcmp(log->page, file->header, FILE_HEADER) == 0)
            return false;
    while (foreign_log_next(log, 1, &at));
    return true;
}

// Begun anew meanwhile, it has its header first: the frames that were read before are those of the header that is there still.
static bool foreign_log_is_as_it_was(const struct foreign_log *log) {
    unsigned char header[LOG_HEADER];
    return pread(log->descriptor, header, LOG_HEADER, 0) == LOG_HEADER &&
           memcmp(header, log->header, LOG_HEADER) == 0;
}

// Each log begins where the one before was in the file whole, and each commit adds one to the version; a program of before counted two
// in the commit that filled columns, and a crash may have left its log to this one. What `vacuum into` makes of
// a file has its pages in other places, and counts one change of the schema more, in a header that no log has. A .backup that was
// made while the log was written has its pages in their places, so that the log would make of it what was there before the crash.
int foreign_log_check(const char *path, struct error *error) {
    CLEANUP(foreign_log_close) struct foreign_log log = {.descriptor = -1};
    struct foreign_file file = {.page = 0};
    off_t at = LOG_HEADER;
    if (!foreign_log_open(&log, path) || !foreign_log_read_file(path, &file))
        return 0;
    const int64_t first = foreign_log_next(&log, file.page, &at) ? foreign_log_page_version(&log) : -1;
    const bool begins_later = first > file.version + VERSIONS_A_COMMIT_MAX;
    if ((!begins_later && !foreign_log_header_differs(&log, &file)) || !foreign_log_is_as_it_was(&log))
        return 0;
    char begins[64] = "the log is of a file of which this is a copy";
    if (begins_later)
        (void)snprintf(begins, sizeof begins, "the log begins at commit %lld", (long long)first);
    return error_set(
        error, ERROR_STORE,
        "%s-wal is not this file's log: the file stands at commit %lld, and %s, as when a "
        "backup is put back beside the log of a crash; delete %s-wal and %s-shm to go on with the backup, or "
        "put the file back that they belong to",
        path, (long long)file.version, begins, path, path);
}
