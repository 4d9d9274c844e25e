/* Chunks of attachments: as the second implementation makes them, and nothing opens or verifies in another place. */
#include "shared/attachment/attachment.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 10000
#define CHUNK 4096
#define COUNT ((size_t)3)

static uint8_t content[SIZE];
static uint8_t organisation[CS_HASH_SIZE];
static uint8_t key[CS_ATTACHMENT_KEY_SIZE];
static const struct cs_attachment_form form = {SIZE, CHUNK};

struct made {
    struct cs_buffer list;
    struct cs_buffer chunks[COUNT];
    uint8_t address[CS_HASH_SIZE];
};

static struct cs_attachment_place place_of(size_t index)
{
    return (struct cs_attachment_place){organisation, form, index};
}

/* The same bytes as tests/golden/attachment/make_vectors.py. */
static void make(struct made *made)
{
    for (size_t i = 0; i < SIZE; i++) {
        content[i] = (uint8_t)(7 * i + (i >> 8));
    }
    for (size_t i = 0; i < 32; i++) {
        organisation[i] = (uint8_t)(0x40 + i);
        key[i] = (uint8_t)(0x80 + i);
    }
    cs_buffer_init(&made->list, CS_KIBI);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t nonce[CS_AEAD_NONCE_SIZE];
        uint8_t hash[CS_HASH_SIZE];
        struct cs_attachment_place place = place_of(i);
        for (size_t j = 0; j < sizeof nonce; j++) {
            nonce[j] = (uint8_t)(16 * i + j);
        }
        cs_buffer_init(&made->chunks[i], CS_ATTACHMENT_CHUNK_MAX + CS_AEAD_OVERHEAD);
        assert_ok(cs_attachment_chunk_seal(
            cs_bytes_of_array(key), &place,
            cs_bytes_make(content + i * CHUNK, cs_attachment_chunk_plain_size(&form, i)), nonce,
            &made->chunks[i]));
        cs_attachment_chunk_hash(cs_buffer_bytes(&made->chunks[i]), hash);
        cs_buffer_append(&made->list, hash, sizeof hash);
    }
    cs_attachment_address(&form, cs_buffer_bytes(&made->list), made->address);
}

static void forget(struct made *made)
{
    cs_buffer_release(&made->list);
    for (size_t i = 0; i < COUNT; i++) {
        cs_buffer_release(&made->chunks[i]);
    }
}

static void test_the_golden_file(void **state)
{
    (void)state;
    static uint8_t golden[2 * SIZE];
    struct made made;
    struct cs_buffer whole;
    FILE *file = fopen(CS_TEST_SOURCE_DIR "/tests/golden/attachment/attachment_1.bin", "rb");
    assert_non_null(file);
    size_t size = fread(golden, 1, sizeof golden, file);
    assert_int_equal(fclose(file), 0);
    make(&made);
    cs_buffer_init(&whole, CS_MEBI);
    cs_buffer_append(&whole, made.address, sizeof made.address);
    cs_buffer_append_bytes(&whole, cs_buffer_bytes(&made.list));
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(whole.size, CS_HASH_SIZE + cs_attachment_chunk_offset(&form, i));
        cs_buffer_append_bytes(&whole, cs_buffer_bytes(&made.chunks[i]));
    }
    assert_int_equal(whole.size, CS_HASH_SIZE + cs_attachment_stored_size(&form));
    assert_int_equal(whole.size, size);
    assert_memory_equal(whole.data, golden, size);
    cs_buffer_release(&whole);
    forget(&made);
}

static void test_sizes(void **state)
{
    (void)state;
    const struct cs_attachment_form nothing = {0, CHUNK};
    const struct cs_attachment_form exact = {2 * CHUNK, CHUNK};
    assert_int_equal(cs_attachment_chunk_count(&nothing), 1);
    assert_int_equal(cs_attachment_chunk_plain_size(&nothing, 0), 0);
    assert_int_equal(cs_attachment_chunk_count(&exact), 2);
    assert_int_equal(cs_attachment_chunk_plain_size(&exact, 1), CHUNK);
    assert_int_equal(cs_attachment_chunk_count(&form), COUNT);
    assert_int_equal(cs_attachment_chunk_plain_size(&form, 2), SIZE - 2 * CHUNK);
    assert_int_equal(cs_attachment_list_size(&form), COUNT * CS_HASH_SIZE);
}

static void test_limits(void **state)
{
    (void)state;
    const struct {
        struct cs_attachment_form form;
        enum cs_status status;
    } tries[] = {
        {{0, CS_ATTACHMENT_CHUNK_MIN}, CS_OK},
        {{CS_ATTACHMENT_SIZE_MAX, CS_ATTACHMENT_CHUNK_MAX}, CS_OK},
        {{CS_ATTACHMENT_SIZE_MAX + 1, CS_ATTACHMENT_CHUNK_MAX}, CS_TOO_LARGE},
        {{CS_ATTACHMENT_CHUNK_MIN * CS_ATTACHMENT_CHUNKS_MAX, CS_ATTACHMENT_CHUNK_MIN}, CS_OK},
        {{CS_ATTACHMENT_CHUNK_MIN * CS_ATTACHMENT_CHUNKS_MAX + 1, CS_ATTACHMENT_CHUNK_MIN},
         CS_TOO_LARGE},
        {{UINT64_MAX, CS_ATTACHMENT_CHUNK_MIN}, CS_TOO_LARGE},
        {{1, CS_ATTACHMENT_CHUNK_MIN - 1}, CS_INVALID},
        {{1, CS_ATTACHMENT_CHUNK_MAX + 1}, CS_INVALID},
        {{1, 0}, CS_INVALID},
    };
    for (size_t i = 0; i < CS_COUNT(tries); i++) {
        assert_status(cs_attachment_form_check(&tries[i].form), tries[i].status);
    }
}

