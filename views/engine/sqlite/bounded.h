// What SQLite's own functions of long texts lack: a function is not interrupted, however long it takes. Ours ask.
#ifndef TIDEMARK_SQLITE_BOUNDED_H
#define TIDEMARK_SQLITE_BOUNDED_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { BOUNDED_STEPS = 1 << 24 }; // of some nanoseconds each, between two questions

// One step more. False: the connection's progress handler wants the statement to end, and that is the function's result.
bool bounded_step(sqlite3_context *context, uint64_t *steps);

// What LIKE and GLOB begin with.
struct bounded_match {
    const char *pattern; // NULL: there is none, or no text, and so no answer
    const char *text;
    bool is_short; // SQLite's own is asked, as it is quick
};

// Reads a function's two first values. False: the function has its result, since one is a blob that the library was built not to
// match, or the pattern is longer than the connection takes.
bool bounded_match_read(sqlite3_context *context, sqlite3_value **values, struct bounded_match *ret);

// What LIKE and GLOB differ in.
struct bounded_pattern {
    bool (*is_any)(const void *self,
                   const char *at); // one byte of the pattern that stands for any number of characters
    // Whether the text's character is the pattern's; both go on where it is.
    bool (*is_next)(const void *self, const char **at, const char **text);
    void (*pass)(const char **text); // over a character
    const void *self;
};

// Whether the text is the pattern's, in steps. False: the statement is to end.
bool bounded_search(sqlite3_context *context, const struct bounded_pattern *pattern, const char *at,
                    const char *text, bool *ret);

#endif
