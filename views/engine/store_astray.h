// Streamed changes that found another state of their row than the log has told, of store.h: plain data.
#ifndef TIDEMARK_STORE_ASTRAY_H
#define TIDEMARK_STORE_ASTRAY_H

#include <stdint.h>

struct store_astray {
    int64_t deletes; // that found neither a row nor anything newer
    int64_t
        deletes_again; // of them: of a key that was deleted before, which a source with a right replica identity does not send
    // Changes that follow (change.h); some of many in a commit are looked at.
    int64_t of_none; // updates and deletes that found no row
    int64_t of_one;  // creates that found a row, streamed and never deleted
};

#endif
