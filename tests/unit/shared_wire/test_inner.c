/* Tests of inners: round trip, every bit flipped, truncation, limits. */
#include "shared/wire/change_set.h"

#include "shared/base/limits.h"
#include "tests/support/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HEADER_SIZE 185

struct fixture {
    struct fake_world fake;
    struct cs_sign_key *key;
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    struct cs_inner_header header;
    struct cs_buffer inner;
};

static int set_up(void **state)
{
    static struct fixture f;
    fake_world_init(&f.fake, 5);
    assert_int_equal(cs_crypto_start(), CS_OK);
    assert_int_equal(cs_sign_key_create_random(&f.fake.world, &f.key), CS_OK);
    cs_sign_key_public(f.key, f.public_key);
    f.header =
        (struct cs_inner_header){.sequence = 3, .first_counter = 1000, .transaction_count = 20};
    memset(f.header.organisation, 1, sizeof f.header.organisation);
    memset(f.header.certificate, 2, sizeof f.header.certificate);
    memset(f.header.previous, 3, sizeof f.header.previous);
    memset(f.header.server, 4, sizeof f.header.server);
    cs_buffer_init(&f.inner, CS_REQUEST_MAX);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    cs_memory_fail_after(-1);
    cs_sign_key_destroy(f->key);
    cs_buffer_release(&f->inner);
    fake_world_release(&f->fake);
    return 0;
}

static void encode(struct fixture *f, const char *body)
{
    cs_buffer_clear(&f->inner);
    assert_int_equal(cs_inner_encode(&f->header, cs_bytes_of_text(body), f->key, &f->inner), CS_OK);
    assert_int_equal(f->inner.size, CS_SIGNATURE_SIZE + HEADER_SIZE + strlen(body));
}

static void test_inner_comes_back(void **state)
{
    struct fixture *f = *state;
    struct cs_inner_header header;
    struct cs_bytes body;
    encode(f, "the body");
    assert_int_equal(cs_inner_split(cs_buffer_bytes(&f->inner), &header, &body), CS_OK);
    assert_true(cs_bytes_equal_text(body, "the body"));
    assert_int_equal(header.sequence, 3);
    assert_int_equal(header.first_counter, 1000);
    assert_int_equal(header.transaction_count, 20);
    assert_memory_equal(header.organisation, f->header.organisation, 32);
    assert_memory_equal(header.certificate, f->header.certificate, 32);
    assert_memory_equal(header.previous, f->header.previous, 32);
    assert_memory_equal(header.server, f->header.server, 32);
    uint8_t body_hash[CS_HASH_SIZE];
    cs_hash("countersign body", cs_bytes_of_text("the body"), body_hash);
    assert_memory_equal(header.body_hash, body_hash, sizeof body_hash);
    assert_int_equal(cs_inner_verify(cs_buffer_bytes(&f->inner), f->public_key), CS_OK);
    encode(f, "");
    assert_int_equal(cs_inner_verify(cs_buffer_bytes(&f->inner), f->public_key), CS_OK);
}

static void test_hash_covers_the_header_and_not_the_signature(void **state)
{
    struct fixture *f = *state;
    uint8_t first[CS_HASH_SIZE];
    uint8_t second[CS_HASH_SIZE];
    encode(f, "body");
    assert_int_equal(cs_inner_hash(cs_buffer_bytes(&f->inner), first), CS_OK);
    f->inner.data[0] ^= 1;
    assert_int_equal(cs_inner_hash(cs_buffer_bytes(&f->inner), second), CS_OK);
    assert_memory_equal(first, second, CS_HASH_SIZE);
    encode(f, "bodY");
    assert_int_equal(cs_inner_hash(cs_buffer_bytes(&f->inner), second), CS_OK);
    assert_memory_not_equal(first, second, CS_HASH_SIZE);
    memset(first, 0x77, sizeof first);
    memcpy(second, first, sizeof second);
    assert_int_equal(cs_inner_hash(cs_bytes_make(f->inner.data, 100), first), CS_MALFORMED);
    assert_memory_equal(first, second, CS_HASH_SIZE);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    struct fixture *f = *state;
    encode(f, "a body of some bytes");
    for (size_t i = 0; i < f->inner.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            f->inner.data[i] ^= (uint8_t)(1U << bit);
            enum cs_status status = cs_inner_verify(cs_buffer_bytes(&f->inner), f->public_key);
            assert_true(status == CS_FORGED || status == CS_MALFORMED || status == CS_LIMIT ||
                        status == CS_UNSUPPORTED);
            f->inner.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    assert_int_equal(cs_inner_verify(cs_buffer_bytes(&f->inner), f->public_key), CS_OK);
}

static void test_every_truncation_and_more_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_inner_header header;
    struct cs_bytes body = CS_BYTES_NONE;
    encode(f, "a body of some bytes");
    for (size_t size = 0; size < f->inner.size; size++) {
        struct cs_bytes cut = cs_bytes_make(f->inner.data, size);
        assert_int_equal(cs_inner_split(cut, &header, &body), CS_MALFORMED);
        assert_int_equal(cs_inner_verify(cut, f->public_key), CS_MALFORMED);
    }
    cs_buffer_append_u8(&f->inner, 0);
    assert_int_equal(cs_inner_split(cs_buffer_bytes(&f->inner), &header, &body), CS_MALFORMED);
    assert_null(body.data);
}

