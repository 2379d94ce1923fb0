// The consumer's loop, begun again behind what passes: a file that could not be written, a view whose statement failed. What a
// person must decide is waited for. The main thread's.
#ifndef TIDEMARK_CONSUMING_H
#define TIDEMARK_CONSUMING_H

#include "consumer/consume.h"
#include "consumer/stopper.h"

// Until it is stopped, or `config->stop` says so: 0, CONSUME_HALTED (also where it is stopped before the file could keep what is
// `unnoted`), or -1 with consume_run's error. In `config` changes what the
// next loop has to know of the one before.
int consuming_run(struct consume_config *config, struct stopper *stopper, struct error *error);
// A view's statement failed: the row that did it is looked for from now on, or the view is disabled. The file is as the newest commit
// left it, and is to be opened again. Errors: store_disable_view's.
int consuming_answer_view_error(struct apply_config *apply, const struct error *failure, struct error *error);
// Says why it stands still, until it is stopped. CONSUME_HALTED.
int consuming_stay_halted(struct progress *progress, struct stopper *stopper, const char *reason);
// The last line of a consumer: why it ended, and what a start after it finds. `status`: consuming_run's.
void consuming_report_end(const struct stopper *stopper, struct progress *progress, int status);

#endif
