#include "consumer/temporary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int temporary_make(struct temporary *temporary, struct error *error) {
    (void)snprintf(temporary->folder, sizeof temporary->folder, "/tmp/tidemark-demo-XXXXXX");
    if (mkdtemp(temporary->folder) == NULL) {
        temporary->folder[0] = '\0';
        return error_set(error, ERROR_SYSTEM, "/tmp: %s", strerror(errno));
    }
    (void)snprintf(temporary->db, sizeof temporary->db, "%s/demo.db", temporary->folder);
    return 0;
}

void temporary_remove(struct temporary *temporary) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && temporary->folder[0] != '\0'; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s%s", temporary->db, suffixes[i]);
        (void)unlink(path);
    }
    if (temporary->folder[0] != '\0')
        (void)rmdir(temporary->folder);
}
