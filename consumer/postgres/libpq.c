#include "consumer/postgres/libpq.h"

#include "views/base/cleanup.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __APPLE__
static const char libpq_file[] = "libpq.5.dylib";
#else
static const char libpq_file[] = "libpq.so.5";
#endif

// What is used of it.
#define LIBPQ_FUNCTIONS(each)                                                                                \
    each(PQconninfoParse) each(PQconninfoFree) each(PQconnectdbParams) each(PQfinish) each(PQstatus)         \
        each(PQerrorMessage) each(PQsetClientEncoding) each(PQserverVersion) each(PQdb) each(PQexecParams)   \
            each(PQsendQueryParams) each(PQgetResult) each(PQresultStatus) each(PQresultErrorField)          \
                each(PQntuples) each(PQgetvalue) each(PQgetlength) each(PQgetisnull) each(PQclear)           \
                    each(PQfreemem)

#define LIBPQ_MEMBER(name) __typeof__(&(name)) name;

struct libpq {
    void *library;
    LIBPQ_FUNCTIONS(LIBPQ_MEMBER)
};

struct postgres {
    struct libpq libpq;
    PGconn *connection;
};

struct postgres_rows {
    const struct libpq *libpq;
    PGresult *result;
};

static int libpq_symbol(struct libpq *libpq, const char *name, void *place, struct error *error) {
    void *found = dlsym(libpq->library, name);
    if (found == NULL)
        return error_set(error, ERROR_SYSTEM, "%s has no %s: a newer one is needed", libpq_file, name);
    memcpy(place, &found, sizeof found);
    return 0;
}

