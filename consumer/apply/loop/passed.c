#include "consumer/apply/loop/passed.h"

#include "views/engine/change.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_LEAST = 64 };

bool passed_init(struct passed *passed) {
    *passed = (struct passed){.txns = calloc(PASSED_MAX, sizeof *passed->txns)};
    return passed->txns != NULL;
}

static void passed_clear(struct passed *passed, struct passed_txn *txn) {
    passed->bytes -= txn->size;
    passed->endless -= txn->txid > 0 && txn->lsn == LSN_NONE;
    free(txn->taken);
    *txn = (struct passed_txn){.txid = -1, .lsn = LSN_NONE};
}

void passed_free(struct passed *passed) {
    for (int i = 0; passed->txns != NULL && i < PASSED_MAX; i++)
        free(passed->txns[i].taken);
    free(passed->txns);
    *passed = (struct passed){0};
}

// The newest is found first.
struct passed_txn *passed_find(const struct passed *passed, int64_t txid) {
    for (int i = 1; i <= passed->count; i++) {
        struct passed_txn *txn = &passed->txns[(passed->next + PASSED_MAX - i) % PASSED_MAX];
        if (txn->txid == txid)
            return txn;
    }
    return NULL;
}

struct passed_txn *passed_add(struct passed *passed, int64_t txid) {
    struct passed_txn *txn = passed_find(passed, txid);
    if (txn != NULL)
        return txn;
    txn = &passed->txns[passed->next];
    passed_clear(passed, txn);
    txn->txid = txid;
    passed->endless++;
    passed->next = (passed->next + 1) % PASSED_MAX;
    if (passed->count < PASSED_MAX)
        passed->count++;
    return txn;
}

// Room for so many bytes of bits.
static bool passed_grow(struct passed *passed, struct passed_txn *txn, size_t size) {
    if (size <= txn->size)
        return true;
    size_t wanted = txn->size * 2 > size ? txn->size * 2 : size;
    wanted = wanted > BYTES_LEAST ? wanted : BYTES_LEAST;
    unsigned char *grown = NULL;
    if (!txn->inexact && passed->bytes - txn->size + wanted <= PASSED_BYTES_MAX)
        grown = realloc(txn->taken, wanted);
    txn->inexact = grown == NULL;
    if (grown == NULL)
        return false;
    memset(grown + txn->size, 0, wanted - txn->size);
    passed->bytes += wanted - txn->size;
    txn->taken = grown;
    txn->size = wanted;
    return true;
}

void passed_take(struct passed *passed, struct passed_txn *txn, int64_t total_order) {
    size_t at = (size_t)(total_order >> 3);
    if (total_order <= 0 || !passed_grow(passed, txn, at + 1))
        return;
    unsigned char bit = (unsigned char)(1u << (total_order & 7));
    if ((txn->taken[at] & bit) != 0)
        return;
    txn->taken[at] |= bit;
    txn->rows++;
}

void passed_take_all(struct passed *passed, struct passed_txn *txn, const unsigned char *bits, size_t size,
                     int64_t rows) {
    if (!passed_grow(passed, txn, size))
        return;
    memcpy(txn->taken, bits, size);
    txn->rows = rows;
}

void passed_end(struct passed *passed, struct passed_txn *txn, int64_t lsn, int64_t expected) {
    passed->endless -= txn->lsn == LSN_NONE;
    txn->lsn = lsn;
    txn->expected = expected;
}

bool passed_is_whole(struct passed_txn *txn) {
    if (txn->reported || txn->inexact || txn->lsn == LSN_NONE || txn->rows < txn->expected)
        return false;
    txn->reported = true;
    return true;
}

void passed_drop_endless(struct passed *passed) {
    bool any = false;
    for (int i = 0; i < PASSED_MAX && passed->count > 0; i++) {
        if (passed->txns[i].lsn == LSN_NONE)
            passed_clear(passed, &passed->txns[i]);
        any |= passed->txns[i].txid > 0;
    }
    if (!any)
        passed->count = 0;
}
