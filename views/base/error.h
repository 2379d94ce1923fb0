// Errors are values: a kind that the caller may act on, and a message made where the cause is known.
// Any thread; an error belongs to the caller that passed it. Nothing here allocates or logs.
#ifndef TIDEMARK_BASE_ERROR_H
#define TIDEMARK_BASE_ERROR_H

#include <stddef.h>

enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,    // the command line or a setting is wrong: exit 2
    ERROR_INPUT,    // a capture, a view file or a message is not what it should be
    ERROR_NOTFOUND, // a name that does not exist
    ERROR_STORE,    // SQLite or the file system failed
    ERROR_BUSY,     // another process holds the file
    ERROR_RETRY, // the disk is full, reading or writing it failed, or SQLite has no memory: it may work later
    ERROR_TIMEOUT, // a deadline passed
    ERROR_HALT,    // something that a person must decide
    ERROR_VIEW,    // a view's statement failed; `subject` is the view
    ERROR_REFUSED, // a view's trigger or index refuses a row of table `subject` that was accepted before (writing.h)
    ERROR_DISABLED, // of a view that is not kept any more
    ERROR_BROKER,   // Kafka failed or said no
    ERROR_SYSTEM,   // memory, sockets, threads
};

enum { ERROR_MESSAGE_SIZE = 512, ERROR_EXCERPT_SIZE = 160, ERROR_SUBJECT_SIZE = 132 };

struct error {
    enum error_kind kind;
    char message[ERROR_MESSAGE_SIZE]; // UTF-8, NUL-terminated, one line, no trailing full stop
    char excerpt[ERROR_EXCERPT_SIZE]; // a line of the file at fault and one with a caret below; "" = none
    char subject[ERROR_SUBJECT_SIZE]; // a name that the caller acts on, for the kinds that say so; "" = none
};

// Fills `error` and returns -1, so that a failing function can `return error_set(...)`. `error` may be NULL,
// here and below. A message that is too long ends with its last whole character; what is no UTF-8 becomes
// "?".
int error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// No error yet, without writing its 800 bytes: for what is done once a row.
static inline void error_clear(struct error *error) {
    error->kind = ERROR_NONE;
    error->message[0] = error->excerpt[0] = error->subject[0] = '\0';
}

// Puts "context: " before the message that is there, and returns -1.
int error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The line of `text` (of `size` bytes) that has the byte `at`, cut to what an excerpt holds, and a caret below the place.
void error_excerpt(char ret[ERROR_EXCERPT_SIZE], const char *text, size_t size, size_t at);
// The message stays, and is of that kind, about `subject`. Returns -1.
int error_blame(struct error *error, enum error_kind kind, const char *subject);
// The message stays, its kind is another: the caller knows better whose fault it is. Returns -1.
int error_become(struct error *error, enum error_kind kind);

#endif
