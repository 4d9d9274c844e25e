/* Tests of scope names and of the digest over scopes. */
#include "tests/unit/shared_wire/message_samples.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_names_are_ordered_by_kind_then_id(void **state)
{
    (void)state;
    struct cs_scope_name everyone = {CS_SCOPE_EVERYONE, {{0}}};
    struct cs_scope_name low = {CS_SCOPE_PROJECT, {{1}}};
    struct cs_scope_name high = {CS_SCOPE_PROJECT, {{2}}};
    assert_true(cs_scope_name_compare(&everyone, &low) < 0);
    assert_true(cs_scope_name_compare(&low, &everyone) > 0);
    assert_true(cs_scope_name_compare(&low, &high) < 0);
    assert_true(cs_scope_name_compare(&high, &low) > 0);
    assert_int_equal(cs_scope_name_compare(&low, &low), 0);
}

static void test_digest_covers_every_part(void **state)
{
    (void)state;
    struct cs_scope_digest scopes[2] = {{{CS_SCOPE_EVERYONE, {{0}}}, {{1}}},
                                        {{CS_SCOPE_PROJECT, {{7}}}, {{2}}}};
    uint8_t digest[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    cs_scopes_digest(scopes, 2, digest);
    cs_scopes_digest(scopes, 2, other);
    assert_memory_equal(digest, other, sizeof digest);
    cs_scopes_digest(scopes, 1, other);
    assert_memory_not_equal(digest, other, sizeof digest);
    scopes[1].multiset.sum[31] ^= 1;
    cs_scopes_digest(scopes, 2, other);
    assert_memory_not_equal(digest, other, sizeof digest);
    scopes[1].multiset.sum[31] ^= 1;
    scopes[1].scope.id.bytes[15] ^= 1;
    cs_scopes_digest(scopes, 2, other);
    assert_memory_not_equal(digest, other, sizeof digest);
    scopes[1].scope.id.bytes[15] ^= 1;
    scopes[1].scope.kind = CS_SCOPE_PERSON;
    cs_scopes_digest(scopes, 2, other);
    assert_memory_not_equal(digest, other, sizeof digest);
}

static void test_digest_of_nothing_is_the_hash_of_nothing(void **state)
{
    (void)state;
    uint8_t digest[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    cs_scopes_digest(NULL, 0, digest);
    cs_hash("countersign scopes", CS_BYTES_NONE, expected);
    assert_memory_equal(digest, expected, sizeof digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_ordered_by_kind_then_id),
        cmocka_unit_test(test_digest_covers_every_part),
        cmocka_unit_test(test_digest_of_nothing_is_the_hash_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
