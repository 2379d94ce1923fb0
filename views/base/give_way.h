// Threads that work without a pause make room for those that answer. Where every processor is busy, Linux may let a thread
// that wakes wait until the tick after the time of the one before it, and most kernels tick every 4 ms (CONFIG_HZ): an
// answer that takes 0.1 ms then takes 5. Nothing is given up while nobody asks. Any thread.
#ifndef TIDEMARK_BASE_GIVE_WAY_H
#define TIDEMARK_BASE_GIVE_WAY_H

enum {
    GIVE_WAY_AFTER_US = 1000, // that a thread has worked since it let others in
    GIVE_WAY_FOR_MS = 100,    // that another question is expected after each
};

// Somebody asks, and would wait for a processor.
void give_way_asked(void);

// To be called by long work several times in GIVE_WAY_AFTER_US.
void give_way(void);

#endif
