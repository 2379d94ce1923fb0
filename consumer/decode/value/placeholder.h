// The value that Debezium sends for an unchanged TOAST column, since the log does not carry it. Its form
// depends on the column's type. Pure; `placeholder` is the connector's unavailable.value.placeholder.
#ifndef TIDEMARK_DECODE_VALUE_PLACEHOLDER_H
#define TIDEMARK_DECODE_VALUE_PLACEHOLDER_H

#include "views/base/span.h"
#include "views/engine/table.h"

// Which columns may have it as bytes are written: BYTEA, and what comes with include.unknown.datatypes=true alone
// (composites, multiranges, polygons: PostgreSQL's text as base64, in Debezium 3.6.1's binary.handling.mode=bytes).
static inline bool placeholder_comes_as_bytes(enum column_type type) {
    return type == COLUMN_BYTEA || type == COLUMN_OTHER;
}
// `text` is a string's, unescaped: the placeholder itself, its base64 or hex where it comes as bytes, or the object of it
// in hstore's JSON; each cut to ten characters or more by column.truncate.to.N.chars, which cuts it as it cuts any text.
bool placeholder_is_text(struct span text, enum column_type type, struct span placeholder);
// `raw` is a whole array or object: [placeholder], [its base64], [its bytes as numbers], [its UUID], or
// {placeholder: placeholder}.
bool placeholder_is_raw(struct span raw, struct span placeholder);
// Whether a text (an array's or object's bytes) that nobody has told of is likely a placeholder of another name: two
// underscores and a word such as "unavailable", in most of its forms; in a JSON column what can be no JSON; four to nine of
// the first characters of `placeholder`.
bool placeholder_is_likely(struct span text, enum column_type type, struct span placeholder);
// By its first bytes: false of nearly every value, and of each of which the other is false.
static inline bool placeholder_might_be_likely(struct span text, enum column_type type) {
    if (text.size < 4)
        return type == COLUMN_JSON;
    char first = text.data[0];
    if (first == '[' || first == '{')
        return text.data[2] == '_' || text.data[1] == '9';
    if (first == '_')
        return true;
    return type == COLUMN_JSON || (placeholder_comes_as_bytes(type) && first == 'X');
}

#endif
