#include "views/engine/catalog/source/operand.h"

#include <string.h>

enum { NAME_MOST = 63 }; // bytes

void source_operand_free(struct operand *operand) {
    buffer_free(&operand->sql);
}

void source_operand_append(struct buffer *sql, const struct operand *operand) {
    buffer_append(sql, operand->sql.data, operand->sql.size);
}

void source_operand_name(struct buffer *sql, const char *name) {
    buffer_char(sql, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            buffer_char(sql, '"');
        buffer_char(sql, *name);
    }
    buffer_char(sql, '"');
}

void source_operand_literal(struct buffer *sql, const char *text) {
    buffer_char(sql, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buffer_char(sql, '\'');
        buffer_char(sql, *text);
    }
    buffer_char(sql, '\'');
}

bool source_operand_is_uuid(const char *text) {
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    for (; i < sizeof form - 1; i++)
        if (text[i] == '\0' ||
            (form[i] == '-' ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL))
            return false;
    return text[i] == '\0';
}

int64_t source_operand_power(int places) {
    int64_t power = 1;
    while (places-- > 0)
        power *= 10;
    return power;
}

void source_operand_limit(struct operand *operand, double most, bool rounded) {
    static const double int64_most = 9223372036854775808.0;
    operand->rounded |= rounded;
    operand->most = most;
    if (!operand->numeric && most > int64_most) // PostgreSQL refuses it
        operand->most = int64_most;
    operand->beyond = operand->numeric && most >= int64_most;
}

void source_operand_round(struct operand *operand, int scale) {
    long long divisor = (long long)source_operand_power(operand->scale - scale);
    struct buffer sql = {0};
    buffer_text(&sql, "((");
    source_operand_append(&sql, operand);
    buffer_text(&sql, "+case when ");
    source_operand_append(&sql, operand);
    buffer_format(&sql, "<0 then %lld else %lld end)/%lld)", -divisor / 2, divisor / 2, divisor);
    buffer_free(&operand->sql);
    operand->sql = sql;
    source_operand_limit(operand, operand->most / (double)divisor + 1, operand->beyond);
    operand->scale = scale;
}

static bool source_operand_is_unsure(const struct operand *operand) {
    return operand->rounded || operand->marked;
}

bool source_operand_guard(struct operand *ret, const struct operand *left, const struct operand *right) {
    if (!source_operand_is_unsure(left) &&
        (right == NULL || (!source_operand_is_unsure(right) && !(left->beyond && right->beyond))))
        return false;
    ret->marked = true;
    buffer_text(&ret->sql, "(case when 'real' in(typeof(");
    source_operand_append(&ret->sql, left);
    if (right != NULL) {
        buffer_text(&ret->sql, "),typeof(");
        source_operand_append(&ret->sql, right);
    }
    buffer_text(&ret->sql, ")) then " UNKNOWN " else ");
    return true;
}

void source_operand_end(struct operand *ret, bool guarded) {
    if (guarded)
        buffer_text(&ret->sql, " end)");
}

void source_operand_fold(struct buffer *folded, const struct operand *operand, bool both) {
    struct buffer sql = {0};
    bool first = folded->size == 0;
    buffer_text(&sql, first ? "" : both ? "min(" : "max(");
    if (!first)
        buffer_append(&sql, folded->data, folded->size);
    buffer_text(&sql, first ? "ifnull(" : ",ifnull(");
    source_operand_append(&sql, operand);
    buffer_text(&sql, both ? "," NULL_OF_AND ")" : "," NULL_OF_OR ")");
    buffer_text(&sql, first ? "" : ")");
    sql.failed |= folded->failed;
    buffer_free(folded);
    *folded = sql;
}

void source_operand_take_folded(struct operand *ret, const struct buffer *folded, bool negates, bool both) {
    buffer_free(&ret->sql);
    ret->sql = (struct buffer){0};
    buffer_text(&ret->sql, negates ? "(1-" : "nullif(");
    buffer_append(&ret->sql, folded->data, folded->size);
    buffer_text(&ret->sql, negates ? ")" : both ? "," NULL_OF_AND ")" : "," NULL_OF_OR ")");
    ret->sql.failed |= folded->failed;
}

size_t source_operand_most_bytes(enum equality equality) {
    return equality == EQUALITY_CHAR ? 1 : equality == EQUALITY_NAME ? NAME_MOST : SIZE_MAX;
}
