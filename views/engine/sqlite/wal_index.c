#include "views/engine/sqlite/wal_index.h"

#include "views/engine/sqlite/versions.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>

enum { REGION = 0, REGION_BYTES = 32768 }; // the pieces that SQLite maps it by

bool wal_index_open(struct wal_index *ret, struct sqlite3 *db) {
    sqlite3_file *file = NULL;
    void volatile *mapped = NULL;
    *ret = (struct wal_index){0};
    if (!versions_has_run(sqlite3_libversion_number()))
        return false;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file == NULL ||
        file->pMethods == NULL || file->pMethods->iVersion < 2 || file->pMethods->xShmMap == NULL)
        return false;
    int code = file->pMethods->xShmMap(file, REGION, REGION_BYTES, 0, &mapped);
    if (code != SQLITE_OK || mapped == NULL)
        return false;
    ret->head = (const _Atomic uint64_t *)mapped;
    return true;
}

void wal_index_note(struct wal_index *index) {
    for (int i = 0; index->head != NULL && i < WAL_INDEX_WORDS; i++)
        index->seen[i] = atomic_load_explicit(&index->head[i], memory_order_acquire);
}

bool wal_index_is_same(const struct wal_index *index) {
    uint64_t changed = 0;
    for (int i = 0; i < WAL_INDEX_WORDS; i++)
        changed |= index->seen[i] ^ atomic_load_explicit(&index->head[i], memory_order_acquire);
    return changed == 0;
}
