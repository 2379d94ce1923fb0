#include "consumer/broker/client/survey.h"

#include "consumer/broker/client/ends.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum survey_stage {
    SURVEY_IDLE,
    SURVEY_ASKED_TOPICS,
    SURVEY_TOLD_TOPICS,
    SURVEY_ASKED_ENDS,
    SURVEY_TOLD_ENDS,
};

struct kafka_survey {
    rd_kafka_t *client;
    struct kafka_wakeup *wakeup;
    struct kafka_sought sought;
    int64_t named_ms; // when they were last asked for; monotonic, 0 = never
    pthread_t thread;
    bool runs;
    atomic_bool stop;
    pthread_mutex_t mutex; // of `stage`; the rest is the thread's while something is asked, else the caller's
    pthread_cond_t asked;
    enum survey_stage stage;
    enum kafka_topics which;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t failure;
    bool topics_known;             // librdkafka has heard of them, and of their leaders
    struct kafka_ends *ends;       // the caller's
    struct kafka_ends *asked_ends; // the same for the thread, which the caller need not wait for
    int end_count;
};

static void kafka_survey_free_ends(struct kafka_survey *survey) {
    for (int i = 0; survey->asked_ends != NULL && i < survey->end_count; i++)
        free((char *)(uintptr_t)survey->asked_ends[i].topic);
    free(survey->asked_ends);
    survey->asked_ends = NULL;
}

static bool kafka_survey_copy_ends(struct kafka_survey *survey, struct kafka_ends *ends, int count) {
    survey->ends = ends;
    survey->end_count = count;
    survey->asked_ends = calloc((size_t)count + 1, sizeof *survey->asked_ends);
    bool copied = survey->asked_ends != NULL;
    for (int i = 0; copied && i < count; i++) {
        survey->asked_ends[i] =
            (struct kafka_ends){.topic = strdup(ends[i].topic), .partition = ends[i].partition};
        copied = survey->asked_ends[i].topic != NULL;
    }
    if (!copied)
        kafka_survey_free_ends(survey);
    return copied;
}

