/*
 * gzip (RFC 1952) of whole buffers, with a ceiling on what comes out. The only file pair with zlib, whose memory is wiped when freed.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_GZIP_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_GZIP_H

#include "shared/base/bytes.h"

/* Appends what is packed, one member that ends where `packed` does. CS_MALFORMED (also bytes behind it), CS_LIMIT (the limit of `out`),
 * CS_NO_MEMORY. */
enum cs_status cs_gunzip(struct cs_bytes packed, struct cs_buffer *out) CS_MUST_USE;
/* Appends one member. The time in its header is zero. */
enum cs_status cs_gzip(struct cs_bytes bytes, struct cs_buffer *out) CS_MUST_USE;

#endif
