// The command line: one table of flags, each with its environment twin (TIDEMARK_ + the flag in capitals) and its key in the
// file of --config. A flag wins over the environment, that over the file. Strings borrow from argv, the environment and
// the file, which lives until options_done.
#ifndef TIDEMARK_OPTIONS_H
#define TIDEMARK_OPTIONS_H

#include "consumer/broker/kafka_property.h"
#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { OPTIONS_PROPERTIES_MAX = 64, OPTIONS_CAPTURES_MAX = 1024 };

enum command {
    COMMAND_NONE,
    COMMAND_RUN,
    COMMAND_DEMO,
    COMMAND_REPLAY,
    COMMAND_SERVE,
    COMMAND_CHECK,
    COMMAND_QUARANTINE,
    COMMAND_PROVE,
    COMMAND_STATUS,
    COMMAND_INIT,
    COMMAND_DOCTOR,
};

struct options {
    enum command command;
    bool help;
    bool version;
    const char *brokers;
    const char *prefix;
    const char *db;
    const char *views;
    const char *only;
    const char *listen;
    const char *socket_mode;
    const char *token_file;
    const char *url;
    const char *ca;
    const char *allow_origins;
    const char *allow_hosts;
    const char *tls_cert;
    const char *tls_key;
    const char *capture;  // demo, init, doctor
    const char *out;      // init
    const char *ddl;      // init
    const char *postgres; // prove; it may hold a password
    const char *log_format;
    const char *log_level;
    const char *on_timeline;
    const char *on_view_error;
    const char *state;  // quarantine list
    const char *reason; // quarantine discard
    double rate;        // events/s, 0 = no limit
    double traffic;     // events/s, 0 = none
    double seconds;     // --for; 0 = until stopped
    double wait;        // prove: seconds
    int64_t seed;
    int64_t transaction_wait_ms;
    int64_t silent_after_ms;
    int64_t commit_messages;
    int64_t answer_memory_mb;
    int64_t max_connections;
    int64_t max_connections_per_address; // 0 = no bound
    double request_timeout;              // seconds
    int64_t wal_max_mb;                  // 0 = the store's default
    double statement_seconds;            // 0 = the store's default
    bool durable;
    bool json;
    bool accept_timeline;
    double feed_window; // seconds
    bool answer_empty;
    bool no_auth;
    bool watch;
    bool rebuild;
    bool once;
    bool strict;
    struct kafka_property properties[OPTIONS_PROPERTIES_MAX];
    int property_count;
    const char *captures[OPTIONS_CAPTURES_MAX]; // quarantine: its words
    int capture_count;
    char *property_text[OPTIONS_PROPERTIES_MAX]; // owned copies of "name=value"
    const char *config;
    struct config_file *config_file; // owned; NULL = none
};

// ERROR_USAGE names the flag and what to do.
int options_parse(struct options *ret, int argc, char **argv, struct error *error);
void options_done(struct options *options);
// The library that reads the file of --config: jansson's version.
const char *options_library_version(void);
// COMMAND_NONE: the overview.
void options_help(enum command command, FILE *out);

#endif
