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
                                                      required % 2 == 1, CS_BYTES_NONE};
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
        {7, CS_PASSWORD_LOWER, 0, false, {NULL, 0}},
        {129, CS_PASSWORD_LOWER, 0, false, {NULL, 0}},
        {12, 0, 0, false, {NULL, 0}},
        {12, 16, 0, false, {NULL, 0}},
        {12, CS_PASSWORD_LOWER, CS_PASSWORD_DIGIT, false, {NULL, 0}},
    };
    struct cs_secret *password = NULL;
    for (size_t i = 0; i < CS_COUNT(policies); i++) {
        assert_status(cs_password_generate(&fake.world, &policies[i], &password), CS_INVALID);
        assert_null(password);
    }
    const struct cs_password_policy good = {128, CS_PASSWORD_CLASSES_ALL, 0, false, {NULL, 0}};
    cs_memory_fail_after(0);
    assert_status(cs_password_generate(&fake.world, &good, &password), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_ok(cs_password_generate(&fake.world, &good, &password));
    cs_secret_destroy(password);
}

/* What a system does not take is left out; a policy that leaves nothing of a class is refused, and not drawn for ever. */
static void test_excluded_characters(void **state)
{
    (void)state;
    struct cs_password_policy policy = {12, CS_PASSWORD_LOWER | CS_PASSWORD_DIGIT,
                                        CS_PASSWORD_DIGIT, false,
                                        cs_bytes_of_text("abcdefghijklm012345678")};
    struct cs_secret *password = NULL;
    for (unsigned round = 0; round < 200; round++) {
        assert_ok(cs_password_generate(&fake.world, &policy, &password));
        for (size_t i = 0; i < policy.size; i++) {
            uint8_t character = cs_secret_bytes(password).data[i];
            assert_true(character == '9' || (character >= 'n' && character <= 'z'));
        }
        cs_secret_destroy(password);
    }
    policy.excluded = cs_bytes_of_text("0123456789");
    assert_status(cs_password_generate(&fake.world, &policy, &password), CS_INVALID);
    policy.no_look_alikes = true;
    policy.excluded = cs_bytes_of_text("34679"); /* the rest are look-alikes */
    assert_status(cs_password_generate(&fake.world, &policy, &password), CS_INVALID);
}

static enum cs_status parse(const char *text, const char *excluded, struct cs_password_policy *out,
                            struct cs_problem *problem)
{
    problem->text[0] = '\0';
    return cs_password_policy_parse(cs_bytes_of_text(text), cs_bytes_of_text(excluded), out,
                                    problem);
}

static void test_what_people_type(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        unsigned classes;
        bool no_look_alikes;
    } good[] = {
        {"", 20, CS_PASSWORD_CLASSES_ALL, true},
        {"32", 32, CS_PASSWORD_CLASSES_ALL, true},
        {"8,digit", 8, CS_PASSWORD_DIGIT, true},
        {"look_alikes,upper,lower,128", 128, CS_PASSWORD_UPPER | CS_PASSWORD_LOWER, false},
    };
    struct cs_problem problem;
    for (size_t i = 0; i < CS_COUNT(good); i++) {
        struct cs_password_policy policy;
        assert_ok(parse(good[i].text, "", &policy, &problem));
        assert_int_equal(policy.size, good[i].size);
        assert_int_equal(policy.allowed, good[i].classes);
        assert_int_equal(policy.required, good[i].classes);
        assert_true(policy.no_look_alikes == good[i].no_look_alikes);
    }
    static const char *const bad[][3] = {
        {"7", "", "8 to 128"},
        {"129", "", "8 to 128"},
        {"99999999999999999999", "", "8 to 128"},
        {"2x", "", "is no number"},
        {"12,letters", "", "letters"},
        {"12,,digit", "", "is no part"},
        {"12,digit", "0123456789", "every character of a class"},
    };
    struct cs_password_policy untouched = CS_PASSWORD_POLICY_USUAL;
    for (size_t i = 0; i < CS_COUNT(bad); i++) {
        assert_status(parse(bad[i][0], bad[i][1], &untouched, &problem), CS_INVALID);
        assert_non_null(strstr(problem.text, bad[i][2]));
        assert_int_equal(untouched.size, 20);
    }
}

/* Chi-squared over 94 characters with 2,000 × 94 draws: 93 degrees of freedom, so 160 is passed once in 100,000 seeds; this one is
 * fixed. A remainder of 256 taken as it is would give more than 10,000. */
static void test_no_character_is_preferred(void **state)
{
    (void)state;
    const struct cs_password_policy policy = {94, CS_PASSWORD_CLASSES_ALL, 0, false, {NULL, 0}};
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
    const struct cs_password_policy policy = {
        8, CS_PASSWORD_LOWER | CS_PASSWORD_DIGIT, CS_PASSWORD_DIGIT, false, {NULL, 0}};
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
        cmocka_unit_test(test_excluded_characters),
        cmocka_unit_test(test_what_people_type),
        cmocka_unit_test(test_no_character_is_preferred),
        cmocka_unit_test(test_no_place_is_preferred),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
