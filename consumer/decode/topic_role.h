// What a topic is for, from its name. A table's topic is found by, in this order:
// - the line `-- tidemark: topic TABLE = NAME or /REGEX/` of source.sql (a POSIX extended expression of the whole
//   name): for topics that a router renamed, merged, or left without prefix or schema;
// - PREFIX.SCHEMA.TABLE, as Debezium names it: each character but letters, digits, '.', '_' and '-' becomes '_'
//   (AbstractTopicNamingStrategy and TopicNamingStrategy.ReplacementFunction, Debezium 2.x and 3.x), or "_uXXXX" by
//   SchemaUnicodeTopicNamingStrategy. A table that is declared without a schema takes any schema's. Connectors that
//   name the database too (PREFIX.DATABASE.SCHEMA.TABLE) are found by the last parts.
// - the same of the partitions that source.sql declares (`create table .. partition of`): without
//   publish.via.partition.root each has a topic of its own.
// PREFIX.transaction and __debezium-heartbeat.PREFIX beside them; a copy of the latter's as MirrorMaker names it,
// source.__debezium-heartbeat.app, is that of the prefix source.app. Pure.
#ifndef TIDEMARK_DECODE_TOPIC_ROLE_H
#define TIDEMARK_DECODE_TOPIC_ROLE_H

#include "views/engine/catalog.h"

enum topic_role {
    TOPIC_IGNORED, // other tables, messages, other prefixes
    TOPIC_TABLE,
    TOPIC_TRANSACTION,
    TOPIC_HEARTBEAT,
};

// `ret_table` is set for TOPIC_TABLE: the first table that the topic feeds.
enum topic_role topic_role(const char *topic, const char *prefix, const struct catalog *catalog,
                           const struct table **ret_table);
// Whether the topic feeds the table, perhaps beside others, and as what: TOPIC_FEEDS_TABLE + 1 + N is the topic of
// its partition N.
enum { TOPIC_FEEDS_NOT = -1, TOPIC_FEEDS_TABLE = 0 };
int topic_feeds(const char *topic, const char *prefix, const struct table *table);

// Whether it is the topic of a table that source.sql leaves out (`-- tidemark: ignore`), by the name that Debezium gives it.
bool topic_is_left_out(const char *topic, const char *prefix, const struct catalog *catalog);

// Whether it is the topic of a name that a table had before (`-- tidemark: renamed`): then `ret` is the line that reads this topic
// and the table's own, `topic u = /shop\.public\.t|shop\.public\.u/`; a line with this name alone would lose the other. None where
// the table has partitions, whose topics the line would lose.
enum { TOPIC_LINE_SIZE = 768 };
bool topic_write_line_of_older(const char *topic, const char *prefix, const struct catalog *catalog,
                               char ret[TOPIC_LINE_SIZE]);

// Whether it is the topic of the prefix's heartbeats, or a copy of it whose name MirrorMaker has put another before.
bool topic_is_heartbeats(const char *topic, const char *prefix);
// Whether the name begins with `PREFIX.`.
bool topic_has_prefix(const char *topic, const char *prefix);
// Whether a topic's name is one that the connector's own may have by topic.transaction (PREFIX.NAME),
// topic.heartbeat.prefix (NAME.PREFIX, where NAME has no dot, or says heartbeat) and topic.delimiter: its messages tell.
bool topic_may_be_transactions(const char *topic, const char *prefix);
bool topic_may_be_heartbeats(const char *topic, const char *prefix);

#endif
