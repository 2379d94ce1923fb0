// What a bounded sample of a prefix's messages says of the tables behind them and of the connector's settings: counted, not
// judged. `tidemark init` makes a source.sql of it, `tidemark doctor` its verdicts. Fed with messages in the order of each
// partition; knows neither broker nor file (reader.h brings both). One thread; evidence_free frees all.
#ifndef TIDEMARK_EVIDENCE_H
#define TIDEMARK_EVIDENCE_H

#include "consumer/broker/kafka_log.h"
#include "consumer/evidence/facts.h"
#include "consumer/message.h"
#include "views/base/error.h"

void evidence_free(struct evidence *evidence);
// A topic that is there, whether messages come or not. `partitions` is the least that it has. The number of the topic, or
// -1: memory, or more than EVIDENCE_TOPICS_MAX (ERROR_SYSTEM).
int evidence_topic(struct evidence *evidence, struct span name, int partitions, struct error *error);
// Forgets the topics behind the first so many, of which no message was looked at.
void evidence_forget_topics(struct evidence *evidence, int count);
// A topic that may not be seen; all of them are named anew after they were forgotten.
void evidence_deny(struct evidence *evidence, const char *name);
void evidence_forget_denied(struct evidence *evidence);
// What a broker told of topics; those that are not there are passed over.
void evidence_note_settings(struct evidence *evidence, const struct kafka_topic_settings *told, int count);
// The table of its rows, or the topic: unwrapped rows need not name it.
const char *evidence_table_name(const struct evidence_topic *topic);
// NULL: rows of the topic had none of that name.
const struct evidence_column *evidence_find_column(const struct evidence_topic *topic, const char *name);
// A message of that topic. Errors: ERROR_SYSTEM; what cannot be read is counted.
int evidence_take(struct evidence *evidence, int topic, const struct message *message, struct error *error);
// Transactions that rows of the topic name, and that another BEGIN follows in place of their END: how many are known of. A statement
// that changes the schema has such a BEGIN too (MariaDB's connector 3.5.0), but no rows.
int evidence_unended(const struct evidence *evidence, int topic);

#endif
