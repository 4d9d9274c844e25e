/* The root key's statement of its shares: only its own is taken, and it is taken for nothing else. */
#include "shared/vault/root_split.h"

#include "shared/wire/cbor.h"
#include "tests/unit/shared_vault/vault_fixture.h"

static struct scene scene;
static struct cs_root_split split;
static struct cs_buffer bytes;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    memset(&split, 0, sizeof split);
    cs_sign_key_public(scene.root, split.root_key);
    split.threshold = 2;
    split.count = 3;
    for (unsigned i = 0; i < split.count; i++) {
        memset(split.commitments[i], (int)i + 1, CS_HASH_SIZE);
    }
    cs_root_split_set(&split, &split.set);
    cs_buffer_init(&bytes, CS_MEBI);
    assert_ok(cs_root_split_encode(&split, scene.root, &bytes));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_buffer_release(&bytes);
    scene_release(&scene);
    return 0;
}

static void assert_refused(enum cs_status expected)
{
    struct cs_root_split out;
    memset(&out, 0x5a, sizeof out);
    assert_status(cs_root_split_verify(cs_buffer_bytes(&bytes), &out), expected);
    assert_int_equal(out.threshold, 0x5a5a5a5a);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct cs_root_split found;
    assert_ok(cs_root_split_verify(cs_buffer_bytes(&bytes), &found));
    assert_memory_equal(found.root_key, scene.root_key, sizeof found.root_key);
    assert_true(cs_id_equal(&found.set, &split.set));
    assert_int_equal(found.threshold, 2);
    assert_int_equal(found.count, 3);
    assert_memory_equal(found.commitments, split.commitments, sizeof found.commitments);
}

/* Whoever signs it names himself: nobody can speak for another root key, nor take this for a recovery key. */
static void test_only_its_own_key_signs_it(void **state)
{
    (void)state;
    struct cs_vault_recovery recovery;
    cs_buffer_clear(&bytes);
    assert_ok(cs_root_split_encode(&split, scene.server, &bytes));
    assert_refused(CS_FORGED);
    cs_buffer_clear(&bytes);
    assert_ok(cs_root_split_encode(&split, scene.root, &bytes));
    assert_status(cs_vault_recovery_verify(cs_buffer_bytes(&bytes), scene.root_key, &recovery),
                  CS_FORGED);
    cs_buffer_clear(&bytes);
    cs_buffer_append_bytes(&bytes, cs_buffer_bytes(&scene.recovery_bytes));
    assert_refused(CS_MALFORMED);
}

static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * bytes.size; bit += 3) {
        struct cs_root_split out;
        bytes.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_true(cs_root_split_verify(cs_buffer_bytes(&bytes), &out) != CS_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    bytes.size = CS_SIGNATURE_SIZE;
    assert_refused(CS_MALFORMED);
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
        split.threshold = cases[i].threshold;
        split.count = cases[i].count;
        cs_buffer_clear(&bytes);
        assert_status(cs_root_split_encode(&split, scene.root, &bytes), cases[i].expected);
    }
}

/* Signed by the root key, but not what this version knows: numbers put by hand. */
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
    static const uint8_t shares[17 * CS_HASH_SIZE];
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_buffer statement;
        struct cs_root_split found;
        uint8_t signature[CS_SIGNATURE_SIZE];
        cs_buffer_init(&statement, CS_MEBI);
        cs_cbor_put_array(&statement, 5);
        cs_cbor_put_unsigned(&statement, cases[i].version);
        cs_cbor_put_bytes(&statement, cs_bytes_of_array(scene.root_key));
        cs_cbor_put_unsigned(&statement, cases[i].threshold);
        cs_cbor_put_unsigned(&statement, cases[i].count);
        cs_cbor_put_bytes(&statement, cs_bytes_make(shares, cases[i].shares * CS_HASH_SIZE));
        cs_sign(scene.root, "countersign root shares 1", cs_buffer_bytes(&statement), signature);
        cs_buffer_clear(&bytes);
        cs_buffer_append(&bytes, signature, sizeof signature);
        cs_buffer_append_bytes(&bytes, cs_buffer_bytes(&statement));
        cs_buffer_release(&statement);
        if (cases[i].expected != CS_OK) {
            assert_refused(cases[i].expected);
        } else {
            assert_ok(cs_root_split_verify(cs_buffer_bytes(&bytes), &found));
        }
    }
}

/* The name of a set is of everything in it. */
static void test_the_set_names_everything(void **state)
{
    (void)state;
    struct cs_id other;
    for (int i = 0; i < 5; i++) {
        struct cs_root_split changed = split;
        changed.root_key[31] ^= i == 0 ? 1 : 0;
        changed.threshold = i == 1 ? 3 : changed.threshold;
        changed.count = i == 2 ? 4 : changed.count;
        changed.commitments[0][0] ^= i == 3 ? 1 : 0;
        changed.commitments[2][31] ^= i == 4 ? 1 : 0;
        cs_root_split_set(&changed, &other);
        assert_false(cs_id_equal(&other, &split.set));
    }
    uint8_t first[CS_HASH_SIZE];
    uint8_t second[CS_HASH_SIZE];
    static const uint8_t share[CS_VAULT_SHARE_SIZE] = {1};
    cs_root_share_commitment(1, cs_bytes_of_array(share), first);
    cs_root_share_commitment(2, cs_bytes_of_array(share), second);
    assert_memory_not_equal(first, second, CS_HASH_SIZE);
    cs_vault_share_commitment(&split.set, 1, cs_bytes_of_array(share), second);
    assert_memory_not_equal(first, second, CS_HASH_SIZE);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip),
        CASE(test_only_its_own_key_signs_it),
        CASE(test_every_flipped_bit_is_found),
        CASE(test_bounds),
        CASE(test_other_forms),
        CASE(test_the_set_names_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
