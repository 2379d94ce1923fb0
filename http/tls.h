// Whether a certificate and its key are ones, asked of the library that will serve with them. libmicrohttpd takes them as
// texts and tells what is wrong only in its log, so this starts a daemon without a socket and reads that.
#ifndef TIDEMARK_HTTP_TLS_H
#define TIDEMARK_HTTP_TLS_H

#include "views/base/error.h"

// TLS 1.2 and 1.3, as GnuTLS writes it.
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

// PEM texts. ERROR_INPUT with the library's reason; ERROR_USAGE where the library was built without TLS.
int tls_check(const char *cert, const char *key, struct error *error);

#endif
