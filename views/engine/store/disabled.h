// Views that a file goes on without (`--on-view-error disable`): each a note in _meta, `disabled:VIEW`, with the hash of
// the files that failed and the reason. The view is not kept while its files are those; other files make it anew. Used
// by the store, which writes the notes, and by readers, which answer nothing of such a view.
#ifndef TIDEMARK_STORE_DISABLED_H
#define TIDEMARK_STORE_DISABLED_H

#include "views/engine/catalog.h"

struct sqlite3;

// The notes: a view's name and the hash of its files, a blank, and the reason.
#define DISABLED_SELECT                                                                                      \
    "select substr(name, 10), value from _meta where name >= 'disabled:' and name < 'disabled;'"
// The reason behind the hash.
const char *disabled_reason(const char *value);

int disabled_note(struct sqlite3 *db, const struct view *view, const char *reason, struct error *error);
// The same of a view that is not loaded and kept for its history: its statements are dropped, and it is made anew when
// it is loaded.
int disabled_drop(struct sqlite3 *db, const char *view, struct error *error);
// Whether these files of the view are noted. 1 = yes, 0 = no, -1 = error.
int disabled_is(struct sqlite3 *db, const struct view *view, struct error *error);
// A note that is not there is no error.
int disabled_forget(struct sqlite3 *db, const char *view, struct error *error);

#endif
