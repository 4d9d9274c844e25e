/*
 * Base 64 with the common alphabet and padding (RFC 4648 §4), as password files have it. (Our own formats use base64url without.)
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_BASE64_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_BASE64_H

#include "shared/base/bytes.h"

/* Appends the bytes. White space is skipped; CS_MALFORMED for anything else outside the alphabet, wrong padding, or bits left over.
 * On failure `out` is as before. */
enum cs_status cs_base64_decode(struct cs_bytes text, struct cs_buffer *out) CS_MUST_USE;
void cs_base64_encode(struct cs_bytes bytes, struct cs_buffer *out);

#endif
