#include "consumer/postgres/same.h"

#include "consumer/postgres/same_parts.h"
#include "consumer/postgres/same_scalar.h"

bool same_value(const struct form *form, struct span source, struct span mirror) {
    if (source.data == NULL || mirror.data == NULL)
        return source.data == mirror.data;
    switch (form->kind) {
    case FORM_ARRAY:
        return span_equal(source, mirror) || same_array(form->element, form->milliseconds, source, mirror);
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
    return source.data != NULL && mirror.data != NULL && same_scalar_is_cut(form->kind, source, mirror);
}
