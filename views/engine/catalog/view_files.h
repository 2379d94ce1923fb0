// Where the SQL comes from: the files embedded at build time, a folder of the user's, or both. Reads only.
#ifndef TIDEMARK_CATALOG_VIEW_FILES_H
#define TIDEMARK_CATALOG_VIEW_FILES_H

#include "views/base/error.h"

#include <stdbool.h>

enum {
    VIEW_FILES_MAX = 4096,
    VIEW_FILE_BYTES_MAX = 16 << 20,
    VIEW_NAME_MAX = 128,
};

struct view_file {
    char *path; // "warehouse/query.stock.sql", relative to the views' folder
    char *text; // NUL-terminated
};

struct view_files {
    struct view_file *files; // sorted by path
    int count;
    char **unused; // what else lies in the folder and was perhaps meant to be used
    int unused_count;
    bool built_in;          // the source.sql is the embedded one
    bool none_of_directory; // a directory was given, and nothing in it is used
};

// `directory` as catalog_load has it. Errors: ERROR_INPUT (not a folder, unreadable, a NUL byte, too large).
int view_files_collect(const char *directory, struct view_files *ret, struct error *error);
// Copies both; the caller keeps the order of paths.
int view_files_add(struct view_files *files, const char *path, const char *text, struct error *error);
void view_files_free(struct view_files *files);
// The text of a file, or NULL.
const char *view_files_text(const struct view_files *files, const char *path);

#endif
