/*
 * Bytes: a view, a growing buffer with a hard ceiling, a bounded reader.
 *
 * Buffers and readers have a sticky status: after the first failure every further call does nothing (a reader
 * returns zeroes), so that a codec checks once, at its end. Integers are big-endian.
 */
#ifndef CS_BASE_BYTES_H
#define CS_BASE_BYTES_H

#include "shared/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed view; `data` may be NULL when size is 0. */
struct cs_bytes {
    const uint8_t *data;
    size_t size;
};

#define CS_BYTES_NONE ((struct cs_bytes){NULL, 0})
/* View of a fixed array. */
#define cs_bytes_of_array(array) ((struct cs_bytes){(const uint8_t *)(array), sizeof(array)})

struct cs_bytes cs_bytes_make(const void *data, size_t size);
struct cs_bytes cs_bytes_of_text(const char *text);
/* Not constant-time; for secrets use cs_secret_equal (crypto). */
bool cs_bytes_equal(struct cs_bytes a, struct cs_bytes b);
bool cs_bytes_equal_text(struct cs_bytes bytes, const char *text);
/* memcmp order, then the shorter first: <0, 0, >0. */
int cs_bytes_compare(struct cs_bytes a, struct cs_bytes b);

/* Growing buffer. Growth copies, wipes the old storage and frees it. */
struct cs_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit; /* hard ceiling, bytes; passing it gives CS_LIMIT */
    enum cs_status status;
};

void cs_buffer_init(struct cs_buffer *buffer, size_t limit);
/* Wipes and frees; the buffer is empty and usable again with the same limit. */
void cs_buffer_release(struct cs_buffer *buffer);
/* Size to zero and status to CS_OK; keeps the storage. */
void cs_buffer_clear(struct cs_buffer *buffer);
/* Room for `size` more bytes and the new size set; NULL on failure. */
uint8_t *cs_buffer_extend(struct cs_buffer *buffer, size_t size);
void cs_buffer_append(struct cs_buffer *buffer, const void *data, size_t size);
void cs_buffer_append_bytes(struct cs_buffer *buffer, struct cs_bytes bytes);
void cs_buffer_append_text(struct cs_buffer *buffer, const char *text);
void cs_buffer_append_format(struct cs_buffer *buffer, const char *format, ...) CS_PRINTF(2, 3);
void cs_buffer_append_u8(struct cs_buffer *buffer, uint8_t value);
void cs_buffer_append_u32(struct cs_buffer *buffer, uint32_t value);
void cs_buffer_append_u64(struct cs_buffer *buffer, uint64_t value);
/* LEB128, 1 to 10 bytes. */
void cs_buffer_append_varint(struct cs_buffer *buffer, uint64_t value);
/* u32 length, then the bytes: the length-prefixed form used in associated data. */
void cs_buffer_append_prefixed(struct cs_buffer *buffer, struct cs_bytes bytes);
struct cs_bytes cs_buffer_bytes(const struct cs_buffer *buffer);
/* Ends the content with a NUL that is not counted in size, and returns it as text; NULL on failure. */
const char *cs_buffer_text(struct cs_buffer *buffer);

struct cs_reader {
    struct cs_bytes rest;
    enum cs_status status; /* CS_MALFORMED after reading past the end */
};

void cs_reader_init(struct cs_reader *reader, struct cs_bytes bytes);
uint8_t cs_read_u8(struct cs_reader *reader);
uint32_t cs_read_u32(struct cs_reader *reader);
uint64_t cs_read_u64(struct cs_reader *reader);
/* Refuses forms longer than the shortest. */
uint64_t cs_read_varint(struct cs_reader *reader);
/* A view into the reader's bytes. */
struct cs_bytes cs_read_bytes(struct cs_reader *reader, size_t size);
struct cs_bytes cs_read_prefixed(struct cs_reader *reader);
void cs_read_copy(struct cs_reader *reader, uint8_t *out, size_t size);
/* CS_OK if nothing failed and nothing is left over. */
enum cs_status cs_reader_finish(const struct cs_reader *reader) CS_MUST_USE;

#endif
