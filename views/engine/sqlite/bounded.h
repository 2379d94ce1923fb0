// What SQLite's own functions of long texts lack: a function is not interrupted, however long it takes. Ours ask.
#ifndef TIDEMARK_SQLITE_BOUNDED_H
#define TIDEMARK_SQLITE_BOUNDED_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { BOUNDED_STEPS = 1 << 24 }; // of some nanoseconds each, between two questions

// One step more. False: the connection's progress handler wants the statement to end, and that is the function's result.
bool bounded_step(sqlite3_context *context, uint64_t *steps);

#endif
