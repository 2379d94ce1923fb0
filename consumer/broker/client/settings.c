#define _GNU_SOURCE // strcasestr
#include "consumer/broker/client/settings.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

const struct kafka_setting kafka_settings[] = {
    {"client.id", "tidemark"},
    {"allow.auto.create.topics", "false"},
    {"isolation.level", "read_committed"},
    // Offsets live in the file: librdkafka must neither store, commit nor choose one.
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    // A batch that was damaged on its way, or on the broker's disk, is not applied.
    {"check.crcs", "true"},
    // The only way to learn the end of a partition whose last offsets are transaction markers.
    {"enable.partition.eof", "true"},
    // A fetch ends with the first data.
    {"fetch.min.bytes", "1"},
    // After a passing error of a partition (a leader moves): the default of 500 ms is felt.
    {"fetch.error.backoff.ms", "100"},
    // Memory: a partition holds at most the queue (kafka_setting_queue_kb) and one fetch more.
    // Brokers send a single larger batch whole, so messages of 10 MB and more still come. A fetch asks only
    // for partitions that have room; those may have much of it, but all together little: an answer is one
    // piece of memory as long as any message of it is held, and one with messages of few partitions is held
    // longest. A producer's batch is up to 1 MB (`max.message.bytes`), and a broker answers with a larger one than was asked
    // for only of the first partition: with 512 KB each fetch of such batches brought one, and messages of 4.5 KB took 5.2
    // to 6.0 s, not 4.7 to 5.1. 3 MB in all take 5 MB more of memory, and 6% less time there.
    {"queued.min.messages", "8192"},
    {"fetch.max.bytes", "2097152"},
    {"reconnect.backoff.ms", "100"},
    {"reconnect.backoff.max.ms", "2000"},
    {"socket.keepalive.enable", "true"},
    {"socket.nagle.disable", "true"},
    // Log lines come to the consumer loop as events; librdkafka never writes to stderr.
    {"log.queue", "true"},
    {"log.connection.close", "false"},
    {NULL, NULL},
};

const struct kafka_setting kafka_settings_newer[] = {
    // Since 2.2 a partition whose queue was full is not asked for again before this, whatever wakes librdkafka (nudger.h); its
    // default is a second. As long as a fetch without data takes, for the same reasons.
    {"fetch.queue.backoff.ms", "10"},
    {NULL, NULL},
};

static const struct kafka_setting refusals[] = {
    {"bootstrap.servers", "use --brokers"},
    {"metadata.broker.list", "use --brokers"},
    {"group.id", "the group belongs to the database file, so that two files never share one"},
    {"group.instance.id", "every partition is read, there is no group membership"},
    {"enable.auto.commit", "offsets are kept in the database file, with the rows"},
    {"auto.commit.enable", "offsets are kept in the database file, with the rows"},
    {"enable.auto.offset.store", "offsets are kept in the database file, with the rows"},
    {"auto.offset.reset", "an offset that the log no longer has is a decision for a person"},
    {"check.crcs", "a damaged batch must not be applied"},
    {"enable.partition.eof", "the end of a partition is found by it"},
    {"isolation.level", "rows of an aborted Kafka transaction never happened"},
    {"statistics.interval.ms", "the age of the lag is found by it"},
    {"log.queue", "log lines go to tidemark's own log"},
    {"test.mock.num.brokers", "use tidemark demo"},
    {NULL, NULL},
};

const char *kafka_setting_refusal(const char *name) {
    const struct kafka_setting *refusal = refusals;
    while (refusal->name != NULL && strcmp(refusal->name, name) != 0)
        refusal++;
    return refusal->value;
}

static int settings_within(int value, int least, int most) {
    return value < least ? least : value > most ? most : value;
}

// Without data a fetch holds the connection this long, and metadata, commits and newly assigned partitions queue behind it; a
// partition whose queue was full is looked at again after it. A fetch names every partition that has room (1.1 us each here, and
// more in the broker), so that with many it is held for longer.
int kafka_setting_fetch_wait_ms(int partitions) {
    return settings_within(partitions / 8, SETTING_FETCH_WAIT_MS, SETTING_FETCH_WAIT_MOST_MS);
}

// librdkafka leaves a partition whose queue is full out of the next fetch. Where the others have nothing that fetch is held for its
// whole wait, and what was full waits for its end: one busy partition among 1,200 idle ones had 1 MB each 150 ms, 400,000 messages
// in 24.8 s. With room for one fetch more it is part of each: 1.9 s, and 5 million snapshot rows in three partitions 10.9 s, not
// 16.6. With as much for each of 13 that are far behind memory peaks 25 MB higher, and there others have data.
int kafka_setting_queue_kb(int far) {
    return far <= SETTING_QUEUES_MOST ? SETTING_QUEUE_MOST_KB
                                      : kafka_setting_part(SETTING_QUEUE_KB, SETTING_QUEUE_LEAST_KB, far);
}

// A batch that is larger comes whole.
int kafka_setting_fetch_bytes(int far) {
    return kafka_setting_part(SETTING_FETCH_BYTES, SETTING_FETCH_LEAST_BYTES, far);
}

// 300 partitions far behind held 925 MB with as much of each.
int kafka_setting_part(int whole, int least, int far) {
    int part = far <= SETTING_FAR_MANY ? whole : (int)((int64_t)whole * SETTING_FAR_MANY / far);
    return part < least ? least : part;
}

// They tell when brokers answered last: the age of the high watermarks. Those of a partition cost 7.5 us.
int kafka_setting_statistics_ms(int partitions) {
    return settings_within(partitions * 4, SETTING_STATISTICS_MS, SETTING_STATISTICS_MOST_MS);
}

bool kafka_setting_is_secret(const char *name) {
    static const char *const parts[] = {"password", "secret",     "token",      "key.pem",
                                        "jaas",     "passphrase", "credential", "oauthbearer.config"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcasestr(name, parts[i]) != NULL)
            return true;
    return false;
}
