// What /v1/live, /v1/status and /v1/lag say, as lines for a terminal. Pure. Text that came from elsewhere (names, errors)
// loses its control characters, so that it cannot speak to the terminal.
#ifndef TIDEMARK_STATUS_TABLE_H
#define TIDEMARK_STATUS_TABLE_H

#include "views/base/buffer.h"

#include <jansson.h>

struct table_answers {
    json_t *live;
    json_t *status;
    json_t *lag;
};

// `width`: columns of the terminal, longer lines are cut; 0 = as long as they are. `rows`: most lines, 0 = all of them.
void table_render(struct buffer *out, const struct table_answers *answers, const char *url, int width,
                  int rows);

#endif
