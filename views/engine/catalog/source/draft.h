// The tables of source.sql while its statements are carried out one after another, as PostgreSQL would: a later
// ALTER TABLE changes what an earlier CREATE TABLE made. One thread. Names are folded already.
#ifndef TIDEMARK_CATALOG_SOURCE_DRAFT_H
#define TIDEMARK_CATALOG_SOURCE_DRAFT_H

#include "views/engine/catalog/source/text.h"
#include "views/engine/row/column_type.h"

#include <jansson.h>

enum {
    DRAFT_TABLES_MAX = 32768, // partitions too, which pg_dump attaches behind all tables
    DRAFT_NOTES_MAX = 64,
    DRAFT_NOTE_SIZE = 512,
};

// `schema`.`relation` as parsed; schema NULL = not written.
struct source_name {
    const char *schema;
    const char *relation;
};

// A `default` or `generated` expression: a tree of pg_parse, whose locations count from `base`.
struct source_expression {
    json_t *tree; // NULL = none; owned
    size_t base;
};

struct draft_column {
    char *name;
    char **older; // the names that statements took from it, the newest last
    int older_count;
    struct declared_type type;
    size_t at;
    bool not_null;
    bool generated;  // the expression is no default
    bool added;      // to a table that was there: rows of before have the default that it came with
    int parents;     // tables that it inherits the column of
    bool of_parents; // it goes with the last of them
    int remade;      // columns of its name that were dropped before
    int made_type;   // of source.sql's own types: its number from 1, 0 = none
    bool inherited;  // a column of this name that the table declares itself is the same one
    struct source_expression expression;
    struct source_expression of_type; // what it has without one of its own: its domain's
};

struct draft_table {
    char *name; // of the mirror
    char **older;
    int older_count;
    char *schema;
    char *relation;
    char *made_in; // without a schema: the one of the path that it was made in, NULL = public
    size_t at;
    struct draft_column *columns;
    int column_count;
    char **keys; // the primary key's columns, in order
    int key_count;
    char **key_included; // beside them (INCLUDE): what drops one of these drops the key
    int key_included_count;
    char *key_name; // its constraint's, as PostgreSQL makes it where none is written; NULL = there is none
    size_t key_at;
    bool key_deferrable;
    bool unlogged;
    bool cascades;      // a foreign key of its own: on delete or on update, cascade or set ..
    bool key_is_newest; // of the constraints: what says DEFERRABLE behind it is said of the key
    char **partitions;
    int partition_count;
    char **parents; // by partition: what it is attached to, this table or another of them
    int parent_count;
    char **branches; // of the partitions, those that are partitioned themselves
    int branch_count;
    bool partitioned;
    char **dropped; // names of columns that it has had
    int dropped_count;
    int remade;      // tables of its name that were dropped before
    char **inherits; // the tables whose columns it has too
    int inherit_count;
    char *identity; // the index that REPLICA IDENTITY USING INDEX names, NULL = none
};

// A unique index or constraint.
struct draft_index {
    char *name; // as PostgreSQL names it where nobody did; NULL = not known
    char *table;
    char **columns;
    int column_count;
    char **included; // beside them, which its name tells
    int included_count;
    bool of_constraint;
    size_t at;
};

// A type that source.sql makes. A domain is its base type.
struct draft_type {
    char *name; // "schema.name" or "name"
    struct declared_type base;
    json_t *columns; // of a composite; owned
    bool altered;    // its columns are others by now
    size_t columns_base;
    struct source_expression expression; // a domain's default
    char **labels;                       // of an enum
    int label_count;
};

// What is not carried out, and may be missed.
struct source_note {
    size_t at;
    char *text;
};

struct source_draft {
    const struct source_text *text;
    struct draft_table *tables;
    int table_count;
    struct draft_index *indexes;
    int index_count;
    struct draft_type *types;
    int type_count;
    char **collations; // the deterministic ones that it makes
    int collation_count;
    char **path; // search_path: its schemas
    int path_count;
    char **path_before; // what it is again when the transaction ends
    int path_before_count;
    bool path_is_local;
    char **dropped; // names of tables that there were
    int dropped_count;
    char **changing; // the functions that it makes which would change what is mirrored
    int changing_count;
    struct source_note *notes;
    int note_count;
    bool handles; // a statement that fails is passed over
    struct error *error;
};

