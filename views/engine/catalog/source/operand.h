// A part of a generated column's expression: its SQL, and what is known of it. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_OPERAND_H
#define TIDEMARK_CATALOG_SOURCE_OPERAND_H

#include "views/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind { KIND_NULL, KIND_NUMBER, KIND_TEXT, KIND_BOOLEAN };

// When two texts are equal at the source.
enum equality {
    EQUALITY_CHAR = -2, // of bytes, and PostgreSQL cuts a constant to one
    EQUALITY_NAME,      // to NAME_MOST
    EQUALITY_BYTES,
    EQUALITY_CONSTANT, // it is of the type of what it meets
    EQUALITY_UUID,     // stored in one form; a constant may be in another
    EQUALITY_RANGE,    // of one's own: one is written in several ways
    EQUALITY_CITEXT,
    EQUALITY_LOOSE, // its collation may take others for equal
};

// An expression in SQL and what it is. A number is a count of 10^-scale; one that PostgreSQL has as NUMERIC divides
// otherwise than an integer. Beyond 64 bits SQLite goes on with a double, which is told of a result (mirror/generated.h): so what is
// compared or made a text on the way to it becomes UNKNOWN where it is one, and the result of that too.
struct operand {
    struct buffer sql;
    enum kind kind;
    int scale;
    bool numeric;
    double most;  // no number is further from 0
    bool beyond;  // it may be a double
    bool rounded; // it may be computed of one
    bool marked;  // it may be UNKNOWN
    enum equality equality;
    bool is_uuid;         // written as one is stored
    size_t constant_size; // the longest of the constants that are of the type of what they meet
};

// A double, and no value of any kind: no boolean either, between the two, so that AND is the least and OR the greatest.
#define UNKNOWN "0.5"
#define NULL_OF_AND "0.75"
#define NULL_OF_OR "0.25"

void source_operand_free(struct operand *operand);
// Appends its SQL.
void source_operand_append(struct buffer *sql, const struct operand *operand);
// Quoted.
void source_operand_name(struct buffer *sql, const char *name);
void source_operand_literal(struct buffer *sql, const char *text);
// Whether a uuid is written as it is stored and compared here: small letters, and hyphens.
bool source_operand_is_uuid(const char *text);
int64_t source_operand_power(int places); // 10^places
// No result is further from 0 than `most`; `rounded`: what it is computed of may be a double.
void source_operand_limit(struct operand *operand, double most, bool rounded);
// Fewer, rounded as PostgreSQL rounds NUMERIC: half away from zero.
void source_operand_round(struct operand *operand, int scale);
// Whether what is to be written into `ret` is UNKNOWN where an operand is a double; then source_operand_end ends it. A double that one
// operation made of integers still compares with an integer as the exact number does. `right` NULL: there is none.
bool source_operand_guard(struct operand *ret, const struct operand *left, const struct operand *right);
void source_operand_end(struct operand *ret, bool guarded);
// One operand more of an AND or OR, some of which may be UNKNOWN: what the others are enough for is known.
void source_operand_fold(struct buffer *folded, const struct operand *operand, bool both);
// All of it. `folded`: the operands; of NOT its one.
void source_operand_take_folded(struct operand *ret, const struct buffer *folded, bool negates, bool both);
// What of a text fits into the type, whose cast cuts the rest.
size_t source_operand_most_bytes(enum equality equality);

#endif
