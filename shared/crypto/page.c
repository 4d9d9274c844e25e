/* Pages of files, see page.h. */
#include "shared/crypto/page.h"

#include <sodium.h>

void cs_page_encrypt(struct cs_bytes key, const uint8_t nonce[static CS_PAGE_NONCE_SIZE],
                     struct cs_bytes associated, uint8_t *data, size_t size,
                     uint8_t out_tag[static CS_PAGE_TAG_SIZE])
{
    cs_require(key.size == CS_PAGE_KEY_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
        data, out_tag, NULL, data, size, associated.data, associated.size, NULL, nonce, key.data);
}

enum cs_status cs_page_decrypt(struct cs_bytes key, const uint8_t nonce[static CS_PAGE_NONCE_SIZE],
                               struct cs_bytes associated, uint8_t *data, size_t size,
                               const uint8_t tag[static CS_PAGE_TAG_SIZE])
{
    cs_require(key.size == CS_PAGE_KEY_SIZE);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
            data, NULL, data, size, tag, associated.data, associated.size, nonce, key.data) != 0) {
        sodium_memzero(data, size);
        return CS_FORGED;
    }
    return CS_OK;
}
