// The Accept, If-None-Match (RFC 9110) and Prefer (RFC 7240) headers. Pure.
#ifndef TIDEMARK_HTTP_ACCEPT_H
#define TIDEMARK_HTTP_ACCEPT_H

#include "http/render.h"

// The form that is wanted most, by the range that names each most exactly (12.5.1: `text/csv;q=0.5, */*` is JSON); of two that
// are wanted as much the one that is named, else JSON. PostgREST's own types (application/vnd.pgrst.array+json,
// application/vnd.pgrst.object+json) are to be named. A header that takes none of ours, or is missing, is answered in JSON
// all the same.
enum format accept_format(struct span accept);
// Whether lines of JSON are wanted more than text/event-stream, in an answer that does not end.
bool accept_wants_lines(struct span accept);
// What is asked for of PostgREST's that is not made here, and that would be taken for it: rows without their nulls
// (nulls=stripped), and where nothing that is made stands beside it, a plan (application/vnd.pgrst.plan) or GeoJSON. data NULL = nothing.
struct span accept_not_made(struct span accept);
// Whether gzip may be used.
bool accept_takes_gzip(struct span accept_encoding);
// Whether one of the tags is `etag`, by the weak comparison.
bool accept_has_tag(struct span if_none_match, struct span etag);
// Whether `Prefer: count=exact` is among them. PostgREST's planned and estimated ask for a number that may be wrong: they
// are given the right one.
bool accept_wants_count(struct span prefer);

#endif
