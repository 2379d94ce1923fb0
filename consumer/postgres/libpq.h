// PostgreSQL by way of its own client library, which only `tidemark prove --postgres` loads (dlopen): who runs nothing
// but `run` needs no libpq. One connection, one thread.
//
// Times come in UTC and ISO form, texts in UTF-8; row security is off, so that a policy is an error and hides no row.
#ifndef TIDEMARK_POSTGRES_LIBPQ_H
#define TIDEMARK_POSTGRES_LIBPQ_H

#include "views/base/error.h"
#include "views/base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct postgres;
struct postgres_rows; // an answer: rows of texts

enum { POSTGRES_CONNECT_S = 15 };

// `dsn`: a connection string or URI as psql takes it; libpq's own environment (PGPASSWORD, PGSERVICE, ..) and ~/.pgpass
// fill what it leaves out. Errors: ERROR_USAGE where it is none, ERROR_SYSTEM where libpq is not installed, ERROR_STORE
// where the server does not answer or refuses. No message repeats the connection string.
int postgres_open(struct postgres **ret, const char *dsn, struct error *error);
void postgres_close(struct postgres **postgres);
int postgres_version(const struct postgres *postgres); // 160004
const char *postgres_database(const struct postgres *postgres);

// One statement, its parameters as texts (NULL = null). ERROR_STORE with the server's words, `what` before them.
int postgres_ask(struct postgres *postgres, const char *what, const char *sql, const char *const *parameters,
                 int count, struct postgres_rows **ret, struct error *error);
// The same in two steps, for what is done meanwhile: between them nothing else may be asked.
int postgres_send(struct postgres *postgres, const char *what, const char *sql, const char *const *parameters,
                  int count, struct error *error);
int postgres_await(struct postgres *postgres, const char *what, struct postgres_rows **ret,
                   struct error *error);
// A statement that returns nothing of interest.
int postgres_run(struct postgres *postgres, const char *sql, struct error *error);

int postgres_rows_count(const struct postgres_rows *rows);
// Borrowed from the answer; data NULL = null.
struct span postgres_text(const struct postgres_rows *rows, int row, int column);
bool postgres_is(const struct postgres_rows *rows, int row, int column, const char *text);
int64_t postgres_integer(const struct postgres_rows *rows, int row, int column); // 0 of what is none
void postgres_rows_free(struct postgres_rows **rows);

#endif
