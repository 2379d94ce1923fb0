// `tidemark status`: what a running tidemark says of itself, as a table; in a terminal again every second until it is stopped.
// It asks over HTTP as anybody could: /v1/live (its first line), /v1/status and /v1/lag. The main thread's.
#ifndef TIDEMARK_STATUS_H
#define TIDEMARK_STATUS_H

#include "consumer/stopper.h"
#include "views/base/error.h"

enum { STATUS_EVERY_MS = 1000, STATUS_HALTED = 3 };

struct status_config {
    const char *url; // "http://127.0.0.1:8080", "127.0.0.1:8080", "https://shop.example:8443", "unix:/path"
    const char *ca;  // of https: a PEM file of what is trusted; NULL = what the system trusts
    const char *token_file; // its first token is sent; NULL = none
    bool once;              // also in a terminal
};

// 0; -1 with the error: it cannot be reached, or refuses; STATUS_HALTED: it answered, and is halted. While it goes on in a
// terminal it says that the server is lost, and asks again; the newest outcome counts.
int status_run(const struct status_config *config, struct stopper *stopper, struct error *error);

#endif
