// Which column a member of a row, a key or a schema means where `-- tidemark: renamed TABLE.NEW from OLD` is said: in a
// message of before the renaming OLD is NEW. Debezium writes every column into every row, so a message that has OLD and
// not NEW is one of before; where OLD is another column's name by now, that is no column of such a message. Pure. Inside the
// envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_OLDER_NAMES_H
#define TIDEMARK_DECODE_ENVELOPE_OLDER_NAMES_H

#include "consumer/json/json.h"
#include "views/engine/table.h"

// Whether the message has a member of this name.
typedef bool older_names_has(const void *self, const char *name);

// The column that has this name in a message of before its renaming, -1 = the name means what it says. `key`: stands at the
// member.
int older_names_find(const struct table *table, const struct json_reader *key, older_names_has *has,
                     const void *self);
// The same, of a name that is not escaped.
int older_names_find_plain(const struct table *table, struct span name, older_names_has *has,
                           const void *self);
// older_names_has of an object: `self` is a struct older_names_object.
struct older_names_object {
    const char *begin; // its {
    const char *end;   // of the message
};
bool older_names_in_object(const void *self, const char *name);

#endif
