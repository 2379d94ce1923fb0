#include "views/engine/sqlite/wal_batch.h"

#include "views/engine/sqlite/stmt.h"
#include "views/engine/sqlite/versions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITE_LOCK = 0,          // of the wal-index's locks
    SYNC_KIND = 0x0f,        // of xSync's flags, without SQLITE_SYNC_DATAONLY
    FILE_ALIGNMENT = 16,     // of what follows the default VFS's file
    INDEX_REGION = 32768,    // bytes of a wal-index that SQLite maps at once
    LOG_METHODS_VERSION = 1, // no shared memory and no mapping: SQLite asks those of main files only
};

// Stands behind the default VFS's own file, in the memory that SQLite gives a file.
struct layer {
    sqlite3_io_methods methods; // the file's own, but those below
    const sqlite3_io_methods *real;
    struct layer *other; // of a main file its log, of a log its main file; NULL when that is not open
    char *bytes;         // of a log; NULL: gathers nothing
    bool durable;        // a commit's sync is the disk's
    int used;
    sqlite3_int64 offset; // of the first of `bytes`
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t wal_batch_real_file_size(void) {
    return ((size_t)real_vfs->szOsFile + FILE_ALIGNMENT - 1) / FILE_ALIGNMENT * FILE_ALIGNMENT;
}

static struct layer *wal_batch_layer_of(sqlite3_file *file) {
    void *behind = (char *)file + wal_batch_real_file_size();
    return behind;
}

// A log is written from its beginning on. What is shorter than that was cut off by somebody: written on, it would have a hole,
// and a checkpoint would move the hole into the file.
static int wal_batch_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset) {
    struct layer *log = wal_batch_layer_of(file);
    sqlite3_int64 end = 0;
    int code = offset > 0 ? log->real->xFileSize(file, &end) : SQLITE_OK;
    if (code == SQLITE_OK && offset > end)
        code = SQLITE_IOERR_WRITE;
    return code != SQLITE_OK ? code : log->real->xWrite(file, data, size, offset);
}

// What cannot be written stays: a call that succeeds after one that failed has written all.
static int wal_batch_write_out(sqlite3_file *file) {
    struct layer *log = wal_batch_layer_of(file);
    int code = log->used > 0 ? wal_batch_write(file, log->bytes, log->used, log->offset) : SQLITE_OK;
    if (code == SQLITE_OK)
        log->used = 0;
    return code;
}

static int wal_batch_log_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset) {
    struct layer *log = wal_batch_layer_of(file);
    if (log->used > 0 && (offset != log->offset + log->used || size > WAL_BATCH_BYTES - log->used)) {
        int code = wal_batch_write_out(file);
        if (code != SQLITE_OK)
            return code;
    }
    if (log->bytes == NULL || size > WAL_BATCH_BYTES)
        return wal_batch_write(file, data, size, offset);
    if (log->used == 0)
        log->offset = offset;
    memcpy(log->bytes + log->used, data, (size_t)size);
    log->used += size;
    return SQLITE_OK;
}

static int wal_batch_log_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset) {
    struct layer *log = wal_batch_layer_of(file);
    bool gathered = offset < log->offset + log->used && offset + size > log->offset;
    int code = gathered ? wal_batch_write_out(file) : SQLITE_OK;
    return code != SQLITE_OK ? code : log->real->xRead(file, data, size, offset);
}

static int wal_batch_log_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int code = wal_batch_write_out(file);
    return code != SQLITE_OK ? code : wal_batch_layer_of(file)->real->xTruncate(file, size);
}

static int wal_batch_log_size(sqlite3_file *file, sqlite3_int64 *ret) {
    int code = wal_batch_write_out(file);
    return code != SQLITE_OK ? code : wal_batch_layer_of(file)->real->xFileSize(file, ret);
}

static int wal_batch_log_sync(sqlite3_file *file, int flags) {
    struct layer *log = wal_batch_layer_of(file);
    int code = wal_batch_write_out(file);
    bool commits = log->bytes != NULL && !log->durable && (flags & SYNC_KIND) == SQLITE_SYNC_NORMAL;
    return code != SQLITE_OK || commits ? code : log->real->xSync(file, flags);
}

// No transaction is open, so nothing of a commit is gathered any more.
static int wal_batch_log_close(sqlite3_file *file) {
    struct layer *log = wal_batch_layer_of(file);
    if (log->other != NULL)
        log->other->other = NULL;
    free(log->bytes);
    log->bytes = NULL;
    return log->real->xClose(file);
}

static int wal_batch_main_lock(sqlite3_file *file, int offset, int count, int flags) {
    struct layer *layer = wal_batch_layer_of(file);
    if (layer->other != NULL && offset == WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0)
        layer->other->used = 0;
    return layer->real->xShmLock(file, offset, count, flags);
}

static int wal_batch_main_close(sqlite3_file *file) {
    struct layer *layer = wal_batch_layer_of(file);
    if (layer->other != NULL)
        layer->other->other = NULL;
    return layer->real->xClose(file);
}

