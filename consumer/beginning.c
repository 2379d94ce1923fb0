#include "consumer/beginning.h"

#include "views/base/bounds.h"

#include <stdlib.h>

// A table that has rows changes one of them soon, or it hardly matters.
enum { BEGINNING_ROWS_MAX = BOUND(1024, 8), BEGINNING_PLACES = 2 * BEGINNING_ROWS_MAX };

void beginning_free(struct beginning *beginning) {
    free(beginning->keys);
    *beginning = (struct beginning){.over = true};
}

// The place of the key's hash, or the free one where it belongs.
static uint64_t *beginning_place(const struct beginning *beginning, uint64_t hash) {
    size_t place = (size_t)(hash % BEGINNING_PLACES);
    while (beginning->keys[place] != 0 && beginning->keys[place] != hash) // half of the places are free
        place = (place + 1) % BEGINNING_PLACES;
    return &beginning->keys[place];
}

static void beginning_add(struct beginning *beginning, uint64_t hash) {
    if (beginning->keys == NULL)
        beginning->keys = calloc(BEGINNING_PLACES, sizeof *beginning->keys);
    if (beginning->keys == NULL || beginning->count == BEGINNING_ROWS_MAX) {
        beginning_free(beginning);
        return;
    }
    uint64_t *place = beginning_place(beginning, hash);
    beginning->count += *place == 0;
    *place = hash;
}

bool beginning_take(struct beginning *beginning, int64_t offset, uint64_t row, enum beginning_op op) {
    if (beginning->over)
        return false;
    if (offset != beginning->next_offset || row == 0) {
        beginning_free(beginning);
        return false;
    }
    beginning->next_offset++;
    if (op == BEGINNING_MAKES)
        beginning_add(beginning, row);
    bool of_older =
        op == BEGINNING_CHANGES && (beginning->keys == NULL || *beginning_place(beginning, row) == 0);
    if (of_older)
        beginning_free(beginning);
    return of_older;
}
