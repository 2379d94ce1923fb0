// Which table a row belongs to, by what its event says of its source, and which table an END counts. Pure.
#ifndef TIDEMARK_DECODE_PLACEMENT_H
#define TIDEMARK_DECODE_PLACEMENT_H

#include "views/base/bounds.h"
#include "views/base/span.h"
#include "views/engine/catalog.h"

struct placement {
    // NULL: the topic feeds several tables and the row names none of them, as a tombstone does; or it is of an ignored one.
    const struct table *table;
    bool routed;  // the source's table is none that is declared
    bool ignored; // it is one that source.sql leaves out
};

// A row in a topic that feeds `topic_table` is that table's, whatever source.table says (a partition, a chunk, a
// shard), unless it names another declared table that may come in this topic, or one that source.sql leaves out. `schema` and
// `relation` are source.schema (source.db where a connector has no schemas) and source.table; data NULL = the event does not say.
struct placement placement_of_row(const struct catalog *catalog, const struct table *topic_table,
                                  struct span schema, struct span relation);

// Whether the event names the table itself, by an older name too, or none: not a partition of it, nor what a router sent into its topic.
bool placement_is_itself(const struct table *table, struct span schema, struct span relation);

// What tells collections apart that nobody declared: "SCHEMA.TABLE" as an END has it, and the same of a row's source.
uint64_t placement_hash(struct span collection);
uint64_t placement_hash_source(struct span schema, struct span relation);

// The table that data_collections calls "SCHEMA.TABLE" ("DATABASE.SCHEMA.TABLE"): a declared one, or the parent of a
// declared partition. Without a table: none of these, or one that source.sql leaves out.
struct placement placement_of_collection(const struct catalog *catalog, struct span name);

// The same, by names that came before. All zero: none did. One thread's; the tables are of one catalog.
enum { PLACEMENT_KNOWN = BOUND(512, 2), PLACEMENT_KNOWN_SIZE = 119 };
struct placement_known {
    struct {
        struct placement is;
        uint8_t size; // 0 = none
        char name[PLACEMENT_KNOWN_SIZE];
    } names[PLACEMENT_KNOWN];
};
struct placement placement_of_known_collection(struct placement_known *known, const struct catalog *catalog,
                                               struct span name);

#endif
