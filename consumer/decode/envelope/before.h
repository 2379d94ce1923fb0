// What an update's `before` says beside its row: the key that the row had, and which columns were modified. Inside the envelope
// decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_BEFORE_H
#define TIDEMARK_DECODE_ENVELOPE_BEFORE_H

#include "consumer/decode/envelope/members.h"
#include "consumer/decode/envelope/row.h"

// Whether the update's `before` is to be looked at. `other_key`: the messages' key has other columns than the declared one. The
// connectors of PostgreSQL, MySQL and MariaDB make a delete and a create of a change of the messages' key, and of no other; not
// all that write their envelopes do so (Flink CDC; TiCDC with output-raw-change-event).
static inline bool before_is_wanted(const struct members *members, enum change_op op, bool other_key) {
    if (op != CHANGE_UPDATE)
        return false;
    if (members->postgres) // as a shape has known it, which is most rows
        return other_key && members->before.data != NULL;
    return members->before.data != NULL
               ? other_key || (!members_is_postgres(members) && !members_is_mysql(members))
               : members_names_modified_alone(members);
}
// The update that `row` was read of: event->moved_from, where its key was another one; a null that was null before, of a
// connector that names the modified columns alone, is a value that was not sent.
int before_take(struct schema_cache *schemas, const struct row_reader *row, const struct members *members,
                struct event *event, struct error *error);

#endif
