#include "consumer/apply/loop/redecode.h"

void redecode_free(struct redecode *redecode) {
    if (redecode->decoder == NULL)
        return;
    envelope_decoder_free(&redecode->decoder);
    event_done(&redecode->event);
}

// Columns that the table lacks were told when the message first came.
static int redecode_make(struct redecode *redecode, const struct apply_config *config, struct error *error) {
    if (redecode->decoder != NULL)
        return 0;
    const struct envelope_config envelope = {.catalog = config->catalog,
                                             .settings = config->settings,
                                             .seen = redecode->seen,
                                             .other_keys = config->other_keys};
    if (event_init(&redecode->event, config->catalog, error) != 0)
        return -1;
    if (envelope_decoder_new(&redecode->decoder, &envelope, error) == 0)
        return 0;
    event_done(&redecode->event);
    return -1;
}

int redecode_row_key(struct redecode *redecode, const struct apply_config *config, const struct table *table,
                     const struct message *message, const struct value **ret, struct error *error) {
    *ret = NULL;
    struct error unreadable = {0};
    if (redecode_make(redecode, config, error) != 0)
        return -1;
    if (envelope_decode_key(redecode->decoder, table, message, &redecode->event, &unreadable) == 0)
        *ret = redecode->event.values;
    else if (unreadable.kind == ERROR_SYSTEM)
        return error_set(error, ERROR_SYSTEM, "%s", unreadable.message);
    return 0;
}

int redecode_message(struct redecode *redecode, const struct apply_config *config, enum topic_role role,
                     const struct table *table, const struct message *message, struct error *ret_why,
                     struct error *error) {
    *ret_why = (struct error){0};
    if (redecode_make(redecode, config, error) != 0)
        return -1;
    if (envelope_decode(redecode->decoder, role, table, message, &redecode->event, ret_why) == 0)
        return 0;
    return ret_why->kind == ERROR_SYSTEM ? error_set(error, ERROR_SYSTEM, "%s", ret_why->message) : 1;
}
