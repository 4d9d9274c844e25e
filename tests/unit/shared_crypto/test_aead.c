/* Key-committing encryption. The expected ciphertext was made with another implementation of what
 * aead.h states. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/crypto/aead.h"

#include <string.h>

static const uint8_t key_bytes[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                      22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const uint8_t nonce[24] = {64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75,
                                  76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87};
static const char plain[] = "attack at dawn";

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static void encrypt(struct cs_buffer *out)
{
    cs_buffer_init(out, 1000);
    assert_ok(cs_aead_encrypt(cs_bytes_of_array(key_bytes), "test", cs_bytes_of_text("header"),
                              cs_bytes_of_text(plain), nonce, out));
}

/* Decrypts with what is expected to fail, and asserts that nothing came out. */
static void assert_refused(struct cs_bytes key, const char *label, const char *associated,
                           struct cs_bytes ciphertext, enum cs_status expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    cs_buffer_append_text(&out, "kept");
    assert_status(cs_aead_decrypt(key, label, cs_bytes_of_text(associated), ciphertext, &out),
                  expected);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&out), "kept"));
    cs_buffer_release(&out);
}

static void the_format_is_as_stated(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    encrypt(&sealed);
    assert_hex(cs_buffer_bytes(&sealed),
               "404142434445464748494a4b4c4d4e4f5051525354555657"
               "4987672ab5a55770d29e33e0356cae2b06a9c8544c7a95ead4fc376c9e2f2ec9"
               "426aaef9fb03f97c7bd33ef959e0c7227b36a05b1199c34907b4adddc540");
    assert_int_equal(sealed.size, strlen(plain) + CS_AEAD_OVERHEAD);
    cs_buffer_release(&sealed);
}

static void plaintext_comes_back_appended(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    encrypt(&sealed);
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    cs_buffer_append_text(&out, "order: ");
    assert_ok(cs_aead_decrypt(cs_bytes_of_array(key_bytes), "test", cs_bytes_of_text("header"),
                              cs_buffer_bytes(&sealed), &out));
    assert_string_equal(cs_buffer_text(&out), "order: attack at dawn");
    cs_buffer_release(&out);
    cs_buffer_release(&sealed);
}

static void nothing_can_be_encrypted_too(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_AEAD_OVERHEAD);
    struct cs_bytes key = cs_bytes_of_array(key_bytes);
    assert_ok(cs_aead_encrypt(key, "test", CS_BYTES_NONE, CS_BYTES_NONE, nonce, &sealed));
    assert_int_equal(sealed.size, CS_AEAD_OVERHEAD);
    struct cs_buffer out;
    cs_buffer_init(&out, 0);
    assert_ok(cs_aead_decrypt(key, "test", CS_BYTES_NONE, cs_buffer_bytes(&sealed), &out));
    assert_int_equal(out.size, 0);
    assert_refused(key, "test", "x", cs_buffer_bytes(&sealed), CS_FORGED);
    cs_buffer_release(&out);
    cs_buffer_release(&sealed);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    encrypt(&sealed);
    for (size_t bit = 0; bit < 8 * sealed.size; bit++) {
        sealed.data[bit / 8] = (uint8_t)(sealed.data[bit / 8] ^ 1u << bit % 8);
        assert_refused(cs_bytes_of_array(key_bytes), "test", "header", cs_buffer_bytes(&sealed),
                       CS_FORGED);
        sealed.data[bit / 8] = (uint8_t)(sealed.data[bit / 8] ^ 1u << bit % 8);
    }
    cs_buffer_release(&sealed);
}

static void another_key_label_or_header_is_refused(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    encrypt(&sealed);
    struct cs_bytes bytes = cs_buffer_bytes(&sealed);
    struct cs_bytes key = cs_bytes_of_array(key_bytes);
    assert_refused(key, "tesu", "header", bytes, CS_FORGED);
    assert_refused(key, "test", "headers", bytes, CS_FORGED);
    assert_refused(key, "test", "", bytes, CS_FORGED);
    assert_refused(key, "testh", "eader", bytes, CS_FORGED);
    /* Label and header in each other's place. */
    assert_refused(key, "header", "test", bytes, CS_FORGED);
    for (size_t bit = 0; bit < 256; bit++) {
        uint8_t altered[32];
        memcpy(altered, key_bytes, sizeof altered);
        altered[bit / 8] = (uint8_t)(altered[bit / 8] ^ 1u << bit % 8);
        assert_refused(cs_bytes_of_array(altered), "test", "header", bytes, CS_FORGED);
    }
    cs_buffer_release(&sealed);
}

