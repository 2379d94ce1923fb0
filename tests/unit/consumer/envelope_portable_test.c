// The tests of the envelope decoder with shapes that are matched without vector instructions.
#define JSON_PORTABLE
#include "consumer/json/shape.c"

#include "envelope_test.c"
