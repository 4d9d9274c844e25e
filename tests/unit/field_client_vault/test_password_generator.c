/* Generated passwords: what the policy says, and every one as likely as any other. */
#include "field-client/vault/password_generator.h"

#include "shared/base/memory.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <string.h>

static struct fake_world fake;

static int setup(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    fake_world_init(&fake, 11);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_world_release(&fake);
    return 0;
}

static unsigned class_of(uint8_t character)
{
    return character >= 'a' && character <= 'z'   ? CS_PASSWORD_LOWER
           : character >= 'A' && character <= 'Z' ? CS_PASSWORD_UPPER
           : character >= '0' && character <= '9' ? CS_PASSWORD_DIGIT
                                                  : CS_PASSWORD_SYMBOL;
}

static unsigned classes_of(struct cs_bytes password)
{
    unsigned classes = 0;
    for (size_t i = 0; i < password.size; i++) {
        assert_true(password.data[i] > ' ' && password.data[i] <= '~');
        classes |= class_of(password.data[i]);
    }
    return classes;
}

static void test_every_policy_is_kept(void **state)
{
    (void)state;
    for (unsigned allowed = 1; allowed <= CS_PASSWORD_CLASSES_ALL; allowed++) {
        for (unsigned required = 0; required <= allowed; required++) {
            const struct cs_password_policy policy = {8 + allowed % 3, allowed, required,
                                                      required % 2 == 1};
            struct cs_secret *password = NULL;
            if ((required & ~allowed) != 0) {
                continue;
            }
            for (unsigned round = 0; round < 20; round++) {
                assert_ok(cs_password_generate(&fake.world, &policy, &password));
                struct cs_bytes bytes = cs_secret_bytes(password);
                unsigned classes = classes_of(bytes);
                assert_int_equal(bytes.size, policy.size);
                assert_int_equal(classes & ~allowed, 0);
                assert_int_equal(required & ~classes, 0);
                for (size_t i = 0; policy.no_look_alikes && i < bytes.size; i++) {
                    assert_null(strchr("0Oo1Il|5S2Z8B`'\",.;:", bytes.data[i]));
                }
                cs_secret_destroy(password);
            }
        }
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct cs_password_policy policies[] = {
        {7, CS_PASSWORD_LOWER, 0, false},
        {129, CS_PASSWORD_LOWER, 0, false},
        {12, 0, 0, false},
        {12, 16, 0, false},
        {12, CS_PASSWORD_LOWER, CS_PASSWORD_DIGIT, false},
    };
    struct cs_secret *password = NULL;
    for (size_t i = 0; i < CS_COUNT(policies); i++) {
        assert_status(cs_password_generate(&fake.world, &policies[i], &password), CS_INVALID);
        assert_null(password);
    }
    const struct cs_password_policy good = {128, CS_PASSWORD_CLASSES_ALL, 0, false};
    cs_memory_fail_after(0);
    assert_status(cs_password_generate(&fake.world, &good, &password), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_ok(cs_password_generate(&fake.world, &good, &password));
    cs_secret_destroy(password);
}

/* Chi-squared over 94 characters with 2,000 × 94 draws: 93 degrees of freedom, so 160 is passed once in 100,000 seeds; this one is
 * fixed. A remainder of 256 taken as it is would give more than 10,000. */
static void test_no_character_is_preferred(void **state)
{
    (void)state;
    const struct cs_password_policy policy = {94, CS_PASSWORD_CLASSES_ALL, 0, false};
    long counts[128] = {0};
    struct cs_secret *password = NULL;
    for (unsigned round = 0; round < 2000; round++) {
        assert_ok(cs_password_generate(&fake.world, &policy, &password));
        for (size_t i = 0; i < policy.size; i++) {
            counts[cs_secret_bytes(password).data[i]]++;
        }
        cs_secret_destroy(password);
    }
    double chi_squared = 0;
    for (unsigned character = '!'; character <= '~'; character++) {
        double difference = (double)counts[character] - 2000;
        chi_squared += difference * difference / 2000;
    }
    assert_true(chi_squared < 160);
}

/* With a required digit in eight characters, the digit stands at every place alike: it was not put somewhere. */
static void test_no_place_is_preferred(void **state)
{
    (void)state;
    const struct cs_password_policy policy = {8, CS_PASSWORD_LOWER | CS_PASSWORD_DIGIT,
                                              CS_PASSWORD_DIGIT, false};
    long digits[8] = {0};
    long sum = 0;
    struct cs_secret *password = NULL;
    for (unsigned round = 0; round < 8000; round++) {
        assert_ok(cs_password_generate(&fake.world, &policy, &password));
        for (size_t i = 0; i < 8; i++) {
            if (class_of(cs_secret_bytes(password).data[i]) == CS_PASSWORD_DIGIT) {
                digits[i]++;
                sum++;
            }
        }
        cs_secret_destroy(password);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_in_range((uint64_t)(digits[i] * 800 / sum), 94, 106);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_policy_is_kept),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_no_character_is_preferred),
        cmocka_unit_test(test_no_place_is_preferred),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
