// The file of --config: a JSON object with the flags' names as its keys, {"brokers": "kafka1:9092", "silent-after-ms": 30000,
// "no-auth": true, "only": ["warehouse", "email"], "X": {"security.protocol": "SASL_SSL"}}. Here it becomes names and
// texts; what they mean is options.c's. Values are never repeated in a message: one may be a secret.
#ifndef TIDEMARK_OPTIONS_CONFIG_FILE_H
#define TIDEMARK_OPTIONS_CONFIG_FILE_H

#include "views/base/error.h"

#include <stdbool.h>

enum { CONFIG_FILE_SIZE_MAX = 1 << 20, CONFIG_FILE_SETTINGS_MAX = 256 };

struct config_setting {
    const char *name;  // "brokers"; of a member of "X": "security.protocol"
    const char *value; // as it would be written on the command line; an array's texts are joined by commas
    bool property;     // librdkafka's, a member of "X"
};

struct config_file {
    struct config_setting settings[CONFIG_FILE_SETTINGS_MAX];
    int count;
    char *texts; // what the settings point into
};

// ERROR_USAGE names the file and the line, or the key that has no such value. A null stands for nothing.
int config_file_read(struct config_file *ret, const char *path, struct error *error);
void config_file_free(struct config_file *file);
// The version of jansson, which reads it.
const char *config_file_library_version(void);

#endif
