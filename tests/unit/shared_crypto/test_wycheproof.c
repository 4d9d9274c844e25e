/*
 * The Wycheproof vectors against the bare primitives. Every vector of a file is judged; none is
 * left out:
 *
 *   - AEAD: vectors with a nonce of another size must be refused as such.
 *   - Ed25519: signatures of another size than 64 bytes cannot be handed over at all, and must
 *     be "invalid".
 *   - X25519: an all-zero result ("ZeroSharedSecret", only "acceptable") must be refused, all
 *     others must match.
 */
#include "tests/support/testing.h"

#include "shared/crypto/passphrase.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/sign.h"
#include "tests/support/vectors.h"

#include <stdio.h>

struct tally {
    struct cs_buffer buffers[6];
    size_t accepted; /* "valid", and the result was the expected one */
    size_t refused;  /* had to be refused and was */
};

/* The numbers asserted at the end of this file are those of the edition at hand; later ones only
 * add vectors. */

/* Runs one file, or skips where it is absent; every vector must have been accepted or refused. */
static struct tally run(const char *name, vector_function *function)
{
    struct vectors vectors;
    char path[200];
    (void)snprintf(path, sizeof path, "wycheproof/%s_test.json", name);
    if (!vectors_load(&vectors, CS_TEST_SOURCE_DIR, path)) {
        print_message("%s is absent: skipped (CS_TESTDATA names the folder)\n", path);
        skip();
    }
    struct tally tally = {.accepted = 0};
    for (size_t i = 0; i < CS_COUNT(tally.buffers); i++) {
        cs_buffer_init(&tally.buffers[i], (size_t)1 << 20);
    }
    size_t count = vectors_each(&vectors, function, &tally);
    print_message("%s: %zu vectors, %zu accepted, %zu refused\n", path, count, tally.accepted,
                  tally.refused);
    assert_true(count > 0);
    assert_int_equal(count, vectors_announced(&vectors));
    assert_int_equal(count, tally.accepted + tally.refused);
    for (size_t i = 0; i < CS_COUNT(tally.buffers); i++) {
        cs_buffer_release(&tally.buffers[i]);
    }
    vectors_release(&vectors);
    return tally;
}

static bool is_valid(const struct vector_case *vector)
{
    return vector_text_is(vector, "result", "valid");
}

typedef enum cs_status decrypt_function(struct cs_bytes key, struct cs_bytes nonce,
                                        struct cs_bytes associated, struct cs_bytes ciphertext,
                                        struct cs_buffer *out);

static void judge_aead(const struct vector_case *vector, struct tally *tally,
                       decrypt_function *decrypt)
{
    struct cs_bytes key = vector_bytes(vector, "key", &tally->buffers[0]);
    struct cs_bytes nonce = vector_bytes(vector, "iv", &tally->buffers[1]);
    struct cs_bytes associated = vector_bytes(vector, "aad", &tally->buffers[2]);
    struct cs_bytes tag = vector_bytes(vector, "tag", &tally->buffers[3]);
    struct cs_buffer *ciphertext = &tally->buffers[4];
    struct cs_buffer *out = &tally->buffers[5];
    (void)vector_bytes(vector, "ct", ciphertext);
    cs_buffer_append_bytes(ciphertext, tag);
    cs_buffer_clear(out);
    enum cs_status status = decrypt(key, nonce, associated, cs_buffer_bytes(ciphertext), out);
    if (is_valid(vector)) {
        assert_ok(status);
        struct cs_bytes message = vector_bytes(vector, "msg", ciphertext);
        assert_true(cs_bytes_equal(cs_buffer_bytes(out), message));
        tally->accepted++;
    } else {
        bool wrong_nonce = vector_has_flag(vector, "InvalidNonceSize");
        assert_true(wrong_nonce || vector_has_flag(vector, "ModifiedTag"));
        assert_status(status, wrong_nonce ? CS_INVALID : CS_FORGED);
        assert_int_equal(out->size, 0);
        tally->refused++;
    }
}

static void judge_xchacha(const struct vector_case *vector, void *context)
{
    judge_aead(vector, context, cs_xchacha20poly1305_decrypt);
}

static void judge_chacha(const struct vector_case *vector, void *context)
{
    judge_aead(vector, context, cs_chacha20poly1305_decrypt);
}

static void judge_ed25519(const struct vector_case *vector, void *context)
{
    struct tally *tally = context;
    struct cs_bytes public_key = vector_bytes(vector, "publicKey.pk", &tally->buffers[0]);
    struct cs_bytes message = vector_bytes(vector, "msg", &tally->buffers[1]);
    struct cs_bytes signature = vector_bytes(vector, "sig", &tally->buffers[2]);
    assert_int_equal(public_key.size, CS_SIGN_PUBLIC_SIZE);
    if (signature.size != CS_SIGNATURE_SIZE) {
        assert_false(is_valid(vector));
        tally->refused++;
        return;
    }
    enum cs_status status = cs_sign_verify_bare(public_key.data, message, signature.data);
    assert_status(status, is_valid(vector) ? CS_OK : CS_FORGED);
    tally->accepted += is_valid(vector) ? 1 : 0;
    tally->refused += is_valid(vector) ? 0 : 1;
}

