// Files that the build put into the program (views/base/embed.cmake). Read-only, any thread.
#ifndef TIDEMARK_BASE_EMBEDDED_H
#define TIDEMARK_BASE_EMBEDDED_H

struct embedded_file {
    const char *path;  // relative; NULL ends a list
    const char *bytes; // a NUL follows the last byte
    const char *end;
};

extern const struct embedded_file views_embedded[];   // source.sql, warehouse/schema.sql, ...
extern const struct embedded_file engine_embedded[];  // engine.sql, upgrade_2.sql, ...
extern const struct embedded_file demo_embedded[];    // the capture that `tidemark demo` plays
extern const struct embedded_file openapi_embedded[]; // base.json
extern const struct embedded_file page_embedded[];    // index.html, policy, tag: http/page/join.cmake

#endif
