// Texts as the mirror stores them, in the form of their kind. Pure.
#ifndef TIDEMARK_POSTGRES_FORM_TEXT_H
#define TIDEMARK_POSTGRES_FORM_TEXT_H

#include "consumer/postgres/form_kind.h"
#include "views/base/buffer.h"

#include <stdbool.h>

// Appended. Arrays are form_array.h's.
void form_text_write(enum form_kind kind, struct span text, struct buffer *out);
void form_text_write_hex(struct span bytes, struct buffer *out);
// The bits of a number, highest byte first: of a float4 or a float8. Zero has one form, and so has what is no number.
void form_text_write_real(double value, bool is_short, struct buffer *out);

#endif
