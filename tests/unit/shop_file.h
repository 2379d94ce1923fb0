// Where a test's database file is: a folder of its own.
#ifndef TIDEMARK_SHOP_FILE_H
#define TIDEMARK_SHOP_FILE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct shop_file {
    char folder[64];
    char path[80];
};

// Makes the folder; the file is the test's to make. `test`: whose it is, for who finds it left over.
static inline void shop_file_make(struct shop_file *file, const char *test) {
    (void)snprintf(file->folder, sizeof file->folder, "/tmp/%s-test-XXXXXX", test);
    assert_non_null(mkdtemp(file->folder));
    (void)snprintf(file->path, sizeof file->path, "%s/shop.db", file->folder);
}

static inline void shop_file_remove(const struct shop_file *file) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s%s", file->path, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(file->folder);
}

#endif
