#include "views/engine/delta/dedup_blocks.h"

#include "views/base/bounds.h"
#include "views/base/hash.h"
#include "views/base/probe.h"
#include "views/engine/sqlite/stmt.h"

#include <string.h>

enum {
    BUCKETS = DEDUP_BLOCKS_MAX * 2, // a power of two
    FIRST_SIZE = BOUND(64, 2),
    ROW_BYTES_MAX = DEDUP_BLOCK_KEYS * 2,
};

struct dedup_block {
    int64_t set;
    int64_t number; // its keys divided by DEDUP_BLOCK_KEYS
    int part;
    bool dirty;
    uint8_t bits[DEDUP_BLOCK_KEYS];
};

static const char read_sql[] =
    "select told from _once_blocks where once = :once and part = :part and block = :block";
static const char write_sql[] = "insert into _once_blocks(once, part, block, told)"
                                " values(:once, :part, :block, :told)"
                                " on conflict do update set told = excluded.told";

void dedup_blocks_forget(struct dedup_blocks *blocks) {
    blocks->count = blocks->dirty = 0;
    if (blocks->buckets != NULL)
        probe_clear(blocks->buckets, BUCKETS);
}

void dedup_blocks_done(struct dedup_blocks *blocks) {
    stmt_finalize(&blocks->read);
    stmt_finalize(&blocks->write);
    free(blocks->list);
    free(blocks->buckets);
    *blocks = (struct dedup_blocks){0};
}

static int dedup_blocks_prepare(struct dedup_blocks *blocks, struct error *error) {
    if (blocks->buckets != NULL)
        return 0;
    if ((blocks->read == NULL &&
         stmt_prepare(blocks->db, read_sql, "_once_blocks", &blocks->read, error) != 0) ||
        (blocks->write == NULL &&
         stmt_prepare(blocks->db, write_sql, "_once_blocks", &blocks->write, error) != 0))
        return -1;
    blocks->buckets = probe_new(BUCKETS);
    return blocks->buckets != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

// The bucket of a block, or the free one that it would have.
static int *dedup_blocks_bucket_of(struct dedup_blocks *blocks, int64_t set, int64_t number, int part) {
    uint64_t hash = hash_mix(hash_mix(hash_mix(HASH_SEED, (uint64_t)set), (uint64_t)number), (uint64_t)part);
    for (size_t at = probe_first(hash, BUCKETS);; at = probe_next(at, BUCKETS)) {
        int *bucket = &blocks->buckets[at];
        const struct dedup_block *block = *bucket != PROBE_FREE ? &blocks->list[*bucket] : NULL;
        if (block == NULL || (block->number == number && block->set == set && block->part == part))
            return bucket;
    }
}

static struct dedup_block *dedup_blocks_new_block(struct dedup_blocks *blocks) {
    if (blocks->count == blocks->size) {
        int size = blocks->size == 0 ? FIRST_SIZE : blocks->size * 2;
        struct dedup_block *grown = realloc(blocks->list, (size_t)size * sizeof *grown);
        if (grown == NULL)
            return NULL;
        blocks->list = grown;
        blocks->size = size;
    }
    return &blocks->list[blocks->count];
}

static int dedup_blocks_unpack(struct dedup_block *block, sqlite3_stmt *row, struct error *error) {
    const uint8_t *pairs = sqlite3_column_blob(row, 0);
    int size = sqlite3_column_bytes(row, 0);
    bool good = size % 2 == 0 && size <= ROW_BYTES_MAX;
    for (int i = 0; good && i < size; i += 2) {
        good = i == 0 || pairs[i] > pairs[i - 2];
        block->bits[pairs[i]] = pairs[i + 1];
    }
    return good ? 0
                : error_set(error, ERROR_STORE, "_once_blocks: the row (%lld, %d, %lld) is damaged",
                            (long long)block->set, block->part, (long long)block->number);
}

static int dedup_blocks_read_block(struct dedup_blocks *blocks, struct dedup_block *block,
                                   struct error *error) {
    stmt_bind_integer(blocks->read, ":once", block->set);
    stmt_bind_integer(blocks->read, ":part", block->part);
    stmt_bind_integer(blocks->read, ":block", block->number);
    int found = stmt_row(blocks->read, "_once_blocks", error);
    if (found != 1)
        return found;
    CLEANUP(stmt_reset) sqlite3_stmt *row = blocks->read;
    return dedup_blocks_unpack(block, row, error);
}

static int dedup_blocks_write_block(struct dedup_blocks *blocks, const struct dedup_block *block,
                                    struct error *error) {
    uint8_t pairs[ROW_BYTES_MAX];
    size_t size = 0;
    for (int i = 0; i < DEDUP_BLOCK_KEYS; i++)
        if (block->bits[i] != 0) {
            pairs[size++] = (uint8_t)i;
            pairs[size++] = block->bits[i];
        }
    stmt_bind_integer(blocks->write, ":once", block->set);
    stmt_bind_integer(blocks->write, ":part", block->part);
    stmt_bind_integer(blocks->write, ":block", block->number);
    stmt_bind_blob(blocks->write, ":told", (struct span){(const char *)pairs, size});
    return stmt_step(blocks->write, "_once_blocks", NULL, error);
}

int dedup_blocks_write(struct dedup_blocks *blocks, struct error *error) {
    for (int i = 0; blocks->dirty > 0; i++) {
        struct dedup_block *block = &blocks->list[i];
        if (!block->dirty)
            continue;
        if (dedup_blocks_write_block(blocks, block, error) != 0)
            return -1;
        block->dirty = false;
        blocks->dirty--;
    }
    return 0;
}

// NULL = error.
static struct dedup_block *dedup_blocks_find_block(struct dedup_blocks *blocks, int64_t set, int64_t number,
                                                   int part, struct error *error) {
    if (dedup_blocks_prepare(blocks, error) != 0)
        return NULL;
    int *bucket = dedup_blocks_bucket_of(blocks, set, number, part);
    if (*bucket != PROBE_FREE)
        return &blocks->list[*bucket];
    if (blocks->count == DEDUP_BLOCKS_MAX) {
        if (dedup_blocks_write(blocks, error) != 0)
            return NULL;
        dedup_blocks_forget(blocks);
        bucket = dedup_blocks_bucket_of(blocks, set, number, part);
    }
    struct dedup_block *block = dedup_blocks_new_block(blocks);
    if (block == NULL)
        return (void)error_set(error, ERROR_SYSTEM, "out of memory"), NULL;
    *block = (struct dedup_block){.set = set, .number = number, .part = part};
    if (dedup_blocks_read_block(blocks, block, error) != 0)
        return NULL;
    *bucket = blocks->count++;
    return block;
}

int dedup_blocks_add(struct dedup_blocks *blocks, int64_t set, int64_t key, int number, bool *ret_new,
                     struct error *error) {
    int within = (int)(key & (DEDUP_BLOCK_KEYS - 1));
    int64_t block_number = (key - within) / DEDUP_BLOCK_KEYS;
    struct dedup_block *block =
        dedup_blocks_find_block(blocks, set, block_number, number / DEDUP_PART_BITS, error);
    if (block == NULL)
        return -1;
    uint8_t bit = (uint8_t)(1U << number % DEDUP_PART_BITS);
    *ret_new = (block->bits[within] & bit) == 0;
    if (!*ret_new)
        return 0;
    block->bits[within] |= bit;
    if (!block->dirty) {
        block->dirty = true;
        blocks->dirty++;
    }
    return 0;
}
