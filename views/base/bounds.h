// A bound that holds memory or work within limits, and that changes no result: BOUND(as shipped, in the tiny build).
// The preset `tiny` compiles every such bound as 2 to 8 places (bytes: about so many rows), and the whole suite runs
// under it: full caches, queues and batches, which take hundreds of thousands of rows as shipped, are then met by every
// test. A bound that users meet (a limit of an answer, of a declaration) is no BOUND.
#ifndef TIDEMARK_BASE_BOUNDS_H
#define TIDEMARK_BASE_BOUNDS_H

#ifdef TIDEMARK_TINY
#define BOUND(shipped, tiny) (tiny)
#else
#define BOUND(shipped, tiny) (shipped)
#endif

#endif
