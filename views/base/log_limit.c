#include "views/base/log_limit.h"

bool log_limit_passes(struct log_limit *limit, uint64_t text, uint64_t kind, int64_t now_ms,
                      int64_t repeat_ms, int burst, int64_t *ret_left_out) {
    uint64_t text_place = text % LOG_LIMIT_PLACES;
    uint64_t kind_place = kind % LOG_LIMIT_PLACES;
    *ret_left_out = 0;
    if (limit->kinds[kind_place].kind != kind || limit->kinds[kind_place].since_ms == 0) {
        limit->kinds[kind_place].kind = kind;
        limit->kinds[kind_place].since_ms = now_ms;
        limit->kinds[kind_place].written = 0;
        limit->kinds[kind_place].left_out = 0;
    }
    if (now_ms - limit->kinds[kind_place].since_ms >= repeat_ms) {
        limit->kinds[kind_place].since_ms = now_ms;
        limit->kinds[kind_place].written = 0;
    }
    bool again = limit->texts[text_place].text == text && limit->texts[text_place].written_ms != 0 &&
                 now_ms - limit->texts[text_place].written_ms < repeat_ms;
    if (again || limit->kinds[kind_place].written >= burst) {
        limit->kinds[kind_place].left_out++;
        return false;
    }
    limit->texts[text_place].text = text;
    limit->texts[text_place].written_ms = now_ms;
    limit->kinds[kind_place].written++;
    *ret_left_out = limit->kinds[kind_place].left_out;
    limit->kinds[kind_place].left_out = 0;
    return true;
}
