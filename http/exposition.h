// The text format of Prometheus (exposition format 0.0.4): families of samples, each with HELP and TYPE once. Pure.
// What is not known (below 0) is left out: Prometheus shows that as a gap, not as a number.
#ifndef TIDEMARK_HTTP_EXPOSITION_H
#define TIDEMARK_HTTP_EXPOSITION_H

#include "views/base/buffer.h"
#include "views/base/histogram.h"

// The beginning of a family; its samples follow.
void exposition_family(struct buffer *out, const char *name, const char *type, const char *help);
void exposition_counter(struct buffer *out, const char *name, const char *help, int64_t value);
void exposition_gauge(struct buffer *out, const char *name, const char *help, int64_t value);
// In seconds, of milliseconds.
void exposition_gauge_ms(struct buffer *out, const char *name, const char *help, int64_t ms);
// The samples of one histogram; `label` is `route="/v1/lag"`, or "".
void exposition_histogram(struct buffer *out, const char *name, const char *label,
                          const struct histogram *histogram);
// A label's value, escaped: \\, \" and \n.
void exposition_label(struct buffer *out, struct span text);

#endif
