#include "views/engine/sqlite/collations.h"

#include "views/engine/sqlite/like.h"
#include "views/engine/sqlite/numeric_order.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/sqlite/time_order.h"

static int collations_numeric(void *self, int a_size, const void *a, int b_size, const void *b) {
    (void)self;
    return numeric_order(collations_span(a, a_size), collations_span(b, b_size));
}

static int collations_citext(void *self, int a_size, const void *a, int b_size, const void *b) {
    return like_order(self, collations_span(a, a_size), collations_span(b, b_size));
}

static int collations_stored_time(void *self, int a_size, const void *a, int b_size, const void *b) {
    (void)self;
    return time_order(collations_span(a, a_size), collations_span(b, b_size));
}

static void collations_free_letters(void *self) {
    locale_t letters = self;
    like_letters_free(&letters);
}

int collations_register(sqlite3 *db, struct error *error) {
    locale_t letters = like_letters();
    if (sqlite3_create_collation_v2(db, "numeric", SQLITE_UTF8, NULL, collations_numeric, NULL) ==
            SQLITE_OK &&
        sqlite3_create_collation_v2(db, "stored_time", SQLITE_UTF8, NULL, collations_stored_time, NULL) ==
            SQLITE_OK &&
        sqlite3_create_collation_v2(db, "citext", SQLITE_UTF8, letters, collations_citext,
                                    collations_free_letters) == SQLITE_OK)
        return 0;
    like_letters_free(&letters);
    return stmt_error(error, db, "collations");
}
