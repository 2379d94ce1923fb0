// Whether a topic's log has its table from the first row on. A change of a row that nothing in the log has made says that
// there were rows before it; an insert first says nothing, since the table may have been empty. One partition's first
// messages, in their order; plain data, zeroed before use.
#ifndef TIDEMARK_CONSUMER_BEGINNING_H
#define TIDEMARK_CONSUMER_BEGINNING_H

#include <stdbool.h>
#include <stdint.h>

struct beginning {
    uint64_t *keys; // hashes of the rows that were made, a table of which 0 is a free place; NULL = none yet
    int count;
    int64_t next_offset;
    bool over; // nothing more can be told
};

// What a message does to the row of its key.
enum beginning_op { BEGINNING_OTHER, BEGINNING_MAKES, BEGINNING_CHANGES };

// True when the message at `offset` changes a row that none before it has made; nothing is told behind it. Nothing is told
// behind a gap either, since what was there may have made the row: compaction, a message that could not be read. `row`: a hash
// of its key's values, since the key's bytes name its columns, which are renamed, and its schema; 0 = it has no key.
bool beginning_take(struct beginning *beginning, int64_t offset, uint64_t row, enum beginning_op op);
void beginning_free(struct beginning *beginning);

#endif
