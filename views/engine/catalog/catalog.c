#include "views/engine/catalog.h"

#include "views/base/cleanup.h"
#include "views/base/hash.h"
#include "views/engine/catalog/slips.h"
#include "views/engine/catalog/source/pg_parse.h"
#include "views/engine/catalog/source_sql.h"
#include "views/engine/catalog/stored_files.h"
#include "views/engine/catalog/view_files.h"
#include "views/engine/row/older.h"
#include "views/engine/sqlite/read_only.h"
#include "views/engine/sqlite/stmt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void catalog_free_strings(char **strings, int count) {
    for (int i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}

static void catalog_free_view(struct view *view) {
    for (int i = 0; i < view->query_count; i++) {
        struct query *query = &view->queries[i];
        free(query->view);
        free(query->name);
        free(query->file);
        free(query->sql);
        catalog_free_strings(query->parameters, query->parameter_count);
        free(query->rules);
        free(query->reads);
    }
    free(view->queries);
    for (int i = 0; i < view->apply_count; i++) {
        free(view->applies[i].name);
        free(view->applies[i].file);
        free(view->applies[i].sql);
    }
    free(view->applies);
    catalog_free_strings(view->history, view->history_count);
    free(view->name);
    free(view->schema);
    free(view->file);
}

void catalog_free(struct catalog **catalog) {
    struct catalog *c = *catalog;
    if (c == NULL)
        return;
    source_sql_free(&c->tables, &c->table_count);
    source_sql_free_ignored(&c->ignored, &c->ignored_count);
    for (int i = 0; i < c->view_count; i++)
        catalog_free_view(&c->views[i]);
    free(c->views);
    free(c->source);
    catalog_free_strings(c->warnings, c->warning_count);
    catalog_free_strings(c->excerpts, c->warning_count);
    free(c);
    *catalog = NULL;
}

static int catalog_out_of_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

// Tells a changed file, nothing more. The NUL counts too, so that a text's end is told.
static void catalog_hash_view(struct view *view) {
    uint64_t hash = hash_fnv(HASH_FNV_BASIS, span_of(view->schema));
    for (int i = 0; i < view->apply_count; i++) {
        const struct apply_statement *apply = &view->applies[i];
        hash = hash_fnv(hash, (struct span){"", 1});
        hash = hash_fnv(hash, (struct span){apply->name, strlen(apply->name) + 1});
        hash = hash_fnv(hash, span_of(apply->sql));
    }
    (void)snprintf(view->hash, sizeof view->hash, "%016" PRIx64, hash);
}

static bool catalog_valid_name(const char *name, size_t size) {
    if (size == 0 || size > VIEW_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
              (name[i] >= '0' && name[i] <= '9') || name[i] == '_' || name[i] == '-'))
            return false;
    return true;
}

