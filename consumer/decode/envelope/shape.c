#include "consumer/decode/envelope/shape.h"

#include "consumer/decode/envelope/learn.h"
#include "views/base/bounds.h"
#include "views/base/cleanup.h"

enum {
    SHAPES_KEPT = BOUND(3, 2), // of one topic: rows with their before, rows without it, deletes
    // Learning costs about as much as reading: messages that are never alike are not learnt for ever.
    CREDIT_MAX = 64,
    CREDIT_TO_LEARN = 8,
    CONSTANTS_TRIED = 16, // so many shapes later, what looked constant was not
};

// Bytes between values of all shapes together.
static const size_t shapes_bytes_max = (size_t)64 << 20;

struct shape_set {
    struct shape shapes[SHAPES_KEPT];
    uint8_t order[SHAPES_KEPT]; // the newest used first
    int count;
    int credit;
    int learnt;
};

struct shapes {
    const struct envelope_config *config;
    int table_count;
    size_t bytes;
    struct arena names; // of all shapes that were learnt with constants: CONSTANTS_TRIED of a topic
    int64_t known;
    struct shape *newest; // the row's that `values` are of
    struct shape_set boundary;
    struct shape_set *rows; // by table
    struct shape_set *keys;
    struct json_value values[JSON_SHAPE_PARTS_MAX];
};

