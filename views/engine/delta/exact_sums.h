// What the sums of REAL columns come to exactly, in the file: for each apply statement, each _sums_T(...) in it, column
// and group a real_sum (row/real_sum.h). A view that adds a difference to its total rounds at each commit, so that its
// total would tell where commits fell; with the exact sum before and after, _sums_T gives differences that lead from
// the one, rounded once, to the other (sums.c).
//
// A statement reads what its sums were when it began, however often its tables are read in one run; what they are now is
// written when it has run, in the commit's transaction, so that it goes with a rollback. Used by sums.c within a
// statement's run, by delta.c and install.c around it; the connection's thread.
#ifndef TIDEMARK_DELTA_EXACT_SUMS_H
#define TIDEMARK_DELTA_EXACT_SUMS_H

#include "views/base/error.h"
#include "views/engine/row/real_sum.h"

struct sqlite3;
struct exact_sums;

// `db` outlives it.
int exact_sums_open(struct exact_sums **ret, struct sqlite3 *db, struct error *error);
// No statement of the connection is running.
void exact_sums_close(struct exact_sums **sums);

// The statement `view`/`apply` is to run; both outlive the run. `anew`: the view is filled, and had no sums before.
void exact_sums_begin(struct exact_sums *sums, const char *view, const char *apply, bool anew);
// Within the run. The codes are SQLite's.
// The sums of one column by groups that `call` names, for the calls below. *ret_again: this run has asked for it before,
// so what it comes to is kept already.
int exact_sums_call(struct exact_sums *sums, const char *call, int *ret, bool *ret_again);
// What the group's sum was when the run began. `ret`: all zero. SQLITE_CORRUPT.
int exact_sums_load(struct exact_sums *sums, int call, struct span group, struct real_sum *ret);
// What it is now.
int exact_sums_keep(struct exact_sums *sums, int call, struct span group, const struct real_sum *sum);

// The statement has run: what it kept goes to the file.
int exact_sums_write(struct exact_sums *sums, struct error *error);
// Something was rolled back: nothing of the run is kept.
void exact_sums_forget(struct exact_sums *sums);

// The view is made anew, or dropped.
int exact_sums_drop(struct sqlite3 *db, const char *view, struct error *error);

#endif
