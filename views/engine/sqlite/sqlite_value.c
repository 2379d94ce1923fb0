#include "views/engine/sqlite/sqlite_value.h"

#include "views/engine/sqlite/stmt.h"

#include <string.h>

static int sqlite_value_lack(struct value *ret) {
    *ret = (struct value){.kind = VALUE_NULL};
    return SQLITE_NOMEM;
}

static int sqlite_value_borrow_blob(sqlite3_value *value, struct value *ret) {
    size_t size =
        (size_t)sqlite3_value_bytes(value); // before: SQLite may have to write out zeros that it only counts
    const void *data = size > 0 ? sqlite3_value_blob(value) : "";
    if (data == NULL)
        return sqlite_value_lack(ret);
    *ret = (struct value){.kind = VALUE_BLOB, .bytes = {data, size}};
    return SQLITE_OK;
}

int sqlite_value_borrow_text(sqlite3_value *value, struct value *ret) {
    const char *data = (const char *)sqlite3_value_text(value); // SQLite may have to convert it
    if (data == NULL)
        return sqlite_value_lack(ret);
    *ret = (struct value){.kind = VALUE_TEXT, .bytes = {data, (size_t)sqlite3_value_bytes(value)}};
    return SQLITE_OK;
}

int sqlite_value_borrow(sqlite3_value *value, struct value *ret) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        *ret = (struct value){.kind = VALUE_INTEGER, .integer = sqlite3_value_int64(value)};
        return SQLITE_OK;
    case SQLITE_FLOAT:
        *ret = (struct value){.kind = VALUE_REAL, .real = sqlite3_value_double(value)};
        return SQLITE_OK;
    case SQLITE_TEXT:
        return sqlite_value_borrow_text(value, ret);
    case SQLITE_BLOB:
        return sqlite_value_borrow_blob(value, ret);
    default:
        *ret = (struct value){.kind = VALUE_NULL};
        return SQLITE_OK;
    }
}

int sqlite_value_take(struct arena *arena, sqlite3_value *from, struct value *ret) {
    int code = sqlite_value_borrow(from, ret);
    if (code != SQLITE_OK || !value_has_bytes(ret))
        return code;
    char *copy = arena_take(arena, ret->bytes.size + 1);
    if (copy == NULL)
        return SQLITE_NOMEM;
    memcpy(copy, ret->bytes.data, ret->bytes.size);
    ret->bytes.data = copy;
    return SQLITE_OK;
}

void sqlite_value_result(sqlite3_context *context, const struct value *value) {
    switch (value->kind) {
    case VALUE_INTEGER:
        sqlite3_result_int64(context, value->integer);
        break;
    case VALUE_REAL:
        sqlite3_result_double(context, value->real);
        break;
    case VALUE_TEXT: // lives as long as the list, which no statement outlives
        sqlite3_result_text64(context, value->bytes.data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        sqlite3_result_blob64(context, value->bytes.data, value->bytes.size, SQLITE_STATIC);
        break;
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_UNAVAILABLE:
        break;
    }
}

void sqlite_value_result_packed(sqlite3_context *context, const struct packed_row *row, int column) {
    const struct value value = packed_row_value(row, column);
    sqlite_value_result(context, &value);
}

void sqlite_value_bind(sqlite3_stmt *stmt, int index, const struct value *value) {
    switch (value->kind) {
    case VALUE_INTEGER:
        (void)sqlite3_bind_int64(stmt, index, value->integer);
        break;
    case VALUE_REAL:
        (void)sqlite3_bind_double(stmt, index, value->real);
        break;
    case VALUE_TEXT:
        (void)sqlite3_bind_text64(stmt, index, value->bytes.data, value->bytes.size, SQLITE_STATIC,
                                  SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        (void)sqlite3_bind_blob64(stmt, index, value->bytes.data, value->bytes.size, SQLITE_STATIC);
        break;
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_UNAVAILABLE:
        (void)sqlite3_bind_null(stmt, index);
        break;
    }
}
