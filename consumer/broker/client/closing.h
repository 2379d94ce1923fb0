// Work that may wait for a broker which does not answer, and for which nobody waits longer than a bound: the end of a
// librdkafka client, which has no bound of its own (rd_kafka_destroy of 2.0.2 joins its threads, and waited for a minute for a
// broker that answers nothing). Inside the kafka module only; any thread.
#ifndef TIDEMARK_BROKER_CLIENT_CLOSING_H
#define TIDEMARK_BROKER_CLIENT_CLOSING_H

#include <stdbool.h>

// Does `work` on a thread of its own and waits for it, `wait_ms` at most. False = it is not done: it goes on, and what it uses
// must be left to it for as long as the process lives.
bool kafka_closing_do(void (*work)(void *self), void *self, int wait_ms);
// Whether any is not done at this moment: then the process must end by _exit, which runs nothing under the threads of others.
bool kafka_closing_goes_on(void);

#endif
