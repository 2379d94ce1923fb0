// A library that the program runs with: what people who look for a cause want to know. Plain data.
#ifndef TIDEMARK_HTTP_LIBRARY_H
#define TIDEMARK_HTTP_LIBRARY_H

struct library {
    const char *name; // NULL ends a list
    const char *version;
};

#endif
