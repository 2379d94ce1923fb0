// Scalars, objects of scalars, and arrays of both, as a machine writes them, passed over at one go:
// {"key":scalar,...} without white space, deeper containers or bytes beyond ASCII. What is passed here is
// valid JSON, as strictly as json.h has it; what is not may still be: then the general reader decides. Pure,
// any thread.
#ifndef TIDEMARK_JSON_FLAT_H
#define TIDEMARK_JSON_FLAT_H

// The byte past the flat value that begins at `at`, or NULL when it is anything else.
const char *json_flat_end(const char *at, const char *end);

enum { JSON_FLAT_DEPTH = 2 }; // containers in a flat value

#endif
