// Whether a message's key is the one that source.sql declares. A key with more columns (a tenant, a field that a
// router adds) has rows that the declared one would take for one; a key that lacks one does not say which row it
// is. One that has no column of the declared key at all (message.key.columns) says nothing of it: rows are then
// known by their columns, deletes by their "before"; but one that has the declared key in other letters is refused. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_KEY_CHECK_H
#define TIDEMARK_DECODE_ENVELOPE_KEY_CHECK_H

#include "views/base/error.h"
#include "views/engine/change.h"

enum { KEY_NAMES_SIZE = 160 };

struct key_check {
    char unknown[KEY_NAMES_SIZE]; // members of the key that are no columns of the table: "a, b"
    bool passes;                  // another key is an ERROR_INPUT (envelope_config's other_keys)
};

// A member of the key that is no column; for envelope_config.drift, `self` is the key_check.
void key_check_note_unknown(void *self, const struct table *table, struct span name, int64_t events);
// `values`: the key's columns by number. ERROR_HALT naming both keys and the line of source.sql, and what else may be so.
int key_check(const struct key_check *check, const struct table *table, const struct value *values,
              struct error *error);

#endif
