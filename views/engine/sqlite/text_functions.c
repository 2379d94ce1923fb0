#define _GNU_SOURCE // memmem
#include "views/engine/sqlite/text_functions.h"

#include "views/engine/sqlite/stmt.h"

#include <string.h>

// The bytes of the value as a text, or as what it is where it may be one. False = NULL, or no memory.
static bool text_functions_bytes(sqlite3_value *value, bool as_text, struct span *ret) {
    const void *data = as_text ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
    *ret = (struct span){data, (size_t)sqlite3_value_bytes(value)};
    return data != NULL || (ret->size == 0 && sqlite3_value_type(value) == SQLITE_BLOB);
}

static bool text_functions_goes_on(char byte) { // a character of UTF-8
    return ((unsigned char)byte & 0xc0) == 0x80;
}

// Bytes of whole texts are compared from a character's first byte only.
static const char *text_functions_find(struct span in, struct span what, bool is_text) {
    if (what.size > in.size)
        return NULL;
    if (is_text && text_functions_goes_on(what.data[0]))
        return memcmp(in.data, what.data, what.size) == 0 ? in.data : NULL;
    // one byte is found from where it begins: a sanitizer's memmem looks at the whole rest each time
    return what.size == 1 ? memchr(in.data, what.data[0], in.size)
                          : memmem(in.data, in.size, what.data, what.size);
}

static void text_functions_free_value(sqlite3_value **value) {
    sqlite3_value_free(*value);
}

// 0 = not found; else the character, of blobs the byte, from 1.
static int64_t text_functions_place(struct span in, struct span what, bool is_text) {
    if (what.size == 0)
        return 1;
    const char *found = text_functions_find(in, what, is_text);
    int64_t place = 0;
    for (const char *at = in.data; found != NULL && at <= found; at++)
        place += !is_text || at == in.data || !text_functions_goes_on(*at);
    return place;
}

// A blob that is looked at as a text is copied: the statement may use it again.
static void text_functions_instr(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    int first = sqlite3_value_type(values[0]);
    int second = sqlite3_value_type(values[1]);
    if (first == SQLITE_NULL || second == SQLITE_NULL)
        return;
    bool is_text = first != SQLITE_BLOB || second != SQLITE_BLOB;
    CLEANUP(text_functions_free_value) sqlite3_value *copy = NULL;
    if (is_text && (first == SQLITE_BLOB || second == SQLITE_BLOB))
        copy = sqlite3_value_dup(values[first == SQLITE_BLOB ? 0 : 1]);
    struct span in;
    struct span what;
    bool read =
        text_functions_bytes(copy != NULL && first == SQLITE_BLOB ? copy : values[0], is_text, &in) &&
        text_functions_bytes(copy != NULL && second == SQLITE_BLOB ? copy : values[1], is_text, &what);
    if (read)
        sqlite3_result_int64(context, text_functions_place(in, what, is_text));
    else
        sqlite3_result_error_nomem(context);
}

static void text_functions_finish(sqlite3_context *context, sqlite3_str *text) {
    int code = sqlite3_str_errcode(text);
    int size = sqlite3_str_length(text);
    char *result = sqlite3_str_finish(text);
    if (code == SQLITE_TOOBIG)
        sqlite3_result_error_toobig(context);
    else if (code != SQLITE_OK)
        sqlite3_result_error_nomem(context);
    if (code != SQLITE_OK)
        sqlite3_free(result);
    else if (result == NULL)
        sqlite3_result_text(context, "", 0, SQLITE_STATIC);
    else
        sqlite3_result_text64(context, result, (sqlite3_uint64)size, sqlite3_free, SQLITE_UTF8);
}

static void text_functions_replace(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct span in;
    struct span what;
    struct span by;
    if (!text_functions_bytes(values[0], true, &in) || !text_functions_bytes(values[1], true, &what))
        return;
    if (what.size == 0 || what.data[0] == '\0') {
        sqlite3_result_value(context, values[0]);
        return;
    }
    if (!text_functions_bytes(values[2], true, &by))
        return;
    sqlite3_str *text = sqlite3_str_new(sqlite3_context_db_handle(context));
    const char *end = in.data + in.size;
    const char *at = in.data;
    const char *found;
    while (sqlite3_str_errcode(text) == SQLITE_OK &&
           (found = text_functions_find((struct span){at, (size_t)(end - at)}, what, false)) != NULL) {
        sqlite3_str_append(text, at, (int)(found - at));
        sqlite3_str_append(text, by.data, (int)by.size);
        at = found + what.size;
    }
    sqlite3_str_append(text, at, (int)(end - at));
    text_functions_finish(context, text);
}

int text_functions_register(struct sqlite3 *db, struct error *error) {
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    if (sqlite3_create_function_v2(db, "instr", 2, flags, NULL, text_functions_instr, NULL, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_create_function_v2(db, "replace", 3, flags, NULL, text_functions_replace, NULL, NULL, NULL) !=
            SQLITE_OK)
        return stmt_error(error, db, "instr");
    return 0;
}
