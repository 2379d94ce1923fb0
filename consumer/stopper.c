#include "consumer/stopper.h"

#include "views/base/clock.h"
#include "views/base/stop_request.h"

#include <fcntl.h>
#include <unistd.h>

static bool stopper_has_terminal(void) {
    int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool stopper_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void stopper_init(struct stopper *stopper, double seconds) {
    *stopper = (struct stopper){.terminal = stopper_has_terminal()};
    (void)sigemptyset(&stopper->signals);
    stop_request_add(&stopper->signals);
    if (!stopper_is_ignored(SIGHUP))
        (void)sigaddset(&stopper->signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &stopper->signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    stopper->at_ms = seconds > 0 ? clock_monotonic_ms() + (int64_t)(seconds * 1000) : 0;
}

static void stopper_take(struct stopper *stopper, int caught) {
    if (caught == SIGHUP && !(stopper->terminal && !stopper_has_terminal())) {
        if (stopper->on_hangup != NULL)
            stopper->on_hangup(stopper->self);
        return;
    }
    stopper->stopped = true;
    stopper->signal = caught;
}

bool stopper_asked(struct stopper *stopper, int wait_ms) {
    const struct timespec wait = {wait_ms / 1000, (long)(wait_ms % 1000) * 1000000};
    int caught = stopper->stopped ? 0 : sigtimedwait(&stopper->signals, NULL, &wait);
    if (caught > 0)
        stopper_take(stopper, caught);
    if (stopper->at_ms != 0 && clock_monotonic_ms() >= stopper->at_ms)
        stopper->stopped = true;
    return stopper->stopped;
}

const char *stopper_cause(const struct stopper *stopper) {
    switch (stopper->signal) {
    case SIGTERM:
        return " by SIGTERM";
    case SIGINT:
        return " by SIGINT";
    case SIGQUIT:
        return " by SIGQUIT";
    case SIGHUP:
        return " by SIGHUP, its terminal is gone";
    default:
        return stopper->stopped ? " after the time of --for" : "";
    }
}
