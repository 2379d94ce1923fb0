#include "consumer/postgres/same.h"

#include "consumer/postgres/same_parts.h"
#include "consumer/postgres/same_scalar.h"

bool same_value(const struct form *form, struct span source, struct span mirror) {
    if (source.data == NULL || mirror.data == NULL)
        return source.data == mirror.data;
    switch (form->kind) {
    case FORM_ARRAY:
        return span_equal(source, mirror) || same_array(form->element, source, mirror);
    case FORM_ZONED_RANGE:
        return same_zoned_range(source, mirror);
    case FORM_POINT:
        return same_point(source, mirror);
    case FORM_GEOMETRY:
        return same_geometry(source, mirror);
    case FORM_VECTOR:
        return same_vector(source, mirror);
    case FORM_SPARSE_VECTOR:
        return same_sparse_vector(source, mirror);
    default:
        return same_scalar(form->kind, source, mirror);
    }
}

bool same_to_the_millisecond(const struct form *form, struct span source, struct span mirror) {
    struct moment left, right;
    enum iso8601_zone zone;
    if (source.data == NULL || mirror.data == NULL)
        return false;
    if (form->kind == FORM_TIME) {
        left.days = right.days = 0;
        if (!iso8601_read_time(source, &left.nanos, &zone) || !iso8601_read_time(mirror, &right.nanos, &zone))
            return false;
    } else if (form->kind != FORM_TIMESTAMP || !same_scalar_read_moment(source, &left) ||
               !same_scalar_read_moment(mirror, &right)) {
        return false;
    }
    return left.days == right.days && left.nanos / 1000000 == right.nanos / 1000000 &&
           right.nanos % 1000000 == 0 && left.nanos != right.nanos;
}
