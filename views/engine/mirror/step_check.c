#include "views/engine/mirror/step_check.h"

#include <assert.h>

#ifdef NDEBUG

void step_check(const struct delta_list *list) {
    (void)list;
}

#else

// The newest steps that one call looks at.
enum { STEP_CHECK_MAX = 1024 };

static void step_check_chain(const struct delta_list *list, int number) {
    const struct delta_step *step = &list->steps[number];
    assert(step->first >= 0 && step->first <= number);
    assert(list->steps[step->first].previous == -1);
    assert((step->previous == -1) == (step->first == number));
    if (step->previous >= 0) {
        const struct delta_step *previous = &list->steps[step->previous];
        assert(step->previous < number && previous->first == step->first);
        assert(!previous->last && previous->accepted && step->accepted);
    }
}

static void step_check_one(const struct delta_list *list, int number) {
    const struct delta_step *step = &list->steps[number];
    step_check_chain(list, number);
    if (step->accepted) {
        assert(step->row != NULL);
        assert(step->previous == -1 || step->before == NULL);
        assert(number < list->recalled || step->before == NULL);
    } else {
        assert(!step->pending && step->last);
        assert(step->row != NULL || step->before != NULL);
        assert(!step->deleted || step->row == NULL);
    }
}

void step_check(const struct delta_list *list) {
    assert(list->recalled >= 0 && list->recalled <= list->count);
    int from = list->count > STEP_CHECK_MAX ? list->count - STEP_CHECK_MAX : 0;
    for (int i = from; i < list->count; i++)
        step_check_one(list, i);
    int keys = list->pending.count;
    for (int i = keys > STEP_CHECK_MAX ? keys - STEP_CHECK_MAX : 0; i < keys; i++) {
        int newest = newest_step(&list->pending, i);
        assert(newest >= 0 && newest < list->count && list->steps[newest].accepted);
        assert(!list->steps[newest].pending || list->steps[newest].last);
    }
}

#endif
