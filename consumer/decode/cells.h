// Rows whose columns are cells: {"value":5,"set":true} in place of 5, as YugabyteDB's connectors write them unless a transform takes
// the cells out, and {"value":5,"deletion_ts":null,"set":true}, as Cassandra's does. A column that was not modified is null. Of
// ScyllaDB's, {"value":5}, the connector alone tells: a JSON column may say so, and its transforms take the cells out, and leave null
// for what was not modified. Pure.
#ifndef TIDEMARK_DECODE_CELLS_H
#define TIDEMARK_DECODE_CELLS_H

#include "views/base/span.h"

#include <stdbool.h>

extern const char cells_refused[];
extern const char cells_scylla_refused[];

// A column's value, as its message has it.
bool cells_is_one(struct span value);
// Whose rows name the modified columns alone, whatever they come as.
bool cells_are_of(struct span connector);
// A row whose columns are cells or null, one at least a cell. Ends at the first that is neither. What follows the object is not
// looked at.
bool cells_are(struct span object);

#endif
