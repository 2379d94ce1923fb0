// What was found of a log, and could not be written into the file (its disk was full): the next run does, before it reads. Plain.
#ifndef TIDEMARK_CONSUME_UNNOTED_H
#define TIDEMARK_CONSUME_UNNOTED_H

#include "views/base/error.h"

#include <stdint.h>

enum { UNNOTED_TOPIC_SIZE = 250 }; // of a topic's name, as Kafka bounds it

struct unnoted {
    char topic[UNNOTED_TOPIC_SIZE]; // "" = there is nothing
    int32_t partition;
    char reason[ERROR_MESSAGE_SIZE];
};

#endif
