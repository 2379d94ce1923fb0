// What bytes that are no JSON look like (consumer/decode/guess.h).
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
