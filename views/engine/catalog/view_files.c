#include "views/engine/catalog/view_files.h"

#include "views/base/cleanup.h"
#include "views/base/embedded.h"
#include "views/base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

void view_files_free(struct view_files *files) {
    for (int i = 0; i < files->count; i++) {
        free(files->files[i].path);
        free(files->files[i].text);
    }
    free(files->files);
    for (int i = 0; i < files->unused_count; i++)
        free(files->unused[i]);
    free(files->unused);
    *files = (struct view_files){0};
}

const char *view_files_text(const struct view_files *files, const char *path) {
    for (int i = 0; i < files->count; i++)
        if (strcmp(files->files[i].path, path) == 0)
            return files->files[i].text;
    return NULL;
}

// Takes `text`, which it frees on failure.
static int view_files_add_file(struct view_files *files, const char *path, char *text, struct error *error) {
    CLEANUP(free_charp) char *owned = text;
    if (files->count == VIEW_FILES_MAX)
        return error_set(error, ERROR_INPUT, "more than %d view files", VIEW_FILES_MAX);
    struct view_file *grown = realloc(files->files, ((size_t)files->count + 1) * sizeof *grown);
    if (grown != NULL)
        files->files = grown;
    char *copy = strdup(path);
    if (grown == NULL || owned == NULL || copy == NULL) {
        free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    files->files[files->count++] = (struct view_file){.path = copy, .text = owned};
    owned = NULL;
    return 0;
}

int view_files_add(struct view_files *files, const char *path, const char *text, struct error *error) {
    return view_files_add_file(files, path, strdup(text), error);
}

static void view_files_close_file(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

static void view_files_close_directory(DIR **directory) {
    if (*directory != NULL)
        (void)closedir(*directory);
}

// A pipe has no end until somebody writes it, and a device none at all: neither is waited for.
static int view_files_open(const char *full, FILE **ret, struct error *error) {
    int fd = open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_INPUT, "%s: %s", full, strerror(errno));
    struct stat found;
    bool regular = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
    *ret = regular ? fdopen(fd, "rb") : NULL;
    if (*ret != NULL)
        return 0;
    (void)close(fd);
    return regular ? error_set(error, ERROR_SYSTEM, "out of memory")
                   : error_set(error, ERROR_INPUT,
                               "%s: is no plain file; put the SQL itself there, or a link to a file", full);
}

// SQL is text without a NUL. UTF-16 has one beside each letter.
static int view_files_check_text(const char *full, const char *text, size_t size, struct error *error) {
    if (size > VIEW_FILE_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "%s: more than %d bytes", full, VIEW_FILE_BYTES_MAX);
    if (utf8_is_16(text, size))
        return error_set(error, ERROR_INPUT, "%s: " UTF8_NOT_16, full);
    return memchr(text, '\0', size) == NULL
               ? 0
               : error_set(error, ERROR_INPUT, "%s: it has NUL bytes: save it as a text in UTF-8", full);
}

static int view_files_add_from_disk(struct view_files *files, const char *root, const char *path,
                                    struct error *error) {
    char full[PATH_SIZE];
    (void)snprintf(full, sizeof full, "%s/%s", root, path);
    CLEANUP(view_files_close_file) FILE *file = NULL;
    if (view_files_open(full, &file, error) != 0)
        return -1;
    CLEANUP(free_charp) char *text = malloc(VIEW_FILE_BYTES_MAX + 1);
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    size_t size = fread(text, 1, VIEW_FILE_BYTES_MAX + 1, file);
    if (ferror(file) != 0)
        return error_set(error, ERROR_INPUT, "%s: %s", full, strerror(errno));
    if (view_files_check_text(full, text, size, error) != 0)
        return -1;
    return view_files_add_file(files, path, strndup(text, size), error);
}

static bool view_files_ends_in_sql(const char *name) {
    size_t size = strlen(name);
    return size > 4 && name[0] != '.' && strcmp(name + size - 4, ".sql") == 0;
}

// Documents lie beside the files that are used. Out of memory loses the note.
static void view_files_note_unused(struct view_files *files, const char *path) {
    size_t size = strlen(path);
    if (size > 3 && strcmp(path + size - 3, ".md") == 0)
        return;
    char **grown = realloc(files->unused, ((size_t)files->unused_count + 1) * sizeof *grown);
    char *copy = grown != NULL ? strdup(path) : NULL;
    if (grown != NULL)
        files->unused = grown;
    if (copy != NULL)
        files->unused[files->unused_count++] = copy;
}

// The .sql files of one view's folder; what is not a folder is not a view.
static int view_files_add_folder(struct view_files *files, const char *root, const char *view,
                                 struct error *error) {
    char full[PATH_SIZE];
    (void)snprintf(full, sizeof full, "%s/%s", root, view);
    CLEANUP(view_files_close_directory) DIR *directory = opendir(full);
    if (directory == NULL && errno == ENOTDIR) {
        // Anything may lie beside the views' folders, but SQL there was meant to be in one of them.
        if (strlen(view) > 4 && strcasecmp(view + strlen(view) - 4, ".sql") == 0)
            view_files_note_unused(files, view);
        return 0;
    }
    if (directory == NULL)
        return error_set(error, ERROR_INPUT, "%s: %s", full, strerror(errno));
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/%s", view, entry->d_name);
        if (!view_files_ends_in_sql(entry->d_name)) {
            view_files_note_unused(files, path);
            continue;
        }
        if (view_files_add_from_disk(files, root, path, error) != 0)
            return -1;
    }
    return 0;
}

