// What tells this build of the program from another.
#ifndef TIDEMARK_HTTP_BUILD_ID_H
#define TIDEMARK_HTTP_BUILD_ID_H

#include "views/base/span.h"

// The linker's build ID, the same for the same sources and options; it lives as long as the program. Empty where it was linked
// without one.
struct span build_id(void);

#endif
