/* Tests of the server's TLS identity. */
#include "shared/base/memory.h"
#include "sync-server/listener/tls_identity.h"
#include "tests/support/tls_server.h"

#include <mbedtls/x509_crt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

struct identity {
    struct cs_buffer key, certificate;
};

static void make(struct identity *out)
{
    cs_buffer_init(&out->key, 1000);
    cs_buffer_init(&out->certificate, 1000);
    assert_int_equal(cs_tls_identity_create(&out->key, &out->certificate), CS_OK);
}

static void release(struct identity *identity)
{
    cs_buffer_release(&identity->key);
    cs_buffer_release(&identity->certificate);
}

static void a_new_identity_is_a_self_signed_p256_certificate(void **state)
{
    (void)state;
    struct identity identity;
    make(&identity);
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt_init(&certificate);
    assert_int_equal(mbedtls_x509_crt_parse_der(&certificate, identity.certificate.data,
                                                identity.certificate.size),
                     0);
    char subject[100] = "";
    assert_true(mbedtls_x509_dn_gets(subject, sizeof subject, &certificate.subject) > 0);
    assert_string_equal(subject, "CN=countersign");
    assert_int_equal(certificate.valid_from.year, 2020);
    assert_int_equal(certificate.valid_to.year, 2040);
    assert_int_equal(mbedtls_pk_get_bitlen(&certificate.pk), 256);
    assert_true(mbedtls_pk_can_do(&certificate.pk, MBEDTLS_PK_ECDSA) != 0);
    uint32_t flags = 0;
    (void)mbedtls_x509_crt_verify(&certificate, &certificate, NULL, NULL, &flags, NULL, NULL);
    /* Its own signature holds; only that it is no authority may be complained about. */
    assert_int_equal(flags & MBEDTLS_X509_BADCERT_EXPIRED, 0);
    assert_int_equal(flags & MBEDTLS_X509_BADCERT_BAD_KEY, 0);
    mbedtls_x509_crt_free(&certificate);
    release(&identity);
}

static void every_identity_is_another(void **state)
{
    (void)state;
    struct identity a;
    struct identity b;
    make(&a);
    make(&b);
    uint8_t pin_a[CS_TLS_PIN_SIZE];
    uint8_t pin_b[CS_TLS_PIN_SIZE];
    assert_int_equal(cs_tls_identity_pin(cs_buffer_bytes(&a.certificate), pin_a), CS_OK);
    assert_int_equal(cs_tls_identity_pin(cs_buffer_bytes(&b.certificate), pin_b), CS_OK);
    assert_memory_not_equal(pin_a, pin_b, sizeof pin_a);
    assert_false(cs_bytes_equal(cs_buffer_bytes(&a.key), cs_buffer_bytes(&b.key)));
    release(&a);
    release(&b);
}

static void the_pin_is_what_openssl_computes(void **state)
{
    (void)state;
    uint8_t pin[CS_TLS_PIN_SIZE];
    assert_int_equal(cs_tls_identity_pin(tls_server_certificate(), pin), CS_OK);
    assert_memory_equal(pin, tls_server_pin, sizeof pin);
}

static void damaged_certificates_have_no_pin(void **state)
{
    (void)state;
    struct cs_bytes whole = tls_server_certificate();
    uint8_t pin[CS_TLS_PIN_SIZE] = {7};
    for (size_t size = 0; size < whole.size; size++) {
        assert_int_equal(cs_tls_identity_pin(cs_bytes_make(whole.data, size), pin), CS_MALFORMED);
    }
    uint8_t longer[1024] = {0};
    memcpy(longer, whole.data, whole.size);
    assert_int_equal(cs_tls_identity_pin(cs_bytes_make(longer, whole.size + 1), pin), CS_MALFORMED);
    assert_int_equal(cs_tls_identity_pin(cs_bytes_of_text("no certificate"), pin), CS_MALFORMED);
    assert_int_equal(pin[0], 7);
}

static void full_buffers_stay_as_they_are(void **state)
{
    (void)state;
    static const struct {
        size_t key_limit, certificate_limit;
    } cases[] = {{10, 1000}, {1000, 10}, {10, 10}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_buffer key;
        struct cs_buffer certificate;
        cs_buffer_init(&key, cases[i].key_limit);
        cs_buffer_init(&certificate, cases[i].certificate_limit);
        cs_buffer_append_text(&key, "k");
        cs_buffer_append_text(&certificate, "c");
        assert_int_equal(cs_tls_identity_create(&key, &certificate), CS_LIMIT);
        assert_true(cs_bytes_equal_text(cs_buffer_bytes(&key), "k"));
        assert_true(cs_bytes_equal_text(cs_buffer_bytes(&certificate), "c"));
        assert_int_equal(key.status, CS_OK);
        assert_int_equal(certificate.status, CS_OK);
        cs_buffer_release(&key);
        cs_buffer_release(&certificate);
    }
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    for (long failures = 0; failures < 2; failures++) {
        struct cs_buffer key;
        struct cs_buffer certificate;
        cs_buffer_init(&key, 1000);
        cs_buffer_init(&certificate, 1000);
        cs_memory_fail_after(failures);
        assert_int_equal(cs_tls_identity_create(&key, &certificate), CS_NO_MEMORY);
        cs_memory_fail_after(-1);
        assert_int_equal(key.size, 0);
        assert_int_equal(certificate.size, 0);
        cs_buffer_release(&key);
        cs_buffer_release(&certificate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_identity_is_a_self_signed_p256_certificate),
        cmocka_unit_test(every_identity_is_another),
        cmocka_unit_test(the_pin_is_what_openssl_computes),
        cmocka_unit_test(damaged_certificates_have_no_pin),
        cmocka_unit_test(full_buffers_stay_as_they_are),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
