// Names that a table or a column had before (table.h), the newest last. Pure.
#ifndef TIDEMARK_ROW_OLDER_H
#define TIDEMARK_ROW_OLDER_H

// The number of what has the name in `in`, -1 = nothing has.
typedef int older_find(const void *in, const char *name);

// What has the newest of the names that anything has, -1 = nothing has one.
static inline int older_newest(char *const *names, int count, older_find *find, const void *in) {
    int found = -1;
    for (int i = count - 1; i >= 0 && found < 0; i--)
        found = find(in, names[i]);
    return found;
}

#endif
