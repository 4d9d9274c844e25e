/* zstd (RFC 8878) with both sizes bounded. The only file pair that includes <zstd.h>. */
#ifndef CS_WIRE_COMPRESSION_H
#define CS_WIRE_COMPRESSION_H

#include "shared/base/memory.h"

/* Appends one frame with its content size. */
enum cs_status cs_compress(struct cs_bytes plain, struct cs_buffer *out) CS_MUST_USE;
/* Appends the content. CS_LIMIT if it would be over size_max (checked before and while decompressing), CS_MALFORMED
 * for anything that is not exactly one whole frame with its content size, no dictionary. */
enum cs_status cs_decompress(struct cs_bytes frame, size_t size_max,
                             struct cs_buffer *out) CS_MUST_USE;
/* The same into an arena: *out lives as long as it does. */
enum cs_status cs_decompress_to_arena(struct cs_bytes frame, size_t size_max,
                                      struct cs_arena *arena, struct cs_bytes *out) CS_MUST_USE;

#endif
