// Whole answers as bytes, for a socket that the library does not write to: the gate's refusals, and what an old library would
// garble. Pure but for spoken_send.
#ifndef TIDEMARK_HTTP_SPOKEN_H
#define TIDEMARK_HTTP_SPOKEN_H

#include "http/request.h"

enum { SPOKEN_SIZE = 1024 };

// The answer that ends its connection; "" when its body failed or it does not fit.
void spoken_write(char ret[SPOKEN_SIZE], const struct response *response);
// As much of it as the socket takes at once.
void spoken_send(int fd, const char *text);

#endif
