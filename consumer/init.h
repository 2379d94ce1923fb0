// `tidemark init`: a folder for --views made of what a sample of the topics says (evidence/evidence.h) or of what pg_dump -s
// says: source.sql with what it is unsure of in comments, and a starter view a table. What is written has passed the check
// that `tidemark check` makes; else nothing is left behind. No file that is there is written over. One thread.
#ifndef TIDEMARK_CONSUMER_INIT_H
#define TIDEMARK_CONSUMER_INIT_H

#include "consumer/evidence/facts.h"
#include "views/base/error.h"
#include "views/engine/catalog.h"

struct init_config {
    const struct evidence *evidence; // topic_count 0 = no topic was looked at (--ddl alone)
    const char *out;                 // made when it is not there
    const char *ddl;                 // a file of PostgreSQL's DDL; NULL = the types are guessed
    const char *from;                // for the first comment: "the topics of shop"
};

struct init_report {
    int tables;
    int unsure;    // columns
    int elsewhere; // tables of which transactions count rows that come in no topic
    int without;   // tables that cannot be kept: no key, or no name
    // of --ddl beside topics: tables that no topic brings rows of, and topics that no table is declared for
    int missing, undeclared;
};

// The tables that a file of PostgreSQL's DDL will declare, before topics are looked at: lines of ours in it name some.
int init_load_ddl(const char *path, struct catalog **ret, struct error *error);
// Errors: ERROR_INPUT (a file is there already, no table was found, the DDL's with file and line), ERROR_STORE, ERROR_SYSTEM.
int init_write(const struct init_config *config, struct init_report *ret, struct error *error);

#endif
