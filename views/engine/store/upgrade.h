// An older file becomes one of the newest format (upgrade_N.sql). Used by store.c; the writing connection's thread.
#ifndef TIDEMARK_STORE_UPGRADE_H
#define TIDEMARK_STORE_UPGRADE_H

#include "views/base/error.h"

struct identity;
struct sqlite3;

// Within the transaction that brings the views in step: an upgrade happens wholly or not at all.
int upgrade_file(struct sqlite3 *db, const struct identity *newest, struct error *error);

#endif
