/* Encrypting and opening at a place: nothing opens elsewhere, as anything else, or altered. */
#include "tests/unit/field_client_vault/real_vault.h"

static struct fake_world fake;
static const uint8_t organisation[CS_HASH_SIZE] = {1};
static const uint8_t other[CS_HASH_SIZE] = {2};
static const uint8_t key[32] = {3};

static struct cs_vault_place here(void)
{
    return (struct cs_vault_place){.class_value = CS_VAULT_CLASS_SECRET,
                                   .organisation = organisation,
                                   .vault = scene_id(2),
                                   .epoch = 1,
                                   .item = scene_id(3),
                                   .field = cs_bytes_of_text("password"),
                                   .version = scene_id(4),
                                   .subject = organisation};
}

#define PLACES 10
/* Each differs from here() in one thing. */
static void elsewhere(struct cs_vault_place *places)
{
    for (size_t i = 0; i < PLACES; i++) {
        places[i] = here();
    }
    places[0].class_value = CS_VAULT_CLASS_LISTING;
    places[1].organisation = other;
    places[2].vault = scene_id(9);
    places[3].epoch = 2;
    places[4].item = scene_id(9);
    places[5].field = cs_bytes_of_text("notes");
    places[6].field = CS_BYTES_NONE;
    places[7].version = scene_id(9);
    places[8].subject = other;
    places[9].subject = NULL;
}

static void test_a_ciphertext_opens_at_its_place_only(void **state)
{
    (void)state;
    struct cs_vault_place places[PLACES];
    struct cs_vault_place place = here();
    struct cs_buffer ciphertext;
    struct cs_secret *opened = NULL;
    cs_buffer_init(&ciphertext, CS_MEBI);
    elsewhere(places);
    assert_ok(cs_vault_encrypt(&fake.world, cs_bytes_of_array(key), &place,
                               cs_bytes_of_text(SECRET), &ciphertext));
    assert_int_equal(ciphertext.size, strlen(SECRET) + CS_AEAD_OVERHEAD);
    for (size_t i = 0; i < PLACES; i++) {
        assert_status(cs_vault_decrypt(cs_bytes_of_array(key), &places[i],
                                       cs_buffer_bytes(&ciphertext), &opened),
                      CS_FORGED);
        assert_null(opened);
    }
    assert_status(
        cs_vault_decrypt(cs_bytes_of_array(other), &place, cs_buffer_bytes(&ciphertext), &opened),
        CS_FORGED);
    for (size_t bit = 0; bit < 8 * ciphertext.size; bit++) {
        ciphertext.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_status(
            cs_vault_decrypt(cs_bytes_of_array(key), &place, cs_buffer_bytes(&ciphertext), &opened),
            CS_FORGED);
        ciphertext.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_status(cs_vault_decrypt(cs_bytes_of_array(key), &place,
                                   cs_bytes_make(ciphertext.data, CS_AEAD_OVERHEAD - 1), &opened),
                  CS_MALFORMED);
    assert_ok(
        cs_vault_decrypt(cs_bytes_of_array(key), &place, cs_buffer_bytes(&ciphertext), &opened));
    assert_is_secret(opened);
    cs_buffer_release(&ciphertext);
}

static void test_a_seal_opens_at_its_place_only(void **state)
{
    (void)state;
    struct cs_vault_place places[PLACES];
    struct cs_vault_place place = here();
    struct cs_seal_key *own = scene_seal_key(1);
    struct cs_seal_key *others = scene_seal_key(2);
    struct cs_buffer sealed;
    struct cs_secret *opened = NULL;
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    cs_buffer_init(&sealed, CS_MEBI);
    cs_seal_key_public(own, recipient);
    elsewhere(places);
    assert_ok(cs_vault_seal(&fake.world, recipient, &place, cs_bytes_of_text(SECRET), &sealed));
    for (size_t i = 0; i < PLACES; i++) {
        assert_status(cs_vault_unseal(own, &places[i], cs_buffer_bytes(&sealed), &opened),
                      CS_FORGED);
        assert_null(opened);
    }
    assert_status(cs_vault_unseal(others, &place, cs_buffer_bytes(&sealed), &opened), CS_FORGED);
    assert_status(
        cs_vault_unseal(own, &place, cs_bytes_make(sealed.data, CS_SEAL_OVERHEAD - 1), &opened),
        CS_MALFORMED);
    assert_ok(cs_vault_unseal(own, &place, cs_buffer_bytes(&sealed), &opened));
    assert_is_secret(opened);
    cs_buffer_release(&sealed);
    cs_seal_key_destroy(own);
    cs_seal_key_destroy(others);
}

static void test_padding_hides_the_length(void **state)
{
    (void)state;
    static uint8_t bytes[CS_VAULT_SECRET_MAX];
    static const struct {
        size_t size;
        size_t padded;
    } cases[] = {{0, 64}, {1, 64}, {60, 64}, {61, 128}, {124, 128}, {125, 192}};
    struct cs_secret *padded = NULL;
    struct cs_bytes found;
    memset(bytes, 0x61, sizeof bytes);
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        assert_ok(cs_vault_pad(cs_bytes_make(bytes, cases[i].size), &padded));
        assert_int_equal(cs_secret_bytes(padded).size, cases[i].padded);
        assert_ok(cs_vault_unpad(cs_secret_bytes(padded), &found));
        assert_true(cs_bytes_equal(found, cs_bytes_make(bytes, cases[i].size)));
        cs_secret_destroy(padded);
    }
    assert_ok(cs_vault_pad(cs_bytes_make(bytes, CS_VAULT_SECRET_MAX - 4), &padded));
    assert_int_equal(cs_secret_bytes(padded).size, CS_VAULT_SECRET_MAX);
    cs_secret_destroy(padded);
    assert_status(cs_vault_pad(cs_bytes_make(bytes, CS_VAULT_SECRET_MAX - 3), &padded),
                  CS_TOO_LARGE);
}

static void test_padding_has_one_form(void **state)
{
    (void)state;
    uint8_t bytes[192] = {0, 0, 0, 60};
    struct cs_bytes found = {bytes, 7};
    assert_ok(cs_vault_unpad(cs_bytes_make(bytes, 64), &found));
    assert_int_equal(found.size, 60);
    assert_status(cs_vault_unpad(cs_bytes_make(bytes, 128), &found), CS_MALFORMED);
    assert_status(cs_vault_unpad(cs_bytes_make(bytes, 63), &found), CS_MALFORMED);
    assert_status(cs_vault_unpad(CS_BYTES_NONE, &found), CS_MALFORMED);
    bytes[3] = 61;
    assert_status(cs_vault_unpad(cs_bytes_make(bytes, 64), &found), CS_MALFORMED);
    bytes[0] = 0xff;
    assert_status(cs_vault_unpad(cs_bytes_make(bytes, 64), &found), CS_MALFORMED);
    bytes[0] = 0;
    bytes[3] = 10;
    bytes[63] = 1;
    assert_status(cs_vault_unpad(cs_bytes_make(bytes, 64), &found), CS_MALFORMED);
    assert_int_equal(found.size, 60);
}

static int setup(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    fake_world_init(&fake, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_world_release(&fake);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ciphertext_opens_at_its_place_only),
        cmocka_unit_test(test_a_seal_opens_at_its_place_only),
        cmocka_unit_test(test_padding_hides_the_length),
        cmocka_unit_test(test_padding_has_one_form),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
