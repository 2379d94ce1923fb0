// How much of the machine HTTP may take. Plain data.
#ifndef TIDEMARK_HTTP_LIMITS_H
#define TIDEMARK_HTTP_LIMITS_H

enum {
    LIMITS_ANSWER_MB = 256,
    // Whole tables that are written and wait for their readers: while there is as much of them, no other is begun.
    LIMITS_FILES_MB = 1024,
};

enum {
    LIMITS_CONNECTIONS = 10240,
    LIMITS_REQUEST_S = 10,
};

struct limits {
    int connections;            // at once; 0 = LIMITS_CONNECTIONS
    int connections_of_address; // of one address (address.h); 0 = no bound
    int request_ms;             // for the headers of a request, and for its body; 0 = LIMITS_REQUEST_S
    int answer_mb;              // memory of the answers under way together; 0 = LIMITS_ANSWER_MB
};

#endif