static int view_files_add_directory(struct view_files *files, const char *root, struct error *error) {
    CLEANUP(view_files_close_directory) DIR *directory = opendir(root);
    if (directory == NULL)
        return error_set(error, ERROR_INPUT, "--views %s: %s", root, strerror(errno));
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        int status = strcmp(entry->d_name, "source.sql") == 0
                         ? view_files_add_from_disk(files, root, entry->d_name, error)
                         : view_files_add_folder(files, root, entry->d_name, error);
        if (status != 0)
            return -1;
    }
    return 0;
}

// True when `files` has something under the folder of `path`: the user's view of a name replaces the built-in
// one.
static bool view_files_has_folder(const struct view_files *files, int count, const char *path) {
    const char *slash = strchr(path, '/');
    if (slash == NULL)
        return view_files_text(files, path) != NULL;
    size_t size = (size_t)(slash - path) + 1;
    for (int i = 0; i < count; i++)
        if (strncmp(files->files[i].path, path, size) == 0)
            return true;
    return false;
}

static int view_files_add_embedded(struct view_files *files, struct error *error) {
    int users = files->count;
    for (const struct embedded_file *file = views_embedded; file->path != NULL; file++) {
        if (view_files_has_folder(files, users, file->path))
            continue;
        if (view_files_add(files, file->path, file->bytes, error) != 0)
            return -1;
    }
    return 0;
}

static int view_files_compare_paths(const void *a, const void *b) {
    return strcmp(((const struct view_file *)a)->path, ((const struct view_file *)b)->path);
}

int view_files_collect(const char *directory, struct view_files *ret, struct error *error) {
    CLEANUP(view_files_free) struct view_files files = {0};
    if (directory != NULL && view_files_add_directory(&files, directory, error) != 0)
        return -1;
    files.none_of_directory = directory != NULL && files.count == 0;
    // A folder with its own source.sql describes another source: the built-in views mean nothing there.
    files.built_in = view_files_text(&files, "source.sql") == NULL;
    if (files.built_in && view_files_add_embedded(&files, error) != 0)
        return -1;
    qsort(files.files, (size_t)files.count, sizeof *files.files, view_files_compare_paths);
    *ret = files;
    files = (struct view_files){0};
    return 0;
}
