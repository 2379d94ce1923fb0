#include "http/tls.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

enum { REASON_SIZE = 256 };

static enum MHD_Result tls_answer(void *self, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context) {
    (void)self, (void)connection, (void)url, (void)method, (void)version, (void)upload, (void)upload_size,
        (void)context;
    return MHD_NO;
}

// The first line is the cause, those after it tell what was given up for it.
__attribute__((format(printf, 2, 0))) static void tls_note(void *self, const char *format, va_list args) {
    char *reason = self;
    if (reason[0] == '\0')
        (void)vsnprintf(reason, REASON_SIZE, format, args);
    reason[strcspn(reason, "\n")] = '\0';
}

int tls_check(const char *cert, const char *key, struct error *error) {
    char reason[REASON_SIZE] = "";
    if (MHD_is_feature_supported(MHD_FEATURE_SSL) != MHD_YES)
        return error_set(error, ERROR_USAGE, "this libmicrohttpd (%s) was built without TLS",
                         MHD_get_version());
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_TLS | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL, NULL, tls_answer, NULL,
        MHD_OPTION_EXTERNAL_LOGGER, tls_note, reason, MHD_OPTION_HTTPS_MEM_CERT, cert,
        MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES, MHD_OPTION_END);
    if (daemon == NULL)
        return error_set(error, ERROR_INPUT, "they are no certificate and its key: %s",
                         reason[0] != '\0' ? reason : "the TLS library gives no reason");
    MHD_stop_daemon(daemon);
    return 0;
}
