// Names as a line for tidemark in source.sql has them (`-- tidemark: ignore "Order"."Id"`), for advice that can be pasted: there a name
// without quotes is one of small letters, as in SQL. Pure.
#ifndef TIDEMARK_ENGINE_LINE_NAME_H
#define TIDEMARK_ENGINE_LINE_NAME_H

enum { LINE_NAME_SIZE = 264 }; // two identifiers of MySQL's 64 letters, each quote doubled

// To be used within the expression that makes it: line_name_table(name).text.
struct line_name {
    char text[LINE_NAME_SIZE]; // one that is longer is cut
};

// `table`: the mirror's name of it, SCHEMA.NAME where the schema is not public.
struct line_name line_name_table(const char *table);
struct line_name line_name_column(const char *column);

#endif
