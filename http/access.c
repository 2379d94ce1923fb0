#include "http/access.h"

#include "http/problem.h"
#include "views/base/cleanup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>

enum { FILE_SIZE_MAX = ACCESS_TOKENS_MAX * (ACCESS_TOKEN_SIZE_MAX + 64), HOST_SIZE_MAX = 255 };

struct tokens {
    char text[FILE_SIZE_MAX];
    struct span of[ACCESS_TOKENS_MAX]; // into text
    int count;
};

struct names {
    char *text;
    const char *of[ACCESS_NAMES_MAX]; // into text
    int count;
};

struct access {
    char *token_file; // NULL = none
    struct names origins;
    struct names hosts;
    bool any_host;
    pthread_mutex_t mutex; // for `tokens` alone
    struct tokens *tokens;
};

// --- what is configured

static int access_split(struct names *names, const char *flag, const char *list, struct error *error) {
    if (list == NULL)
        return 0;
    names->text = strdup(list);
    if (names->text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    char *rest = names->text;
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        if (names->count == ACCESS_NAMES_MAX)
            return error_set(error, ERROR_USAGE, "%s: at most %d", flag, ACCESS_NAMES_MAX);
        names->of[names->count++] = name;
    }
    return 0;
}

// Browsers send an origin as scheme://host[:port], without a path.
static bool access_is_origin(const char *text) {
    if (strcmp(text, "*") == 0)
        return true;
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz+-.0123456789");
    const char *host = text + scheme + 3;
    return scheme > 0 && strncmp(text + scheme, "://", 3) == 0 && host[0] != '\0' &&
           host[strcspn(host, "/?# \"\\")] == '\0';
}

static bool access_is_host_name(const char *text) {
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
    return size > 0 && size <= HOST_SIZE_MAX && text[size] == '\0';
}

static int access_check_names(const struct access *access, struct error *error) {
    for (int i = 0; i < access->origins.count; i++)
        if (!access_is_origin(access->origins.of[i]))
            return error_set(
                error, ERROR_USAGE,
                "--allow-origin \"%s\": an origin is as browsers send it, such as https://shop.example:8443, or *",
                access->origins.of[i]);
    for (int i = 0; i < access->hosts.count; i++)
        if (!access_is_host_name(access->hosts.of[i]))
            return error_set(error, ERROR_USAGE,
                             "--allow-host \"%s\": it is a name without a port, such as tidemark.example",
                             access->hosts.of[i]);
    return 0;
}

// --- tokens

static bool access_is_token(struct span text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.size >= ACCESS_TOKEN_SIZE_MIN && text.size <= ACCESS_TOKEN_SIZE_MAX;
}

static struct span access_trim(const char *line, size_t size) {
    while (size > 0 && isspace((unsigned char)line[0])) {
        line++;
        size--;
    }
    while (size > 0 && isspace((unsigned char)line[size - 1]))
        size--;
    return (struct span){line, size};
}

static int access_parse_tokens(struct tokens *tokens, const char *path, size_t size, struct error *error) {
    int number = 0;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(tokens->text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - tokens->text) - at : size - at;
        struct span line = access_trim(tokens->text + at, length);
        at += length + 1;
        number++;
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (tokens->count == ACCESS_TOKENS_MAX)
            return error_set(error, ERROR_INPUT, "%s: more than %d tokens", path, ACCESS_TOKENS_MAX);
        // The line itself is not repeated: it is a secret.
        if (!access_is_token(line))
            return error_set(error, ERROR_INPUT,
                             "%s:%d: a token has %d to %d printable characters and no space", path, number,
                             ACCESS_TOKEN_SIZE_MIN, ACCESS_TOKEN_SIZE_MAX);
        tokens->of[tokens->count++] = line;
    }
    return tokens->count > 0
               ? 0
               : error_set(error, ERROR_INPUT,
                           "%s: no token in it; one a line, such as `openssl rand -hex 32` prints", path);
}

