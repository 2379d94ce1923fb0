// Asks the brokers, on a thread of its own, which topics and partitions there are and where logs begin and
// end: such a question may wait for seconds, and the consumer loop never does. One question at a time. Inside
// the kafka module only; the consumer's thread calls everything.
#ifndef TIDEMARK_BROKER_CLIENT_SURVEY_H
#define TIDEMARK_BROKER_CLIENT_SURVEY_H

#include "consumer/broker/client/wakeup.h"
#include "consumer/broker/kafka_log.h"
#include "views/base/bounds.h"
#include "views/base/error.h"

#include <librdkafka/rdkafka.h>

enum {
    SURVEY_TOPICS_WAIT_MS = 2000,       // longest wait for the answer about topics
    SURVEY_DENIED_EVERY_MS = 10000,     // topics that listings lack are asked for by name no more often
    SURVEY_TOGETHER_MAX = BOUND(64, 3), // partitions whose ends are asked for at once
    SURVEY_ENDS_WAIT_MS = 1000,   // about either end of one partition, or of those that are asked for at once
    SURVEY_LOST_WAIT_MS = 3000,   // after so much waiting in vain, of one question about many partitions,
    SURVEY_HURRIED_WAIT_MS = 100, // each of the rest is waited for no longer than this
};

struct kafka_survey;

// Topics that are asked for by name where a listing of all lacks them.
struct kafka_sought {
    char **names; // they outlive it
    int count;
    int at_once; // the first so many matter before anything is read: the first answer waits for theirs
    bool *
        denied; // may not be described, as of the answer that was taken last; the survey writes it while one is under way
};

// Uses `client` until it is stopped, and signals `wakeup` with each answer.
int kafka_survey_start(struct kafka_survey **ret, rd_kafka_t *client, struct kafka_wakeup *wakeup,
                       const struct kafka_sought *sought, struct error *error);
// Waits for the part of the question that is under way, SURVEY_TOPICS_WAIT_MS at most.
void kafka_survey_stop(struct kafka_survey **survey);
// False while an earlier question is not answered and its answer not taken: then nothing is asked.
bool kafka_survey_ask_topics(struct kafka_survey *survey, enum kafka_topics which);
// `ends` are filled, and belong to the survey until kafka_survey_take_ends gives true or it is stopped.
bool kafka_survey_ask_ends(struct kafka_survey *survey, struct kafka_ends *ends, int count);
// True with an answer: metadata that the caller destroys, or NULL and the error that came instead.
bool kafka_survey_take_topics(struct kafka_survey *survey, const struct rd_kafka_metadata **ret,
                              rd_kafka_resp_err_t *ret_error);
bool kafka_survey_take_ends(struct kafka_survey *survey);

#endif
