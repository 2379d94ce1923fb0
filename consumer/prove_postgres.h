// `tidemark prove --postgres DSN`: the mirror's tables beside the source's, row by row, each in a snapshot of both sides.
// Only reads, on either side. One thread.
#ifndef TIDEMARK_CONSUMER_PROVE_POSTGRES_H
#define TIDEMARK_CONSUMER_PROVE_POSTGRES_H

#include "consumer/options.h"

// Prints what each table comes to. 0: equal. ERROR_INPUT: rows differ. CONSUME_HALTED: nothing was proven, whether the source
// did not answer, or the mirror did not come to its position; the log says why. ERROR_USAGE: a connection string that is none.
int prove_postgres(const struct options *options, struct error *error);

#endif
