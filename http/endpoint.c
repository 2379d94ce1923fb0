#include "http/endpoint.h"

#include "http/tls.h"
#include "views/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SOCKET_MODE = 0660 };

static int endpoint_read_mode(const char *text, mode_t *ret, struct error *error) {
    char *end = NULL;
    long mode = text != NULL ? strtol(text, &end, 8) : SOCKET_MODE;
    if (text != NULL && (end == text || *end != '\0' || mode < 0 || mode > 0777))
        return error_set(error, ERROR_USAGE, "--socket-mode %s: it is octal, such as 660", text);
    *ret = (mode_t)mode;
    return 0;
}

static int endpoint_check(const struct endpoint_config *config, struct error *error) {
    if ((config->tls_cert != NULL) != (config->tls_key != NULL))
        return error_set(error, ERROR_USAGE, "--tls-cert and --tls-key go together");
    if (config->no_auth && config->token_file != NULL)
        return error_set(error, ERROR_USAGE, "--no-auth and --token-file contradict each other");
    return 0;
}

static int endpoint_check_reach(const struct endpoint *endpoint, const struct endpoint_config *config,
                                struct error *error) {
    if (endpoint->listener.kind != LISTENER_NETWORK || config->no_auth || access_has_tokens(endpoint->access))
        return 0;
    return error_set(
        error, ERROR_USAGE,
        "--listen %s: not only this machine reaches it, so everybody who does could read all rows; give "
        "--token-file FILE, or --no-auth where that is meant (a proxy asks for the token, for example)",
        config->listen);
}

static void endpoint_close_file(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

static int endpoint_read_pem(struct buffer *ret, const char *flag, const char *path, struct error *error) {
    char piece[4096];
    CLEANUP(endpoint_close_file) FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_INPUT, "%s %s: %s", flag, path, strerror(errno));
    ret->limit = ENDPOINT_PEM_SIZE_MAX;
    for (size_t size; (size = fread(piece, 1, sizeof piece, file)) > 0;)
        buffer_append(ret, piece, size);
    buffer_char(ret, '\0');
    if (ferror(file) != 0)
        return error_set(error, ERROR_INPUT, "%s %s: %s", flag, path, strerror(errno));
    if (ret->failed)
        return error_set(error, ERROR_INPUT, "%s %s: too long to be a PEM file", flag, path);
    return 0;
}

static int endpoint_read_tls(struct endpoint *endpoint, const struct endpoint_config *config,
                             struct error *error) {
    if (config->tls_cert == NULL)
        return 0;
    if (endpoint_read_pem(&endpoint->tls_cert, "--tls-cert", config->tls_cert, error) != 0 ||
        endpoint_read_pem(&endpoint->tls_key, "--tls-key", config->tls_key, error) != 0)
        return -1;
    return tls_check(endpoint->tls_cert.data, endpoint->tls_key.data, error) == 0
               ? 0
               : error_prefix(error, "--tls-cert %s, --tls-key %s", config->tls_cert, config->tls_key);
}

static bool endpoint_is_exposed(const char *path) {
    struct stat there;
    return path != NULL && stat(path, &there) == 0 && (there.st_mode & S_IROTH) != 0;
}

static void endpoint_warn(struct endpoint *endpoint, const struct endpoint_config *config) {
    const char *exposed = endpoint_is_exposed(config->token_file) ? config->token_file
                          : endpoint_is_exposed(config->tls_key)  ? config->tls_key
                                                                  : NULL;
    endpoint->warning[0] = '\0';
    if (exposed != NULL)
        (void)snprintf(endpoint->warning, sizeof endpoint->warning,
                       "%s: every user of this machine can read it: chmod o-r", exposed);
    else if (endpoint->listener.kind == LISTENER_NETWORK && config->no_auth)
        (void)snprintf(endpoint->warning, sizeof endpoint->warning,
                       "--no-auth: everybody who reaches %s reads all rows", endpoint->url);
    else if (endpoint->listener.kind == LISTENER_NETWORK && config->tls_cert == NULL)
        (void)snprintf(
            endpoint->warning, sizeof endpoint->warning,
            "%s is not encrypted: tokens and rows can be read on the way, unless a proxy beside it "
            "speaks TLS (--tls-cert, --tls-key)",
            endpoint->url);
}

static int endpoint_open_parts(struct endpoint *endpoint, const struct endpoint_config *config,
                               struct error *error) {
    mode_t mode = 0;
    const struct access_config access = {.token_file = config->token_file,
                                         .allow_origins = config->allow_origins,
                                         .allow_hosts = config->allow_hosts};
    // What the flags name comes first: a socket's file is made only for what can be served there.
    if (endpoint_check(config, error) != 0 || endpoint_read_mode(config->socket_mode, &mode, error) != 0 ||
        access_new(&endpoint->access, &access, error) != 0 ||
        endpoint_read_tls(endpoint, config, error) != 0 ||
        listener_open(&endpoint->listener, config->listen, mode, error) != 0 ||
        endpoint_check_reach(endpoint, config, error) != 0)
        return -1;
    if (endpoint->listener.kind != LISTENER_LOOPBACK)
        access_take_any_host(endpoint->access);
    const char *scheme = endpoint->listener.kind == LISTENER_UNIX ? ""
                         : config->tls_cert != NULL               ? "https://"
                                                                  : "http://";
    (void)snprintf(endpoint->url, sizeof endpoint->url, "%s%s", scheme, endpoint->listener.address);
    endpoint_warn(endpoint, config);
    return 0;
}

int endpoint_open(struct endpoint **ret, const struct endpoint_config *config, struct error *error) {
    CLEANUP(endpoint_free) struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    endpoint->listener.fd = -1;
    if (endpoint_open_parts(endpoint, config, error) != 0)
        return -1;
    *ret = endpoint;
    endpoint = NULL;
    return 0;
}

int endpoint_reload(struct endpoint *endpoint, const struct endpoint_config *config, struct error *error) {
    if (access_reload(endpoint->access, error) != 0)
        return -1;
    endpoint_warn(endpoint, config);
    return 0;
}

void endpoint_free(struct endpoint **endpoint) {
    struct endpoint *e = *endpoint;
    if (e == NULL)
        return;
    listener_close(&e->listener);
    access_free(&e->access);
    buffer_free(&e->tls_cert);
    buffer_free(&e->tls_key);
    free(e);
    *endpoint = NULL;
}
