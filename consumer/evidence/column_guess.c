#include "consumer/evidence/column_guess.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { GUESS_PRECISION = 18 };

static const struct {
    const char *semantic;
    const char *type;
} column_guess_semantics[] = {
    {"io.debezium.time.Date", "date"},
    {"org.apache.kafka.connect.data.Date", "date"},
    {"io.debezium.time.IsoDate", "date"},
    {"io.debezium.time.Time", "time(3)"},
    {"org.apache.kafka.connect.data.Time", "time(3)"},
    {"io.debezium.time.MicroTime", "time"},
    {"io.debezium.time.NanoTime", "time"},
    {"io.debezium.time.IsoTime", "time"},
    {"io.debezium.time.ZonedTime", "timetz"},
    {"io.debezium.time.Timestamp", "timestamp(3)"},
    {"org.apache.kafka.connect.data.Timestamp", "timestamp(3)"},
    {"io.debezium.time.MicroTimestamp", "timestamp"},
    {"io.debezium.time.NanoTimestamp", "timestamp"},
    {"io.debezium.time.IsoTimestamp", "timestamp"},
    {"io.debezium.time.ZonedTimestamp", "timestamptz"},
    {"io.debezium.time.MicroDuration", "interval"},
    {"io.debezium.time.NanoDuration", "interval"},
    {"io.debezium.time.Interval", "interval"},
    {"io.debezium.data.VariableScaleDecimal", "numeric"},
    {"io.debezium.data.Json", "jsonb"},
    {"io.debezium.data.Uuid", "uuid"},
    {"io.debezium.data.Xml", "xml"},
    {"io.debezium.data.Ltree", "ltree"},
    {"io.debezium.data.geometry.Point", "point"},
    {"io.debezium.data.geometry.Geometry", "geometry"},
    {"io.debezium.data.geometry.Geography", "geography"},
    {"io.debezium.data.DoubleVector", "vector"},
    {"io.debezium.data.FloatVector", "halfvec"},
    {"io.debezium.data.SparseDoubleVector", "sparsevec"},
};

static const struct {
    const char *type; // Connect's
    const char *declared;
} column_guess_types[] = {
    {"int8", "smallint"},   {"int16", "smallint"}, {"int32", "int"},
    {"int64", "bigint"},    {"float", "real"},     {"double", "double precision"},
    {"boolean", "boolean"}, {"string", "text"},    {"bytes", "bytea"},
    {"map", "hstore"},
};

static const char *column_guess_named(const char *name) {
    for (size_t i = 0; i < sizeof column_guess_semantics / sizeof *column_guess_semantics; i++)
        if (strcmp(column_guess_semantics[i].semantic, name) == 0)
            return column_guess_semantics[i].type;
    for (size_t i = 0; i < sizeof column_guess_types / sizeof *column_guess_types; i++)
        if (strcmp(column_guess_types[i].type, name) == 0)
            return column_guess_types[i].declared;
    return NULL;
}

// By a schema's name, else Connect's type: of the column, or of an array's elements. False: neither is known.
static bool column_guess_type(const struct evidence_column *column, const char *name, char *ret,
                              size_t size) {
    const char *named = column_guess_named(name);
    bool decimal = strcmp(name, "org.apache.kafka.connect.data.Decimal") == 0;
    bool bits = strcmp(name, "io.debezium.data.Bits") == 0;
    if (decimal && column->precision > 0)
        (void)snprintf(ret, size, "numeric(%d, %d)", column->precision, column->schema_scale);
    else if (bits && column->length > 0 && column->length < INT16_MAX)
        (void)snprintf(ret, size, "bit(%d)", column->length);
    else if (decimal || bits)
        (void)snprintf(ret, size, "%s", decimal ? "numeric" : "bit varying");
    else if (named != NULL)
        (void)snprintf(ret, size, "%s", named);
    return decimal || bits || named != NULL;
}

// An array, a struct, an enum, or a name that is not known.
static void column_guess_other_schema(const struct evidence_column *column, struct column_guess *ret) {
    char element[64] = "text";
    const char *named = column_guess_named(column->type);
    if (strcmp(column->type, "array") == 0) {
        (void)column_guess_type(column, column->items, element, sizeof element);
        (void)snprintf(ret->type, sizeof ret->type, "%s[]", element);
    } else if (strcmp(column->type, "struct") == 0) {
        (void)snprintf(ret->type, sizeof ret->type, "jsonb");
        (void)snprintf(ret->unsure, sizeof ret->unsure, "a struct %s", column->semantic);
    } else {
        (void)snprintf(ret->type, sizeof ret->type, "%s", named != NULL ? named : "text");
    }
}

static void column_guess_by_schema(const struct evidence_column *column, struct column_guess *ret) {
    const char *name = column->semantic[0] != '\0' ? column->semantic : column->type;
    if (!column_guess_type(column, name, ret->type, sizeof ret->type))
        column_guess_other_schema(column, ret);
    if (column->beyond_a_day > 0 && strcmp(name, "io.debezium.time.MicroTime") == 0) {
        (void)snprintf(ret->type, sizeof ret->type, "interval");
        (void)snprintf(ret->unsure, sizeof ret->unsure, "a TIME of MySQL's that is no time of day came");
    }
    if (column->schema_changed)
        (void)snprintf(ret->unsure, sizeof ret->unsure,
                       "its type changed within the messages: this is the newest");
}