#define LIBPQ_LOAD(name)                                                                                     \
    if (libpq_symbol(libpq, #name, &libpq->name, error) != 0)                                                \
        return -1;

static int libpq_load(struct libpq *libpq, struct error *error) {
    libpq->library = dlopen(libpq_file, RTLD_NOW | RTLD_LOCAL);
    if (libpq->library == NULL)
        return error_set(
            error, ERROR_SYSTEM,
            "--postgres needs PostgreSQL's client library, %s, which is not installed (Debian: apt-get "
            "install libpq5)",
            libpq_file);
    LIBPQ_FUNCTIONS(LIBPQ_LOAD)
    return 0;
}

// libpq's messages have several lines, and end with one.
static int libpq_error(struct error *error, const char *what, const char *message) {
    char line[ERROR_MESSAGE_SIZE];
    size_t size = 0;
    for (const char *c = message; *c != '\0' && size + 2 < sizeof line; c++)
        if (*c != '\n')
            line[size++] = *c;
        else if (c[1] != '\0')
            line[size++] = ';', line[size++] = ' ';
    line[size] = '\0';
    return error_set(error, ERROR_STORE, "%s: %s", what, line);
}

static int libpq_check_dsn(struct libpq *libpq, const char *dsn, struct error *error) {
    char *message = NULL;
    PQconninfoOption *parsed = libpq->PQconninfoParse(dsn, &message);
    bool good = parsed != NULL;
    libpq->PQconninfoFree(parsed);
    libpq->PQfreemem(message); // it may repeat a password
    return good ? 0
                : error_set(error, ERROR_USAGE,
                            "--postgres: not a connection string: postgresql://USER@HOST:PORT/DATABASE, or "
                            "\"host=HOST port=PORT user=USER dbname=DATABASE\"");
}

static const char libpq_settings[] =
    "set time zone 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set bytea_output = 'hex';"
    " set extra_float_digits = 1; set row_security = off; set xmloption = 'content'; set application_name = "
    "'tidemark prove'; set default_transaction_read_only = on; set statement_timeout = 0;"
    " set idle_in_transaction_session_timeout = 0; set search_path = pg_catalog, public";

static int libpq_connect(struct postgres *postgres, const char *dsn, struct error *error) {
    const struct libpq *libpq = &postgres->libpq;
    char wait[16];
    (void)snprintf(wait, sizeof wait, "%d", POSTGRES_CONNECT_S);
    const char *const names[] = {"connect_timeout", "dbname", "client_encoding", NULL};
    const char *const values[] = {wait, dsn, "UTF8", NULL};
    postgres->connection = libpq->PQconnectdbParams(names, values, 1);
    if (postgres->connection == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (libpq->PQstatus(postgres->connection) != CONNECTION_OK)
        return libpq_error(error, "PostgreSQL", libpq->PQerrorMessage(postgres->connection));
    return 0;
}

// One setting a statement: what goes by the extended protocol is one.
static int libpq_set_up(struct postgres *postgres, struct error *error) {
    char text[sizeof libpq_settings];
    char *rest = NULL;
    memcpy(text, libpq_settings, sizeof text);
    for (char *one = strtok_r(text, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest))
        if (postgres_run(postgres, one, error) != 0)
            return -1;
    return 0;
}

int postgres_open(struct postgres **ret, const char *dsn, struct error *error) {
    CLEANUP(postgres_close) struct postgres *postgres = calloc(1, sizeof *postgres);
    if (postgres == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (libpq_load(&postgres->libpq, error) != 0 || libpq_check_dsn(&postgres->libpq, dsn, error) != 0 ||
        libpq_connect(postgres, dsn, error) != 0 || libpq_set_up(postgres, error) != 0)
        return -1;
    *ret = postgres;
    postgres = NULL;
    return 0;
}

// The library stays: what it has registered (OpenSSL's) outlives a connection.
void postgres_close(struct postgres **postgres) {
    if (*postgres != NULL && (*postgres)->connection != NULL)
        (*postgres)->libpq.PQfinish((*postgres)->connection);
    free(*postgres);
    *postgres = NULL;
}

int postgres_version(const struct postgres *postgres) {
    return postgres->libpq.PQserverVersion(postgres->connection);
}

const char *postgres_database(const struct postgres *postgres) {
    return postgres->libpq.PQdb(postgres->connection);
}

void postgres_rows_free(struct postgres_rows **rows) {
    if (*rows != NULL)
        (*rows)->libpq->PQclear((*rows)->result);
    free(*rows);
    *rows = NULL;
}

int postgres_send(struct postgres *postgres, const char *what, const char *sql, const char *const *parameters,
                  int count, struct error *error) {
    const struct libpq *libpq = &postgres->libpq;
    if (libpq->PQsendQueryParams(postgres->connection, sql, count, NULL, parameters, NULL, NULL, 0) == 1)
        return 0;
    return libpq_error(error, what, libpq->PQerrorMessage(postgres->connection));
}

static int libpq_take(struct postgres *postgres, PGresult *result, const char *what,
                      struct postgres_rows **ret, struct error *error) {
    const struct libpq *libpq = &postgres->libpq;
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL || result == NULL) {
        libpq->PQclear(result);
        return result == NULL ? libpq_error(error, what, libpq->PQerrorMessage(postgres->connection))
                              : error_set(error, ERROR_SYSTEM, "out of memory");
    }
    *rows = (struct postgres_rows){libpq, result};
    ExecStatusType status = libpq->PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        const char *message = libpq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        return libpq_error(error, what,
                           message != NULL ? message : libpq->PQerrorMessage(postgres->connection));
    }
    *ret = rows;
    rows = NULL;
    return 0;
}

int postgres_await(struct postgres *postgres, const char *what, struct postgres_rows **ret,
                   struct error *error) {
    const struct libpq *libpq = &postgres->libpq;
    PGresult *result = libpq->PQgetResult(postgres->connection);
    for (PGresult *more; (more = libpq->PQgetResult(postgres->connection)) != NULL;)
        libpq->PQclear(more);
    return libpq_take(postgres, result, what, ret, error);
}

int postgres_ask(struct postgres *postgres, const char *what, const char *sql, const char *const *parameters,
                 int count, struct postgres_rows **ret, struct error *error) {
    const struct libpq *libpq = &postgres->libpq;
    PGresult *result = libpq->PQexecParams(postgres->connection, sql, count, NULL, parameters, NULL, NULL, 0);
    return libpq_take(postgres, result, what, ret, error);
}

int postgres_run(struct postgres *postgres, const char *sql, struct error *error) {
    CLEANUP(postgres_rows_free) struct postgres_rows *rows = NULL;
    return postgres_ask(postgres, "PostgreSQL", sql, NULL, 0, &rows, error);
}

int postgres_rows_count(const struct postgres_rows *rows) {
    return rows->libpq->PQntuples(rows->result);
}

struct span postgres_text(const struct postgres_rows *rows, int row, int column) {
    const struct libpq *libpq = rows->libpq;
    if (libpq->PQgetisnull(rows->result, row, column))
        return (struct span){0};
    return (struct span){libpq->PQgetvalue(rows->result, row, column),
                         (size_t)libpq->PQgetlength(rows->result, row, column)};
}

bool postgres_is(const struct postgres_rows *rows, int row, int column, const char *text) {
    return span_is(postgres_text(rows, row, column), text);
}

int64_t postgres_integer(const struct postgres_rows *rows, int row, int column) {
    struct span text = postgres_text(rows, row, column);
    return text.data != NULL ? strtoll(text.data, NULL, 10) : 0;
}
