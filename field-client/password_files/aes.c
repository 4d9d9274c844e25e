/* AES-256, see aes.h. */
#include "field-client/password_files/aes.h"

#include "shared/base/memory.h"

#include <mbedtls/aes.h>
#include <string.h>

/* Size of the padding, 1 … 16; 0 if it is not one. Every byte is looked at. */
static size_t padding_size(const uint8_t *block)
{
    uint8_t claimed = block[CS_AES_BLOCK_SIZE - 1];
    unsigned bad = claimed == 0 || claimed > CS_AES_BLOCK_SIZE;
    for (size_t i = 0; i < CS_AES_BLOCK_SIZE; i++) {
        unsigned is_padding = CS_AES_BLOCK_SIZE - i <= claimed;
        bad |= is_padding & (unsigned)(block[i] != claimed);
    }
    return bad != 0 ? 0 : claimed;
}

static enum cs_status crypt(const uint8_t key[static CS_AES_KEY_SIZE],
                            const uint8_t iv[static CS_AES_BLOCK_SIZE], int mode,
                            const uint8_t *input, size_t size, uint8_t *output)
{
    uint8_t chained[CS_AES_BLOCK_SIZE];
    mbedtls_aes_context context;
    memcpy(chained, iv, sizeof chained);
    mbedtls_aes_init(&context);
    int code = mode == MBEDTLS_AES_ENCRYPT ? mbedtls_aes_setkey_enc(&context, key, 256)
                                           : mbedtls_aes_setkey_dec(&context, key, 256);
    /* With sizes that fit, only hardware that fails makes these fail. */
    code = code == 0 ? mbedtls_aes_crypt_cbc(&context, mode, size, chained, input, output) : code;
    mbedtls_aes_free(&context);
    cs_wipe(chained, sizeof chained);
    return code == 0 ? CS_OK : CS_IO;
}

enum cs_status cs_aes_cbc_decrypt(const uint8_t key[static CS_AES_KEY_SIZE],
                                  const uint8_t iv[static CS_AES_BLOCK_SIZE],
                                  struct cs_bytes ciphertext, struct cs_buffer *out)
{
    if (ciphertext.size == 0 || ciphertext.size % CS_AES_BLOCK_SIZE != 0) {
        return CS_MALFORMED;
    }
    size_t size_before = out->size;
    uint8_t *place = cs_buffer_extend(out, ciphertext.size);
    if (place == NULL) {
        return out->status;
    }
    enum cs_status status =
        crypt(key, iv, MBEDTLS_AES_DECRYPT, ciphertext.data, ciphertext.size, place);
    size_t padding =
        status == CS_OK ? padding_size(place + ciphertext.size - CS_AES_BLOCK_SIZE) : 0;
    if (padding == 0) {
        cs_wipe(place, ciphertext.size);
        out->size = size_before;
        return status == CS_OK ? CS_FORGED : status;
    }
    out->size -= padding;
    return CS_OK;
}

enum cs_status cs_aes_cbc_encrypt(const uint8_t key[static CS_AES_KEY_SIZE],
                                  const uint8_t iv[static CS_AES_BLOCK_SIZE],
                                  struct cs_bytes plaintext, struct cs_buffer *out)
{
    size_t padding = CS_AES_BLOCK_SIZE - plaintext.size % CS_AES_BLOCK_SIZE;
    size_t size = plaintext.size + padding;
    size_t size_before = out->size;
    uint8_t *place = cs_buffer_extend(out, size);
    if (place == NULL) {
        return out->status;
    }
    if (plaintext.size > 0) {
        memcpy(place, plaintext.data, plaintext.size);
    }
    memset(place + plaintext.size, (int)padding, padding);
    enum cs_status status = crypt(key, iv, MBEDTLS_AES_ENCRYPT, place, size, place);
    if (status != CS_OK) {
        cs_wipe(place, size);
        out->size = size_before;
    }
    return status;
}

enum cs_status cs_aes_transform(const uint8_t key[static CS_AES_KEY_SIZE], uint64_t rounds,
                                uint8_t data[static 32])
{
    mbedtls_aes_context context;
    mbedtls_aes_init(&context);
    int code = mbedtls_aes_setkey_enc(&context, key, 256);
    for (uint64_t i = 0; code == 0 && i < rounds; i++) {
        code = mbedtls_aes_crypt_ecb(&context, MBEDTLS_AES_ENCRYPT, data, data);
        code |= mbedtls_aes_crypt_ecb(&context, MBEDTLS_AES_ENCRYPT, data + CS_AES_BLOCK_SIZE,
                                      data + CS_AES_BLOCK_SIZE);
    }
    mbedtls_aes_free(&context);
    return code == 0 ? CS_OK : CS_IO;
}
