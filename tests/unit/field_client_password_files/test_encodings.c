/* Base 64, gzip and AES as password files have them. */
#include "field-client/password_files/aes.h"
#include "field-client/password_files/base64.h"
#include "field-client/password_files/gzip.h"
#include "field-client/password_files/xml.h"
#include "tests/unit/field_client_password_files/samples.h"

static void assert_decodes(const char *text, const char *expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, SAMPLE_MAX);
    assert_ok(cs_base64_decode(cs_bytes_of_text(text), &out));
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&out), expected));
    cs_buffer_release(&out);
}

static void test_base64(void **state)
{
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "====", "Z*==", "Zm9v=", "-_8="};
    struct cs_buffer out;
    (void)state;
    assert_decodes("", "");
    assert_decodes("Zg==", "f");
    assert_decodes("Zm8=", "fo");
    assert_decodes(" Zm\r\n9v\t", "foo");
    assert_decodes("Zm9vYmFy", "foobar");
    cs_buffer_init(&out, SAMPLE_MAX);
    for (size_t i = 0; i < CS_COUNT(bad); i++) {
        assert_status(cs_base64_decode(cs_bytes_of_text(bad[i]), &out), CS_MALFORMED);
        assert_int_equal(out.size, 0);
    }
    for (size_t size = 0; size < 70; size++) {
        struct cs_buffer bytes;
        cs_buffer_init(&bytes, SAMPLE_MAX);
        for (size_t i = 0; i < size; i++) {
            cs_buffer_append_u8(&bytes, (uint8_t)(i * 37 + size));
        }
        cs_buffer_clear(&out);
        cs_base64_encode(cs_buffer_bytes(&bytes), &out);
        struct cs_buffer again;
        cs_buffer_init(&again, SAMPLE_MAX);
        assert_ok(cs_base64_decode(cs_buffer_bytes(&out), &again));
        assert_true(cs_bytes_equal(cs_buffer_bytes(&again), cs_buffer_bytes(&bytes)));
        cs_buffer_release(&again);
        cs_buffer_release(&bytes);
    }
    cs_buffer_release(&out);
}

/* 1 MiB of zeros is about a kibibyte packed: a small file may ask for much. */
static void test_gzip_has_a_ceiling(void **state)
{
    struct cs_buffer bytes;
    struct cs_buffer packed;
    struct cs_buffer out;
    (void)state;
    cs_buffer_init(&bytes, SAMPLE_MAX);
    cs_buffer_init(&packed, SAMPLE_MAX);
    (void)memset(cs_buffer_extend(&bytes, CS_MEBI), 0, CS_MEBI);
    assert_ok(cs_gzip(cs_buffer_bytes(&bytes), &packed));
    assert_true(packed.size < 2 * CS_KIBI);
    cs_buffer_init(&out, CS_MEBI - 1);
    assert_status(cs_gunzip(cs_buffer_bytes(&packed), &out), CS_LIMIT);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
    cs_buffer_init(&out, CS_MEBI);
    assert_ok(cs_gunzip(cs_buffer_bytes(&packed), &out));
    assert_true(cs_bytes_equal(cs_buffer_bytes(&out), cs_buffer_bytes(&bytes)));
    cs_buffer_clear(&out);
    for (size_t size = 0; size < packed.size; size++) {
        assert_status(cs_gunzip(cs_bytes_make(packed.data, size), &out), CS_MALFORMED);
        assert_int_equal(out.size, 0);
    }
    cs_buffer_append_u8(&packed, 0);
    assert_status(cs_gunzip(cs_buffer_bytes(&packed), &out), CS_MALFORMED);
    cs_buffer_release(&bytes);
    cs_buffer_release(&packed);
    cs_buffer_release(&out);
}

/* SP 800-38A F.2.5, the first block; behind it a block of padding. */
static void test_aes(void **state)
{
    static const uint8_t key[] = {0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae,
                                  0xf0, 0x85, 0x7d, 0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61,
                                  0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4};
    static const uint8_t iv[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t text[] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                   0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
    struct cs_buffer encrypted;
    struct cs_buffer out;
    (void)state;
    cs_buffer_init(&encrypted, SAMPLE_MAX);
    cs_buffer_init(&out, SAMPLE_MAX);
    assert_ok(cs_aes_cbc_encrypt(key, iv, cs_bytes_of_array(text), &encrypted));
    assert_int_equal(encrypted.size, 32);
    assert_hex(cs_bytes_make(encrypted.data, 16), "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
    assert_ok(cs_aes_cbc_decrypt(key, iv, cs_buffer_bytes(&encrypted), &out));
    assert_true(cs_bytes_equal(cs_buffer_bytes(&out), cs_bytes_of_array(text)));
    cs_buffer_clear(&out);
    assert_status(cs_aes_cbc_decrypt(key, iv, cs_bytes_make(encrypted.data, 16), &out), CS_FORGED);
    assert_status(cs_aes_cbc_decrypt(key, iv, cs_bytes_make(encrypted.data, 31), &out),
                  CS_MALFORMED);
    assert_status(cs_aes_cbc_decrypt(key, iv, CS_BYTES_NONE, &out), CS_MALFORMED);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&encrypted);
    cs_buffer_release(&out);
}

static void test_what_xml_can_hold(void **state)
{
    (void)state;
    assert_true(cs_xml_can_hold(cs_bytes_of_text("a\t\r\n<&>\"密\xf0\x9f\x94\x91")));
    assert_false(cs_xml_can_hold(cs_bytes_of_text("a\x01")));
    assert_false(cs_xml_can_hold(cs_bytes_of_text("\x1b[0m")));
    assert_false(cs_xml_can_hold(cs_bytes_of_text("\xef\xbf\xbe")));
    assert_true(cs_xml_can_hold(cs_bytes_of_text("\xef\xbf\xbd")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_gzip_has_a_ceiling),
        cmocka_unit_test(test_aes),
        cmocka_unit_test(test_what_xml_can_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
