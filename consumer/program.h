// The process around a command: what it is before the command begins, and what its end owes to who reads its output.
#ifndef TIDEMARK_PROGRAM_H
#define TIDEMARK_PROGRAM_H

#include <stdbool.h>

// Before any other thread.
void program_begin(void);
// Writes what was printed and is not written yet. False, and the reason is on standard error, when not all of it could be.
bool program_has_printed(void);

#endif
