// Wakes one thread that sleeps until a moment: a commit, a newcomer, the end. An eventfd.
#ifndef TIDEMARK_HTTP_ALARM_H
#define TIDEMARK_HTTP_ALARM_H

#include <stdbool.h>

struct alarm {
    int event; // -1 = none
};

// False when the system gives none.
bool alarm_open(struct alarm *alarm);
void alarm_close(struct alarm *alarm);
// Any thread. Rung before alarm_wait, or more than once, it wakes once.
void alarm_ring(struct alarm *alarm);
// Until it is rung, at most `ms`; -1 = for ever. Whether it was.
bool alarm_wait(struct alarm *alarm, int ms);

#endif
