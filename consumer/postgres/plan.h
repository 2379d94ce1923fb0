// What of a mirrored table can be compared with the source's, by the source's own catalogue: which relation it is, each
// column's form, and in words what is not compared and why. One thread.
#ifndef TIDEMARK_POSTGRES_PLAN_H
#define TIDEMARK_POSTGRES_PLAN_H

#include "consumer/postgres/form.h"
#include "consumer/postgres/libpq.h"
#include "views/base/arena.h"

enum { PLAN_NOTES_MAX = 64 }; // of a table

struct plan_column {
    struct form form;
    int column;         // of the table
    struct span quoted; // its name in PostgreSQL
    struct span cast;   // its type there, for `$1::TYPE`
};

struct plan {
    const struct table *table;
    struct span relation; // `only "public"."orders"`; data NULL = not compared, the notes say why
    struct plan_column *columns;
    int column_count;
    int keys[TABLE_KEYS_MAX]; // numbers of `columns`, in the order of the table's key
    int key_count;
    bool integer_key; // one column, an integer there and here: ranges are of the key itself
    bool literal_key; // rows are found by their key's form
    int64_t estimate; // of the source's rows, 0 = not known
    bool unproven;    // something that should have been compared is not
    char *notes[PLAN_NOTES_MAX];
    int note_count;
    struct arena arena;
};

// `filling`: as a position has it (read.h). Errors are postgres_ask's; what is only this table's is a note.
int plan_make(struct plan *ret, struct postgres *postgres, const struct table *table, struct span filling,
              struct error *error);
void plan_free(struct plan *plan);
// Out of memory loses it.
void plan_note(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
