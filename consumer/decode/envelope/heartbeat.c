#include "consumer/decode/envelope/heartbeat.h"

#include "consumer/decode/envelope/payload.h"

int heartbeat_decode(const struct message *message, struct event *event, struct error *error) {
    struct json_reader json;
    struct payload_form form;
    json_open(&json, message->value);
    int entered = message->value.size == 0 ? 0 : payload_enter_object(NULL, &json, NULL, &form, error);
    if (entered <= 0)
        return entered;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        bool is_time = KEY_IS(&json, "ts_ms");
        struct json_value value;
        if (!json_take(&json, &value))
            return row_broken(&json, error);
        if (is_time && members_integer(&value, "ts_ms", &event->heartbeat_ms, error) != 0)
            return -1;
    }
    if (kind != JSON_OBJECT_END)
        return row_broken(&json, error);
    if (payload_leave(&json, error) != 0)
        return -1;
    event->kind = EVENT_HEARTBEAT;
    return 0;
}
