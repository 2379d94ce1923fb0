// A file for a demo that names none: deleted with the process. The main thread's.
#ifndef TIDEMARK_TEMPORARY_H
#define TIDEMARK_TEMPORARY_H

#include "views/base/error.h"

struct temporary {
    char folder[64]; // "" = none was made
    char db[80];
};

int temporary_make(struct temporary *temporary, struct error *error);
// With its log and shared memory, and the folder.
void temporary_remove(struct temporary *temporary);

#endif
