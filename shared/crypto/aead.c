/*
 * Key-committing authenticated encryption, see aead.h.
 *
 * Keys derived for one message live on the stack and are wiped before return: guarded memory for
 * each page or row would cost more than the encryption itself.
 */
#include "shared/crypto/aead.h"

#include "shared/base/memory.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/label.h"

#include <string.h>

#define COMMITMENT_SIZE 32
#define TAG_SIZE 16

struct derived {
    uint8_t key[CS_AEAD_KEY_SIZE];
    uint8_t commitment[COMMITMENT_SIZE];
};

static void derive(struct cs_bytes key, const char *label, struct cs_bytes associated,
                   const uint8_t nonce[static CS_AEAD_NONCE_SIZE], struct derived *out)
{
    uint8_t associated_hash[CS_HASH_SIZE];
    (void)crypto_generichash(associated_hash, sizeof associated_hash, associated.data,
                             associated.size, NULL, 0);
    uint8_t both[CS_AEAD_KEY_SIZE + COMMITMENT_SIZE];
    crypto_generichash_state state;
    cs_require(crypto_generichash_init(&state, key.data, key.size, sizeof both) == 0);
    cs_label_update(&state, label);
    (void)crypto_generichash_update(&state, nonce, CS_AEAD_NONCE_SIZE);
    (void)crypto_generichash_update(&state, associated_hash, sizeof associated_hash);
    (void)crypto_generichash_final(&state, both, sizeof both);
    memcpy(out->key, both, sizeof out->key);
    memcpy(out->commitment, both + sizeof out->key, sizeof out->commitment);
    sodium_memzero(&state, sizeof state);
    sodium_memzero(both, sizeof both);
}

enum cs_status cs_aead_encrypt(struct cs_bytes key, const char *label, struct cs_bytes associated,
                               struct cs_bytes plaintext,
                               const uint8_t nonce[static CS_AEAD_NONCE_SIZE],
                               struct cs_buffer *out)
{
    cs_require(key.size == CS_AEAD_KEY_SIZE);
    if (plaintext.size > SIZE_MAX - CS_AEAD_OVERHEAD) {
        return CS_LIMIT;
    }
    uint8_t *place = cs_buffer_extend(out, plaintext.size + CS_AEAD_OVERHEAD);
    if (place == NULL) {
        return out->status;
    }
    struct derived derived;
    derive(key, label, associated, nonce, &derived);
    memcpy(place, nonce, CS_AEAD_NONCE_SIZE);
    memcpy(place + CS_AEAD_NONCE_SIZE, derived.commitment, COMMITMENT_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        place + CS_AEAD_NONCE_SIZE + COMMITMENT_SIZE, NULL, plaintext.data, plaintext.size,
        associated.data, associated.size, NULL, nonce, derived.key);
    sodium_memzero(&derived, sizeof derived);
    return CS_OK;
}

enum cs_status cs_aead_decrypt(struct cs_bytes key, const char *label, struct cs_bytes associated,
                               struct cs_bytes ciphertext, struct cs_buffer *out)
{
    cs_require(key.size == CS_AEAD_KEY_SIZE);
    if (ciphertext.size < CS_AEAD_OVERHEAD) {
        return CS_MALFORMED;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, ciphertext);
    struct cs_bytes nonce = cs_read_bytes(&reader, CS_AEAD_NONCE_SIZE);
    struct cs_bytes commitment = cs_read_bytes(&reader, COMMITMENT_SIZE);
    struct derived derived;
    derive(key, label, associated, nonce.data, &derived);
    enum cs_status status = CS_FORGED;
    if (sodium_memcmp(commitment.data, derived.commitment, COMMITMENT_SIZE) == 0) {
        status = cs_xchacha20poly1305_decrypt(cs_bytes_of_array(derived.key), nonce, associated,
                                              reader.rest, out);
    }
    sodium_memzero(&derived, sizeof derived);
    return status;
}

typedef int decrypt_function(unsigned char *m, unsigned long long *mlen_p, unsigned char *nsec,
                             const unsigned char *c, unsigned long long clen,
                             const unsigned char *ad, unsigned long long adlen,
                             const unsigned char *npub, const unsigned char *k);

/* Sizes of key and nonce were checked by the caller. */
static enum cs_status decrypt_bare(decrypt_function *function, struct cs_bytes key,
                                   struct cs_bytes nonce, struct cs_bytes associated,
                                   struct cs_bytes ciphertext, struct cs_buffer *out)
{
    if (ciphertext.size < TAG_SIZE) {
        return CS_MALFORMED;
    }
    size_t plaintext_size = ciphertext.size - TAG_SIZE;
    uint8_t *place = cs_buffer_extend(out, plaintext_size);
    if (place == NULL) {
        return out->status;
    }
    if (function(place, NULL, NULL, ciphertext.data, ciphertext.size, associated.data,
                 associated.size, nonce.data, key.data) != 0) {
        cs_wipe(place, plaintext_size);
        out->size -= plaintext_size;
        return CS_FORGED;
    }
    return CS_OK;
}

enum cs_status cs_xchacha20poly1305_decrypt(struct cs_bytes key, struct cs_bytes nonce,
                                            struct cs_bytes associated, struct cs_bytes ciphertext,
                                            struct cs_buffer *out)
{
    if (key.size != crypto_aead_xchacha20poly1305_ietf_KEYBYTES ||
        nonce.size != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
        return CS_INVALID;
    }
    return decrypt_bare(crypto_aead_xchacha20poly1305_ietf_decrypt, key, nonce, associated,
                        ciphertext, out);
}

enum cs_status cs_chacha20poly1305_decrypt(struct cs_bytes key, struct cs_bytes nonce,
                                           struct cs_bytes associated, struct cs_bytes ciphertext,
                                           struct cs_buffer *out)
{
    if (key.size != crypto_aead_chacha20poly1305_ietf_KEYBYTES ||
        nonce.size != crypto_aead_chacha20poly1305_ietf_NPUBBYTES) {
        return CS_INVALID;
    }
    return decrypt_bare(crypto_aead_chacha20poly1305_ietf_decrypt, key, nonce, associated,
                        ciphertext, out);
}
