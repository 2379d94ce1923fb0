// What the connectors of MySQL and MariaDB make of the binlog's values, made what it is at the source: UUIDs (shifted_uuid.h) and
// labels (escaped_label.h). Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_MEND_H
#define TIDEMARK_DECODE_ENVELOPE_MEND_H

#include "consumer/decode/envelope/members.h"

// A row that was read. A snapshot's has what the table has, and stays as it is. ERROR_INPUT: nobody can say what a value is.
int mend_row(struct event *event, const struct members *members, struct error *error);
// The key of a tombstone, which names no connector. `mariadb`: rows of the table did; else none came yet, and a value that MariaDB's
// would stream for another one is refused (ERROR_INPUT), since a tombstone that finds no row is told by nobody.
int mend_key(struct event *event, bool mariadb, struct error *error);

#endif
