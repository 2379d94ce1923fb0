// The value of one parameter of a query: checked by its rule, and read as the rule's type is stored. Pure.
#ifndef TIDEMARK_READ_QUERY_PARAMETER_H
#define TIDEMARK_READ_QUERY_PARAMETER_H

#include "views/engine/read.h"

enum { QUERY_PARAMETER_TEXT_SIZE = 72 }; // of a timestamp or a UUID that is written anew

// ERROR_USAGE, naming what the value has to be.
int query_parameter_check(const struct parameter_rule *rule, struct span name, struct span value,
                          struct error *error);
// What is bound for a text. False when the rule's type cannot be it. The cell's bytes are the value's own or in
// `text`.
bool query_parameter_read(const struct parameter_rule *rule, struct span value,
                          char text[QUERY_PARAMETER_TEXT_SIZE], struct cell *ret);

#endif
