#include "http/render.h"

#include "views/base/base64.h"
#include "views/base/hash.h"
#include "views/base/json_text.h"
#include "views/base/real.h"
#include "views/engine/decimal.h"

#include <math.h>

// Integers beyond it have neighbours that the same double stands for.
#define DOUBLE_EXACT_MAX ((int64_t)1 << 53)

// Clocks of two machines are about so exact. Where the source's is further ahead, nobody can tell how far behind this is.
enum { RENDER_CLOCKS_APART_MS = 1000 };

void lag_of(struct lag *ret, const struct progress_lag *known, const struct position *position,
            int64_t now_ms) {
    ret->state = known->state;
    ret->messages = -1;
    if (known->high_total >= 0) {
        int64_t behind = known->high_total - position->applied_total;
        ret->messages = behind > 0 ? behind : 0;
    }
    ret->ms = -1;
    if (known->state == STATE_LIVE)
        ret->ms = 0;
    else if (known->newest_applied_ts_ms > 0 &&
             now_ms >= known->newest_applied_ts_ms - RENDER_CLOCKS_APART_MS)
        ret->ms = now_ms > known->newest_applied_ts_ms ? now_ms - known->newest_applied_ts_ms : 0;
}

void render_integer_or_null(struct buffer *out, int64_t value) {
    if (value < 0)
        buffer_text(out, "null");
    else
        buffer_integer(out, value);
}

void render_seconds_or_null(struct buffer *out, int64_t ms) {
    if (ms < 0) {
        buffer_text(out, "null");
        return;
    }
    buffer_integer(out, ms / 1000);
    int rest = (int)(ms % 1000);
    if (rest == 0)
        return;
    char digits[4] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    size_t size = sizeof digits;
    while (digits[size - 1] == '0')
        size--;
    buffer_append(out, digits, size);
}

void render_lag_members(struct buffer *out, const struct lag *lag) {
    buffer_text(out, "\"state\":\"");
    buffer_text(out, progress_state_name(lag->state));
    buffer_text(out, "\",\"messages\":");
    render_integer_or_null(out, lag->messages);
    buffer_text(out, ",\"seconds\":");
    render_seconds_or_null(out, lag->ms);
}

void render_lag(struct buffer *out, const struct lag *lag) {
    buffer_char(out, '{');
    render_lag_members(out, lag);
    buffer_char(out, '}');
}

void render_lsn(struct buffer *out, int64_t lsn) {
    buffer_format(out, "%X/%X", (unsigned)((uint64_t)lsn >> 32), (unsigned)((uint64_t)lsn & 0xffffffff));
}

void render_position_id(struct buffer *out, const struct position *position) {
    uint64_t hash = hash_position(span_of(position->store_id), position->offsets);
    if (position->lsn >= 0)
        render_lsn(out, position->lsn);
    else
        buffer_text(out, "null");
    buffer_format(out, "-%lld-%016llx", (long long)position->version, (unsigned long long)hash);
}

void render_position(struct buffer *out, const struct position *position) {
    buffer_text(out, "{\"lsn\":");
    if (position->lsn < 0) {
        buffer_text(out, "null");
    } else {
        buffer_char(out, '"');
        render_lsn(out, position->lsn);
        buffer_char(out, '"');
    }
    buffer_text(out, ",\"consistency\":\"");
    buffer_text(out, position->transactional ? "transactional" : "per-key");
    buffer_text(out, "\",\"offsets\":");
    buffer_append(out, position->offsets.data, position->offsets.size);
    buffer_text(out, ",\"quarantine\":");
    buffer_integer(out, position->quarantined);
    if (position->filling.data != NULL) {
        buffer_text(out, ",\"filling\":");
        buffer_json_string(out, position->filling);
    }
    buffer_char(out, '}');
}

static void render_quoted(struct buffer *out, const char *text, size_t size) {
    buffer_char(out, '"');
    buffer_append(out, text, size);
    buffer_char(out, '"');
}

static void render_integer(struct buffer *out, int64_t value, enum bigint bigint) {
    bool exact = value >= -DOUBLE_EXACT_MAX && value <= DOUBLE_EXACT_MAX;
    bool quoted = bigint == BIGINT_AS_IT_FITS ? !exact : bigint == BIGINT_STRING;
    if (quoted)
        buffer_char(out, '"');
    buffer_integer(out, value);
    if (quoted)
        buffer_char(out, '"');
}

