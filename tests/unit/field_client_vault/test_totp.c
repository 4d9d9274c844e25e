/* One-time passwords: the vectors of RFC 6238 (appendix B) and RFC 4226 (appendix D), bounds, and seeds as people get them. */
#include "field-client/vault/totp.h"

#include "shared/base/memory.h"
#include "tests/support/testing.h"

#include <string.h>

#define SEED_64 "1234567890123456789012345678901234567890123456789012345678901234"

static struct cs_totp totp(enum cs_totp_algorithm algorithm)
{
    static const size_t sizes[] = {20, 32, 64};
    return (struct cs_totp){.seed = cs_bytes_make(SEED_64, sizes[algorithm]),
                            .algorithm = algorithm,
                            .digits = 8,
                            .period_s = 30};
}

static void test_vectors_of_rfc_6238(void **state)
{
    (void)state;
    static const struct {
        int64_t time_s;
        const char *codes[3];
    } vectors[] = {
        {59, {"94287082", "46119246", "90693936"}},
        {1111111109, {"07081804", "68084774", "25091201"}},
        {1111111111, {"14050471", "67062674", "99943326"}},
        {1234567890, {"89005924", "91819424", "93441116"}},
        {2000000000, {"69279037", "90698825", "38618901"}},
        {20000000000, {"65353130", "77737706", "47863826"}},
    };
    for (size_t i = 0; i < CS_COUNT(vectors); i++) {
        for (int algorithm = CS_TOTP_SHA1; algorithm <= CS_TOTP_SHA512; algorithm++) {
            char code[CS_TOTP_DIGITS_MAX + 1];
            struct cs_totp given = totp((enum cs_totp_algorithm)algorithm);
            assert_ok(cs_totp_code(&given, vectors[i].time_s * 1000, code));
            assert_string_equal(code, vectors[i].codes[algorithm]);
            assert_ok(cs_totp_code(&given, vectors[i].time_s * 1000 + 999, code));
            assert_string_equal(code, vectors[i].codes[algorithm]);
        }
    }
}

static void test_vectors_of_rfc_4226(void **state)
{
    (void)state;
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    struct cs_totp given = totp(CS_TOTP_SHA1);
    char code[CS_TOTP_DIGITS_MAX + 1];
    given.digits = 6;
    given.period_s = 1;
    for (int64_t i = 0; i < 10; i++) {
        assert_ok(cs_totp_code(&given, i * 1000, code));
        assert_string_equal(code, codes[i]);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    char code[CS_TOTP_DIGITS_MAX + 1] = "kept";
    static const uint8_t large[129];
    for (size_t i = 0; i < 7; i++) {
        struct cs_totp given = totp(CS_TOTP_SHA1);
        given.digits = i == 0 ? 5 : i == 1 ? 9 : given.digits;
        given.period_s = i == 2 ? 0 : i == 3 ? 301 : given.period_s;
        given.seed.size = i == 4 ? 9 : given.seed.size;
        given.seed = i == 5 ? cs_bytes_of_array(large) : given.seed;
        assert_status(cs_totp_code(&given, i == 6 ? -1 : 0, code), CS_INVALID);
        assert_string_equal(code, "kept");
    }
}

static void test_seeds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *seed; /* NULL: refused */
    } cases[] = {
        {"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "12345678901234567890"},
        {"gezd gnbv gy3t qojq-gezd gnbv gy3t qojq\n", "12345678901234567890"},
        {"GEZDGNBVGY3TQOJQ", "1234567890"},
        {"GEZDGNBVGY3TQOJQGE======", "12345678901"},
        {"GEZDGNBVGY3TQOJQGF======", NULL}, /* bits left over */
        {"GEZDGNBVGY3TQOJQG=", NULL},       /* not a whole byte */
        {"GEZDGNBVGY3TQOJ", NULL},          /* too short */
        {"GEZDGNBVGY3TQOJ=QGEZDGNBV", NULL},
        {"GEZDGNBVGY3TQOJQ=GEZDGNBV", NULL}, /* something behind the padding */
        {"GEZD\tGNBV\rGY3T\nQOJQ", "1234567890"},
        {"GEZDGNBVGY3TQOJ0", NULL},
        {"GEZDGNBVGY3TQOJ!", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_secret *seed = NULL;
        enum cs_status status = cs_totp_seed_parse(cs_bytes_of_text(cases[i].text), &seed);
        if (cases[i].seed == NULL) {
            assert_status(status, CS_INVALID);
            assert_null(seed);
        } else {
            assert_ok(status);
            assert_true(cs_bytes_equal_text(cs_secret_bytes(seed), cases[i].seed));
            cs_secret_destroy(seed);
        }
    }
    struct cs_secret *seed = NULL;
    static const uint8_t large[513] = {'A'};
    assert_status(cs_totp_seed_parse(cs_bytes_of_array(large), &seed), CS_INVALID);
    for (long failing = 0; failing < 2; failing++) {
        cs_memory_fail_after(failing);
        assert_status(cs_totp_seed_parse(cs_bytes_of_text(cases[0].text), &seed), CS_NO_MEMORY);
        cs_memory_fail_after(-1);
        assert_null(seed);
    }
}

int main(void)
{
    assert_ok(cs_crypto_start());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_rfc_6238),
        cmocka_unit_test(test_vectors_of_rfc_4226),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