static void wal_batch_wrap_main(sqlite3_file *file) {
    struct layer *layer = wal_batch_layer_of(file);
    *layer = (struct layer){.methods = *file->pMethods, .real = file->pMethods};
    if (layer->real->iVersion >= 2)
        layer->methods.xShmLock = wal_batch_main_lock;
    layer->methods.xClose = wal_batch_main_close;
    file->pMethods = &layer->methods;
}

// A log whose main file is not of this VFS cannot learn that a transaction ended; it has no `other`.
static void wal_batch_wrap_log(sqlite3_file *file, const char *name) {
    sqlite3_file *main_file = sqlite3_database_file_object(name);
    struct layer *log = wal_batch_layer_of(file);
    *log = (struct layer){.real = file->pMethods};
    if (main_file->pMethods != NULL && main_file->pMethods->xShmLock == wal_batch_main_lock) {
        log->other = wal_batch_layer_of(main_file);
        log->other->other = log;
    }
    log->methods = (sqlite3_io_methods){
        .iVersion = LOG_METHODS_VERSION,
        .xClose = wal_batch_log_close,
        .xRead = wal_batch_log_read,
        .xWrite = wal_batch_log_write,
        .xTruncate = wal_batch_log_truncate,
        .xSync = wal_batch_log_sync,
        .xFileSize = wal_batch_log_size,
        .xLock = log->real->xLock,
        .xUnlock = log->real->xUnlock,
        .xCheckReservedLock = log->real->xCheckReservedLock,
        .xFileControl = log->real->xFileControl,
        .xSectorSize = log->real->xSectorSize,
        .xDeviceCharacteristics = log->real->xDeviceCharacteristics,
    };
    file->pMethods = &log->methods;
}

static int wal_batch_open_file(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                               int *ret_flags) {
    (void)self;
    int code = real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
    if (code != SQLITE_OK)
        return code;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
        wal_batch_wrap_main(file);
    else if ((flags & SQLITE_OPEN_WAL) != 0)
        wal_batch_wrap_log(file, name);
    return SQLITE_OK;
}

// The other methods are the default VFS's, with all that they find in its struct.
static void wal_batch_make_vfs(void) {
    real_vfs = sqlite3_vfs_find(NULL);
    if (real_vfs == NULL)
        return;
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = "gather";
    vfs.szOsFile = (int)(wal_batch_real_file_size() + sizeof(struct layer));
    vfs.xOpen = wal_batch_open_file;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
        vfs.zName = NULL;
}

const char *wal_batch_vfs(int version) {
    if (!versions_has_run(version))
        return NULL;
    (void)pthread_once(&once, wal_batch_make_vfs);
    return vfs.zName;
}

// The connection's log, NULL when that cannot be gathered.
static struct layer *wal_batch_find_log(sqlite3 *db) {
    sqlite3_file *file = NULL;
    sqlite3_file *main_file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &main_file) != SQLITE_OK ||
        file->pMethods == NULL || file->pMethods->xWrite != wal_batch_log_write ||
        wal_batch_layer_of(file)->other == NULL ||
        (main_file->pMethods->xDeviceCharacteristics(main_file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0)
        return NULL;
    return wal_batch_layer_of(file);
}

// The first read makes the connection open its log.
int wal_batch_start(sqlite3 *db, struct error *error) {
    if (stmt_run(db, "pragma synchronous = normal; select 1 from sqlite_schema limit 1", "synchronous",
                 error) != 0)
        return -1;
    struct layer *log = wal_batch_find_log(db);
    char *bytes = log != NULL ? malloc(WAL_BATCH_BYTES) : NULL;
    if (bytes == NULL)
        return 0;
    if (stmt_run(db, "pragma synchronous = full; pragma checkpoint_fullfsync = on", "synchronous", error) !=
        0) {
        free(bytes);
        return -1;
    }
    log->bytes = bytes;
    return 0;
}

const volatile void *wal_batch_index(sqlite3 *db) {
    sqlite3_file *file = NULL;
    volatile void *index = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file->pMethods == NULL || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, INDEX_REGION, 0, &index) != SQLITE_OK)
        return NULL;
    return index;
}

int wal_batch_sync(sqlite3 *db, struct error *error) {
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        file->pMethods == NULL)
        return error_set(error, ERROR_STORE, "the write-ahead log is not open");
    int code = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
    return code == SQLITE_OK
               ? 0
               : error_set(error, ERROR_RETRY, "sync of the write-ahead log: %s", sqlite3_errstr(code));
}

int wal_batch_set_durable(sqlite3 *db, struct error *error) {
    struct layer *log = wal_batch_find_log(db);
    if (log != NULL && log->bytes != NULL)
        log->durable = true;
    else if (stmt_run(db, "pragma synchronous = full", "synchronous", error) != 0)
        return -1;
    return wal_batch_sync(db, error);
}
