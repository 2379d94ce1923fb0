// A row's key as the text of a JSON array: what the engine's own tables know a row by, and a person reads. Bytes are
// written in hex. Equal keys of a table have equal texts. SQLite's own json_array() and json_extract() are not used for it: they
// know no bytes and no infinity, round doubles to 15 digits, and end a text at its first NUL. Pure.
#ifndef TIDEMARK_ROW_KEY_TEXT_H
#define TIDEMARK_ROW_KEY_TEXT_H

#include "views/base/arena.h"
#include "views/base/buffer.h"
#include "views/engine/table.h"

// `values`: by column number. False when a key column has no value; then nothing is written.
bool key_text_write(struct buffer *out, const struct table *table, const struct value *values);

// The parts of a text that was written, bytes as the hex that they are written in: how many there are, -1 when it is no such text (it
// may be of an older file), or memory ran out. Their bytes live in `arena`.
int key_text_parts(struct span text, struct arena *arena, struct value ret[TABLE_KEYS_MAX]);
// A text that json_array() wrote, as key_text_write writes that key: equal keys have equal texts then. False when it is none, or
// memory ran out; `out` is then of no use.
bool key_text_write_anew(struct buffer *out, struct span text, struct arena *arena);
// The values that were written, into the key columns' places of `ret`; their bytes live in `arena`. False when the text is none
// that was written of a key of this table as it is declared now, or memory ran out.
bool key_text_read(struct span text, const struct table *table, struct arena *arena, struct value *ret);

#endif
