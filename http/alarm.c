#include "http/alarm.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool alarm_open(struct alarm *alarm) {
    alarm->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return alarm->event >= 0;
}

void alarm_close(struct alarm *alarm) {
    if (alarm->event >= 0)
        (void)close(alarm->event);
    alarm->event = -1;
}

void alarm_ring(struct alarm *alarm) {
    // A full counter is as good as one more: the thread is woken either way.
    while (eventfd_write(alarm->event, 1) < 0 && errno == EINTR)
        continue;
}

bool alarm_wait(struct alarm *alarm, int ms) {
    struct pollfd event = {.fd = alarm->event, .events = POLLIN};
    eventfd_t seen;
    return poll(&event, 1, ms) > 0 && eventfd_read(alarm->event, &seen) == 0;
}
