// -X: a property for librdkafka. Both texts are borrowed.
#ifndef TIDEMARK_BROKER_KAFKA_PROPERTY_H
#define TIDEMARK_BROKER_KAFKA_PROPERTY_H

struct kafka_property {
    const char *name;
    const char *value;
};

#endif
