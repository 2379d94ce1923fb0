// Lists of names in a parameter: `a,"b c".desc,x:d`. Pure.
#ifndef TIDEMARK_READ_NAME_LIST_H
#define TIDEMARK_READ_NAME_LIST_H

#include "views/base/arena.h"
#include "views/base/span.h"

// Takes a name off the front of `rest`: up to one of `stops`, or in quotes, a backslash before a quote and itself. False
// when a quote is not closed or there is no memory.
bool name_list_take(struct span *rest, const char *stops, struct arena *arena, struct span *ret);
// Takes `c` off the front when it is there.
bool name_list_accept(struct span *rest, char c);
// The same, with the spaces and tabs before and behind it, which PostgREST passes over too.
bool name_list_accept_spaced(struct span *rest, char c);
// Takes spaces and tabs off the front.
void name_list_skip(struct span *rest);

#endif
