#include "views/base/nearest.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { NEAREST_LONG = 6, NEAREST_STEPS = 2 };

static int nearest_least(int a, int b) {
    return a < b ? a : b;
}

static bool nearest_same(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// How many letters are to be put in, left out, changed or swapped with their neighbour (optimal string alignment).
static int nearest_steps(const char *a, size_t a_size, const char *b, size_t b_size) {
    int rows[3][NEAREST_SIZE_MAX + 1]; // of the letters before the newest two, before the newest, with it
    for (size_t j = 0; j <= b_size; j++)
        rows[1][j] = (int)j;
    for (size_t i = 1; i <= a_size; i++) {
        rows[2][0] = (int)i;
        for (size_t j = 1; j <= b_size; j++) {
            int changed = rows[1][j - 1] + !nearest_same(a[i - 1], b[j - 1]);
            int steps = nearest_least(changed, nearest_least(rows[1][j], rows[2][j - 1]) + 1);
            if (i > 1 && j > 1 && nearest_same(a[i - 1], b[j - 2]) && nearest_same(a[i - 2], b[j - 1]))
                steps = nearest_least(steps, rows[0][j - 2] + 1);
            rows[2][j] = steps;
        }
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
    }
    return rows[1][b_size];
}

bool nearest_is(const char *name, const char *known) {
    size_t size = strlen(name), known_size = strlen(known);
    if (size > NEAREST_SIZE_MAX || known_size > NEAREST_SIZE_MAX || strcasecmp(name, known) == 0)
        return false;
    int most = size < NEAREST_LONG ? 1 : NEAREST_STEPS;
    return nearest_steps(name, size, known, known_size) <= most;
}
