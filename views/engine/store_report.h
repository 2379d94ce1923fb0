// What opening a store file did to it, for whoever logs it. Plain data: store.h fills it in.
#ifndef TIDEMARK_STORE_REPORT_H
#define TIDEMARK_STORE_REPORT_H

struct store_report {
    char created; // 1 = the file was made now
    // What a changed source.sql did to the mirrored tables, "" = nothing: "orders.note added, points dropped".
    char evolved[4096];
    char doubts[2048]; // what it may have meant otherwise, "" = nothing
    int views_built;   // new or changed views filled from the mirror
    char built[256];   // their names
    int views_dropped; // in the file, not loaded any more, nothing kept
    char dropped[256];
    char disabled[256]; // loaded, and not kept since one of their statements failed
    char left[256];     // not loaded any more, kept up to date because they hold history
    // The version of an SQLite that CI has not run, so that commits are written as SQLite does it; "" = it
    // has.
    char untried_sqlite[16];
};

#endif
