// Base64 (RFC 4648). Pure.
#ifndef TIDEMARK_BASE_BASE64_H
#define TIDEMARK_BASE_BASE64_H

#include "views/base/buffer.h"

// With padding, the alphabet that ends in +/.
void base64_write(struct buffer *out, struct span bytes);
// Without padding, the alphabet that ends in -_: needs no escaping in a URL.
void base64_write_url(struct buffer *out, struct span bytes);
// Appends the bytes of `text`, in either alphabet, padded or not. False when it is not base64; `out` is then
// as it was.
bool base64_read(struct buffer *out, struct span text);

#endif
