/* What the tests of messages share: truncation, flips and failing allocations over any encoder and decoder. */
#ifndef TESTS_UNIT_SHARED_WIRE_MESSAGE_CHECKS_H
#define TESTS_UNIT_SHARED_WIRE_MESSAGE_CHECKS_H

#include "tests/unit/shared_wire/message_samples.h"

#include "shared/wire/cbor.h"
#include "shared/wire/compression.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Encodes one fixed message; decodes and drops the result. */
typedef enum cs_status (*message_encode)(const void *message, struct cs_buffer *out);
typedef enum cs_status (*message_decode)(struct cs_bytes bytes, struct cs_arena *arena);

static inline enum cs_status message_decode_once(message_decode decode, struct cs_bytes bytes)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = decode(bytes, &arena);
    cs_arena_release(&arena);
    return status;
}

/* Decodes CBOR that a test has made by hand. */
static inline enum cs_status message_decode_plain(message_decode decode,
                                                  const struct cs_buffer *plain)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_RESPONSE_MAX + CS_MEBI);
    assert_int_equal(plain->status, CS_OK);
    assert_int_equal(cs_compress(cs_buffer_bytes(plain), &frame), CS_OK);
    enum cs_status status = message_decode_once(decode, cs_buffer_bytes(&frame));
    cs_buffer_release(&frame);
    return status;
}

static inline void message_check_hostile(message_encode encode, message_decode decode,
                                         const void *message)
{
    struct cs_buffer frame;
    struct cs_buffer plain;
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    assert_int_equal(encode(message, &frame), CS_OK);
    for (size_t size = 0; size < frame.size; size++) {
        assert_int_equal(message_decode_once(decode, cs_bytes_make(frame.data, size)),
                         CS_MALFORMED);
    }
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), CS_RESPONSE_MAX, &plain), CS_OK);
    for (size_t i = 0; i < plain.size; i++) {
        plain.data[i] ^= 0x41;
        enum cs_status status = message_decode_plain(decode, &plain);
        assert_true(status == CS_OK || status == CS_MALFORMED || status == CS_LIMIT ||
                    status == CS_UNSUPPORTED);
        plain.data[i] ^= 0x41;
    }
    size_t whole = plain.size;
    for (plain.size = 0; plain.size < whole; plain.size++) {
        assert_int_not_equal(message_decode_plain(decode, &plain), CS_OK);
    }
    plain.data[1] = 23; /* format: after the head of the array, which has fewer than 24 items */
    assert_int_equal(message_decode_plain(decode, &plain), CS_UNSUPPORTED);
    cs_buffer_release(&frame);
    cs_buffer_release(&plain);
}

static inline void message_check_allocations(message_encode encode, message_decode decode,
                                             const void *message)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    while (status != CS_OK) {
        cs_buffer_release(&frame);
        cs_memory_fail_after(failures);
        status = encode(message, &frame);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && frame.size == 0));
        failures += status != CS_OK;
    }
    assert_true(failures > 0);
    status = CS_NO_MEMORY;
    failures = 0;
    while (status != CS_OK) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        cs_memory_fail_after(failures);
        status = decode(cs_buffer_bytes(&frame), &arena);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        failures += status != CS_OK;
        cs_arena_release(&arena);
    }
    assert_true(failures > 0);
    cs_buffer_release(&frame);
}

/* More zeroes than any message may have are a frame of a few hundred bytes. */
static inline void message_check_bomb(message_decode decode)
{
    struct cs_buffer frame;
    struct cs_arena arena;
    size_t size = CS_RESPONSE_MAX + 1;
    cs_buffer_init(&frame, CS_MEBI);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    uint8_t *zeroes = cs_alloc_zero(1, size);
    assert_non_null(zeroes);
    assert_int_equal(cs_compress(cs_bytes_make(zeroes, size), &frame), CS_OK);
    assert_true(frame.size < 4 * CS_KIBI);
    assert_int_equal(decode(cs_buffer_bytes(&frame), &arena), CS_LIMIT);
    assert_int_equal(arena.used, 0);
    cs_free(zeroes);
    cs_arena_release(&arena);
    cs_buffer_release(&frame);
}

#endif
