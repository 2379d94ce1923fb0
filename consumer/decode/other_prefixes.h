// Whose topics there are where there are none of the prefix that was asked for: it may be misspelt. Pure.
#ifndef TIDEMARK_DECODE_OTHER_PREFIXES_H
#define TIDEMARK_DECODE_OTHER_PREFIXES_H

enum { OTHER_PREFIXES_SIZE = 200 };

// Adds what stands before SCHEMA.TABLE in a topic's name to "a, b": once, and as long as there is room.
void other_prefixes_add(char list[OTHER_PREFIXES_SIZE], const char *topic);

// What stands before such a list in a message; "" when it is empty.
static inline const char *other_prefixes_lead(const char *list) {
    return list[0] != '\0' ? "; there are topics of " : "";
}

#endif
