// A row's key as the text of a JSON array: what the engine's own tables know a row by, and a person reads. Bytes are
// written in hex. Equal keys of a table have equal texts. Pure.
#ifndef TIDEMARK_ROW_KEY_TEXT_H
#define TIDEMARK_ROW_KEY_TEXT_H

#include "views/base/buffer.h"
#include "views/engine/table.h"

// `values`: by column number. False when a key column has no value; then nothing is written.
bool key_text_write(struct buffer *out, const struct table *table, const struct value *values);

#endif