void source_draft_free(struct source_draft *draft);
// The name in the mirror: "orders" without a schema and in public, else "sales.orders". The caller frees; NULL =
// out of memory.
char *source_draft_mirror_name(struct source_name name);
// The schema in which PostgreSQL has the table.
const char *source_draft_schema(const struct draft_table *table);
// Bytes equal, or NULL.
struct draft_table *source_draft_table(const struct source_draft *draft, struct source_name name);
// The table that it is a partition of, or NULL.
struct draft_table *source_draft_root(const struct source_draft *draft, struct source_name name);
// The number of the column of exactly this name, or -1.
int source_draft_column(const struct draft_table *table, const char *name);
// The newest of the name, or NULL.
struct draft_type *source_draft_type(const struct source_draft *draft, struct source_name name);
// Notes what is to be told of the place. Out of memory, or one too many, loses it.
void source_draft_note(struct source_draft *draft, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The text takes *ret's place.
int source_draft_set(struct source_draft *draft, char **ret, const char *text);

// Each refuses, with line and caret at `at`, what cannot be: a name twice, a name of the engine's, too many.
int source_draft_add_table(struct source_draft *draft, struct source_name name, size_t at,
                           struct draft_table **ret);
// `column` is taken over, also where it is refused. One that is inherited has what either says of it, the later default.
int source_draft_add_column(struct source_draft *draft, struct draft_table *table,
                            struct draft_column *column);
// The column has its type's default, or none, from now on.
void source_draft_reset_expression(struct draft_column *column);
// All columns that the table has by now are of a parent's, or of its type's.
void source_draft_set_inherited(struct draft_table *table);
int source_draft_copy_column(struct source_draft *draft, struct draft_table *table,
                             const struct draft_column *from, size_t at);
int source_draft_add_type(struct source_draft *draft, struct source_name name, struct draft_type **ret);
int source_draft_add_index(struct source_draft *draft, struct draft_table *table, size_t at,
                           struct draft_index **ret);
void source_draft_remove_index(struct source_draft *draft, struct draft_index *index);
// The partition, of whichever table, has another name.
int source_draft_rename_partition(struct source_draft *draft, const char *older, const char *name);
// It is gone, with those below it.
void source_draft_drop_partition(struct source_draft *draft, const char *name);
// A table of this name of the mirror has another one now.
int source_draft_rename_indexes(struct source_draft *draft, const char *older, const char *table);
// Columns that were made of it have its name as it was.
int source_draft_rename_type(struct source_draft *draft, struct draft_type *type, struct source_name name);
// What it owns.
void source_draft_free_table(struct draft_table *table);
// Its indexes go along.
void source_draft_remove_table(struct source_draft *draft, struct draft_table *table);
// DROP: one that gets its name is another.
void source_draft_drop_table(struct source_draft *draft, struct draft_table *table);
void source_draft_drop_column(struct source_draft *draft, struct draft_table *table, int column);
// `is_branch`: it is partitioned itself, and has no rows.
int source_draft_add_partition(struct source_draft *draft, struct draft_table *table, const char *partition,
                               const char *parent, bool is_branch);
// The table had the name `older`: what is attached to it by that is attached to it by its own.
int source_draft_rename_parent(struct source_draft *draft, struct draft_table *table, const char *older);
// Its number, -1 = it has no partition of this name.
int source_draft_find_partition(const struct draft_table *table, const char *name);
bool source_draft_is_branch(const struct draft_table *table, const char *partition);
// The partition of `from` that is called as `to` is none any more, and those below it are `to`'s.
int source_draft_detach(struct source_draft *draft, struct draft_table *from, struct draft_table *to);
void source_draft_remove_column(struct draft_table *table, int column);
// A string at the end of a list of them.
int source_draft_append(struct source_draft *draft, char ***list, int *count, const char *text);
void source_draft_free_list(char ***list, int *count);
int source_draft_out_of_memory(struct source_draft *draft);

#endif
