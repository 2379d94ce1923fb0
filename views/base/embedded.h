// Files that the build put into the program (views/embed.cmake). Read-only, any thread.
#ifndef TIDEMARK_EMBEDDED_FILE_H
#define TIDEMARK_EMBEDDED_FILE_H

struct embedded_file {
    const char *path;  // relative; NULL ends a list
    const char *bytes; // a NUL follows the last byte
    const char *end;
};

extern const struct embedded_file views_embedded[]; // source.sql, engine.sql, warehouse/schema.sql, ...
extern const struct embedded_file demo_embedded[];  // the capture that `tidemark demo` plays

#endif
