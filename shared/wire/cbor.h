/*
 * A bounded subset of CBOR (RFC 8949), streamed: no tree is ever built from what arrives.
 *
 * Allowed: integers that fit int64 (or uint64 where asked), byte and text strings, arrays, null, booleans; definite
 * lengths, shortest forms only. Refused (CS_MALFORMED): maps, tags, floats, indefinite lengths, other simple values, depth over
 * CS_CBOR_DEPTH_MAX, array counts larger than the bytes left. The only file pair that includes <cbor.h>.
 */
#ifndef CS_WIRE_CBOR_H
#define CS_WIRE_CBOR_H

#include "shared/base/value.h"

/* Writing: appends to a cs_buffer, whose sticky status tells of failure. */
void cs_cbor_put_unsigned(struct cs_buffer *out, uint64_t value);
void cs_cbor_put_integer(struct cs_buffer *out, int64_t value);
void cs_cbor_put_bytes(struct cs_buffer *out, struct cs_bytes bytes);
void cs_cbor_put_text(struct cs_buffer *out, struct cs_bytes text);
void cs_cbor_put_array(struct cs_buffer *out, size_t count);
void cs_cbor_put_null(struct cs_buffer *out);
void cs_cbor_put_boolean(struct cs_buffer *out, bool value);
void cs_cbor_put_value(struct cs_buffer *out, const struct cs_value *value);

/* Reading: sticky status; after a failure everything returns zero or empty. */
struct cs_cbor_reader {
    struct cs_bytes rest;
    enum cs_status status;
    unsigned depth;
};

enum cs_cbor_type {
    CS_CBOR_END, /* nothing left, or failed */
    CS_CBOR_UNSIGNED,
    CS_CBOR_NEGATIVE,
    CS_CBOR_BYTES,
    CS_CBOR_TEXT,
    CS_CBOR_ARRAY,
    CS_CBOR_NULL,
    CS_CBOR_BOOLEAN,
    CS_CBOR_OTHER, /* anything refused */
};

void cs_cbor_reader_init(struct cs_cbor_reader *reader, struct cs_bytes bytes);
/* Type of the next item, without taking it. */
enum cs_cbor_type cs_cbor_peek(const struct cs_cbor_reader *reader);
uint64_t cs_cbor_take_unsigned(struct cs_cbor_reader *reader);
int64_t cs_cbor_take_integer(struct cs_cbor_reader *reader);
struct cs_bytes cs_cbor_take_bytes(struct cs_cbor_reader *reader); /* view into the input */
void cs_cbor_take_fixed(struct cs_cbor_reader *reader, uint8_t *out,
                        size_t size);                             /* exactly `size` bytes */
struct cs_bytes cs_cbor_take_text(struct cs_cbor_reader *reader); /* view, checked UTF-8 */
bool cs_cbor_take_boolean(struct cs_cbor_reader *reader);
void cs_cbor_take_null(struct cs_cbor_reader *reader);
struct cs_value cs_cbor_take_value(struct cs_cbor_reader *reader); /* size ≤ CS_VALUE_MAX */
/* Enters an array and returns its count, at most `count_max` (CS_LIMIT beyond). Every enter needs a leave. */
size_t cs_cbor_enter_array(struct cs_cbor_reader *reader, size_t count_max);
/* Enters an array that must have exactly `count` items. */
void cs_cbor_enter_exact(struct cs_cbor_reader *reader, size_t count);
void cs_cbor_leave(struct cs_cbor_reader *reader);
/* CS_OK if nothing failed and nothing is left. */
enum cs_status cs_cbor_finish(const struct cs_cbor_reader *reader) CS_MUST_USE;

#endif
