// The value that Debezium sends for an unchanged TOAST column, since the log does not carry it. Its form
// depends on the column's type. Pure; `placeholder` is the connector's unavailable.value.placeholder.
#ifndef TIDEMARK_DECODE_VALUE_PLACEHOLDER_H
#define TIDEMARK_DECODE_VALUE_PLACEHOLDER_H

#include "views/base/span.h"
#include "views/engine/table.h"

// `text` is a string's, unescaped: the placeholder itself, its base64 in a BYTEA column, or the object of it
// in hstore's JSON.
bool placeholder_is_text(struct span text, enum column_type type, struct span placeholder);
// `raw` is a whole array or object: [placeholder], [its base64], [its bytes as numbers], [its UUID], or
// {placeholder: placeholder}.
bool placeholder_is_raw(struct span raw, struct span placeholder);

#endif
