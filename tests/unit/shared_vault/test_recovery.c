/* The root's statement of the recovery key: nobody else's is taken. */
#include "tests/unit/shared_vault/vault_fixture.h"

#include "shared/wire/cbor.h"

static struct scene scene;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_release(&scene);
    return 0;
}

static void assert_refused(const uint8_t *root_key, enum cs_status expected)
{
    struct cs_vault_recovery out;
    memset(&out, 0x5a, sizeof out);
    assert_status(cs_vault_recovery_verify(cs_buffer_bytes(&scene.recovery_bytes), root_key, &out),
                  expected);
    assert_int_equal(out.threshold, 0x5a5a5a5a);
}

static void test_round_trip(void **state)
{
    (void)state;
    const struct cs_vault_recovery *found = &scene.recovery;
    uint8_t key[CS_SEAL_KEY_SIZE];
    cs_seal_key_public(scene.recovery_key, key);
    assert_memory_equal(found->key, key, sizeof key);
    assert_int_equal(found->number, 1);
    assert_int_equal(found->threshold, 2);
    assert_int_equal(found->count, 3);
    struct cs_buffer again;
    cs_buffer_init(&again, CS_MEBI);
    assert_ok(cs_vault_recovery_encode(found, scene.root, &again));
    assert_true(cs_bytes_equal(cs_buffer_bytes(&again), cs_buffer_bytes(&scene.recovery_bytes)));
    cs_buffer_release(&again);
}

static void test_an_injected_recovery_key_is_refused(void **state)
{
    (void)state;
    struct cs_vault_recovery injected = scene.recovery;
    cs_seal_key_public(scene.devices[OUTSIDER].seal_key, injected.key);
    for (size_t i = 0; i < 2; i++) {
        const struct cs_sign_key *signer = i == 0 ? scene.server : scene.devices[WANG].sign_key;
        cs_buffer_clear(&scene.recovery_bytes);
        assert_ok(cs_vault_recovery_encode(&injected, signer, &scene.recovery_bytes));
        assert_refused(scene.root_key, CS_FORGED);
    }
    injected.organisation[3] ^= 1;
    cs_buffer_clear(&scene.recovery_bytes);
    assert_ok(cs_vault_recovery_encode(&injected, scene.root, &scene.recovery_bytes));
    assert_refused(scene.root_key, CS_WRONG_ORGANISATION);
}

static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct cs_buffer *bytes = &scene.recovery_bytes;
    for (size_t bit = 0; bit < 8 * bytes->size; bit += 3) {
        bytes->data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_refused(scene.root_key, CS_FORGED);
        bytes->data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    bytes->size = CS_SIGNATURE_SIZE;
    assert_refused(scene.root_key, CS_MALFORMED);
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        unsigned threshold;
        unsigned count;
        enum cs_status expected;
    } cases[] = {{2, 2, CS_OK},      {2, 16, CS_OK},     {16, 16, CS_OK},    {1, 3, CS_INVALID},
                 {0, 0, CS_INVALID}, {4, 3, CS_INVALID}, {2, 17, CS_INVALID}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_vault_recovery recovery = scene.recovery;
        recovery.threshold = cases[i].threshold;
        recovery.count = cases[i].count;
        cs_buffer_clear(&scene.recovery_bytes);
        assert_status(cs_vault_recovery_encode(&recovery, scene.root, &scene.recovery_bytes),
                      cases[i].expected);
    }
}

/* Signed by the root, but not what this version knows: numbers put by hand. */
static void test_other_forms(void **state)
{
    (void)state;
    static const struct {
        uint64_t version;
        uint64_t threshold;
        uint64_t count;
        size_t shares;
        enum cs_status expected;
    } cases[] = {{1, 2, 3, 3, CS_OK},        {2, 2, 3, 3, CS_UNSUPPORTED},
                 {1, 1, 3, 3, CS_MALFORMED}, {1, 4, 3, 3, CS_MALFORMED},
                 {1, 2, 3, 2, CS_MALFORMED}, {1, 2, 17, 17, CS_MALFORMED},
                 {1, 2, 0, 0, CS_MALFORMED}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_buffer statement;
        static const uint8_t shares[17 * CS_HASH_SIZE];
        uint8_t signature[CS_SIGNATURE_SIZE];
        cs_buffer_init(&statement, CS_MEBI);
        cs_cbor_put_array(&statement, 8);
        cs_cbor_put_unsigned(&statement, cases[i].version);
        cs_cbor_put_bytes(&statement, cs_bytes_of_array(scene.organisation));
        cs_cbor_put_unsigned(&statement, 1);
        cs_cbor_put_bytes(&statement, cs_bytes_make(shares, 32));
        cs_cbor_put_bytes(&statement, cs_bytes_make(shares, 16));
        cs_cbor_put_unsigned(&statement, cases[i].threshold);
        cs_cbor_put_unsigned(&statement, cases[i].count);
        cs_cbor_put_bytes(&statement, cs_bytes_make(shares, cases[i].shares * CS_HASH_SIZE));
        cs_sign(scene.root, "countersign recovery key 1", cs_buffer_bytes(&statement), signature);
        cs_buffer_clear(&scene.recovery_bytes);
        cs_buffer_append(&scene.recovery_bytes, signature, sizeof signature);
        cs_buffer_append_bytes(&scene.recovery_bytes, cs_buffer_bytes(&statement));
        cs_buffer_release(&statement);
        if (cases[i].expected != CS_OK) {
            assert_refused(scene.root_key, cases[i].expected);
        } else {
            struct cs_vault_recovery found;
            assert_ok(cs_vault_recovery_verify(cs_buffer_bytes(&scene.recovery_bytes),
                                               scene.root_key, &found));
        }
    }
}

static void test_commitments_name_set_and_index(void **state)
{
    (void)state;
    static const uint8_t share[CS_VAULT_SHARE_SIZE] = {1};
    uint8_t first[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    struct cs_id set = scene_id(1);
    struct cs_id other_set = scene_id(2);
    cs_vault_share_commitment(&set, 1, cs_bytes_of_array(share), first);
    cs_vault_share_commitment(&set, 2, cs_bytes_of_array(share), other);
    assert_memory_not_equal(first, other, CS_HASH_SIZE);
    cs_vault_share_commitment(&other_set, 1, cs_bytes_of_array(share), other);
    assert_memory_not_equal(first, other, CS_HASH_SIZE);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip),
        CASE(test_an_injected_recovery_key_is_refused),
        CASE(test_every_flipped_bit_is_found),
        CASE(test_bounds),
        CASE(test_other_forms),
        CASE(test_commitments_name_set_and_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