static void render_spaces_for(struct buffer *out, size_t from, char line_break) {
    for (char *at = out->data + from;
         (at = memchr(at, line_break, out->size - (size_t)(at - out->data))) != NULL;)
        *at = ' ';
}

// What is no JSON, as the placeholder of a value that never came, is a string.
static void render_json(struct buffer *out, struct span text) {
    size_t from = out->size;
    if (!json_text_is_valid(text)) {
        buffer_json_string(out, text);
        return;
    }
    buffer_append(out, text.data, text.size);
    if (out->size == from)
        return;
    // JSON has line breaks between its tokens only, and a row or an event is one line: a space says the same.
    render_spaces_for(out, from, '\n');
    render_spaces_for(out, from, '\r');
}

static void render_blob(struct buffer *out, struct span bytes) {
    buffer_char(out, '"');
    base64_write(out, bytes);
    buffer_char(out, '"');
}

void render_cell(struct buffer *out, const struct cell *cell, enum bigint bigint) {
    char text[DECIMAL_TEXT_SIZE];
    switch (cell->kind) {
    case CELL_NULL:
        buffer_append(out, "null", 4);
        break;
    case CELL_INTEGER:
        buffer_integer(out, cell->integer);
        break;
    case CELL_BIGINT:
        render_integer(out, cell->integer, bigint);
        break;
    case CELL_REAL:
        if (isfinite(cell->real))
            buffer_append(out, text, real_write(cell->real, text));
        else
            render_quoted(out, text, real_write(cell->real, text));
        break;
    case CELL_TEXT:
        buffer_json_string(out, cell->bytes);
        break;
    case CELL_JSON:
        render_json(out, cell->bytes);
        break;
    case CELL_BLOB:
        render_blob(out, cell->bytes);
        break;
    case CELL_BOOLEAN:
        buffer_text(out, cell->integer != 0 ? "true" : "false");
        break;
    case CELL_DECIMAL:
        render_quoted(out, text, decimal_write(cell->integer, cell->scale, text));
        break;
    }
}

void render_row(struct buffer *out, const struct rows *rows, enum bigint bigint) {
    int count = rows_column_count(rows);
    for (int i = 0; i < count; i++) {
        struct span member = rows_member(rows, i);
        buffer_append(out, member.data, member.size);
        struct cell cell;
        rows_cell(rows, i, &cell);
        render_cell(out, &cell, bigint);
    }
    buffer_char(out, '}');
}

static void render_csv_text(struct buffer *out, struct span text) {
    bool plain = text.size > 0;
    for (size_t i = 0; i < text.size && plain; i++)
        plain = strchr(",\"\r\n", text.data[i]) == NULL;
    if (plain)
        buffer_append(out, text.data, text.size);
    else
        buffer_quoted(out, text);
}

static void render_csv_cell(struct buffer *out, const struct cell *cell) {
    char text[DECIMAL_TEXT_SIZE];
    switch (cell->kind) {
    case CELL_NULL:
        break;
    case CELL_INTEGER:
    case CELL_BIGINT:
        buffer_integer(out, cell->integer);
        break;
    case CELL_REAL:
        buffer_append(out, text, real_write(cell->real, text));
        break;
    case CELL_TEXT:
    case CELL_JSON:
        render_csv_text(out, cell->bytes);
        break;
    case CELL_BLOB:
        base64_write(out, cell->bytes);
        if (cell->bytes.size == 0)
            buffer_text(out, "\"\"");
        break;
    case CELL_BOOLEAN:
        buffer_text(out, cell->integer != 0 ? "true" : "false");
        break;
    case CELL_DECIMAL:
        buffer_append(out, text, decimal_write(cell->integer, cell->scale, text));
        break;
    }
}

void render_csv_names(struct buffer *out, const struct rows *rows) {
    for (int i = 0; i < rows_column_count(rows); i++) {
        if (i > 0)
            buffer_char(out, ',');
        render_csv_text(out, span_of(rows_column_name(rows, i)));
    }
    buffer_text(out, "\r\n");
}

void render_csv_row(struct buffer *out, const struct rows *rows) {
    for (int i = 0; i < rows_column_count(rows); i++) {
        if (i > 0)
            buffer_char(out, ',');
        struct cell cell;
        rows_cell(rows, i, &cell);
        render_csv_cell(out, &cell);
    }
    buffer_text(out, "\r\n");
}
