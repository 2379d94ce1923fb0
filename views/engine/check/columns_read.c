#include "views/engine/check/columns_read.h"

#include "views/engine/sqlite/stmt.h"

#include <string.h>

static const struct table *columns_read_table(const struct catalog *catalog, const char *name) {
    for (int i = 0; i < catalog->table_count; i++)
        if (sqlite3_stricmp(catalog->tables[i].name, name) == 0)
            return &catalog->tables[i];
    return NULL;
}

// What follows `prefix`, in any case; NULL = it does not begin so.
static const char *columns_read_behind(const char *text, const char *prefix) {
    size_t size = strlen(prefix);
    return sqlite3_strnicmp(text, prefix, (int)size) == 0 ? text + size : NULL;
}

static const char *columns_read_state(const char *column) {
    const char *name = columns_read_behind(column, "new_");
    return name != NULL ? name : columns_read_behind(column, "old_");
}

const struct column *columns_read_find(const struct catalog *catalog, const char *table, const char *column) {
    static const char *const prefixes[] = {"_sums_", "_delta_", "_at_", "_changes_"};
    const char *name = table;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && name == table; i++) {
        const char *behind = columns_read_behind(table, prefixes[i]);
        if (behind != NULL && strcmp(prefixes[i], "_changes_") == 0)
            column = columns_read_state(column);
        name = behind != NULL ? behind : name;
    }
    const struct table *mirrored = column != NULL ? columns_read_table(catalog, name) : NULL;
    for (int i = 0; mirrored != NULL && i < mirrored->column_count; i++)
        if (sqlite3_stricmp(mirrored->columns[i].name, column) == 0)
            return &mirrored->columns[i];
    return NULL;
}

static const char *columns_read_keep(struct columns_read *reads, const char *name) {
    size_t size = strlen(name) + 1;
    if (size > sizeof reads->names - reads->size)
        return NULL;
    char *copy = memcpy(reads->names + reads->size, name, size);
    reads->size += size;
    return copy;
}

void columns_read_note(struct columns_read *reads, const struct catalog *catalog, const char *table,
                       const char *column) {
    for (int i = 0; i < reads->count; i++)
        if (strcmp(reads->list[i].table, table) == 0 && strcmp(reads->list[i].column, column) == 0)
            return;
    const char *kept_table = reads->count < COLUMNS_READ_MAX ? columns_read_keep(reads, table) : NULL;
    const char *kept_column = kept_table != NULL ? columns_read_keep(reads, column) : NULL;
    if (kept_column == NULL) {
        reads->full = true;
        return;
    }
    const struct column *mirrored = columns_read_find(catalog, table, column);
    reads->list[reads->count].table = kept_table;
    reads->list[reads->count].column = kept_column;
    reads->list[reads->count].mirrored = mirrored;
    reads->list[reads->count++].nullable = mirrored != NULL && mirrored->key == 0 && !mirrored->not_null;
}

static bool columns_read_same(const char *text, struct span name) {
    return strlen(text) == name.size && sqlite3_strnicmp(text, name.data, (int)name.size) == 0;
}

const struct column *columns_read_column(const struct columns_read *reads, struct span name,
                                         const char *but) {
    const struct column *found = NULL;
    for (int i = 0; i < reads->count; i++) {
        if (!columns_read_same(reads->list[i].column, name) ||
            (but != NULL && sqlite3_stricmp(reads->list[i].table, but) == 0))
            continue;
        const struct column *column = reads->list[i].mirrored;
        if (column == NULL ||
            (found != NULL && (found->type != column->type || found->variant != column->variant)))
            return NULL;
        found = column;
    }
    return reads->full ? NULL : found;
}

const struct column *columns_read_of(const struct columns_read *reads, struct span table, struct span name) {
    for (int i = 0; i < reads->count; i++)
        if (columns_read_same(reads->list[i].column, name) && columns_read_same(reads->list[i].table, table))
            return reads->list[i].mirrored;
    return NULL;
}

bool columns_read_is(const struct columns_read *reads, struct span name, enum column_type type) {
    bool found = false;
    for (int i = 0; i < reads->count; i++) {
        if (!columns_read_same(reads->list[i].column, name))
            continue;
        if (reads->list[i].mirrored == NULL || reads->list[i].mirrored->type != type)
            return false;
        found = true;
    }
    return found && !reads->full;
}

bool columns_read_nullable(const struct columns_read *reads, struct span name, const char *but) {
    bool found = false;
    for (int i = 0; i < reads->count; i++) {
        if (!columns_read_same(reads->list[i].column, name) ||
            (but != NULL && sqlite3_stricmp(reads->list[i].table, but) == 0))
            continue;
        if (!reads->list[i].nullable)
            return false;
        found = true;
    }
    return found && !reads->full;
}

bool columns_read_are_of(const struct columns_read *reads, struct span name, const char *prefix,
                         const char *but) {
    bool found = false;
    for (int i = 0; i < reads->count; i++) {
        if (!columns_read_same(reads->list[i].column, name) ||
            (but != NULL && sqlite3_stricmp(reads->list[i].table, but) == 0))
            continue;
        if (columns_read_behind(reads->list[i].table, prefix) == NULL)
            return false;
        found = true;
    }
    return found && !reads->full;
}

bool columns_read_has(const struct columns_read *reads, const char *prefix, enum column_type type) {
    for (int i = 0; i < reads->count; i++)
        if (reads->list[i].mirrored != NULL && reads->list[i].mirrored->type == type &&
            columns_read_behind(reads->list[i].table, prefix) != NULL)
            return true;
    return reads->full;
}