static void test_other_key_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_sign_key *other = NULL;
    uint8_t other_public[CS_SIGN_PUBLIC_SIZE];
    assert_int_equal(cs_sign_key_create_random(&f->fake.world, &other), CS_OK);
    cs_sign_key_public(other, other_public);
    encode(f, "body");
    assert_int_equal(cs_inner_verify(cs_buffer_bytes(&f->inner), other_public), CS_FORGED);
    cs_sign_key_destroy(other);
}

static void test_format_is_checked(void **state)
{
    struct fixture *f = *state;
    struct cs_inner_header header;
    struct cs_bytes body;
    encode(f, "body");
    f->inner.data[CS_SIGNATURE_SIZE] = 2;
    assert_int_equal(cs_inner_split(cs_buffer_bytes(&f->inner), &header, &body), CS_UNSUPPORTED);
    assert_int_equal(cs_inner_verify(cs_buffer_bytes(&f->inner), f->public_key), CS_UNSUPPORTED);
}

/* What the writer refuses, and the reader when the same stands in its bytes. */
static void check_header_refused(struct fixture *f, enum cs_status expected)
{
    cs_buffer_clear(&f->inner);
    assert_int_equal(cs_inner_encode(&f->header, cs_bytes_of_text("b"), f->key, &f->inner),
                     expected);
    assert_int_equal(f->inner.size, 0);
}

static void test_header_is_checked_when_writing(void **state)
{
    struct fixture *f = *state;
    struct cs_inner_header good = f->header;
    f->header.sequence = 0;
    check_header_refused(f, CS_INVALID);
    f->header.sequence = (uint64_t)INT64_MAX + 1;
    check_header_refused(f, CS_INVALID);
    f->header = good;
    f->header.first_counter = 0;
    check_header_refused(f, CS_INVALID);
    f->header.first_counter = (uint64_t)INT64_MAX - 18; /* 20 transactions: one too far */
    check_header_refused(f, CS_INVALID);
    f->header = good;
    f->header.transaction_count = 0;
    check_header_refused(f, CS_INVALID);
    f->header.transaction_count = CS_TRANSACTIONS_PER_CHANGE_SET_MAX + 1;
    check_header_refused(f, CS_TOO_LARGE);
}

static void check_patched(struct fixture *f, size_t place, size_t size, uint8_t value,
                          enum cs_status expected)
{
    struct cs_inner_header header;
    struct cs_bytes body;
    encode(f, "body");
    memset(f->inner.data + CS_SIGNATURE_SIZE + place, value, size);
    assert_int_equal(cs_inner_split(cs_buffer_bytes(&f->inner), &header, &body), expected);
}

static void test_header_is_checked_when_reading(void **state)
{
    struct fixture *f = *state;
    check_patched(f, 65, 8, 0, CS_MALFORMED);     /* sequence 0 */
    check_patched(f, 65, 8, 0xff, CS_MALFORMED);  /* sequence 2^64 - 1 */
    check_patched(f, 137, 8, 0, CS_MALFORMED);    /* first counter 0 */
    check_patched(f, 137, 8, 0xff, CS_MALFORMED); /* first counter 2^64 - 1 */
    check_patched(f, 145, 4, 0, CS_MALFORMED);    /* no transaction */
    check_patched(f, 145, 4, 0xff, CS_LIMIT);     /* 2^32 - 1 transactions */
    check_patched(f, 181, 4, 0xff, CS_MALFORMED); /* body of 4 GiB */
    check_patched(f, 181, 4, 0, CS_MALFORMED);    /* body smaller than what follows */
}

static void test_size_is_limited(void **state)
{
    struct fixture *f = *state;
    struct cs_inner_header header;
    struct cs_bytes body;
    size_t room = CS_CHANGE_SET_INNER_MAX - CS_SIGNATURE_SIZE - HEADER_SIZE;
    uint8_t *large = cs_alloc_zero(1, CS_CHANGE_SET_INNER_MAX + 1);
    assert_non_null(large);
    assert_int_equal(cs_inner_encode(&f->header, cs_bytes_make(large, room + 1), f->key, &f->inner),
                     CS_TOO_LARGE);
    assert_int_equal(f->inner.size, 0);
    assert_int_equal(cs_inner_encode(&f->header, cs_bytes_make(large, room), f->key, &f->inner),
                     CS_OK);
    assert_int_equal(cs_inner_verify(cs_buffer_bytes(&f->inner), f->public_key), CS_OK);
    assert_int_equal(
        cs_inner_split(cs_bytes_make(large, CS_CHANGE_SET_INNER_MAX + 1), &header, &body),
        CS_LIMIT);
    cs_free(large);
}

static void test_every_failing_allocation_is_clean(void **state)
{
    struct fixture *f = *state;
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    while (status != CS_OK) {
        cs_buffer_release(&f->inner);
        cs_memory_fail_after(failures);
        status = cs_inner_encode(&f->header, cs_bytes_of_text("body"), f->key, &f->inner);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(f->inner.size, 0);
            failures++;
        }
    }
    assert_true(failures >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_inner_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hash_covers_the_header_and_not_the_signature, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_truncation_and_more_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_other_key_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_format_is_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_header_is_checked_when_writing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_header_is_checked_when_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_failing_allocation_is_clean, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
