// How much of the machine HTTP may take. Plain data.
#ifndef TIDEMARK_HTTP_LIMITS_H
#define TIDEMARK_HTTP_LIMITS_H

enum {
    LIMITS_ANSWER_MB = 256,
    // Whole tables that are written and wait for their readers: while there is as much of them, no other is begun.
    LIMITS_FILES_MB = 1024,
};

struct limits {
    int answer_mb; // memory of the answers under way together; 0 = LIMITS_ANSWER_MB
};

#endif
