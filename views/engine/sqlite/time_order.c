#include "views/engine/sqlite/time_order.h"

enum { TIME_LEAST = -2, TIME_BEFORE = -1, TIME_COMMON = 0, TIME_AFTER = 1, TIME_GREATEST = 2 };

bool time_order_is_common(struct span text) {
    return text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9';
}

static int time_order_rank(struct span text) {
    if (span_is(text, "infinity"))
        return TIME_GREATEST;
    if (span_is(text, "-infinity"))
        return TIME_LEAST;
    if (text.size > 0 && text.data[0] == '+')
        return TIME_AFTER;
    return text.size > 0 && text.data[0] == '-' ? TIME_BEFORE : TIME_COMMON;
}

// A Z ends a time, and one that goes on where it stands has more digits of the second: it is the later one.
static int time_order_of_texts(struct span a, struct span b) {
    bool zoned = a.size > 0 && b.size > 0 && a.data[a.size - 1] == 'Z' && b.data[b.size - 1] == 'Z';
    return span_order((struct span){a.data, a.size - zoned}, (struct span){b.data, b.size - zoned});
}

// The digits of a year behind its sign.
static struct span time_order_year(struct span text) {
    size_t size = 1;
    while (size < text.size && text.data[size] >= '0' && text.data[size] <= '9')
        size++;
    return (struct span){text.data + 1, size - 1};
}

// Both have a sign, the same. The greater year is the later one, or the earlier one before year 0.
static int time_order_of_signed(struct span a, struct span b, int sign) {
    struct span x = time_order_year(a);
    struct span y = time_order_year(b);
    if (x.size != y.size)
        return x.size < y.size ? -sign : sign;
    int order = span_order(x, y);
    if (order != 0)
        return order * sign;
    return time_order_of_texts((struct span){a.data + 1 + x.size, a.size - 1 - x.size},
                               (struct span){b.data + 1 + y.size, b.size - 1 - y.size});
}

int time_order(struct span a, struct span b) {
    int left = time_order_rank(a);
    int right = time_order_rank(b);
    if (left != right)
        return left < right ? -1 : 1;
    if (left == TIME_BEFORE || left == TIME_AFTER)
        return time_order_of_signed(a, b, left);
    return time_order_of_texts(a, b);
}
