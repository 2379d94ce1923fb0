// Where a view is not what its mirror says. Plain data: prove.h fills it in.
#ifndef TIDEMARK_PROVE_DIFFERENCE_H
#define TIDEMARK_PROVE_DIFFERENCE_H

enum { PROVE_TEXT_SIZE = 160 };

// Texts are SQL's (`customer_id = 7`), cut where they are longer.
struct prove_difference {
    char view[PROVE_TEXT_SIZE];
    char where[PROVE_TEXT_SIZE];  // "table finance_open" or "query open"
    char key[PROVE_TEXT_SIZE];    // of a table its key's columns, of a query the number of the row
    char got[PROVE_TEXT_SIZE];    // the columns that differ, as the statements left them; "no row"
    char wanted[PROVE_TEXT_SIZE]; // as the mirror's rows have it
};

#endif
