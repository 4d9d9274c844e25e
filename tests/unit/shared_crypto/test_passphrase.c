/* Keys from passphrases. The expected keys were made with another Argon2id (one lane, as
 * libsodium's). */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/crypto/passphrase.h"

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static struct cs_kdf_parameters least(void)
{
    struct cs_kdf_parameters parameters = {.memory_kib = CS_KDF_MEMORY_KIB_MIN,
                                           .passes = CS_KDF_PASSES_MIN};
    for (size_t i = 0; i < sizeof parameters.salt; i++) {
        parameters.salt[i] = (uint8_t)i;
    }
    return parameters;
}

static void keys_are_those_of_argon2id(void **state)
{
    (void)state;
    struct cs_kdf_parameters parameters = least();
    struct cs_secret *key = NULL;
    assert_ok(cs_kdf_derive(cs_bytes_of_text("correct horse"), &parameters, &key));
    assert_hex(cs_secret_bytes(key),
               "e3c889ca40ed01e6b6771fc8a5bf16e35ad60b41c9bd5d7e6d63adf51e50b0fd");
    cs_secret_destroy(key);
    assert_ok(cs_kdf_derive(CS_BYTES_NONE, &parameters, &key));
    assert_hex(cs_secret_bytes(key),
               "cabd8eb65ac84e96b96e15047b5d84c21dcf0d387defa2220c7d4a6ddbf92a6c");
    cs_secret_destroy(key);
}

static void every_parameter_changes_the_key(void **state)
{
    (void)state;
    struct cs_kdf_parameters parameters[] = {least(), least(), least(), least()};
    parameters[1].salt[15] ^= 1;
    parameters[2].passes++;
    parameters[3].memory_kib += 1024;
    struct cs_secret *keys[CS_COUNT(parameters)] = {NULL};
    for (size_t i = 0; i < CS_COUNT(parameters); i++) {
        assert_ok(cs_kdf_derive(cs_bytes_of_text("x"), &parameters[i], &keys[i]));
        for (size_t j = 0; j < i; j++) {
            assert_false(cs_secret_equal(cs_secret_bytes(keys[i]), cs_secret_bytes(keys[j])));
        }
    }
    for (size_t i = 0; i < CS_COUNT(parameters); i++) {
        cs_secret_destroy(keys[i]);
    }
}

static void parameters_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t memory_kib;
        uint32_t passes;
    } cases[] = {
        {0, 0},
        {0, CS_KDF_PASSES_MIN},
        {CS_KDF_MEMORY_KIB_MIN - 1, CS_KDF_PASSES_MIN},
        {CS_KDF_MEMORY_KIB_MAX + 1, CS_KDF_PASSES_MIN},
        {UINT32_MAX, CS_KDF_PASSES_MIN},
        {CS_KDF_MEMORY_KIB_MIN, 0},
        {CS_KDF_MEMORY_KIB_MIN, CS_KDF_PASSES_MIN - 1},
        {CS_KDF_MEMORY_KIB_MIN, CS_KDF_PASSES_MAX + 1},
        {CS_KDF_MEMORY_KIB_MIN, UINT32_MAX},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_kdf_parameters parameters = least();
        parameters.memory_kib = cases[i].memory_kib;
        parameters.passes = cases[i].passes;
        struct cs_secret *key = NULL;
        assert_status(cs_kdf_derive(cs_bytes_of_text("x"), &parameters, &key), CS_INVALID);
        assert_null(key);
    }
}

static void without_memory_there_is_no_key(void **state)
{
    (void)state;
    struct cs_kdf_parameters parameters = least();
    struct cs_secret *key = NULL;
    cs_memory_fail_after(0);
    enum cs_status status = cs_kdf_derive(cs_bytes_of_text("x"), &parameters, &key);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    assert_null(key);
}

static void hmac_matches_rfc_4231(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *message;
        const char *expected;
    } cases[] = {
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        uint8_t mac[32];
        cs_hmac_sha256(cs_bytes_of_text(cases[i].key), cs_bytes_of_text(cases[i].message), mac);
        assert_hex(cs_bytes_of_array(mac), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_argon2id),
        cmocka_unit_test(every_parameter_changes_the_key),
        cmocka_unit_test(parameters_out_of_bounds_are_refused),
        cmocka_unit_test(without_memory_there_is_no_key),
        cmocka_unit_test(hmac_matches_rfc_4231),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
