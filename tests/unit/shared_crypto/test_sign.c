/* Labelled signatures. The expected signature was made with another Ed25519 over the bytes that
 * sign.h states. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/base/text.h"
#include "shared/crypto/sign.h"
#include "tests/support/fake_world.h"

#include <string.h>

struct scene {
    struct cs_sign_key *key;
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    uint8_t signature[CS_SIGNATURE_SIZE];
};

static struct scene scene;
static const char message_text[] = "attack at dawn";

static int set_up(void **state)
{
    (void)state;
    uint8_t seed[CS_SIGN_SEED_SIZE];
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)i;
    }
    if (cs_crypto_start() != CS_OK ||
        cs_sign_key_create(cs_bytes_of_array(seed), &scene.key) != CS_OK) {
        return -1;
    }
    cs_sign_key_public(scene.key, scene.public_key);
    cs_sign(scene.key, "test", cs_bytes_of_text(message_text), scene.signature);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_sign_key_destroy(scene.key);
    return 0;
}

static enum cs_status verify(const char *label, const char *message)
{
    return cs_sign_verify(scene.public_key, label, cs_bytes_of_text(message), scene.signature);
}

static void the_signature_is_over_label_and_message_hash(void **state)
{
    (void)state;
    assert_hex(cs_bytes_of_array(scene.public_key),
               "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    assert_hex(cs_bytes_of_array(scene.signature),
               "e2405be2555daeea8dcd4e0755ce1183e598cd5db3a9f590527e4820a44df7af"
               "7b53eeec641cd5a728500bd40f5e197706d2187fa6a4c87065a4177f3a643401");
    assert_ok(verify("test", message_text));
    assert_int_equal(cs_sign_key_seed(scene.key).size, CS_SIGN_SEED_SIZE);
    assert_int_equal(cs_sign_key_seed(scene.key).data[31], 31);
}

static void another_label_or_message_is_refused(void **state)
{
    (void)state;
    assert_status(verify("tesu", message_text), CS_FORGED);
    assert_status(verify("testa", "ttack at dawn"), CS_FORGED);
    assert_status(verify("test", ""), CS_FORGED);
    assert_status(verify("test", "attack at dawn "), CS_FORGED);
    assert_status(
        cs_sign_verify_bare(scene.public_key, cs_bytes_of_text(message_text), scene.signature),
        CS_FORGED);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct cs_bytes message = cs_bytes_of_text(message_text);
    for (size_t bit = 0; bit < 8 * sizeof scene.signature; bit++) {
        uint8_t altered[CS_SIGNATURE_SIZE];
        memcpy(altered, scene.signature, sizeof altered);
        altered[bit / 8] = (uint8_t)(altered[bit / 8] ^ 1u << bit % 8);
        assert_status(cs_sign_verify(scene.public_key, "test", message, altered), CS_FORGED);
    }
    for (size_t bit = 0; bit < 8 * sizeof scene.public_key; bit++) {
        uint8_t altered[CS_SIGN_PUBLIC_SIZE];
        memcpy(altered, scene.public_key, sizeof altered);
        altered[bit / 8] = (uint8_t)(altered[bit / 8] ^ 1u << bit % 8);
        assert_status(cs_sign_verify(altered, "test", message, scene.signature), CS_FORGED);
    }
    for (size_t bit = 0; bit < 8 * message.size; bit++) {
        char altered[sizeof message_text];
        memcpy(altered, message_text, sizeof altered);
        altered[bit / 8] = (char)(altered[bit / 8] ^ 1 << bit % 8);
        assert_status(cs_sign_verify(scene.public_key, "test", cs_bytes_make(altered, message.size),
                                     scene.signature),
                      CS_FORGED);
    }
}

static void small_order_keys_are_refused(void **state)
{
    (void)state;
    /* The neutral element as key and R, with s = 0, verifies for every message where this is not
     * checked. */
    static const uint8_t neutral[CS_SIGN_PUBLIC_SIZE] = {1};
    static const uint8_t zero_key[CS_SIGN_PUBLIC_SIZE];
    static const uint8_t signature[CS_SIGNATURE_SIZE] = {1};
    struct cs_bytes message = cs_bytes_of_text(message_text);
    assert_status(cs_sign_verify(neutral, "test", message, signature), CS_FORGED);
    assert_status(cs_sign_verify(zero_key, "test", message, signature), CS_FORGED);
}

