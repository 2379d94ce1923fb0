// What the connectors of MySQL and MariaDB make of the binlog's values, made what it is at the source: UUIDs (shifted_uuid.h) and
// labels (escaped_label.h). Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_MEND_H
#define TIDEMARK_DECODE_ENVELOPE_MEND_H

#include "consumer/decode/envelope/members.h"

// A row that was read. A snapshot's has what the table has, and stays as it is. ERROR_INPUT: nobody can say what a value is.
int mend_row(struct event *event, const struct members *members, struct error *error);
// The UUIDs of a tombstone's key, which names no connector: of MySQL's, which has none; of MariaDB's; of who knows whose, since no
// row came yet.
enum mend_uuids { MEND_UUIDS_STAY, MEND_UUIDS, MEND_UUIDS_UNSURE };

// The key of a tombstone. UNSURE: a value that MariaDB's would stream for another one is refused (ERROR_INPUT), since a tombstone
// that finds no row is told by nobody.
int mend_key(struct event *event, enum mend_uuids uuids, struct error *error);

#endif