static void cut_or_grown_ciphertexts_are_refused(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    encrypt(&sealed);
    struct cs_bytes key = cs_bytes_of_array(key_bytes);
    for (size_t size = 0; size < sealed.size; size++) {
        assert_refused(key, "test", "header", cs_bytes_make(sealed.data, size),
                       size < CS_AEAD_OVERHEAD ? CS_MALFORMED : CS_FORGED);
    }
    cs_buffer_append_u8(&sealed, 0);
    assert_refused(key, "test", "header", cs_buffer_bytes(&sealed), CS_FORGED);
    cs_buffer_release(&sealed);
}

static void limits_and_memory_are_reported_without_output(void **state)
{
    (void)state;
    struct cs_bytes key = cs_bytes_of_array(key_bytes);
    struct cs_buffer out;
    cs_buffer_init(&out, CS_AEAD_OVERHEAD + 13);
    struct cs_bytes text = cs_bytes_of_text(plain);
    assert_status(cs_aead_encrypt(key, "test", CS_BYTES_NONE, text, nonce, &out), CS_LIMIT);
    assert_int_equal(out.size, 0);
    cs_buffer_clear(&out);
    struct cs_bytes huge = cs_bytes_make(plain, SIZE_MAX - 10);
    assert_status(cs_aead_encrypt(key, "test", CS_BYTES_NONE, huge, nonce, &out), CS_LIMIT);
    cs_buffer_release(&out);
    cs_buffer_init(&out, 1000);
    cs_memory_fail_after(0);
    enum cs_status status = cs_aead_encrypt(key, "test", CS_BYTES_NONE, text, nonce, &out);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
    struct cs_buffer sealed;
    encrypt(&sealed);
    cs_buffer_init(&out, 1000);
    cs_memory_fail_after(0);
    status =
        cs_aead_decrypt(key, "test", cs_bytes_of_text("header"), cs_buffer_bytes(&sealed), &out);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    cs_buffer_release(&out);
    cs_buffer_init(&out, 13);
    assert_status(
        cs_aead_decrypt(key, "test", cs_bytes_of_text("header"), cs_buffer_bytes(&sealed), &out),
        CS_LIMIT);
    cs_buffer_release(&sealed);
    cs_buffer_release(&out);
}

static void bare_primitives_check_their_sizes(void **state)
{
    (void)state;
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    struct cs_bytes key = cs_bytes_of_array(key_bytes);
    struct cs_bytes none = CS_BYTES_NONE;
    struct cs_bytes tag = cs_bytes_make(key_bytes, 16);
    struct cs_bytes nonce_24 = cs_bytes_of_array(nonce);
    struct cs_bytes nonce_12 = cs_bytes_make(nonce, 12);
    struct cs_bytes short_key = cs_bytes_make(key_bytes, 31);
    struct cs_bytes short_tag = cs_bytes_make(key_bytes, 15);
    assert_status(cs_xchacha20poly1305_decrypt(key, nonce_12, none, tag, &out), CS_INVALID);
    assert_status(cs_xchacha20poly1305_decrypt(short_key, nonce_24, none, tag, &out), CS_INVALID);
    assert_status(cs_xchacha20poly1305_decrypt(key, nonce_24, none, short_tag, &out), CS_MALFORMED);
    assert_status(cs_xchacha20poly1305_decrypt(key, nonce_24, none, tag, &out), CS_FORGED);
    assert_status(cs_chacha20poly1305_decrypt(key, nonce_24, none, tag, &out), CS_INVALID);
    assert_status(cs_chacha20poly1305_decrypt(short_key, nonce_12, none, tag, &out), CS_INVALID);
    assert_status(cs_chacha20poly1305_decrypt(key, nonce_12, none, short_tag, &out), CS_MALFORMED);
    assert_status(cs_chacha20poly1305_decrypt(key, nonce_12, none, tag, &out), CS_FORGED);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_as_stated),
        cmocka_unit_test(plaintext_comes_back_appended),
        cmocka_unit_test(nothing_can_be_encrypted_too),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(another_key_label_or_header_is_refused),
        cmocka_unit_test(cut_or_grown_ciphertexts_are_refused),
        cmocka_unit_test(limits_and_memory_are_reported_without_output),
        cmocka_unit_test(bare_primitives_check_their_sizes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
