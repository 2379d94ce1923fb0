#include "consumer/decode/envelope/learn.h"

#include "consumer/decode/envelope/boundary.h"
#include "consumer/decode/envelope/older_names.h"
#include "consumer/decode/envelope/payload.h"
#include "consumer/json/scan.h"
#include "views/base/bounds.h"

#include <stdlib.h>

enum { LEARN_KEYS_MAX = 2048, PLACES_FIRST = BOUND(32, 2) };

struct learner {
    const struct shape_lesson *lesson;
    struct shape *shape;
    struct json_reader json;
    const char *from;                 // what the shape does not have yet
    const char *object;               // the { of the innermost object
    struct span keys[LEARN_KEYS_MAX]; // of the objects that are open
    int key_count;
};

void shape_free(struct shape *shape) {
    json_shape_free(&shape->json);
    free(shape->places);
    *shape = (struct shape){0};
}

static bool learn_keep_place(struct shape *shape, int number, struct learn_place place) {
    if (number >= shape->capacity) {
        int capacity = shape->capacity > 0 ? shape->capacity * 2 : PLACES_FIRST;
        struct learn_place *grown = realloc(shape->places, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        shape->places = grown;
        shape->capacity = capacity;
    }
    shape->places[number] = place;
    return true;
}

// The bytes up to `to`.
static int learn_add_part(struct learner *learner, enum json_part_kind kind, const char *to) {
    struct span bytes = {learner->from, (size_t)(to - learner->from)};
    learner->from = to;
    return json_shape_add(&learner->shape->json, kind, bytes, learner->json.depth);
}

// A text that is two numbers between bytes that do not change.
struct learn_form {
    struct span before, between, behind;
};

static const struct learn_form learn_id = {{"\"", 1}, {":", 1}, {"\"", 1}};
static const struct learn_form learn_sequence = {{"\"[\\\"", 4}, {"\\\",\\\"", 5}, {"\\\"]\"", 4}};

// The form of the text that this place may have, and what its second number means: place_kind PLACE_NONE = nothing.
static const struct learn_form *learn_form_of(const struct learn_place *place, struct learn_place *ret_first,
                                              struct learn_place *ret_second) {
    bool boundary = place->kind == PLACE_BOUNDARY && place->number == BOUNDARY_ID;
    bool member = place->kind == PLACE_MEMBER;
    *ret_first = *ret_second = *place;
    if (boundary) {
        ret_first->number = BOUNDARY_TXID;
        ret_second->number = BOUNDARY_LSN;
    } else if (member && place->member->kind == MEMBER_TRANSACTION_ID) {
        ret_first->member = &members_split_txid;
        ret_second->member = &members_split_lsn;
    } else if (member && place->member->kind == MEMBER_SEQUENCE) {
        ret_second->kind = PLACE_NONE;
        return &learn_sequence;
    } else {
        return NULL;
    }
    return &learn_id;
}

static bool learn_find_numbers(const struct learn_form *form, struct span text, struct span ret[2]) {
    const char *end = text.data + text.size, *p = pass_word(text.data, end, form->before);
    for (int i = 0; i < 2; i++) {
        const char *digits = p;
        p = p != NULL ? pass_digits(p, end) : NULL;
        if (p == NULL || p == digits || p - digits > JSON_SHAPE_DIGITS_MAX)
            return false;
        ret[i] = (struct span){digits, (size_t)(p - digits)};
        p = pass_word(p, end, i == 0 ? form->between : form->behind);
    }
    return p == end;
}

// A run of digits is a place of its own, or only checked.
static bool learn_number(struct learner *learner, struct span digits, struct learn_place place) {
    bool kept = place.kind != PLACE_NONE;
    int number = learn_add_part(learner, kept ? JSON_PART_DIGITS : JSON_PART_SKIP_DIGITS, digits.data);
    learner->from = digits.data + digits.size;
    return number >= 0 && (!kept || learn_keep_place(learner->shape, number, place));
}

// The value of the KEY just read, where it is two numbers in a text: 1, 0 (it is not), -1.
static int learn_two_numbers(struct learner *learner, const struct learn_place *place) {
    struct learn_place first, second;
    const struct learn_form *form = learn_form_of(place, &first, &second);
    struct json_reader after = learner->json;
    struct json_value value;
    struct span numbers[2];
    if (form == NULL || !json_take(&after, &value) || !learn_find_numbers(form, value.raw, numbers))
        return 0;
    learner->json = after;
    return learn_number(learner, numbers[0], first) && learn_number(learner, numbers[1], second) ? 1 : -1;
}

// The value of the KEY just read is a place of its own.
static bool learn_value(struct learner *learner, struct learn_place place) {
    int split = learn_two_numbers(learner, &place);
    if (split != 0)
        return split > 0;
    int number = learn_add_part(learner, JSON_PART_VALUE, json_value_at(&learner->json));
    if (number < 0 || !learn_keep_place(learner->shape, number, place) || !json_skip(&learner->json))
        return false;
    learner->from = learner->json.next;
    return true;
}

// The value of the KEY just read is only checked.
static bool learn_skipped(struct learner *learner) {
    if (learn_add_part(learner, JSON_PART_SKIP, json_value_at(&learner->json)) < 0 ||
        !json_skip(&learner->json))
        return false;
    learner->from = learner->json.next;
    return true;
}

// A key that stands twice in its object, or that is not written plainly, has no shape.
static bool learn_is_plain_key(struct learner *learner, int first) {
    struct span key = learner->json.text;
    if (learner->json.escaped || learner->key_count == LEARN_KEYS_MAX)
        return false;
    for (int i = first; i < learner->key_count; i++)
        if (span_equal(learner->keys[i], key))
            return false;
    learner->keys[learner->key_count++] = key;
    return true;
}

// The members of the object whose { has just been read, to its }.
static bool learn_members(struct learner *learner, bool (*learn_member)(struct learner *learner)) {
    int first = learner->key_count;
    enum json_kind kind;
    learner->object = learner->json.token;
    while ((kind = json_next(&learner->json)) == JSON_KEY)
        if (!learn_is_plain_key(learner, first) || !learn_member(learner))
            return false;
    learner->key_count = first;
    return kind == JSON_OBJECT_END;
}

// An object or null; null is one of the bytes that do not change.
static bool learn_object(struct learner *learner, enum place_kind kind,
                         bool (*learn_member)(struct learner *learner)) {
    const char *at = json_value_at(&learner->json);
    if (*at != '{')
        return *at == 'n' && json_skip(&learner->json);
    int number = learn_add_part(learner, JSON_PART_OBJECT, at);
    if (number < 0 || !learn_keep_place(learner->shape, number, (struct learn_place){.kind = kind}) ||
        json_next(&learner->json) != JSON_OBJECT_BEGIN || !learn_members(learner, learn_member) ||
        learn_add_part(learner, JSON_PART_CLOSE, learner->json.next) < 0)
        return false;
    learner->shape->places[number].past = learner->shape->json.places;
    return true;
}

static bool learn_known(struct learner *learner, const struct member_name *member) {
    return member != NULL ? learn_value(learner, (struct learn_place){.kind = PLACE_MEMBER, .member = member})
                          : learn_skipped(learner);
}

static bool learn_other(struct learner *learner, enum member_home home) {
    return learn_known(learner, members_find(home, &learner->json));
}

static bool learn_transaction_member(struct learner *learner) {
    return learn_other(learner, HOME_TRANSACTION);
}

static bool learn_name(struct learner *learner, enum member_kind kind, struct span text) {
    struct shape *shape = learner->shape;
    char *kept = arena_take(learner->lesson->names, text.size + 1);
    if (kept == NULL)
        return false;
    memcpy(kept, text.data, text.size);
    struct span name = {kept, text.size};
    if (kind == MEMBER_CONNECTOR)
        shape->connector = name;
    else if (kind == MEMBER_SCHEMA)
        shape->schema_name = name;
    else if (kind == MEMBER_DATABASE)
        shape->database = text.size > 0 ? name : shape->database;
    else if (kind == MEMBER_SERVER)
        shape->server = name;
    else
        shape->table = name;
    return true;
}

static bool learn_source_member(struct learner *learner) {
    const struct member_name *member = members_find(HOME_SOURCE, &learner->json);
    const char *at = json_value_at(&learner->json);
    bool constant = member == NULL || members_is_constant(member->kind);
    struct json_reader after = learner->json;
    struct json_value value;
    if (!learner->lesson->constant_source || !constant || (*at != '"' && *at != 'n') ||
        !json_take(&after, &value) || value.escaped || (member != NULL && value.raw.size > SHAPE_NAME_MAX))
        return learn_other(learner, HOME_SOURCE);
    learner->json = after;
    return member == NULL || value.kind != JSON_STRING ||
           learn_name(learner, member->kind, (struct span){value.raw.data + 1, value.raw.size - 2});
}

static uint8_t learn_sure_digits(const struct table *table, const struct schema *schema, int number) {
    return value_time_sure_digits(&table->columns[number],
                                  schema != NULL ? schema->fields[number] : (struct value_field){0});
}

static bool learn_column(struct learner *learner) {
    const struct table *table = learner->lesson->table;
    const struct schema *schema = learner->lesson->payload->schema;
    struct span key = learner->json.text;
    const struct older_names_object object = {learner->object, learner->json.end};
    int number = older_names_find(table, &learner->json, older_names_in_object, &object);
    if (number < 0)
        number = table_column(table, key.data, key.size);
    if (number >= 0)
        return learn_value(
            learner,
            (struct learn_place){.kind = PLACE_COLUMN,
                                 .sure_digits = learn_sure_digits(table, schema, number),
                                 .number = number,
                                 .field = schema != NULL ? schema->fields[number] : (struct value_field){0}});
    if (learner->lesson->subject == SUBJECT_KEY)
        return learn_skipped(learner);
    learner->shape->drifts++;
    bool likely_mark = learner->lesson->payload->flat && members_is_likely_mark(table, key);
    return learn_value(learner, (struct learn_place){.kind = PLACE_DRIFT,
                                                     .number = likely_mark,
                                                     .name = learner->shape->json.bytes.size +
                                                             (size_t)(key.data - learner->from),
                                                     .name_size = key.size});
}

// A row with columns of an envelope's names may be one by their values: its choice is the general reader's.
static bool learn_flat_member(struct learner *learner) {
    if (!learner->lesson->payload->certain && members_find(HOME_ENVELOPE, &learner->json) != NULL)
        return false;
    const struct table *table = learner->lesson->table;
    struct span name = learner->json.text;
    const struct member_name *member;
    if (learner->lesson->subject != SUBJECT_ROW)
        return learn_column(learner);
    if (members_is_added(table, name, &member))
        return learn_known(learner, member);
    return learn_column(learner);
}

static bool learn_envelope_member(struct learner *learner) {
    const struct member_name *member = members_find(HOME_ENVELOPE, &learner->json);
    if (member == NULL)
        return learn_skipped(learner);
    switch (member->kind) {
    case MEMBER_BEFORE:
        return learn_object(learner, PLACE_BEFORE, learn_skipped);
    case MEMBER_AFTER:
        return learn_object(learner, PLACE_AFTER, learn_column);
    case MEMBER_SOURCE:
        return learn_object(learner, PLACE_SOURCE, learn_source_member);
    case MEMBER_TRANSACTION:
        return learn_object(learner, PLACE_TRANSACTION, learn_transaction_member);
    default:
        return learn_value(learner, (struct learn_place){.kind = PLACE_MEMBER, .member = member});
    }
}

static bool learn_boundary_member(struct learner *learner) {
    int member = boundary_find(&learner->json);
    return member >= 0 ? learn_value(learner, (struct learn_place){.kind = PLACE_BOUNDARY, .number = member})
                       : learn_skipped(learner);
}

// Whether it is a wrapper depends on its members' values: the choice is left to the general reader.
static bool learn_is_ambiguous(const struct learner *learner) {
    struct json_reader first = learner->json;
    return json_next(&first) != JSON_KEY ||
           (!learner->lesson->payload->wrapped && payload_is_wrappers(&first));
}

// Stands behind the payload's {, where the general reader found it. The schema must stand before it: its place in
// the bytes of every message of the shape is the same then.
static bool learn_enter_payload(struct learner *learner) {
    struct json_reader *json = &learner->json;
    const struct payload_form *payload = learner->lesson->payload;
    json_open(json, learner->lesson->message);
    learner->from = json->start;
    if (json_next(json) != JSON_OBJECT_BEGIN)
        return false;
    if (!payload->wrapped)
        return true;
    while (json_next(json) == JSON_KEY && json_value_at(json) != payload->at)
        if (!json_skip(json))
            return false;
    if (json_next(json) != JSON_OBJECT_BEGIN)
        return false;
    if (payload->schema_bytes.data == NULL)
        return true;
    learner->shape->schema = (size_t)(payload->schema_bytes.data - json->start);
    learner->shape->schema_size = payload->schema != NULL ? payload->schema_bytes.size : 0;
    return payload->schema_bytes.data < payload->at;
}

bool shape_learn(struct shape *shape, const struct shape_lesson *lesson) {
    static bool (*const learn_subject[])(struct learner * learner) = {
        [SUBJECT_KEY] = learn_flat_member, [SUBJECT_BOUNDARY] = learn_boundary_member};
    struct learner learner;
    learner.lesson = lesson;
    learner.shape = shape;
    learner.key_count = 0;
    json_shape_begin(&shape->json);
    shape->drifts = 0;
    shape->schema_size = 0;
    shape->connector = shape->schema_name = shape->database = shape->table = shape->server = (struct span){0};
    shape->placement = (struct members_placement){0};
    shape->flat = lesson->payload->flat;
    shape->bytea = lesson->payload->schema != NULL ? lesson->payload->schema->bytea : CHANGE_BYTES_UNTOLD;
    shape->json.pass_array = lesson->subject == SUBJECT_BOUNDARY ? boundary_pass_collections : NULL;
    if (!learn_enter_payload(&learner) || learn_is_ambiguous(&learner))
        return false;
    bool (*learn_member)(struct learner *) = learn_subject[lesson->subject];
    if (lesson->subject == SUBJECT_ROW)
        learn_member = lesson->payload->flat ? learn_flat_member : learn_envelope_member;
    const char *end = lesson->message.data + lesson->message.size;
    // A shape is ready with its last part only.
    if (!learn_members(&learner, learn_member) || !json_leave(&learner.json, 0) ||
        json_next(&learner.json) != JSON_END || learn_add_part(&learner, JSON_PART_END, end) < 0)
        return false;
    shape->postgres = TEXT_IS(shape->connector, "postgresql");
    return true;
}
