#include "consumer/postgres/plan.h"

#include "views/base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void plan_free(struct plan *plan) {
    for (int i = 0; i < plan->note_count; i++)
        free(plan->notes[i]);
    free(plan->columns);
    arena_free(&plan->arena);
    *plan = (struct plan){0};
}

void plan_note(struct plan *plan, const char *format, ...) {
    char text[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (plan->note_count == PLAN_NOTES_MAX)
        return;
    char *copy = strdup(text);
    if (copy != NULL)
        plan->notes[plan->note_count++] = copy;
}

static int plan_no_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

static bool plan_copy(struct plan *plan, struct span text, struct span *ret) {
    char *copy = arena_take(&plan->arena, text.size + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *ret = (struct span){copy, text.size};
    return true;
}

// --- which relation

static const char plan_relation_sql[] =
    "select c.oid, n.nspname, c.relkind, greatest(c.reltuples, 0)::bigint,"
    " has_schema_privilege(n.oid, 'usage') and (has_table_privilege(c.oid, 'select') or"
    " has_any_column_privilege(c.oid, 'select'))"
    " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where c.relname = $1 and ($2::text is null or n.nspname = $2) and c.relkind in ('r', 'p', 'f')"
    " and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by n.nspname = 'public' desc, 2";

// `-- tidemark: topic T = shop.public.t` names schema and table by its last two parts.
static void plan_names(const struct table *table, char schema[64], const char **ret_schema,
                       const char **ret_relation) {
    *ret_schema = table->schema;
    *ret_relation = table->relation;
    const char *last = table->topic != NULL && !table->topic_is_regex ? strrchr(table->topic, '.') : NULL;
    if (last == NULL)
        return;
    const char *before = last;
    while (before > table->topic && before[-1] != '.')
        before--;
    if (before == table->topic || (size_t)(last - before) >= 64)
        return;
    (void)snprintf(schema, 64, "%.*s", (int)(last - before), before);
    *ret_schema = schema;
    *ret_relation = last + 1;
}

// Quoted, and what it holds by itself: a table that others inherit from has its own rows only, one with partitions theirs.
static bool plan_quote(struct plan *plan, struct span schema, const char *relation, bool partitioned) {
    CLEANUP(buffer_free) struct buffer text = {0};
    if (!partitioned)
        buffer_text(&text, "only ");
    buffer_quoted(&text, schema);
    buffer_char(&text, '.');
    buffer_quoted(&text, span_of(relation));
    return !text.failed && plan_copy(plan, (struct span){text.data, text.size}, &plan->relation);
}

static void plan_refuse(struct plan *plan) {
    plan->relation = (struct span){0};
    plan->unproven = true;
}

// *ret_oid 0: not compared.
static int plan_find(struct plan *plan, struct postgres *postgres, struct span *ret_oid,
                     struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    char schema[64];
    const char *parameters[2];
    *ret_oid = (struct span){0};
    plan_names(plan->table, schema, &parameters[1], &parameters[0]);
    if (postgres_ask(postgres, plan->table->name, plan_relation_sql, parameters, 2, &rows, error) != 0)
        return -1;
    const char *dot = parameters[1] != NULL ? "." : "";
    const char *in = parameters[1] != NULL ? parameters[1] : "";
    int count = postgres_rows_count(rows);
    if (count == 0) {
        plan_note(plan, "the source has no table %s%s%s%s", in, dot, parameters[0],
                  plan->table->topic_is_regex ? " (its topics are named by an expression)" : "");
        return 0;
    }
    if (count > 1 && !postgres_is(rows, 0, 1, "public")) {
        plan_note(plan, "the source has %s in %d schemas: declare it with one", parameters[0], count);
        return 0;
    }
    if (postgres_is(rows, 0, 4, "f")) {
        plan_note(plan, "the source does not let this user read it: grant select");
        return 0;
    }
    plan->estimate = postgres_integer(rows, 0, 3);
    if (!plan_quote(plan, postgres_text(rows, 0, 1), parameters[0], postgres_is(rows, 0, 2, "p")) ||
        !plan_copy(plan, postgres_text(rows, 0, 0), ret_oid))
        return plan_no_memory(error);
    if (postgres_is(rows, 0, 2, "p"))
        plan_note(plan, "is partitioned: compared with the rows of all its partitions");
    return 0;
}

// --- its columns

// Name; base type, its element's and the kind of either; the declared type for casts; whether it may be read.
static const char plan_columns_sql[] =
    "with recursive resolved(attnum, type) as ("
    "select attnum, atttypid from pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped"
    " union all select r.attnum, t.typbasetype from resolved r join pg_type t on t.oid = r.type where t.typtype = 'd')"
    " select a.attname, t.typname, e.typname, coalesce(e.typtype, t.typtype), format_type(a.atttypid, -1),"
    " has_column_privilege(a.attrelid, a.attnum, 'select')"
    " from resolved r join pg_type t on t.oid = r.type and t.typtype <> 'd'"
    " join pg_attribute a on a.attrelid = $1::oid and a.attnum = r.attnum"
    " left join pg_type e0 on e0.oid = t.typelem and t.typcategory = 'A'"
    " left join pg_type e on e.oid = case e0.typtype when 'd' then e0.typbasetype else e0.oid end order by a.attnum";

static bool plan_names_filling(struct span filling, const char *table, const char *column) {
    char wanted[300];
    (void)snprintf(wanted, sizeof wanted, "%s%s%s", table, column != NULL ? "." : "",
                   column != NULL ? column : "");
    size_t size = strlen(wanted);
    for (size_t at = 0; at < filling.size;) {
        size_t end = at;
        while (end < filling.size && filling.data[end] != ',')
            end++;
        if (end - at == size && memcmp(filling.data + at, wanted, size) == 0)
            return true;
        at = end + 1;
        while (at < filling.size && filling.data[at] == ' ')
            at++;
    }
    return false;
}

static bool plan_add_column(struct plan *plan, const struct postgres_rows *rows, int row, int number) {
    CLEANUP(buffer_free) struct buffer quoted = {0};
    const struct column *column = &plan->table->columns[number];
    struct plan_column *added = &plan->columns[plan->column_count];
    struct span kind = postgres_text(rows, row, 3);
    const struct source_type type = {.name = postgres_text(rows, row, 1),
                                     .element = postgres_text(rows, row, 2),
                                     .array = postgres_text(rows, row, 2).data != NULL,
                                     .kind = kind.data[0]};
    *added = (struct plan_column){
        .form = form_of(column, &type, plan->table->time_precision == TIME_PRECISION_CONNECT),
        .column = number};
    buffer_quoted(&quoted, span_of(column->name));
    if (quoted.failed || !plan_copy(plan, (struct span){quoted.data, quoted.size}, &added->quoted) ||
        !plan_copy(plan, postgres_text(rows, row, 4), &added->cast))
        return false;
    const char *caveat = form_caveat(&added->form);
    if (caveat != NULL)
        plan_note(plan, "%s (%.*s) %s", column->name, (int)added->cast.size, added->cast.data, caveat);
    plan->column_count++;
    return true;
}

static int plan_find_row(const struct postgres_rows *rows, const char *name) {
    for (int i = 0; i < postgres_rows_count(rows); i++)
        if (postgres_is(rows, i, 0, name))
            return i;
    return -1;
}

static int plan_add_columns(struct plan *plan, const struct postgres_rows *rows, struct span filling,
                            struct error *error) {
    for (int i = 0; i < plan->table->column_count; i++) {
        const char *name = plan->table->columns[i].name;
        int row = plan_find_row(rows, name);
        bool fills = plan_names_filling(filling, plan->table->name, name);
        bool hidden = row >= 0 && postgres_is(rows, row, 5, "f");
        if (row >= 0 && !fills && !hidden) {
            if (!plan_add_column(plan, rows, row, i))
                return plan_no_memory(error);
            continue;
        }
        plan->unproven = plan->unproven || fills || hidden;
        plan_note(plan, "%s is not compared: %s", name,
                  fills    ? "it is being filled from the log"
                  : hidden ? "the source does not let this user read it"
                           : "the source has no such column");
    }
    for (int i = 0; i < postgres_rows_count(rows); i++) {
        struct span name = postgres_text(rows, i, 0);
        if (table_column(plan->table, name.data, name.size) < 0)
            plan_note(plan, "%.*s is not compared: source.sql leaves it out", (int)name.size, name.data);
    }
    return 0;
}

// Rows are found by their key's text, on both sides.
static bool plan_key_suits(struct plan *plan) {
    bool suits = true;
    for (int k = 0; k < plan->key_count; k++) {
        const struct plan_column *key = &plan->columns[plan->keys[k]];
        if (form_suits_key(&key->form, key->cast))
            continue;
        plan_note(plan, "%s of its key is %.*s at the source, and %s in source.sql: declare it as there",
                  key->form.column->name, (int)key->cast.size, key->cast.data, key->form.column->declared);
        suits = false;
    }
    return suits;
}

// False: a column of it is not compared.
static bool plan_find_key(struct plan *plan) {
    plan->literal_key = true;
    for (int k = 0; k < plan->table->key_count; k++) {
        int found = -1;
        for (int i = 0; i < plan->column_count; i++)
            if (plan->columns[i].column == plan->table->keys[k])
                found = i;
        if (found < 0)
            return false;
        plan->keys[plan->key_count++] = found;
        plan->literal_key = plan->literal_key && plan->columns[found].form.literal;
    }
    if (plan->key_count == 1) {
        const struct plan_column *key = &plan->columns[plan->keys[0]];
        plan->integer_key =
            key->form.column->type == COLUMN_INTEGER &&
            (span_is(key->cast, "bigint") || span_is(key->cast, "integer") || span_is(key->cast, "smallint"));
    }
    return plan->key_count > 0;
}

// --- what is sent of it

// Name; what it does not publish; its condition; whether it has the table. A partitioned table is published by itself or by its partitions.
static const char plan_publications_sql[] =
    "select p.pubname, concat_ws(', ', case when not p.pubinsert then 'inserts' end, case when not p.pubupdate then 'updates' end,"
    " case when not p.pubdelete then 'deletes' end, case when not p.pubtruncate then 'truncates' end), max(%s), count(c.oid)"
    " from pg_publication p left join (pg_publication_tables t join pg_namespace n on n.nspname = t.schemaname"
    " join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename and (c.oid = $1::oid or exists"
    " (select 1 from pg_partition_tree($1::oid::regclass) l where l.relid = c.oid))) on t.pubname = p.pubname"
    " group by p.oid, p.pubname, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate order by 1";

static void plan_note_publication(struct plan *plan, struct span name, struct span lacks,
                                  struct span condition) {
    if (lacks.size > 0)
        plan_note(
            plan,
            "publication %.*s sends no %.*s of it: where the connector reads it, such changes are not here (alter "
            "publication %.*s set (publish = 'insert, update, delete, truncate'))",
            (int)name.size, name.data, (int)lacks.size, lacks.data, (int)name.size, name.data);
    if (condition.data != NULL)
        plan_note(
            plan,
            "publication %.*s sends its rows where %.*s: where the connector reads it, others are here as a "
            "snapshot left them, if at all",
            (int)name.size, name.data, (int)condition.size, condition.data);
}

// The connector reads one publication (publication.name), and which it is nothing here tells.
static int plan_note_publications(struct plan *plan, struct postgres *postgres, struct span oid,
                                  struct error *error) {
    enum { SINCE_CONDITIONS = 150000, SINCE_PARTITION_TREE = 120000 };
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    char sql[sizeof plan_publications_sql + 32];
    const char *parameters[] = {oid.data};
    int version = postgres_version(postgres);
    if (version < SINCE_PARTITION_TREE)
        return 0;
    (void)snprintf(sql, sizeof sql, plan_publications_sql,
                   version >= SINCE_CONDITIONS ? "t.rowfilter" : "null::text");
    if (postgres_ask(postgres, plan->table->name, sql, parameters, 1, &rows, error) != 0)
        return -1;
    int publishing = 0;
    for (int i = 0; i < postgres_rows_count(rows); i++) {
        if (postgres_integer(rows, i, 3) == 0)
            continue;
        publishing++;
        plan_note_publication(plan, postgres_text(rows, i, 0), postgres_text(rows, i, 1),
                              postgres_text(rows, i, 2));
    }
    if (publishing == 0 && postgres_rows_count(rows) > 0)
        plan_note(plan, "no publication of this database has it: nothing of it is streamed by one");
    return 0;
}

int plan_make(struct plan *ret, struct postgres *postgres, const struct table *table, struct span filling,
              struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    struct span oid;
    *ret = (struct plan){.table = table};
    ret->columns = calloc((size_t)table->column_count + 1, sizeof *ret->columns);
    if (ret->columns == NULL)
        return plan_no_memory(error);
    if (plan_names_filling(filling, table->name, NULL)) {
        plan_note(ret, "is being filled from the log");
        return plan_refuse(ret), 0;
    }
    if (plan_find(ret, postgres, &oid, error) != 0)
        return -1;
    if (oid.data == NULL)
        return plan_refuse(ret), 0;
    const char *parameters[] = {oid.data};
    if (postgres_ask(postgres, table->name, plan_columns_sql, parameters, 1, &rows, error) != 0 ||
        plan_add_columns(ret, rows, filling, error) != 0 ||
        plan_note_publications(ret, postgres, oid, error) != 0)
        return -1;
    if (!plan_find_key(ret)) {
        plan_note(ret, table->key_count == 0 ? "has no key" : "a column of its key is not compared");
        plan_refuse(ret);
    } else if (!plan_key_suits(ret)) {
        plan_refuse(ret);
    }
    return 0;
}