static struct view *catalog_find_or_add_view(struct catalog *catalog, const char *name, size_t size) {
    for (int i = 0; i < catalog->view_count; i++)
        if (strlen(catalog->views[i].name) == size && memcmp(catalog->views[i].name, name, size) == 0)
            return &catalog->views[i];
    struct view *grown = realloc(catalog->views, ((size_t)catalog->view_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    catalog->views = grown;
    struct view *view = &catalog->views[catalog->view_count];
    *view = (struct view){.name = strndup(name, size), .schema = strdup(""), .file = strdup("")};
    catalog->view_count++;
    return view->name != NULL && view->schema != NULL && view->file != NULL ? view : NULL;
}

static int catalog_add_query(struct view *view, const struct view_file *file, struct span name,
                             struct error *error) {
    struct query *grown = realloc(view->queries, ((size_t)view->query_count + 1) * sizeof *grown);
    if (grown == NULL)
        return catalog_out_of_memory(error);
    view->queries = grown;
    struct query *query = &view->queries[view->query_count++];
    *query = (struct query){.view = strdup(view->name),
                            .name = strndup(name.data, name.size),
                            .file = strdup(file->path),
                            .sql = strdup(file->text)};
    if (query->view == NULL || query->name == NULL || query->file == NULL || query->sql == NULL)
        return catalog_out_of_memory(error);
    return 0;
}

static int catalog_add_apply(struct view *view, const struct view_file *file, struct span name,
                             struct error *error) {
    struct apply_statement *grown = realloc(view->applies, ((size_t)view->apply_count + 1) * sizeof *grown);
    if (grown == NULL)
        return catalog_out_of_memory(error);
    view->applies = grown;
    struct apply_statement *apply = &view->applies[view->apply_count++];
    *apply = (struct apply_statement){
        .name = strndup(name.data, name.size), .file = strdup(file->path), .sql = strdup(file->text)};
    return apply->name != NULL && apply->file != NULL && apply->sql != NULL ? 0
                                                                            : catalog_out_of_memory(error);
}

static int catalog_set_schema(struct view *view, const struct view_file *file, struct error *error) {
    free(view->schema);
    free(view->file);
    view->schema = strdup(file->text);
    view->file = strdup(file->path);
    return view->schema != NULL && view->file != NULL ? 0 : catalog_out_of_memory(error);
}

// NAME of a file called PREFIX.NAME.sql; data NULL when it is not called so.
static struct span catalog_middle_of(const char *file, const char *prefix) {
    size_t size = strlen(file);
    size_t before = strlen(prefix);
    const size_t after = strlen(".sql");
    if (size <= before + after || memcmp(file, prefix, before) != 0 ||
        !catalog_valid_name(file + before, size - before - after))
        return (struct span){0};
    return (struct span){file + before, size - before - after};
}

// "warehouse/query.stock.sql" is the query stock of the view warehouse, "warehouse/schema.sql" its tables,
// "warehouse/apply.stock.sql" a statement that keeps them.
static int catalog_add_view_file(struct catalog *catalog, const struct view_file *file, struct error *error) {
    const char *slash = strchr(file->path, '/');
    if (slash == NULL)
        return 0;
    size_t view_size = (size_t)(slash - file->path);
    if (!catalog_valid_name(file->path, view_size))
        return error_set(error, ERROR_INPUT,
                         "%s: a view's name has the letters a to z and A to Z, digits, _ and - only",
                         file->path);
    struct view *view = catalog_find_or_add_view(catalog, file->path, view_size);
    if (view == NULL)
        return catalog_out_of_memory(error);
    if (strcmp(slash + 1, "schema.sql") == 0)
        return catalog_set_schema(view, file, error);
    struct span query = catalog_middle_of(slash + 1, "query.");
    struct span apply = catalog_middle_of(slash + 1, "apply.");
    if (query.data != NULL)
        return catalog_add_query(view, file, query, error);
    if (apply.data != NULL)
        return catalog_add_apply(view, file, apply, error);
    return error_set(
        error, ERROR_INPUT,
        "%s: a view's folder has schema.sql, apply.NAME.sql and query.NAME.sql only, NAME of the letters "
        "a to z and A to Z, digits, _ and -",
        file->path);
}

// `only`: "warehouse,email"; an empty entry names nothing.
static bool catalog_list_names(const char *only, const char *name) {
    size_t size = strlen(name);
    for (const char *at = only; *at != '\0';) {
        size_t part = strcspn(at, ",");
        if (part == size && memcmp(at, name, size) == 0)
            return true;
        at += part + (at[part] == ',');
    }
    return false;
}

static void catalog_view_names(const struct catalog *catalog, char *ret, size_t size) {
    size_t used = 0;
    ret[0] = '\0';
    for (int i = 0; i < catalog->view_count && used < size; i++) {
        int n = snprintf(ret + used, size - used, "%s%s", i > 0 ? ", " : "", catalog->views[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}

static int catalog_keep_only(struct catalog *catalog, const char *only, struct error *error) {
    for (const char *at = only; *at != '\0';) {
        size_t part = strcspn(at, ",");
        char name[VIEW_NAME_MAX + 1];
        (void)snprintf(name, sizeof name, "%.*s", (int)(part > VIEW_NAME_MAX ? VIEW_NAME_MAX : part), at);
        if (catalog_view(catalog, name) == NULL) {
            char names[ERROR_MESSAGE_SIZE / 2];
            catalog_view_names(catalog, names, sizeof names);
            return error_set(error, ERROR_USAGE, "--only %s: there is no such view; there are: %s", name,
                             names);
        }
        at += part + (at[part] == ',');
    }
    int kept = 0;
    for (int i = 0; i < catalog->view_count; i++) {
        if (catalog_list_names(only, catalog->views[i].name))
            catalog->views[kept++] = catalog->views[i];
        else
            catalog_free_view(&catalog->views[i]);
    }
    catalog->view_count = kept;
    return 0;
}

struct span schema_next_history(const char **at) {
    static const char directive[] = "-- tidemark: keep ";
    const char *found = strstr(*at, directive);
    if (found == NULL)
        return (struct span){0};
    found += sizeof directive - 1;
    struct span name = {found, strcspn(found, " \t\r\n")};
    *at = found + name.size;
    return name;
}

static int catalog_add_history(struct view *view, struct span name, struct error *error) {
    char **grown = realloc(view->history, ((size_t)view->history_count + 1) * sizeof *grown);
    if (grown == NULL)
        return catalog_out_of_memory(error);
    view->history = grown;
    view->history[view->history_count] = strndup(name.data, name.size);
    if (view->history[view->history_count] == NULL)
        return catalog_out_of_memory(error);
    view->history_count++;
    return 0;
}

static int catalog_read_history(struct view *view, struct error *error) {
    const char *at = view->schema;
    for (struct span name = schema_next_history(&at); name.data != NULL; name = schema_next_history(&at))
        if (catalog_add_history(view, name, error) != 0)
            return -1;
    return 0;
}

static int catalog_compare_views(const void *a, const void *b) {
    return strcmp(((const struct view *)a)->name, ((const struct view *)b)->name);
}

static int catalog_compare_applies(const void *a, const void *b) {
    return strcmp(((const struct apply_statement *)a)->name, ((const struct apply_statement *)b)->name);
}

static int catalog_read_files(struct catalog *catalog, const struct view_files *files, struct error *error) {
    catalog->source = strdup(view_files_text(files, "source.sql"));
    if (catalog->source == NULL)
        return catalog_out_of_memory(error);
    for (int i = 0; i < files->count; i++)
        if (catalog_add_view_file(catalog, &files->files[i], error) != 0)
            return -1;
    if (catalog->view_count > 0)
        qsort(catalog->views, (size_t)catalog->view_count, sizeof *catalog->views, catalog_compare_views);
    for (int i = 0; i < catalog->view_count; i++)
        if (catalog->views[i].apply_count > 0)
            qsort(catalog->views[i].applies, (size_t)catalog->views[i].apply_count,
                  sizeof *catalog->views[i].applies, catalog_compare_applies);
    return 0;
}

struct catalog_others {
    const struct table *table;
    const struct column *but;
};

static int catalog_find_other(const void *in, const char *name) {
    const struct catalog_others *others = in;
    return strcmp(name, others->but->name) != 0 ? table_column(others->table, name, strlen(name)) : -1;
}

// The newest of its older names that another column has by now, -1 = none. Its own it has when it was given back.
static int catalog_older(const struct table *table, const struct column *column) {
    const struct catalog_others others = {table, column};
    return older_newest(column->older, column->older_count, catalog_find_other, &others);
}

static bool catalog_goes_round(const struct table *table, int column) {
    int at = column;
    for (int steps = 0; steps < table->column_count; steps++) {
        at = catalog_older(table, &table->columns[at]);
        if (at < 0 || at == column)
            return at == column;
    }
    return false;
}

// Columns that swap names at the source: by such lines nothing can be done, and that is to be known.
static void catalog_warn_of_circles(struct catalog *catalog) {
    for (int t = 0; t < catalog->table_count; t++) {
        const struct table *table = &catalog->tables[t];
        for (int i = 0; table->has_renamed && i < table->column_count; i++) {
            const struct column *column = &table->columns[i];
            if (!catalog_goes_round(table, i))
                continue;
            catalog_warn(
                catalog,
                "source.sql, line %d: columns of %s are renamed in a circle, %s from %s: which of them a value "
                "is, neither the file nor a message of before tells, so these lines do nothing; rows that no "
                "event names since have the values under the names of before until a full snapshot",
                column->line, table->name, column->name, table->columns[catalog_older(table, column)].name);
            break;
        }
    }
}

// Another table has one's older name by now. Two topics by their own lines keep the two apart.
static bool catalog_is_taken(const struct table *table, const struct table *taker) {
    return taker != NULL && taker != table &&
           (table->topic == NULL || taker->topic == NULL || strcmp(table->topic, taker->topic) == 0);
}

// What the source wrote under a name before it was another table's looks as what it has written since.
static void catalog_warn_of_taken(struct catalog *catalog) {
    for (int t = 0; t < catalog->table_count; t++) {
        const struct table *table = &catalog->tables[t];
        for (int i = 0; i < table->older_count; i++) {
            const char *older = table->older[i];
            if (catalog_is_taken(table, catalog_table(catalog, older, strlen(older))))
                catalog_warn(
                    catalog,
                    "source.sql, line %d: table %s is renamed from %s, and another %s is declared: no message says "
                    "which of the two its row was of, so in a file that is made new, and where %s is new in one, the rows "
                    "that the log has under that name from before are in %s too, and not in %s: let the connector "
                    "take a full snapshot of both (ad hoc, blocking)",
                    table->line, table->name, older, older, older, older, table->name);
        }
    }
}

// `comments`: the text with all blank that is no comment, which is taken; NULL = out of memory.
static void catalog_warn_of_slips_in(struct catalog *catalog, const char *file, const char *text,
                                     char *comments, enum slips_of of) {
    const char *says;
    for (const char *at = comments; at != NULL && (at = slips_next(at, of, &says)) != NULL; at++)
        catalog_warn_at(catalog, file, text, text + (at - comments), "%s", says);
    free(comments);
}

static void catalog_warn_of_slips(struct catalog *catalog) {
    catalog_warn_of_slips_in(catalog, "source.sql", catalog->source, source_sql_comments(catalog->source),
                             SLIPS_OF_SOURCE);
    for (int i = 0; i < catalog->view_count; i++) {
        const struct view *view = &catalog->views[i];
        catalog_warn_of_slips_in(catalog, view->file, view->schema, slips_comments_of_sql(view->schema),
                                 SLIPS_OF_SCHEMA);
        for (int a = 0; a < view->apply_count; a++)
            catalog_warn_of_slips_in(catalog, view->applies[a].file, view->applies[a].sql,
                                     slips_comments_of_sql(view->applies[a].sql), SLIPS_OF_STATEMENT);
    }
}

static void catalog_take_told(void *self, size_t at, const char *what) {
    struct catalog *catalog = self;
    catalog_warn_at(catalog, "source.sql", catalog->source, catalog->source + at, "%s", what);
}

// `stored`: what a file was made with is read as the program read it that made it.
static int catalog_read_source(struct catalog *catalog, bool stored, struct error *error) {
    struct error refused = {0};
    const struct source_told told = {catalog_take_told, catalog};
    if (source_sql_read_told(catalog->source, &told, &catalog->tables, &catalog->table_count, &refused) == 0)
        return 0;
    bool taken = false;
    for (int reading = SOURCE_AS_FIRST;
         stored && refused.kind == ERROR_INPUT && !taken && reading <= SOURCE_AS_BEFORE; reading++)
        taken = source_sql_read_as(catalog->source, (enum source_reading)reading, &catalog->tables,
                                   &catalog->table_count, NULL) == 0;
    if (!taken) {
        if (error != NULL)
            *error = refused;
        return -1;
    }
    catalog_warn(
        catalog,
        "the source.sql that the file was made with is taken as an older tidemark took it, by which values may be "
        "wrong: %s",
        refused.message);
    return 0;
}

static int catalog_build(const struct view_files *files, const char *only, bool stored, struct catalog **ret,
                         struct error *error) {
    CLEANUP(catalog_free) struct catalog *catalog = calloc(1, sizeof *catalog);
    if (catalog == NULL)
        return catalog_out_of_memory(error);
    if (catalog_read_files(catalog, files, error) != 0 || catalog_read_source(catalog, stored, error) != 0 ||
        source_sql_read_ignored(catalog->source, catalog->tables, catalog->table_count, &catalog->ignored,
                                &catalog->ignored_count, error) != 0)
        return -1;
    catalog_warn_of_circles(catalog);
    catalog_warn_of_taken(catalog);
    catalog_warn_of_slips(catalog);
    for (int i = 0; i < files->unused_count; i++)
        catalog_warn(catalog,
                     "%s: is not used; a view's folder has schema.sql, apply.NAME.sql and query.NAME.sql",
                     files->unused[i]);
    if (only != NULL && catalog_keep_only(catalog, only, error) != 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++) {
        catalog_hash_view(&catalog->views[i]);
        if (catalog_read_history(&catalog->views[i], error) != 0)
            return -1;
    }
    *ret = catalog;
    catalog = NULL;
    return 0;
}

static void catalog_add_warning(struct catalog *catalog, const char *text, const char *excerpt) {
    size_t count = (size_t)catalog->warning_count + 1;
    char **warnings = realloc(catalog->warnings, count * sizeof *warnings);
    if (warnings != NULL)
        catalog->warnings = warnings;
    char **excerpts = realloc(catalog->excerpts, count * sizeof *excerpts);
    if (excerpts != NULL)
        catalog->excerpts = excerpts;
    char *copy = strdup(text);
    char *shown = strdup(excerpt);
    if (warnings == NULL || excerpts == NULL || copy == NULL || shown == NULL) {
        free(copy);
        free(shown);
        return;
    }
    catalog->excerpts[catalog->warning_count] = shown;
    catalog->warnings[catalog->warning_count++] = copy;
}

void catalog_warn(struct catalog *catalog, const char *format, ...) {
    char text[ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    catalog_add_warning(catalog, text, "");
}

void catalog_warn_at(struct catalog *catalog, const char *file, const char *text, const char *at,
                     const char *format, ...) {
    char message[ERROR_MESSAGE_SIZE];
    char excerpt[ERROR_EXCERPT_SIZE];
    size_t offset = (size_t)(at - text);
    int used = snprintf(message, sizeof message, "%s:%d: ", file, stmt_line(text, offset));
    va_list args;
    va_start(args, format);
    if (used > 0 && (size_t)used < sizeof message)
        (void)vsnprintf(message + used, sizeof message - (size_t)used, format, args);
    va_end(args);
    error_excerpt(excerpt, text, strlen(text), offset);
    catalog_add_warning(catalog, message, excerpt);
}

int catalog_load(const char *directory, const char *only, struct catalog **ret, struct error *error) {
    stmt_set_up_library();
    CLEANUP(view_files_free) struct view_files files = {0};
    if (view_files_collect(directory, &files, error) != 0 ||
        catalog_build(&files, only, false, ret, error) != 0)
        return -1;
    (*ret)->built_in = files.built_in;
    if (files.none_of_directory)
        catalog_warn(*ret,
                     "--views %s: has neither a source.sql nor a view's folder: these are the built-in views",
                     directory);
    return 0;
}

int catalog_load_source(const char *source, struct catalog **ret, struct error *error) {
    CLEANUP(view_files_free) struct view_files files = {0};
    return view_files_add(&files, "source.sql", source, error) != 0
               ? -1
               : catalog_build(&files, NULL, false, ret, error);
}

int catalog_each_keyless(const char *source,
                         void (*take)(void *self, const char *schema, const char *relation), void *self,
                         struct error *error) {
    return source_sql_each_keyless(source, take, self, error);
}

int catalog_load_stored(const char *db, const char *only, struct catalog **ret, struct error *error) {
    stmt_set_up_library();
    CLEANUP(view_files_free) struct view_files files = {0};
    CLEANUP(stmt_close) sqlite3 *connection = NULL;
    bool immutable;
    if (read_only_open(db, &connection, &immutable, error) != 0 ||
        stored_files_read(connection, db, &files, error) != 0)
        return -1;
    *ret = NULL;
    if (files.count == 0)
        return 0;
    if (view_files_text(&files, "source.sql") == NULL)
        return error_set(
            error, ERROR_STORE,
            "%s: remembers views without a source.sql: it is damaged; put a backup in its place, or "
            "read the topics into a new --db file",
            db);
    return catalog_build(&files, only, true, ret, error);
}

const struct table *catalog_table(const struct catalog *catalog, const char *name, size_t size) {
    for (int i = 0; i < catalog->table_count; i++)
        if (strlen(catalog->tables[i].name) == size && memcmp(catalog->tables[i].name, name, size) == 0)
            return &catalog->tables[i];
    return NULL;
}

const struct view *catalog_view(const struct catalog *catalog, const char *name) {
    for (int i = 0; i < catalog->view_count; i++)
        if (strcmp(catalog->views[i].name, name) == 0)
            return &catalog->views[i];
    return NULL;
}

const struct query *view_query(const struct view *view, const char *name) {
    for (int i = 0; i < view->query_count; i++)
        if (strcmp(view->queries[i].name, name) == 0)
            return &view->queries[i];
    return NULL;
}

static bool catalog_same_view(const struct view *a, const struct view *b) {
    bool same =
        strcmp(a->name, b->name) == 0 && strcmp(a->hash, b->hash) == 0 && a->query_count == b->query_count;
    for (int i = 0; same && i < a->query_count; i++)
        same = strcmp(a->queries[i].name, b->queries[i].name) == 0 &&
               strcmp(a->queries[i].sql, b->queries[i].sql) == 0;
    return same;
}

bool catalog_equal(const struct catalog *a, const struct catalog *b) {
    bool same = strcmp(a->source, b->source) == 0 && a->view_count == b->view_count;
    for (int i = 0; same && i < a->view_count; i++)
        same = catalog_same_view(&a->views[i], &b->views[i]);
    return same;
}

const char *catalog_library_version(void) {
    return pg_parse_version();
}
