// The tests of consumer/json over a copy of it that uses no vector instructions.
#define JSON_PORTABLE
#include "tests/json_oracle.h"

#include "consumer/json/json.c"

#include "json_test.c"
