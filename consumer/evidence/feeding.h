// Which topics that were looked at feed which declared tables. Pure.
#ifndef TIDEMARK_EVIDENCE_FEEDING_H
#define TIDEMARK_EVIDENCE_FEEDING_H

#include "consumer/evidence/facts.h"
#include "views/engine/catalog.h"

// The table that the rows of the topic, or of the part, are of; NULL = none, or it is no topic of rows.
const struct table *feeding_table(const struct evidence *evidence, const struct catalog *catalog,
                                  const struct evidence_topic *topic);

// The declared column of that name; NULL = `table` (NULL: none is known) has none.
const struct column *feeding_column(const struct table *table, const struct evidence_column *column);

// Whether it has no rows but what the connector tells of itself: logical decoding messages, boundaries of transactions,
// heartbeats.
bool feeding_is_own(const struct evidence_topic *topic);
// The topic has rows, or may have, and no declared table takes any.
bool feeding_is_undeclared(const struct evidence *evidence, const struct catalog *catalog,
                           const struct evidence_topic *topic);

// Declared tables share the topic, and the rows are of another one, which source.sql does not leave out.
bool feeding_is_unplaced(const struct evidence *evidence, const struct catalog *catalog,
                         const struct evidence_topic *topic);

// The rows are of a table that source.sql leaves out. `catalog` NULL: there is none.
bool feeding_is_left_out(const struct evidence *evidence, const struct catalog *catalog,
                         const struct evidence_topic *topic);

// Transactions count rows of that table (evidence_collections), and no topic that was looked at brings them, as far as can be
// told: a transform sends them to one of another name, or drops them. `catalog` (NULL = nothing is declared): what it declares
// or leaves out is not asked for.
bool feeding_is_elsewhere(const struct evidence *evidence, const struct catalog *catalog,
                          const char *collection);

// Whether a topic feeds the table: its own, or one of its partitions'.
bool feeding_has_topic(const struct evidence *evidence, const struct table *table);

// The same of one kind: TOPIC_FEEDS_TABLE, or TOPIC_FEEDS_TABLE + 1 + N for its partition N (decode/topic_role.h).
bool feeding_has_topic_as(const struct evidence *evidence, const struct table *table, int feeds);

#endif
