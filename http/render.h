// Rows, position and lag as text, straight into a buffer. Pure.
#ifndef TIDEMARK_HTTP_RENDER_H
#define TIDEMARK_HTTP_RENDER_H

#include "views/base/buffer.h"
#include "views/engine/progress.h"
#include "views/engine/read.h"

enum format {
    FORMAT_JSON, // our envelope
    FORMAT_NDJSON,
    FORMAT_CSV,
    FORMAT_ARRAY,  // as PostgREST answers: an array of rows
    FORMAT_OBJECT, // the one row there is
};

struct lag {
    enum progress_state state;
    int64_t messages; // -1 = not known
    int64_t ms;       // -1 = not known
};
// The lag of the snapshot at `position`, by what the consumer knows now.
void lag_of(struct lag *ret, const struct progress_lag *known, const struct position *position,
            int64_t now_ms);

// -1 becomes null.
void render_integer_or_null(struct buffer *out, int64_t value);
// Milliseconds as seconds: 1.25; -1 becomes null.
void render_seconds_or_null(struct buffer *out, int64_t ms);
// `"state":..,"messages":..,"seconds":..`, for an object that has more members.
void render_lag_members(struct buffer *out, const struct lag *lag);
// {"state","messages","seconds"}
void render_lag(struct buffer *out, const struct lag *lag);
// "0/19C4170" without quotes
void render_lsn(struct buffer *out, int64_t lsn);
// "0/19C4170-4182-8f3a61c27d20b5e4": the LSN or null, the file's version, and a hash of the file's id and the offsets,
// since a restored file counts its versions again. Names the position; a client hands it back as it is.
void render_position_id(struct buffer *out, const struct position *position);
// {"lsn","consistency","offsets","quarantine"}
void render_position(struct buffer *out, const struct position *position);

// How the integers of columns are written that may have some that no double has.
enum bigint {
    BIGINT_AS_IT_FITS, // each by itself: a number, or a string beyond 2^53
    BIGINT_NUMBER,     // all are numbers
    BIGINT_STRING,     // all are strings
};
// One value: decimals and blobs (base64) as strings, JSON as what it is. It has no line break.
void render_cell(struct buffer *out, const struct cell *cell, enum bigint bigint);
void render_row(struct buffer *out, const struct rows *rows, enum bigint bigint);
// RFC 4180; NULL is empty, an empty text is "", and so are no bytes.
void render_csv_names(struct buffer *out, const struct rows *rows);
void render_csv_row(struct buffer *out, const struct rows *rows);

#endif