static void large_and_empty_messages_can_be_signed(void **state)
{
    (void)state;
    struct cs_bytes large = {cs_alloc_zero(1, (size_t)5 << 20), (size_t)5 << 20};
    assert_non_null(large.data);
    uint8_t signature[CS_SIGNATURE_SIZE];
    cs_memory_fail_after(0);
    cs_sign(scene.key, "test", large, signature);
    assert_ok(cs_sign_verify(scene.public_key, "test", large, signature));
    cs_sign(scene.key, "test", CS_BYTES_NONE, signature);
    assert_ok(cs_sign_verify(scene.public_key, "test", CS_BYTES_NONE, signature));
    assert_int_equal(cs_memory_count(), 0);
    cs_memory_fail_after(-1);
    assert_status(cs_sign_verify(scene.public_key, "test", large, signature), CS_FORGED);
    union {
        const uint8_t *borrowed;
        void *owned;
    } data = {large.data};
    cs_free(data.owned);
}

static void labels_up_to_64_characters_work(void **state)
{
    (void)state;
    char label[65];
    memset(label, 'x', 64);
    label[64] = '\0';
    uint8_t signature[CS_SIGNATURE_SIZE];
    cs_sign(scene.key, label, CS_BYTES_NONE, signature);
    assert_ok(cs_sign_verify(scene.public_key, label, CS_BYTES_NONE, signature));
    assert_status(cs_sign_verify(scene.public_key, label + 1, CS_BYTES_NONE, signature), CS_FORGED);
}

static void seeds_of_another_size_are_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[64];
    static const size_t sizes[] = {0, 31, 33, 64};
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        struct cs_sign_key *key = scene.key;
        assert_status(cs_sign_key_create(cs_bytes_make(bytes, sizes[i]), &key), CS_INVALID);
        assert_null(key);
    }
    cs_sign_key_destroy(NULL);
}

static void random_keys_differ_and_fail_cleanly(void **state)
{
    (void)state;
    struct fake_world fake;
    fake_world_init(&fake, 1);
    struct cs_sign_key *key = NULL;
    long successes = 0;
    enum cs_status status = CS_NO_MEMORY;
    for (; status != CS_OK; successes++) {
        cs_memory_fail_after(successes);
        status = cs_sign_key_create_random(&fake.world, &key);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && key == NULL));
    }
    assert_int_equal(successes, 4);
    struct cs_sign_key *other = NULL;
    assert_ok(cs_sign_key_create_random(&fake.world, &other));
    assert_false(cs_bytes_equal(cs_sign_key_seed(key), cs_sign_key_seed(other)));
    /* A key made again from its seed is the same key. */
    struct cs_sign_key *again = NULL;
    assert_ok(cs_sign_key_create(cs_sign_key_seed(key), &again));
    uint8_t signature[CS_SIGNATURE_SIZE];
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    cs_sign(again, "test", CS_BYTES_NONE, signature);
    cs_sign_key_public(key, public_key);
    assert_ok(cs_sign_verify(public_key, "test", CS_BYTES_NONE, signature));
    cs_sign_key_destroy(key);
    cs_sign_key_destroy(other);
    cs_sign_key_destroy(again);
    fake_world_release(&fake);
}

static void a_bare_signature_is_over_the_message_itself(void **state)
{
    (void)state;
    uint8_t signature[CS_SIGNATURE_SIZE];
    cs_sign_bare(scene.key, cs_bytes_of_text(message_text), signature);
    assert_hex(cs_bytes_of_array(signature),
               "43d4563743875b2d13de2bb7195710301c95973f299337bf4192dca0b0af160ff258efdf354f2f9da41"
               "f203aa25511a906af40b1839a78d6cbe31ea266a8e807");
    assert_ok(cs_sign_verify_bare(scene.public_key, cs_bytes_of_text(message_text), signature));
    assert_status(
        cs_sign_verify(scene.public_key, "test", cs_bytes_of_text(message_text), signature),
        CS_FORGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signature_is_over_label_and_message_hash),
        cmocka_unit_test(another_label_or_message_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(small_order_keys_are_refused),
        cmocka_unit_test(large_and_empty_messages_can_be_signed),
        cmocka_unit_test(labels_up_to_64_characters_work),
        cmocka_unit_test(seeds_of_another_size_are_refused),
        cmocka_unit_test(random_keys_differ_and_fail_cleanly),
        cmocka_unit_test(a_bare_signature_is_over_the_message_itself),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
