/* Pages of files. The expected values were made with another implementation of XChaCha20-Poly1305. */
#include "tests/support/testing.h"

#include "shared/crypto/page.h"

#include <string.h>

static const uint8_t key[32] = {0xbe, 0x97, 0x21, 0x93, 0x87, 0xd6, 0xb8, 0x1a, 0xd6, 0xd2, 0x22,
                                0x2d, 0xcf, 0xe4, 0x65, 0x57, 0x35, 0x76, 0x2b, 0x10, 0x79, 0xf6,
                                0x23, 0x7a, 0xe6, 0x58, 0xae, 0x0a, 0x39, 0xa0, 0x97, 0x28};
static const uint8_t nonce[24] = {64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75,
                                  76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87};
/* A slot's associated data: page 3 of a database. */
static const uint8_t associated[] =
    "\x12"
    "countersign page 1"
    "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
    "\x00\x00\x00\x07\x01\x00\x00\x00\x03";

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static struct cs_bytes bound(void)
{
    return cs_bytes_make(associated, sizeof associated - 1);
}

static void encrypt_twenty(uint8_t *data, uint8_t *tag)
{
    for (size_t i = 0; i < 20; i++) {
        data[i] = (uint8_t)i;
    }
    cs_page_encrypt(cs_bytes_of_array(key), nonce, bound(), data, 20, tag);
}

static void the_cipher_is_as_stated(void **state)
{
    (void)state;
    uint8_t data[20];
    uint8_t tag[CS_PAGE_TAG_SIZE];
    encrypt_twenty(data, tag);
    assert_hex(cs_bytes_of_array(data), "2d0c1167c4fc2da6d6d79e442265a3219d9171ca");
    assert_hex(cs_bytes_of_array(tag), "c4eb56c04b4cdeddb28ef916e33fbd24");
    assert_ok(cs_page_decrypt(cs_bytes_of_array(key), nonce, bound(), data, sizeof data, tag));
    assert_hex(cs_bytes_of_array(data), "000102030405060708090a0b0c0d0e0f10111213");
}

static void any_altered_byte_is_refused_and_nothing_left(void **state)
{
    (void)state;
    static const uint8_t zeroes[20];
    for (size_t i = 0; i < 20 + CS_PAGE_TAG_SIZE; i++) {
        uint8_t data[20];
        uint8_t tag[CS_PAGE_TAG_SIZE];
        encrypt_twenty(data, tag);
        *(i < 20 ? &data[i] : &tag[i - 20]) ^= 0x20;
        assert_status(
            cs_page_decrypt(cs_bytes_of_array(key), nonce, bound(), data, sizeof data, tag),
            CS_FORGED);
        assert_memory_equal(data, zeroes, sizeof data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cipher_is_as_stated),
        cmocka_unit_test(any_altered_byte_is_refused_and_nothing_left),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
