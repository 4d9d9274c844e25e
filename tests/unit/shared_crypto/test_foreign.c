/* Primitives of other programs' formats against published vectors. */
#include "shared/crypto/foreign.h"
#include "tests/support/testing.h"

#include <string.h>

static void test_hashes(void **state)
{
    const struct cs_bytes parts[] = {cs_bytes_of_text("a"), CS_BYTES_NONE, cs_bytes_of_text("bc")};
    uint8_t short_hash[CS_SHA256_SIZE];
    uint8_t long_hash[CS_SHA512_SIZE];
    (void)state;
    cs_sha256_parts(parts, CS_COUNT(parts), short_hash);
    assert_hex(cs_bytes_of_array(short_hash),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cs_sha512_parts(parts, CS_COUNT(parts), long_hash);
    assert_hex(cs_bytes_of_array(long_hash),
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* RFC 4231 §4.3, RFC 7914 §11, RFC 5869 A.1 (of each the first 32 bytes). */
static void test_keyed(void **state)
{
    static const uint8_t key[] = {0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f,
                                  0x0d, 0xc4, 0x7b, 0xba, 0x63, 0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f,
                                  0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5};
    const struct cs_bytes parts[] = {cs_bytes_of_text("what do ya want "),
                                     cs_bytes_of_text("for nothing?")};
    uint8_t out[CS_SHA256_SIZE];
    (void)state;
    cs_hmac_sha256_parts(cs_bytes_of_text("Jefe"), parts, CS_COUNT(parts), out);
    assert_hex(cs_bytes_of_array(out),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    cs_pbkdf2_sha256(cs_bytes_of_text("passwd"), cs_bytes_of_text("salt"), 1, out);
    assert_hex(cs_bytes_of_array(out),
               "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
    cs_pbkdf2_sha256(cs_bytes_of_text("Password"), cs_bytes_of_text("NaCl"), 80000, out);
    assert_hex(cs_bytes_of_array(out),
               "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
    cs_hkdf_expand_sha256(cs_bytes_of_array(key), "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", out);
    assert_hex(cs_bytes_of_array(out),
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

/* The key stream of a key and nonce of zeros. */
static void key_stream(enum cs_stream_cipher cipher, uint8_t *out, size_t size, size_t piece)
{
    static const uint8_t zeros[32];
    struct cs_stream stream;
    memset(out, 0, size);
    cs_stream_init(&stream, cipher, zeros, zeros);
    for (size_t i = 0; i < size; i += piece) {
        assert_true(cs_stream_apply(&stream, out + i, size - i < piece ? size - i : piece));
    }
    cs_stream_release(&stream);
}

/* RFC 8439 A.1 #1; ECRYPT's first vector of Salsa20 with a key of zeros. */
static void test_streams(void **state)
{
    uint8_t out[32];
    (void)state;
    key_stream(CS_STREAM_CHACHA20, out, sizeof out, sizeof out);
    assert_hex(cs_bytes_of_array(out),
               "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
    key_stream(CS_STREAM_SALSA20, out, sizeof out, sizeof out);
    assert_hex(cs_bytes_of_array(out),
               "9a97f65b9b4c721b960a672145fca8d4e32e67f9111ea979ce9c4826806aeee6");
}

static void test_streams_by_pieces(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 63, 64, 65, 127, 128, 129, 999};
    uint8_t whole[1000];
    uint8_t out[1000];
    (void)state;
    for (int cipher = CS_STREAM_SALSA20; cipher <= CS_STREAM_CHACHA20; cipher++) {
        key_stream((enum cs_stream_cipher)cipher, whole, sizeof whole, sizeof whole);
        for (size_t i = 0; i < CS_COUNT(pieces); i++) {
            key_stream((enum cs_stream_cipher)cipher, out, sizeof out, pieces[i]);
            assert_memory_equal(out, whole, sizeof whole);
        }
    }
}

static void test_end_of_a_stream(void **state)
{
    static const uint8_t zeros[32];
    struct cs_stream stream;
    uint8_t data[2] = {7, 7};
    (void)state;
    cs_stream_init(&stream, CS_STREAM_CHACHA20, zeros, zeros);
    stream.position = ((uint64_t)1 << 38) - 1;
    assert_false(cs_stream_apply(&stream, data, 2));
    assert_int_equal(data[0], 7);
    assert_true(cs_stream_apply(&stream, data, 1));
    assert_false(cs_stream_apply(&stream, data, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),          cmocka_unit_test(test_keyed),
        cmocka_unit_test(test_streams),         cmocka_unit_test(test_streams_by_pieces),
        cmocka_unit_test(test_end_of_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