static void test_it_opens_in_its_place(void **state)
{
    (void)state;
    struct made made;
    struct cs_buffer plain;
    make(&made);
    cs_buffer_init(&plain, CS_ATTACHMENT_CHUNK_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        struct cs_attachment_place place = place_of(i);
        assert_ok(cs_attachment_chunk_open(cs_bytes_of_array(key), &place,
                                           cs_buffer_bytes(&made.chunks[i]), &plain));
    }
    assert_int_equal(plain.size, SIZE);
    assert_memory_equal(plain.data, content, SIZE);
    cs_buffer_release(&plain);
    forget(&made);
}

/* Chunk 0 where `place` is another one, or under another key. */
static void assert_closed(const struct made *made, struct cs_attachment_place place,
                          enum cs_status expected)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_ATTACHMENT_CHUNK_MAX);
    assert_status(cs_attachment_chunk_open(cs_bytes_of_array(key), &place,
                                           cs_buffer_bytes(&made->chunks[0]), &plain),
                  expected);
    assert_int_equal(plain.size, 0);
    cs_buffer_release(&plain);
}

static void test_it_opens_nowhere_else(void **state)
{
    (void)state;
    struct made made;
    uint8_t other[CS_HASH_SIZE] = {1};
    make(&made);
    assert_closed(&made, place_of(1), CS_FORGED);
    assert_closed(&made, place_of(2), CS_MALFORMED); /* it has another size */
    assert_closed(&made, place_of(3), CS_MALFORMED);
    struct cs_attachment_place place = place_of(0);
    place.organisation = other;
    assert_closed(&made, place, CS_FORGED);
    place = place_of(0);
    place.form.size = CHUNK; /* as if it were the last */
    assert_closed(&made, place, CS_FORGED);
    place.form.size = SIZE + 1;
    assert_closed(&made, place, CS_FORGED);
    key[5] ^= 1;
    assert_closed(&made, place_of(0), CS_FORGED);
    forget(&made);
}

static void test_a_chunk_of_another_size_is_not_sealed(void **state)
{
    (void)state;
    struct cs_buffer out;
    static const uint8_t nonce[CS_AEAD_NONCE_SIZE] = {0};
    struct cs_attachment_place place = place_of(2);
    cs_buffer_init(&out, CS_MEBI);
    assert_status(cs_attachment_chunk_seal(cs_bytes_of_array(key), &place,
                                           cs_bytes_make(content, CHUNK), nonce, &out),
                  CS_INVALID);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
}

/* Every byte of list and chunk counts, and every number of the form. */
static void test_altered_bytes_do_not_verify(void **state)
{
    (void)state;
    struct made made;
    make(&made);
    struct cs_bytes list = cs_buffer_bytes(&made.list);
    assert_ok(cs_attachment_list_check(&form, made.address, list));
    for (size_t i = 0; i < made.list.size; i++) {
        made.list.data[i] ^= 1;
        assert_status(cs_attachment_list_check(&form, made.address, list), CS_FORGED);
        made.list.data[i] ^= 1;
    }
    const struct cs_attachment_form longer = {SIZE + 1, CHUNK};
    const struct cs_attachment_form shorter = {2 * CHUNK, CHUNK};
    assert_status(cs_attachment_list_check(&longer, made.address, list), CS_FORGED);
    assert_status(cs_attachment_list_check(&shorter, made.address, list), CS_MALFORMED);
    for (size_t i = 0; i < COUNT; i++) {
        struct cs_bytes chunk = cs_buffer_bytes(&made.chunks[i]);
        assert_ok(cs_attachment_chunk_check(&form, list, i, chunk));
        for (size_t j = 0; j < chunk.size; j += 97) {
            made.chunks[i].data[j] ^= 0x80;
            assert_status(cs_attachment_chunk_check(&form, list, i, chunk), CS_FORGED);
            made.chunks[i].data[j] ^= 0x80;
        }
    }
    struct cs_bytes first = cs_buffer_bytes(&made.chunks[0]);
    assert_status(cs_attachment_chunk_check(&form, list, 1, first), CS_FORGED);
    assert_status(cs_attachment_chunk_check(&form, list, 2, first), CS_MALFORMED);
    assert_status(cs_attachment_chunk_check(&form, list, COUNT, first), CS_MALFORMED);
    list.size -= CS_HASH_SIZE;
    assert_status(cs_attachment_chunk_check(&form, list, 0, first), CS_MALFORMED);
    forget(&made);
}

static void test_running_out_of_memory(void **state)
{
    (void)state;
    struct made made;
    make(&made);
    enum cs_status status = CS_NO_MEMORY;
    for (long successes = 0; status != CS_OK; successes++) {
        struct cs_buffer plain;
        struct cs_attachment_place place = place_of(1);
        assert_true(successes < 20);
        cs_buffer_init(&plain, CS_ATTACHMENT_CHUNK_MAX);
        cs_memory_fail_after(successes);
        status = cs_attachment_chunk_open(cs_bytes_of_array(key), &place,
                                          cs_buffer_bytes(&made.chunks[1]), &plain);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        cs_buffer_release(&plain);
    }
    forget(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_golden_file),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_it_opens_in_its_place),
        cmocka_unit_test(test_it_opens_nowhere_else),
        cmocka_unit_test(test_a_chunk_of_another_size_is_not_sealed),
        cmocka_unit_test(test_altered_bytes_do_not_verify),
        cmocka_unit_test(test_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
