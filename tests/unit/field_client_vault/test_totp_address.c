/* Seeds with their settings: as people type them, as QR codes hold them, and what is none. */
#include "field-client/vault/totp.h"

#include "tests/support/testing.h"

#include <string.h>

/* The seed of RFC 6238, in base 32. */
#define SEED "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static void assert_code(const char *text, int64_t time_s, const char *expected)
{
    struct cs_totp totp;
    struct cs_secret *seed = NULL;
    struct cs_problem problem = {""};
    char code[CS_TOTP_DIGITS_MAX + 1];
    assert_ok(cs_totp_parse(cs_bytes_of_text(text), &totp, &seed, &problem));
    assert_ok(cs_totp_code(&totp, time_s * 1000, code));
    assert_string_equal(code, expected);
    cs_secret_destroy(seed);
}

static void test_what_is_read(void **state)
{
    (void)state;
    assert_code(SEED, 59, "287082");
    assert_code("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", 59, "287082");
    assert_code("otpauth://totp/ACME:admin?secret=" SEED "&issuer=ACME", 59, "287082");
    assert_code("OTPAUTH://TOTP/x?SECRET=" SEED "&Digits=8", 59, "94287082");
    assert_code("otpauth://totp/?digits=8&period=30&algorithm=SHA1&secret=" SEED "%3D%3d", 59,
                "94287082");
    assert_code("otpauth://totp/x?secret=" SEED "&digits=8&period=1&algorithm=sha1", 1, "94287082");
    assert_code("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
                "&digits=8&algorithm=SHA256",
                59, "46119246");
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cs_status status;
        const char *says;
    } refused[] = {
        {"otpauth://hotp/x?secret=" SEED "&counter=1", CS_UNSUPPORTED, "by time"},
        {"otpauth://totp/x?secret=" SEED "&algorithm=MD5", CS_UNSUPPORTED, "algorithm"},
        {"otpauth://totp/x?secret=" SEED "&digits=5", CS_INVALID, "out of bounds"},
        {"otpauth://totp/x?secret=" SEED "&digits=9", CS_INVALID, "out of bounds"},
        {"otpauth://totp/x?secret=" SEED "&period=0", CS_INVALID, "out of bounds"},
        {"otpauth://totp/x?secret=" SEED "&period=301", CS_INVALID, "out of bounds"},
        {"otpauth://totp/x?secret=" SEED "&period=4294967326", CS_INVALID, "no number"},
        {"otpauth://totp/x?secret=" SEED "&digits=", CS_INVALID, "no number"},
        {"otpauth://totp/x?secret=" SEED "&digits=six", CS_INVALID, "no number"},
        {"otpauth://totp/x?digits=6", CS_INVALID, "base 32"},
        {"otpauth://totp/x", CS_INVALID, "base 32"},
        {"otpauth://totp/x?secret=" SEED "%3", CS_INVALID, "base 32"},
        {"otpauth://totp/x?secret=" SEED "%", CS_INVALID, "base 32"},
        {"otpauth://totp/x?secret=" SEED "%zz", CS_INVALID, "base 32"},
        {"GEZDGNBV", CS_INVALID, "base 32"},
        {"not a seed!", CS_INVALID, "base 32"},
        {"", CS_INVALID, "base 32"},
    };
    for (size_t i = 0; i < CS_COUNT(refused); i++) {
        struct cs_totp totp;
        struct cs_secret *seed = NULL;
        struct cs_problem problem = {""};
        enum cs_status status =
            cs_totp_parse(cs_bytes_of_text(refused[i].text), &totp, &seed, &problem);
        if (status != refused[i].status || strstr(problem.text, refused[i].says) == NULL) {
            fail_msg("%zu: %s \"%s\"", i, cs_status_name(status), problem.text);
        }
        assert_null(seed);
        assert_null(strstr(problem.text, "GEZDG"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_refused),
    };
    assert_ok(cs_crypto_start());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
