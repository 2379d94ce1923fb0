// The parameters of a query: their names from the statement, their rules from lines of the file:
//   -- tidemark: NAME is TYPE [required]
// TYPE: text, integer, number, decimal(PRECISION,SCALE), boolean, date, timestamp, timestamptz, uuid.
#ifndef TIDEMARK_CHECK_PARAMETERS_H
#define TIDEMARK_CHECK_PARAMETERS_H

#include "views/engine/catalog.h"
#include "views/engine/sqlite/stmt.h"

// Fills in the query's. Errors: ERROR_INPUT with file and line.
int check_parameters(struct query *query, sqlite3_stmt *stmt, struct error *error);

#endif
