/*
 * What all messages share: a compressed CBOR array that starts with a format number. Private to shared/wire.
 *
 * Encoding: begin, put items into `plain`, end. Decoding: open, take items, close.
 */
#ifndef CS_WIRE_MESSAGE_FRAME_H
#define CS_WIRE_MESSAGE_FRAME_H

#include "shared/base/memory.h"
#include "shared/wire/cbor.h"

/* Starts the array of format 1 with `item_count` items (the format number not counted). */
void cs_message_begin(struct cs_buffer *plain, size_t size_max, size_t item_count);
/* The same in another format. */
void cs_message_begin_format(struct cs_buffer *plain, size_t size_max, uint64_t format,
                             size_t item_count);
/* Compresses into `out` and releases `plain`. `status`: of the checks before. CS_TOO_LARGE over the size given at begin. */
enum cs_status cs_message_end(struct cs_buffer *plain, enum cs_status status,
                              struct cs_buffer *out) CS_MUST_USE;

/* Decompresses into the arena and enters the array. CS_UNSUPPORTED for another format. The reader carries the status. */
void cs_message_open(struct cs_cbor_reader *reader, struct cs_bytes message, size_t size_max,
                     size_t item_count, struct cs_arena *arena);
/* The same where there are several formats: item_counts[i] items in format i + 1. Returns the format, 0 on failure. */
uint64_t cs_message_open_formats(struct cs_cbor_reader *reader, struct cs_bytes message,
                                 size_t size_max, const size_t *item_counts, size_t format_count,
                                 struct cs_arena *arena);
/* Leaves the array; CS_OK if nothing failed and nothing is left. */
enum cs_status cs_message_close(struct cs_cbor_reader *reader) CS_MUST_USE;

/* Zeroed array in the arena for `count` items; fails the reader and gives NULL when memory is out or it failed before. */
void *cs_message_array(struct cs_cbor_reader *reader, struct cs_arena *arena, size_t count,
                       size_t size);
/* An unsigned number of at most `value_max`, else CS_MALFORMED. */
uint64_t cs_message_take_bounded(struct cs_cbor_reader *reader, uint64_t value_max);
/* A status by its name. CS_REFUSED for a name that only a newer peer knows; "OK" is malformed. */
enum cs_status cs_message_take_status(struct cs_cbor_reader *reader);
/* What the reader of a message would call malformed or over a limit is the writer's caller's fault. */
enum cs_status cs_message_blame_caller(enum cs_status status) CS_MUST_USE;

#endif
