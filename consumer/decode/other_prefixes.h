// Whose topics there are where there are none of the prefix that was asked for: it may be misspelt. Pure.
#ifndef TIDEMARK_DECODE_OTHER_PREFIXES_H
#define TIDEMARK_DECODE_OTHER_PREFIXES_H

enum { OTHER_PREFIXES_SIZE = 200 };

// Adds what stands before SCHEMA.TABLE in a topic's name to "a, b": once, and as long as there is room.
void other_prefixes_add(char list[OTHER_PREFIXES_SIZE], const char *topic);

#endif