static bool column_guess_name_says(const char *name, const char *const *words) {
    for (; *words != NULL; words++) {
        const char *at = strstr(name, *words);
        if (at != NULL && (at == name || at[-1] == '_' || (*words)[0] == '_') &&
            (at[strlen(*words)] == '\0' || at[strlen(*words)] == '_'))
            return true;
    }
    return false;
}

// Most of the numbers that are not 0: a date of another century may be among them.
static bool column_guess_most(const struct evidence_column *column, int64_t count) {
    return count > 0 && count * 2 >= column->integers - column->zeros;
}

static void column_guess_set(struct column_guess *ret, const char *type, const char *why,
                             const struct evidence_column *column) {
    (void)snprintf(ret->type, sizeof ret->type, "%s", type);
    (void)snprintf(ret->unsure, sizeof ret->unsure, "%s, such as %s", why, column->example);
}

// Without a schema a date is a number as any other. Its name and its size together tell; 9999-12-31 does without the name, since it
// is hardly most of what another column holds.
static void column_guess_integer(const struct evidence_column *column, struct column_guess *ret) {
    static const char *const days[] = {"date", "day", "on", "birthday", "birthdate", "dob", NULL};
    static const char *const moments[] = {"at",      "ts",    "time",  "timestamp", "date", "created",
                                          "updated", "until", "since", "modified",  NULL};
    bool moment = column_guess_name_says(column->name, moments);
    bool day = column_guess_name_says(column->name, days);
    if (column_guess_most(column, column->micros + column->infinite_micros + column->last_micros)) {
        column_guess_set(ret, "timestamp", "the numbers are microseconds of our time", column);
    } else if (column->infinite_millis > 0 ||
               ((moment || column->last_millis > 0) &&
                column_guess_most(column, column->millis + column->last_millis))) {
        column_guess_set(ret, "timestamp(3)", "the numbers are milliseconds of our time", column);
    } else if (moment && column_guess_most(column, column->nanos)) {
        column_guess_set(ret, "timestamp", "the numbers are nanoseconds of our time", column);
        ret->nanoseconds = true;
    } else if (column->infinite_days > 0 || ((day || column->last_days > 0) &&
                                             column_guess_most(column, column->days + column->last_days))) {
        column_guess_set(ret, "date", "the numbers are days of our time", column);
    } else {
        (void)snprintf(ret->type, sizeof ret->type, "bigint");
        if (moment || day || column_guess_most(column, column->millis + column->nanos))
            (void)snprintf(ret->unsure, sizeof ret->unsure, "it may be a date or a time, such as %s",
                           column->example);
    }
}

bool column_guess_is_base64(const struct evidence_column *column) {
    return !column->has_schema && column->base64 == column->strings && column->base64_filled > 0;
}

static void column_guess_string(const struct evidence_column *column, struct column_guess *ret) {
    int64_t strings = column->strings - column->special;
    (void)snprintf(ret->type, sizeof ret->type, "text");
    if (strings == 0) {
        (void)snprintf(ret->unsure, sizeof ret->unsure, "only %s was seen", column->example);
    } else if (column->zoned == strings) {
        (void)snprintf(ret->type, sizeof ret->type, "timestamptz");
    } else if (column->decimals == strings && column->scale >= 0 && column->special == 0 &&
               column->digits + column->scale <= GUESS_PRECISION) {
        char type[32];
        (void)snprintf(type, sizeof type, "numeric(%d, %d)", GUESS_PRECISION, column->scale);
        column_guess_set(ret, type, "how many digits the source declares is not in the messages", column);
    } else if (column->decimals == strings) {
        column_guess_set(ret, "numeric", "how many digits the source declares is not in the messages",
                         column);
    } else if (column->uuids == strings) {
        column_guess_set(ret, "uuid", "every text is a UUID", column);
    } else if (column->documents == strings) {
        column_guess_set(ret, "jsonb", "every text is JSON", column);
    } else if (column->iso == strings) {
        column_guess_set(
            ret, "text",
            "a date, time or timestamp, if it is one at the source (time.precision.mode=isostring)", column);
    } else if (column_guess_is_base64(column)) {
        column_guess_set(ret, "text",
                         "base64: bytea, or numeric that is not to be read (decimal.handling.mode=precise)",
                         column);
    }
}

void column_guess(const struct evidence_column *column, struct column_guess *ret) {
    int64_t values = column->integers + column->reals + column->booleans + column->strings + column->objects +
                     column->arrays;
    *ret = (struct column_guess){0};
    if (column->has_schema) {
        column_guess_by_schema(column, ret);
    } else if (values == 0) {
        (void)snprintf(ret->type, sizeof ret->type, "text");
        (void)snprintf(ret->unsure, sizeof ret->unsure, "no value was seen");
    } else if (column->booleans == values) {
        (void)snprintf(ret->type, sizeof ret->type, "boolean");
    } else if (column->integers == values) {
        column_guess_integer(column, ret);
    } else if (column->strings == values) {
        column_guess_string(column, ret);
    } else if (column->integers + column->reals + column->special == values) {
        column_guess_set(ret, "numeric", "double precision, or numeric sent as numbers", column);
    } else if (column->objects == values &&
               strncmp(column->example, "{\"scale\":", strlen("{\"scale\":")) == 0) {
        column_guess_set(ret, "numeric", "numbers that bring their scale", column);
    } else if (column->objects + column->arrays + column->documents == values) {
        column_guess_set(ret, "jsonb", column->arrays > 0 ? "an array or JSON" : "an object", column);
    } else if (column->objects + column->arrays > 0) {
        column_guess_set(ret, "unknown", "values of several kinds: kept as they come", column);
    } else {
        column_guess_set(ret, "text", "values of several kinds", column);
    }
}
