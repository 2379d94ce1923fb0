// Comments that were meant for tidemark and are not read as such: a capital, a blank or a colon more or less. They say nothing, which
// nobody would know. Pure.
#ifndef TIDEMARK_CATALOG_SLIPS_H
#define TIDEMARK_CATALOG_SLIPS_H

// A query's are refused by who reads them (check_parameters).
enum slips_of { SLIPS_OF_SOURCE, SLIPS_OF_SCHEMA, SLIPS_OF_STATEMENT };

// The next one from `at` on, NULL = there is none; *ret_says: what is wrong with it.
const char *slips_next(const char *at, enum slips_of of, const char **ret_says);
// A statement's or a schema's text, of which what is quoted is blank, and no line of anybody's. NULL = out of memory. For the caller to free.
char *slips_comments_of_sql(const char *text);

#endif