static void access_close_file(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

static int access_read_tokens(struct tokens **ret, const char *path, struct error *error) {
    CLEANUP(free_any) struct tokens *tokens = calloc(1, sizeof *tokens);
    CLEANUP(access_close_file) FILE *file = fopen(path, "re");
    if (tokens == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (file == NULL)
        return error_set(error, ERROR_INPUT, "--token-file %s: %s", path, strerror(errno));
    size_t size = fread(tokens->text, 1, sizeof tokens->text, file);
    if (ferror(file) != 0)
        return error_set(error, ERROR_INPUT, "--token-file %s: %s", path, strerror(errno));
    if (size == sizeof tokens->text)
        return error_set(error, ERROR_INPUT, "--token-file %s: it has more than %d bytes", path,
                         FILE_SIZE_MAX - 1);
    if (access_parse_tokens(tokens, path, size, error) != 0)
        return error_prefix(error, "--token-file");
    *ret = tokens;
    tokens = NULL;
    return 0;
}

int access_reload(struct access *access, struct error *error) {
    struct tokens *tokens = NULL;
    if (access->token_file == NULL)
        return 0;
    if (access_read_tokens(&tokens, access->token_file, error) != 0)
        return -1;
    (void)pthread_mutex_lock(&access->mutex);
    struct tokens *before = access->tokens;
    access->tokens = tokens;
    (void)pthread_mutex_unlock(&access->mutex);
    free(before);
    return 0;
}

bool access_has_tokens(const struct access *access) {
    return access->token_file != NULL;
}

int access_new(struct access **ret, const struct access_config *config, struct error *error) {
    CLEANUP(access_free) struct access *access = calloc(1, sizeof *access);
    if (access == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&access->mutex, NULL);
    access->any_host = config->any_host && config->allow_hosts == NULL;
    access->token_file = config->token_file != NULL ? strdup(config->token_file) : NULL;
    if (config->token_file != NULL && access->token_file == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (access_split(&access->origins, "--allow-origin", config->allow_origins, error) != 0 ||
        access_split(&access->hosts, "--allow-host", config->allow_hosts, error) != 0 ||
        access_check_names(access, error) != 0 || access_reload(access, error) != 0)
        return -1;
    *ret = access;
    access = NULL;
    return 0;
}

void access_take_any_host(struct access *access) {
    access->any_host = access->hosts.count == 0;
}

void access_free(struct access **access) {
    struct access *a = *access;
    if (a == NULL)
        return;
    free(a->token_file);
    free(a->origins.text);
    free(a->hosts.text);
    free(a->tokens);
    (void)pthread_mutex_destroy(&a->mutex);
    free(a);
    *access = NULL;
}

// --- what a request says

// As long for a token that is nearly right as for one that is not at all: only lengths may be told by the time.
static bool access_same_token(struct span told, struct span token) {
    unsigned char differ = told.size != token.size;
    for (size_t i = 0; i < told.size; i++)
        differ |= (unsigned char)(told.data[i] ^ token.data[i % token.size]);
    return differ == 0;
}

static bool access_knows(struct access *access, struct span told) {
    bool known = false;
    (void)pthread_mutex_lock(&access->mutex);
    for (int i = 0; i < access->tokens->count; i++)
        known |= access_same_token(told, access->tokens->of[i]);
    (void)pthread_mutex_unlock(&access->mutex);
    return known;
}

static struct span access_bearer(struct span authorization) {
    static const char scheme[] = "Bearer ";
    const size_t size = sizeof scheme - 1;
    if (authorization.size < size || strncasecmp(authorization.data, scheme, size) != 0)
        return (struct span){0};
    return access_trim(authorization.data + size, authorization.size - size);
}

bool access_refuse_token(struct access *access, const struct request *request, enum access_need need,
                         struct response *response) {
    if (need == ACCESS_OPEN)
        return false;
    if (access == NULL || access->token_file == NULL) {
        if (need == ACCESS_WRITE)
            problem_set(
                response, PROBLEM_FORBIDDEN,
                "what changes something needs a token, and this server knows none: start it with --token-file");
        return need == ACCESS_WRITE;
    }
    struct span told = access_bearer(request->authorization);
    if (told.size > 0 && access_knows(access, told))
        return false;
    problem_set(response, PROBLEM_UNAUTHORIZED, "%s",
                told.size > 0 ? "the token is not one of this server's"
                              : "a token is needed: the header Authorization: Bearer TOKEN");
    response_header(response, "WWW-Authenticate",
                    told.size > 0 ? SPAN("Bearer realm=\"tidemark\", error=\"invalid_token\"")
                                  : SPAN("Bearer realm=\"tidemark\""));
    return true;
}

// "localhost:8080" to "localhost", "[::1]:8080" to "::1". False when it is no host.
static bool access_host_name(struct span host, char ret[HOST_SIZE_MAX + 1], bool *ret_address) {
    const char *name = host.data;
    size_t size = host.size;
    *ret_address = size > 0 && name[0] == '[';
    const char *end = size > 0 ? memchr(name, *ret_address ? ']' : ':', size) : NULL;
    if (*ret_address && end == NULL)
        return false;
    size_t begin = *ret_address ? 1 : 0;
    size_t stop = end != NULL ? (size_t)(end - name) : size;
    size_t after = stop + begin;
    bool port = after == size || name[after] == ':';
    for (size_t i = after + 1; i < size; i++)
        port = port && isdigit((unsigned char)name[i]);
    if (!port || stop <= begin || stop - begin > HOST_SIZE_MAX)
        return false;
    memcpy(ret, name + begin, stop - begin);
    ret[stop - begin] = '\0';
    return *ret_address || access_is_host_name(ret);
}

static bool access_is_local(const char *name, bool bracketed) {
    static const char below[] = ".localhost";
    struct in6_addr address;
    size_t size = strlen(name);
    if (bracketed)
        return inet_pton(AF_INET6, name, &address) == 1;
    return inet_pton(AF_INET, name, &address) == 1 || strcasecmp(name, below + 1) == 0 ||
           (size > sizeof below - 1 && strcasecmp(name + size - (sizeof below - 1), below) == 0);
}

bool access_refuse_host(const struct access *access, const struct request *request,
                        struct response *response) {
    char name[HOST_SIZE_MAX + 1];
    bool bracketed;
    if (access == NULL || (request->http_1_0 && request->host_count == 0))
        return false;
    if (request->host_count != 1) {
        problem_set(response, PROBLEM_MALFORMED_REQUEST, "a request has one Host header, this one has %s",
                    request->host_count == 0 ? "none" : "several");
        return true;
    }
    if (!access_host_name(request->host, name, &bracketed)) {
        problem_set(response, PROBLEM_MALFORMED_REQUEST, "the Host header is not HOST or HOST:PORT");
        return true;
    }
    bool known = access->any_host || access_is_local(name, bracketed);
    for (int i = 0; i < access->hosts.count && !known; i++)
        known = strcasecmp(name, access->hosts.of[i]) == 0;
    if (!known)
        problem_set(response, PROBLEM_MISDIRECTED,
                    "this server is not \"%s\"; where that is its name, start it with --allow-host %s", name,
                    name);
    return !known;
}

// --- pages from elsewhere

const char *access_origin(const struct access *access, const struct request *request) {
    for (int i = 0; access != NULL && request->origin.data != NULL && i < access->origins.count; i++)
        if (strcmp(access->origins.of[i], "*") == 0 || span_is(request->origin, access->origins.of[i]))
            return access->origins.of[i];
    return NULL;
}

bool access_answer_preflight(const struct access *access, const struct request *request,
                             struct response *response) {
    if (!span_is(request->method, "OPTIONS") || request->preflight.data == NULL ||
        access_origin(access, request) == NULL)
        return false;
    response->status = 204;
    response_header(response, "Access-Control-Allow-Methods", SPAN("GET, HEAD, POST"));
    response_header(response, "Access-Control-Allow-Headers",
                    SPAN("Authorization, Accept, Content-Type, If-None-Match, Last-Event-ID, Prefer, Range, "
                         "Range-Unit, Accept-Profile, Content-Profile, apikey, X-Client-Info, X-Retry-Count, "
                         "Cache-Control, traceparent, tracestate, baggage"));
    response_header(response, "Access-Control-Max-Age", SPAN("600"));
    return true;
}
