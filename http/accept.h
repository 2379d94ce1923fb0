// The Accept, If-None-Match (RFC 9110) and Prefer (RFC 7240) headers. Pure.
#ifndef TIDEMARK_HTTP_ACCEPT_H
#define TIDEMARK_HTTP_ACCEPT_H

#include "http/render.h"

// JSON unless text/csv or application/x-ndjson is wanted more, or one of PostgREST's own types is named
// (application/vnd.pgrst.array+json, application/vnd.pgrst.object+json); a header that names none of ours, or is
// missing, is answered in JSON all the same.
enum format accept_format(struct span accept);
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
