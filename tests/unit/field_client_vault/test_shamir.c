/* Secret sharing over GF(256): the field, every subset of shares, and that too few say nothing. */
#include "field-client/vault/shamir.h"

#include "shared/base/memory.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <string.h>

static struct fake_world fake;

static int setup(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    fake_world_init(&fake, 3);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_world_release(&fake);
    return 0;
}

/* As the definition says it: polynomials over GF(2), reduced. */
static uint8_t plain_multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0;
    for (int i = 0; i < 8; i++) {
        if ((b >> i & 1) != 0) {
            product ^= (unsigned)a << i;
        }
    }
    for (int i = 14; i >= 8; i--) {
        if ((product >> i & 1) != 0) {
            product ^= 0x11bu << (i - 8);
        }
    }
    return (uint8_t)product;
}

static void test_the_field(void **state)
{
    (void)state;
    assert_int_equal(cs_shamir_multiply(0x57, 0x83), 0xc1); /* FIPS 197 §4.2 */
    assert_int_equal(cs_shamir_multiply(0x53, 0xca), 0x01);
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            assert_int_equal(cs_shamir_multiply((uint8_t)a, (uint8_t)b),
                             plain_multiply((uint8_t)a, (uint8_t)b));
        }
    }
}

static void make_secret(uint8_t *secret)
{
    for (size_t i = 0; i < CS_SHAMIR_SIZE; i++) {
        secret[i] = (uint8_t)(7 * i + 1);
    }
}

/* Puts together the shares of the set bits. */
static bool gives_secret(const uint8_t *shares, unsigned subset, const uint8_t *secret)
{
    uint8_t chosen[8 * CS_SHAMIR_SIZE];
    uint8_t indexes[8];
    uint8_t found[CS_SHAMIR_SIZE];
    size_t count = 0;
    for (unsigned i = 0; i < 8; i++) {
        if ((subset >> i & 1) != 0) {
            memcpy(chosen + count * CS_SHAMIR_SIZE, shares + i * CS_SHAMIR_SIZE, CS_SHAMIR_SIZE);
            indexes[count++] = (uint8_t)(i + 1);
        }
    }
    cs_shamir_combine(cs_bytes_make(chosen, count * CS_SHAMIR_SIZE), indexes, count, found);
    return memcmp(found, secret, sizeof found) == 0;
}

static void test_every_subset(void **state)
{
    (void)state;
    uint8_t secret[CS_SHAMIR_SIZE];
    make_secret(secret);
    for (unsigned count = 2; count <= 6; count++) {
        for (unsigned threshold = 2; threshold <= count; threshold++) {
            uint8_t shares[6 * CS_SHAMIR_SIZE];
            assert_ok(
                cs_shamir_split(&fake.world, cs_bytes_of_array(secret), threshold, count, shares));
            for (unsigned subset = 1; subset < 1u << count; subset++) {
                unsigned members = (unsigned)__builtin_popcount(subset);
                assert_true(gives_secret(shares, subset, secret) == (members >= threshold));
            }
        }
    }
}

/* For every value that a byte of the secret could have there is one that the missing share could have: with one share too few,
 * all are as likely. */
static void test_one_share_too_few_says_nothing(void **state)
{
    (void)state;
    uint8_t secret[CS_SHAMIR_SIZE];
    uint8_t shares[3 * CS_SHAMIR_SIZE];
    const uint8_t indexes[] = {1, 2};
    bool seen[256] = {false};
    make_secret(secret);
    assert_ok(cs_shamir_split(&fake.world, cs_bytes_of_array(secret), 2, 3, shares));
    for (unsigned guess = 0; guess < 256; guess++) {
        uint8_t found[CS_SHAMIR_SIZE];
        memset(shares + CS_SHAMIR_SIZE, (int)guess, CS_SHAMIR_SIZE);
        cs_shamir_combine(cs_bytes_make(shares, 2 * CS_SHAMIR_SIZE), indexes, 2, found);
        assert_false(seen[found[0]]);
        seen[found[0]] = true;
    }
}

static void test_memory(void **state)
{
    (void)state;
    uint8_t secret[CS_SHAMIR_SIZE] = {1};
    uint8_t shares[2 * CS_SHAMIR_SIZE];
    cs_memory_fail_after(0);
    assert_status(cs_shamir_split(&fake.world, cs_bytes_of_array(secret), 2, 2, shares),
                  CS_NO_MEMORY);
    cs_memory_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_field),
        cmocka_unit_test(test_every_subset),
        cmocka_unit_test(test_one_share_too_few_says_nothing),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