int shapes_new(struct shapes **ret, const struct envelope_config *config, struct error *error) {
    const struct catalog *catalog = config->catalog;
    CLEANUP(shapes_free) struct shapes *shapes = calloc(1, sizeof *shapes);
    if (shapes != NULL) {
        shapes->config = config;
        shapes->table_count = catalog->table_count;
        shapes->rows = calloc((size_t)catalog->table_count, sizeof *shapes->rows);
        shapes->keys = calloc((size_t)catalog->table_count, sizeof *shapes->keys);
    }
    if (shapes == NULL || shapes->rows == NULL || shapes->keys == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = shapes;
    shapes = NULL;
    return 0;
}

static void envelope_shape_free_set(struct shape_set *set) {
    for (int i = 0; i < SHAPES_KEPT; i++)
        shape_free(&set->shapes[i]);
}

void shapes_free(struct shapes **shapes) {
    struct shapes *freed = *shapes;
    if (freed == NULL)
        return;
    for (int i = 0; i < freed->table_count; i++) {
        if (freed->rows != NULL)
            envelope_shape_free_set(&freed->rows[i]);
        if (freed->keys != NULL)
            envelope_shape_free_set(&freed->keys[i]);
    }
    envelope_shape_free_set(&freed->boundary);
    arena_free(&freed->names);
    free(freed->rows);
    free(freed->keys);
    free(freed);
    *shapes = NULL;
}

static void envelope_shape_move_to_front(struct shape_set *set, int place) {
    uint8_t used = set->order[place];
    memmove(set->order + 1, set->order, (size_t)place * sizeof *set->order);
    set->order[0] = used;
}

// The shape of the message, its values in shapes->values; NULL when none is known.
static struct shape *envelope_shape_find_shape(struct shapes *shapes, struct shape_set *set,
                                               struct span message) {
    if (set->credit < CREDIT_MAX)
        set->credit++;
    for (int i = 0; i < set->count; i++) {
        struct shape *shape = &set->shapes[set->order[i]];
        if (!json_shape_match(&shape->json, message, shapes->values))
            continue;
        if (i > 0)
            envelope_shape_move_to_front(set, i);
        return shape;
    }
    return NULL;
}

static struct span envelope_shape_drift(const struct shape *shape, const struct learn_place *place) {
    return (struct span){shape->json.bytes.data + place->name, place->name_size};
}

static void envelope_shape_tell(const struct shapes *shapes, struct shape *shape, const struct table *table) {
    for (int i = 0; shape->untold > 0 && i < shape->json.places; i++)
        if (shape->places[i].kind == PLACE_DRIFT)
            shapes->config->drift(shapes->config->self, table, envelope_shape_drift(shape, &shape->places[i]),
                                  shape->untold);
    shape->untold = 0;
}

void shapes_tell_drift(struct shapes *shapes) {
    for (int t = 0; t < shapes->table_count; t++)
        for (int i = 0; i < shapes->rows[t].count; i++)
            envelope_shape_tell(shapes, &shapes->rows[t].shapes[i], &shapes->config->catalog->tables[t]);
}

void shapes_take_back_drift(struct shapes *shapes) {
    shapes->newest->untold -= shapes->newest->untold > 0;
}

// Takes the place of the shape that was used the longest ago.
static void envelope_shape_learn(struct shapes *shapes, struct shape_set *set, struct shape_lesson lesson) {
    bool paid = set->learnt >= SHAPES_KEPT;
    if ((paid && set->credit < CREDIT_TO_LEARN) || shapes->bytes > shapes_bytes_max)
        return;
    set->credit -= paid ? CREDIT_TO_LEARN : 0;
    if (set->count < SHAPES_KEPT) {
        set->order[set->count] = (uint8_t)set->count;
        set->count++;
    }
    struct shape *shape = &set->shapes[set->order[set->count - 1]];
    envelope_shape_tell(shapes, shape, lesson.table);
    shapes->bytes -= shape->json.bytes.capacity;
    lesson.constant_source = set->learnt < CONSTANTS_TRIED;
    lesson.names = &shapes->names;
    if (shape_learn(shape, &lesson))
        envelope_shape_move_to_front(set, set->count - 1);
    shapes->bytes += shape->json.bytes.capacity;
    set->learnt += set->learnt < CONSTANTS_TRIED;
}

// -1: what came does not fit, and the general reader says so.
static int envelope_shape_read_column(struct row_reader *row, const struct learn_place *place,
                                      const struct json_value *value) {
    struct value *ret = &row->values[place->number];
    if (value->kind == JSON_NULL) {
        ret->kind = VALUE_NULL;
        return 0;
    }
    if (value_take(value, &row->table->columns[place->number], place->field, row->settings,
                   row->may_be_unavailable, row->arena, ret, NULL) != 0)
        return -1;
    row->found_unavailable |= ret->kind == VALUE_UNAVAILABLE;
    if (place->sure_digits > 0 && (value->raw.size != place->sure_digits || value->raw.data[0] == '-'))
        row_note_time(row, place->number, place->field, value);
    return 0;
}

// One of the objects of an envelope, or its null.
static void envelope_shape_take_object(const struct shape *shape, const struct learn_place *place,
                                       const struct json_value *value, struct members *members) {
    bool is_null = value->kind == JSON_NULL;
    struct span raw = is_null ? (struct span){0} : value->raw;
    switch (place->kind) {
    case PLACE_BEFORE:
        members->before = raw;
        break;
    case PLACE_AFTER:
        members->after = raw;
        members->after_kind = !is_null;
        break;
    case PLACE_SOURCE:
        members->has_source = !is_null;
        if (!is_null) {
            members->connector = shape->connector;
            members->schema = shape->schema_name;
            members->database = shape->database;
            members->table = shape->table;
            members->server = shape->server;
            members->postgres = shape->postgres;
        }
        break;
    default:
        members->has_transaction = !is_null;
    }
}

static bool envelope_shape_take_places(const struct shape *shape, const struct json_value *values,
                                       struct row_reader *row, struct members *members) {
    for (int i = 0; i < shape->json.places; i++) {
        const struct learn_place *place = &shape->places[i];
        switch (place->kind) {
        case PLACE_COLUMN:
            if (envelope_shape_read_column(row, place, &values[i]) != 0)
                return false;
            break;
        case PLACE_MEMBER:
            if (members_take(members, place->member, &values[i], NULL) != 0)
                return false;
            break;
        case PLACE_DRIFT:
            if (place->number != 0)
                members_note_likely_mark(members, envelope_shape_drift(shape, place), &values[i]);
            break;
        case PLACE_BOUNDARY:
        case PLACE_NONE:
            break;
        default:
            envelope_shape_take_object(shape, place, &values[i], members);
            if (values[i].kind == JSON_NULL)
                i = place->past - 1;
        }
    }
    return true;
}

bool shapes_read_row(struct shapes *shapes, struct span message, struct row_reader *row,
                     struct members *members) {
    struct shape *shape = envelope_shape_find_shape(shapes, &shapes->rows[row->table->index], message);
    if (shape == NULL)
        return false;
    shapes->newest = shape;
    row_begin(row);
    if (!envelope_shape_take_places(shape, shapes->values, row, members))
        return false;
    if (members->table.data == shape->table.data && members->schema.data == shape->schema_name.data &&
        members->database.data == shape->database.data)
        members->placement = &shape->placement;
    if (shape->flat) {
        members->flat = true;
        members->after_kind = 1;
    } else if (members->before.data == NULL && members->after.data == NULL && !members->has_source &&
               !members->has_transaction) {
        return false; // for the general reader it may be no envelope
    }
    if (shape->drifts > 0 && members->after_kind == 1 && row->config->drift != NULL)
        shape->untold++;
    row->bytea = shape->bytea;
    if (shape->schema_size > 0)
        row->schema_bytes = (struct span){message.data + shape->schema, shape->schema_size};
    shapes->known++;
    return true;
}

bool shapes_read_key(struct shapes *shapes, struct span key, struct row_reader *row) {
    const struct shape *shape = envelope_shape_find_shape(shapes, &shapes->keys[row->table->index], key);
    if (shape == NULL)
        return false;
    row_begin(row);
    return envelope_shape_take_places(shape, shapes->values, row, NULL);
}

// The value of a column in the newest row, NULL when it is not there or another schema's.
static const struct json_value *envelope_shape_find_column(const struct shapes *shapes,
                                                           const struct learn_place *wanted) {
    const struct shape *shape = shapes->newest;
    for (int i = 0; i < shape->json.places; i++) {
        const struct learn_place *place = &shape->places[i];
        if (place->kind == PLACE_COLUMN && place->number == wanted->number)
            return place->field.semantic == wanted->field.semantic &&
                           place->field.scale == wanted->field.scale
                       ? &shapes->values[i]
                       : NULL;
    }
    return NULL;
}

bool shapes_key_agrees(const struct shapes *shapes, struct span key, const struct table *table) {
    const struct shape_set *set = &shapes->keys[table->index];
    const struct shape *shape = &set->shapes[set->order[0]];
    const struct json_part *part = shape->json.parts;
    const char *p = key.data, *end = p + key.size;
    if (!shape->json.ready)
        return false;
    for (;; part++) {
        if ((size_t)(end - p) < part->size ||
            memcmp(p, shape->json.bytes.data + part->begin, part->size) != 0)
            return false;
        p += part->size;
        if (part->kind != JSON_PART_VALUE)
            return part->kind == JSON_PART_END && p == end;
        const struct json_value *value = envelope_shape_find_column(shapes, &shape->places[part->place]);
        if (value == NULL || (size_t)(end - p) < value->raw.size ||
            memcmp(p, value->raw.data, value->raw.size) != 0)
            return false;
        p += value->raw.size;
    }
}

bool shapes_key_is_other(const struct shapes *shapes, const struct table *table) {
    const struct shape_set *set = &shapes->keys[table->index];
    const struct shape *shape = &set->shapes[set->order[0]];
    int named = 0, others = 0;
    for (int i = 0; i < shape->json.places; i++)
        if (shape->places[i].kind == PLACE_COLUMN)
            *(table->columns[shape->places[i].number].key != 0 ? &named : &others) += 1;
    return others > 0 || named != table->key_count;
}

bool shapes_read_boundary(struct shapes *shapes, struct span message,
                          struct json_value ret[BOUNDARY_VALUES]) {
    const struct shape *shape = envelope_shape_find_shape(shapes, &shapes->boundary, message);
    if (shape == NULL)
        return false;
    for (int i = 0; i < BOUNDARY_VALUES; i++)
        ret[i].kind = JSON_ERROR;
    for (int i = 0; i < shape->json.places; i++)
        ret[shape->places[i].number] = shapes->values[i];
    shapes->known++;
    return true;
}

void shapes_learn_row(struct shapes *shapes, struct span message, const struct table *table,
                      const struct payload_form *form) {
    envelope_shape_learn(
        shapes, &shapes->rows[table->index],
        (struct shape_lesson){.subject = SUBJECT_ROW, .message = message, .table = table, .payload = form});
}

void shapes_learn_key(struct shapes *shapes, struct span key, const struct table *table,
                      const struct payload_form *form) {
    envelope_shape_learn(
        shapes, &shapes->keys[table->index],
        (struct shape_lesson){.subject = SUBJECT_KEY, .message = key, .table = table, .payload = form});
}

void shapes_learn_boundary(struct shapes *shapes, struct span message, const struct payload_form *form) {
    envelope_shape_learn(
        shapes, &shapes->boundary,
        (struct shape_lesson){.subject = SUBJECT_BOUNDARY, .message = message, .payload = form});
}

int64_t shapes_known(const struct shapes *shapes) {
    return shapes->known;
}