static void judge_x25519(const struct vector_case *vector, void *context)
{
    struct tally *tally = context;
    struct cs_bytes secret = vector_bytes(vector, "private", &tally->buffers[0]);
    struct cs_bytes public_key = vector_bytes(vector, "public", &tally->buffers[1]);
    struct cs_bytes shared = vector_bytes(vector, "shared", &tally->buffers[2]);
    uint8_t out[32] = {0};
    enum cs_status status = cs_x25519(secret, public_key, out);
    if (vector_has_flag(vector, "ZeroSharedSecret")) {
        assert_true(vector_text_is(vector, "result", "acceptable"));
        assert_status(status, CS_FORGED);
        tally->refused++;
        return;
    }
    assert_ok(status);
    assert_true(cs_bytes_equal(cs_bytes_of_array(out), shared));
    tally->accepted++;
}

static void judge_hmac(const struct vector_case *vector, void *context)
{
    struct tally *tally = context;
    struct cs_bytes key = vector_bytes(vector, "key", &tally->buffers[0]);
    struct cs_bytes message = vector_bytes(vector, "msg", &tally->buffers[1]);
    struct cs_bytes tag = vector_bytes(vector, "tag", &tally->buffers[2]);
    uint8_t mac[32];
    cs_hmac_sha256(key, message, mac);
    assert_int_equal(tag.size, vector_number(vector, "tagSize") / 8);
    assert_true(tag.size <= sizeof mac);
    assert_int_equal(cs_bytes_equal(tag, cs_bytes_make(mac, tag.size)), is_valid(vector));
    tally->accepted += is_valid(vector) ? 1 : 0;
    tally->refused += is_valid(vector) ? 0 : 1;
}

/* RFC 5869, out of HMAC alone. false when more is asked than it can give. */
static bool hkdf_sha256(struct cs_bytes salt, struct cs_bytes input, struct cs_bytes info,
                        size_t size, struct cs_buffer *out)
{
    if (size > (size_t)255 * 32) {
        return false;
    }
    static const uint8_t zero_salt[32];
    uint8_t extracted[32];
    cs_hmac_sha256(salt.size == 0 ? cs_bytes_of_array(zero_salt) : salt, input, extracted);
    uint8_t block[32];
    struct cs_bytes previous = CS_BYTES_NONE;
    for (uint8_t i = 1; out->size < size; i++) {
        struct cs_buffer message;
        cs_buffer_init(&message, 10000);
        cs_buffer_append_bytes(&message, previous);
        cs_buffer_append_bytes(&message, info);
        cs_buffer_append_u8(&message, i);
        cs_hmac_sha256(cs_bytes_of_array(extracted), cs_buffer_bytes(&message), block);
        cs_buffer_release(&message);
        previous = cs_bytes_of_array(block);
        size_t wanted = size - out->size;
        cs_buffer_append(out, block, wanted < sizeof block ? wanted : sizeof block);
    }
    return true;
}

static void judge_hkdf(const struct vector_case *vector, void *context)
{
    struct tally *tally = context;
    struct cs_bytes input = vector_bytes(vector, "ikm", &tally->buffers[0]);
    struct cs_bytes salt = vector_bytes(vector, "salt", &tally->buffers[1]);
    struct cs_bytes info = vector_bytes(vector, "info", &tally->buffers[2]);
    struct cs_bytes expected = vector_bytes(vector, "okm", &tally->buffers[3]);
    struct cs_buffer *out = &tally->buffers[4];
    cs_buffer_clear(out);
    bool made = hkdf_sha256(salt, input, info, (size_t)vector_number(vector, "size"), out);
    assert_int_equal(made, is_valid(vector));
    if (!made) {
        assert_true(vector_has_flag(vector, "SizeTooLarge"));
        tally->refused++;
        return;
    }
    assert_true(cs_bytes_equal(cs_buffer_bytes(out), expected));
    tally->accepted++;
}

static void xchacha20_poly1305(void **state)
{
    (void)state;
    struct tally tally = run("xchacha20_poly1305", judge_xchacha);
    assert_true(tally.accepted >= 246);
    assert_true(tally.refused >= 60 + 9);
}

static void chacha20_poly1305(void **state)
{
    (void)state;
    struct tally tally = run("chacha20_poly1305", judge_chacha);
    assert_true(tally.accepted >= 256);
    assert_true(tally.refused >= 60 + 9);
}

static void ed25519(void **state)
{
    (void)state;
    struct tally tally = run("ed25519", judge_ed25519);
    assert_true(tally.accepted >= 88);
    assert_true(tally.refused >= 63);
}

static void x25519(void **state)
{
    (void)state;
    struct tally tally = run("x25519", judge_x25519);
    assert_true(tally.accepted >= 264 + 223);
    assert_true(tally.refused >= 31);
}

static void hmac_sha256(void **state)
{
    (void)state;
    struct tally tally = run("hmac_sha256", judge_hmac);
    assert_true(tally.accepted >= 66);
    assert_true(tally.refused >= 108);
}

static void hkdf_of_hmac(void **state)
{
    (void)state;
    struct tally tally = run("hkdf_sha256", judge_hkdf);
    assert_true(tally.accepted >= 83);
    assert_true(tally.refused >= 3);
}

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xchacha20_poly1305),
        cmocka_unit_test(chacha20_poly1305),
        cmocka_unit_test(ed25519),
        cmocka_unit_test(x25519),
        cmocka_unit_test(hmac_sha256),
        cmocka_unit_test(hkdf_of_hmac),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
