// What bytes that are no JSON look like: a wrong converter or compressed payloads are told by name, with what to do.
// Pure.
#ifndef TIDEMARK_DECODE_GUESS_H
#define TIDEMARK_DECODE_GUESS_H

#include "views/base/span.h"

enum { GUESS_SIZE = 256 };

// "Avro in a container file": false when they look like nothing that is known.
bool guess_format(struct span bytes, char ret[GUESS_SIZE]);

#endif
