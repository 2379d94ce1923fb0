// Which librdkafka properties tidemark sets, which a user may override with -X, and which values are secret.
// Plain tables, no Kafka type; any thread, nothing to free.
#ifndef TIDEMARK_BROKER_CLIENT_SETTINGS_H
#define TIDEMARK_BROKER_CLIENT_SETTINGS_H

#include <stdbool.h>

struct kafka_setting {
    const char *name;
    const char *value;
};

// Ended by a NULL name. Set before the user's own.
extern const struct kafka_setting kafka_settings[];

// Why a user must not set the property, or NULL when that is allowed.
const char *kafka_setting_refusal(const char *name);
// True when the value may be a password or key: messages then name the property only.
bool kafka_setting_is_secret(const char *name);

#endif
