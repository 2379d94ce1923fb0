// What was asked of messages in quarantine (ask.h) and is not done yet. Of use to the store only.
#ifndef TIDEMARK_STORE_REQUESTS_H
#define TIDEMARK_STORE_REQUESTS_H

#include "views/base/error.h"
#include "views/engine/store_request.h"

#include <stdbool.h>

struct sqlite3;
struct requests;

// `db`: the writer's connection, which outlives it.
int requests_new(struct requests **ret, struct sqlite3 *db, struct error *error);
void requests_free(struct requests **requests);

// Looks whether another connection has written since the last look, and if so for requests. Only while nobody else
// uses the connection.
int requests_look(struct requests *requests, struct error *error);
// After a rollback: the next look counts anew.
void requests_forget(struct requests *requests);
bool requests_are_there(const struct requests *requests);
// Within the writer's transaction. 1 = the oldest with its message, 0 = there is none.
int requests_next(struct requests *requests, struct store_request *ret, struct error *error);
// What a message is that this came of, as _quarantine has it; NULL = it waits on.
const char *requests_state_of(enum store_request_outcome outcome);
// The message that requests_next gave out last and that is not done, 0 = none: what is applied meanwhile is that message.
int64_t requests_retried(const struct requests *requests);
int requests_done(struct requests *requests, const struct store_request *request, struct error *error);

#endif
