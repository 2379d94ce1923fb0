// What bytes that are no JSON look like, and objects that are no row of Debezium's (consumer/decode/guess.h, cells.h).
#include "consumer/decode/cells.h"
#include "consumer/decode/guess.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define IS(literal, what)                                                                                    \
    { literal, sizeof(literal) - 1, what }

static const struct {
    const char *bytes;
    size_t size;
    const char *what; // begins so; NULL = like nothing
} cases[] = {
    IS("\0\0\0\0\7\2abc",
       "a schema registry's framing (magic byte 0, schema id 7) of Avro or Protobuf: set the connector's"),
    IS("\0\0\1\0\0\2a", "a schema registry's framing (magic byte 0, schema id 65536) of Avro or Protobuf: "),
    IS("\0\0\0\0\0\0\0\0\x2A\2a",
       "a schema registry's framing (magic byte 0, schema id 42) of Avro or Protobuf: "),
    IS("\0\0", NULL),
    IS("Obj\1\4", "Avro in a container file: set "),
    IS("Obj", NULL),
    IS("\xC3\1\1\2\3", "Avro in its single-object encoding"),
    IS("\x1F\x8B\x08", "gzip"),
    IS("\x28\xB5\x2F\xFDx", "zstd"),
    IS("\x04\x22\x4D\x18x", "LZ4"),
    IS("\x78\x9C\x03\0", "zlib"),
    IS("\x78\x9D\x03\xFF\xFF", NULL),
    IS("\x82SNAPPY\0", "snappy"),
    IS("\xAC\xED\0\5t", "a serialized Java object"),
    IS("\xEF\xBB\xBF{}", "text with a byte order mark"),
    IS("\xFF\xFE{\0", "UTF-16"),
    IS("<row/>", "XML"),
    IS("Struct{id=1}",
       "a Struct of Kafka Connect's as text, as StringConverter writes it: set the connector's"),
    IS("\3\0\xB7\xB4\xA7\xF0\x9C\x96\x4E\x4A\xA6\x87\xFB\x5D\xD9\xEF\0\1\2a",
       "AWS Glue Schema Registry's framing (header version 3): set the connector's"),
    IS("\3\5\xB7\xB4\xA7\xF0\x9C\x96\x4E\x4A\xA6\x87\xFB\x5D\xD9\xEF\0\1x\x9C", "AWS Glue"),
    IS("\3\0\xB7\xB4", NULL),
    IS("\x08\x96\x01\x12\x02hi", "Protobuf"),
    IS("\x08\x96\x01\x12\x09hi", NULL),
    IS("\x08\x96", NULL),
    IS("hello", NULL),
    IS("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", NULL),
};

static void each_is_known(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char told[GUESS_SIZE] = "";
        bool known = guess_format((struct span){cases[i].bytes, cases[i].size}, told);
        if (known != (cases[i].what != NULL))
            fail_msg("case %zu: \"%s\"", i, told);
        if (known && strncmp(told, cases[i].what, strlen(cases[i].what)) != 0)
            fail_msg("case %zu: \"%s\"", i, told);
    }
}

static const struct {
    const char *object;
    const char *what; // begins so; NULL = like nothing
} objects[] = {
    {"{\"data\":[{\"id\":\"1\"}],\"database\":\"d\",\"es\":1,\"id\":1,\"isDdl\":false,\"mysqlType\":{},\"table\":\"t\","
     "\"type\":\"INSERT\"}",
     "a change in Canal's JSON,"},
    {"{\"data\":[],\"type\":\"INSERT\",\"old\":null}", "a change in Canal's JSON, as Flink"},
    {"{\"data\":[],\"type\":\"INSERT\",\"id\":1}", NULL},
    {"{\"database\":\"d\",\"table\":\"t\",\"type\":\"insert\",\"ts\":1,\"xid\":2,\"data\":{}}, 5",
     "a change in Maxwell's JSON"},
    {"{\"data\":{},\"metadata\":{}}", "a change as AWS DMS"},
    {"{\"data\":{},\"metadata\":{},\"id\":1}", NULL},
    {"{\"record\":{},\"changes\":null,\"action\":\"update\",\"metadata\":{}}", "a change as Sequin"},
    {"{\"_id\":{},\"operationType\":\"insert\",\"ns\":{},\"documentKey\":{},\"fullDocument\":{}}",
     "an event of MongoDB's"},
    {"{\"table\":\"T\",\"op_type\":\"I\",\"op_ts\":\"2026\",\"pos\":\"0\",\"after\":{}}",
     "a change in GoldenGate's"},
    {"{\"magic\":\"atMSG\",\"type\":\"DT\",\"messageSchemaId\":1,\"message\":{}}", "a change as Qlik"},
    {"{\"before\":null,\"after\":{\"id\":1}}", NULL},
    {"{\"data\":{},\"metadata\":{}", NULL},
    {"[]", NULL},
    {"", NULL},
};

static void other_formats_are_known_by_their_members(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const char *told = guess_object((struct span){objects[i].object, strlen(objects[i].object)});
        const char *wanted = objects[i].what;
        if ((told == NULL) != (wanted == NULL) ||
            (told != NULL && strncmp(told, wanted, strlen(wanted)) != 0))
            fail_msg("object %zu: \"%s\"", i, told != NULL ? told : "(nothing)");
    }
}

static void cells_are_known_by_their_members(void **state) {
    (void)state;
    static const struct {
        const char *object;
        bool are;
    } rows[] = {
        {"{\"id\":{\"value\":1,\"set\":true},\"v\":null} more", true},
        {"{\"id\":{\"value\":1,\"deletion_ts\":null,\"set\":true}}", true},
        {"{\"v\":null,\"id\":{\"set\":false,\"value\":{\"a\":[1]}}}", true},
        {"{\"id\":1,\"v\":{\"value\":1,\"set\":true}}", false},
        {"{\"id\":{\"value\":1,\"set\":true,\"of\":2}}", false},
        {"{\"id\":{\"value\":1}}", false},
        {"{\"id\":null}", false},
        {"{}", false},
        {"{\"id\":{\"value\":1,\"set\":true}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (cells_are((struct span){rows[i].object, strlen(rows[i].object)}) != rows[i].are)
            fail_msg("row %zu", i);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_known),
        cmocka_unit_test(other_formats_are_known_by_their_members),
        cmocka_unit_test(cells_are_known_by_their_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
