#include "consumer/status/secure.h"

#include "views/base/cleanup.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct secure {
    gnutls_session_t session;
    gnutls_certificate_credentials_t trusted;
};

static int secure_failed(int code, struct error *error) {
    return error_set(error, ERROR_SYSTEM, "TLS: %s",
                     code == GNUTLS_E_AGAIN ? "no answer in time" : gnutls_strerror(code));
}

static int secure_trust(struct secure *secure, const char *ca, struct error *error) {
    int code = gnutls_certificate_allocate_credentials(&secure->trusted);
    if (code < 0)
        return secure_failed(code, error);
    int count = ca != NULL ? gnutls_certificate_set_x509_trust_file(secure->trusted, ca, GNUTLS_X509_FMT_PEM)
                           : gnutls_certificate_set_x509_system_trust(secure->trusted);
    if (count > 0)
        return 0;
    if (ca == NULL)
        return error_set(error, ERROR_INPUT, "this system trusts no certificate: give --ca FILE");
    return error_set(error, ERROR_INPUT, "--ca %s: %s", ca,
                     count < 0 ? gnutls_strerror(count) : "there is no certificate in it");
}

static int secure_refuse(struct secure *secure, const char *host, const char *ca, struct error *error) {
    gnutls_datum_t why = {0};
    unsigned status = gnutls_session_get_verify_cert_status(secure->session);
    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &why, 0) < 0)
        return error_set(error, ERROR_INPUT, "the certificate of %s is not to be trusted", host);
    (void)error_set(error, ERROR_INPUT, "%s: %.*s(trusted is %s)", host, (int)why.size,
                    (const char *)why.data,
                    ca != NULL ? ca : "what the system trusts; --ca FILE names another");
    gnutls_free(why.data);
    return -1;
}

static bool secure_is_address(const char *host) {
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static int secure_begin(struct secure *secure, int fd, const char *host, struct error *error) {
    int code = gnutls_init(&secure->session, GNUTLS_CLIENT);
    if (code == 0)
        code = gnutls_set_default_priority(secure->session);
    if (code == 0)
        code = gnutls_credentials_set(secure->session, GNUTLS_CRD_CERTIFICATE, secure->trusted);
    if (code == 0 && !secure_is_address(host))
        code = gnutls_server_name_set(secure->session, GNUTLS_NAME_DNS, host, strlen(host));
    if (code < 0)
        return secure_failed(code, error);
    gnutls_session_set_verify_cert(secure->session, host, 0);
    gnutls_transport_set_int(secure->session, fd);
    return 0;
}

int secure_open(struct secure **ret, int fd, const char *host, const char *ca, struct error *error) {
    CLEANUP(secure_close) struct secure *secure = calloc(1, sizeof *secure);
    if (secure == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (secure_trust(secure, ca, error) != 0 || secure_begin(secure, fd, host, error) != 0)
        return -1;
    int code;
    do
        code = gnutls_handshake(secure->session);
    while (code == GNUTLS_E_INTERRUPTED);
    if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        return secure_refuse(secure, host, ca, error);
    if (code < 0)
        return secure_failed(code, error);
    *ret = secure;
    secure = NULL;
    return 0;
}

ssize_t secure_send(struct secure *secure, const void *data, size_t size, struct error *error) {
    ssize_t sent;
    do
        sent = gnutls_record_send(secure->session, data, size);
    while (sent == GNUTLS_E_INTERRUPTED);
    return sent >= 0 ? sent : secure_failed((int)sent, error);
}

// A tidemark that is killed says no goodbye; what lacks then is seen by who reads the answer.
ssize_t secure_receive(struct secure *secure, void *ret, size_t size, struct error *error) {
    ssize_t got;
    do
        got = gnutls_record_recv(secure->session, ret, size);
    while (got == GNUTLS_E_INTERRUPTED);
    if (got == GNUTLS_E_PREMATURE_TERMINATION)
        return 0;
    return got >= 0 ? got : secure_failed((int)got, error);
}

void secure_close(struct secure **secure) {
    struct secure *s = *secure;
    if (s == NULL)
        return;
    if (s->session != NULL)
        gnutls_deinit(s->session);
    if (s->trusted != NULL)
        gnutls_certificate_free_credentials(s->trusted);
    free(s);
    *secure = NULL;
}