static rd_kafka_resp_err_t kafka_survey_error_of(const struct rd_kafka_metadata *metadata, const char *name) {
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return metadata->topics[i].err;
    return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

static void kafka_survey_log_nothing(const rd_kafka_t *client, int level, const char *facility,
                                     const char *text) {
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

static void kafka_survey_destroy_client(rd_kafka_t **client) {
    if (*client != NULL)
        rd_kafka_destroy_flags(*client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

// With the same settings, for one question: allow.auto.create.topics is among them, and a producer would make the topics.
static rd_kafka_t *kafka_survey_open_other(const struct kafka_survey *survey) {
    char text[1];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(rd_kafka_conf(survey->client));
    rd_kafka_conf_set_error_cb(conf, NULL);
    rd_kafka_conf_set_stats_cb(conf, NULL);
    rd_kafka_conf_set_throttle_cb(conf, NULL);
    rd_kafka_conf_set_log_cb(conf, kafka_survey_log_nothing);
    (void)rd_kafka_conf_set(conf, "log.queue", "false", NULL, 0);
    (void)rd_kafka_conf_set(conf, "statistics.interval.ms", "0", NULL, 0);
    rd_kafka_t *other = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (other == NULL)
        rd_kafka_conf_destroy(conf);
    return other;
}

// librdkafka's embedded broker makes every topic that it is asked for by name, and denies none.
static bool kafka_survey_is_of_mock(const struct kafka_survey *survey) {
    static const char mock[] = "mockCluster";
    char *cluster = rd_kafka_clusterid(survey->client, 0);
    bool is = cluster != NULL && strncmp(cluster, mock, sizeof mock - 1) == 0;
    if (cluster != NULL)
        rd_kafka_mem_free(survey->client, cluster);
    return is;
}

// What the topics that a listing lacks are answered with when they are asked for by their names.
static void kafka_survey_ask_by_name(struct kafka_survey *survey, const bool *lacks,
                                     const struct rd_kafka_metadata **ret) {
    const struct kafka_sought *sought = &survey->sought;
    CLEANUP(kafka_survey_destroy_client) rd_kafka_t *other = kafka_survey_open_other(survey);
    CLEANUP(free_any)
    rd_kafka_topic_t **topics = calloc((size_t)sought->count + 1, sizeof(rd_kafka_topic_t *));
    if (other == NULL || topics == NULL)
        return;
    for (int i = 0; i < sought->count; i++)
        topics[i] = lacks[i] ? rd_kafka_topic_new(other, sought->names[i], NULL) : NULL;
    if (rd_kafka_metadata(other, 0, NULL, ret, SURVEY_TOPICS_WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        *ret = NULL;
    for (int i = 0; i < sought->count; i++)
        if (topics[i] != NULL)
            rd_kafka_topic_destroy(topics[i]);
}

// A broker leaves out of a listing what this account may not describe; who asks for it by its name is told so. librdkafka asks
// for all topics that it was told of: another client does, so that the one that reads knows none of these.
static void kafka_survey_find_denied(struct kafka_survey *survey) {
    const struct kafka_sought *sought = &survey->sought;
    CLEANUP(free_any) bool *lacks = calloc((size_t)sought->count + 1, sizeof *lacks);
    const struct rd_kafka_metadata *named = NULL;
    int64_t now = clock_monotonic_ms();
    bool first = survey->named_ms == 0;
    bool any = false;
    for (int i = 0; lacks != NULL && i < sought->count; i++) {
        lacks[i] = kafka_survey_error_of(survey->metadata, sought->names[i]) != RD_KAFKA_RESP_ERR_NO_ERROR;
        sought->denied[i] &= lacks[i];
        any |= lacks[i] && (!first || i < sought->at_once);
    }
    if (first && !any)
        survey->named_ms = now;
    if (!any || (!first && now - survey->named_ms < SURVEY_DENIED_EVERY_MS) ||
        kafka_survey_is_of_mock(survey))
        return;
    survey->named_ms = now;
    kafka_survey_ask_by_name(survey, lacks, &named);
    for (int i = 0; named != NULL && i < sought->count; i++)
        sought->denied[i] = lacks[i] && kafka_survey_error_of(named, sought->names[i]) ==
                                            RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    if (named != NULL)
        rd_kafka_metadata_destroy(named);
}

static void kafka_survey_find_topics(struct kafka_survey *survey) {
    survey->metadata = NULL;
    survey->failure = rd_kafka_metadata(survey->client, survey->which == KAFKA_TOPICS_ALL, NULL,
                                        &survey->metadata, SURVEY_TOPICS_WAIT_MS);
    survey->topics_known |= survey->failure == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (survey->which == KAFKA_TOPICS_ALL && survey->failure == RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_survey_find_denied(survey);
}

// A client that was opened anew has not.
static void kafka_survey_hear_of_topics(struct kafka_survey *survey) {
    const struct rd_kafka_metadata *metadata = NULL;
    if (!survey->topics_known && rd_kafka_metadata(survey->client, 1, NULL, &metadata,
                                                   SURVEY_TOPICS_WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
    survey->topics_known = true;
}

// A partition without a leader takes all of its time: of that there is only so much for all of them together.
static void kafka_survey_find_each(struct kafka_survey *survey, struct kafka_ends *ends, int count,
                                   int64_t *lost_ms) {
    for (int i = 0; i < count; i++) {
        int64_t begun = clock_monotonic_ms();
        int wait_ms = *lost_ms < SURVEY_LOST_WAIT_MS ? SURVEY_ENDS_WAIT_MS : SURVEY_HURRIED_WAIT_MS;
        if (!atomic_load(&survey->stop) && kafka_ends_ask(survey->client, &ends[i], 1, wait_ms))
            continue;
        ends[i].low = ends[i].high = -1;
        *lost_ms += clock_monotonic_ms() - begun;
    }
}

// Many at once, and one by one where some broker does not tell.
static void kafka_survey_find_ends(struct kafka_survey *survey) {
    int64_t lost_ms = 0;
    kafka_survey_hear_of_topics(survey);
    for (int i = 0; i < survey->end_count; i += SURVEY_TOGETHER_MAX) {
        struct kafka_ends *ends = &survey->asked_ends[i];
        int left = survey->end_count - i;
        int count = left < SURVEY_TOGETHER_MAX ? left : SURVEY_TOGETHER_MAX;
        int64_t begun = clock_monotonic_ms();
        if (!atomic_load(&survey->stop) && lost_ms < SURVEY_LOST_WAIT_MS) {
            if (kafka_ends_ask(survey->client, ends, count, SURVEY_ENDS_WAIT_MS))
                continue;
            lost_ms += clock_monotonic_ms() - begun;
        }
        kafka_survey_find_each(survey, ends, count, &lost_ms);
    }
}

static void *kafka_survey_thread(void *self) {
    struct kafka_survey *survey = self;
    (void)pthread_mutex_lock(&survey->mutex);
    while (!atomic_load(&survey->stop)) {
        enum survey_stage stage = survey->stage;
        if (stage != SURVEY_ASKED_TOPICS && stage != SURVEY_ASKED_ENDS) {
            (void)pthread_cond_wait(&survey->asked, &survey->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&survey->mutex);
        if (stage == SURVEY_ASKED_TOPICS)
            kafka_survey_find_topics(survey);
        else
            kafka_survey_find_ends(survey);
        (void)pthread_mutex_lock(&survey->mutex);
        survey->stage = stage == SURVEY_ASKED_TOPICS ? SURVEY_TOLD_TOPICS : SURVEY_TOLD_ENDS;
        kafka_wakeup_signal(survey->wakeup);
    }
    (void)pthread_mutex_unlock(&survey->mutex);
    return NULL;
}

int kafka_survey_start(struct kafka_survey **ret, rd_kafka_t *client, struct kafka_wakeup *wakeup,
                       const struct kafka_sought *sought, struct error *error) {
    CLEANUP(kafka_survey_stop) struct kafka_survey *survey = calloc(1, sizeof *survey);
    if (survey == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    survey->client = client;
    survey->wakeup = wakeup;
    survey->sought = *sought;
    (void)pthread_mutex_init(&survey->mutex, NULL);
    (void)pthread_cond_init(&survey->asked, NULL);
    if (pthread_create(&survey->thread, NULL, kafka_survey_thread, survey) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start a thread");
    survey->runs = true;
    *ret = survey;
    survey = NULL;
    return 0;
}

void kafka_survey_stop(struct kafka_survey **survey) {
    struct kafka_survey *stopping = *survey;
    if (stopping == NULL)
        return;
    if (stopping->runs) {
        (void)pthread_mutex_lock(&stopping->mutex);
        atomic_store(&stopping->stop, true);
        (void)pthread_cond_signal(&stopping->asked);
        (void)pthread_mutex_unlock(&stopping->mutex);
        (void)pthread_join(stopping->thread, NULL);
    }
    kafka_survey_free_ends(stopping);
    if (stopping->metadata != NULL)
        rd_kafka_metadata_destroy(stopping->metadata);
    (void)pthread_cond_destroy(&stopping->asked);
    (void)pthread_mutex_destroy(&stopping->mutex);
    free(stopping);
    *survey = NULL;
}

// Moves from one stage to the next, if it is in the first: the thread is told of a question.
static bool kafka_survey_move(struct kafka_survey *survey, enum survey_stage from, enum survey_stage to) {
    (void)pthread_mutex_lock(&survey->mutex);
    bool moved = survey->stage == from;
    if (moved) {
        survey->stage = to;
        (void)pthread_cond_signal(&survey->asked);
    }
    (void)pthread_mutex_unlock(&survey->mutex);
    return moved;
}

static bool kafka_survey_is_idle(struct kafka_survey *survey) {
    return kafka_survey_move(survey, SURVEY_IDLE, SURVEY_IDLE);
}

bool kafka_survey_ask_topics(struct kafka_survey *survey, enum kafka_topics which) {
    if (!kafka_survey_is_idle(survey))
        return false;
    survey->which = which;
    return kafka_survey_move(survey, SURVEY_IDLE, SURVEY_ASKED_TOPICS);
}

bool kafka_survey_ask_ends(struct kafka_survey *survey, struct kafka_ends *ends, int count) {
    if (!kafka_survey_is_idle(survey) || !kafka_survey_copy_ends(survey, ends, count))
        return false;
    return kafka_survey_move(survey, SURVEY_IDLE, SURVEY_ASKED_ENDS);
}

bool kafka_survey_take_topics(struct kafka_survey *survey, const struct rd_kafka_metadata **ret,
                              rd_kafka_resp_err_t *ret_error) {
    if (!kafka_survey_move(survey, SURVEY_TOLD_TOPICS, SURVEY_IDLE))
        return false;
    *ret = survey->metadata;
    *ret_error = survey->failure;
    survey->metadata = NULL;
    return true;
}

bool kafka_survey_take_ends(struct kafka_survey *survey) {
    if (!kafka_survey_move(survey, SURVEY_TOLD_ENDS, SURVEY_IDLE))
        return false;
    for (int i = 0; i < survey->end_count; i++) {
        survey->ends[i].low = survey->asked_ends[i].low;
        survey->ends[i].high = survey->asked_ends[i].high;
    }
    kafka_survey_free_ends(survey);
    return true;
}
