/* What ciphertexts of a vault are bound to: every part counts, and where one ends. */
#include "tests/unit/shared_vault/vault_fixture.h"

static const uint8_t organisation[CS_HASH_SIZE] = {1, 2, 3};
static const uint8_t subject[CS_HASH_SIZE] = {9};

static struct cs_vault_place place(void)
{
    return (struct cs_vault_place){.class_value = CS_VAULT_CLASS_SECRET,
                                   .organisation = organisation,
                                   .vault = scene_id(2),
                                   .epoch = 0x0102030405060708,
                                   .item = scene_id(3),
                                   .field = cs_bytes_of_text("password"),
                                   .version = scene_id(4)};
}

static void test_bytes(void **state)
{
    (void)state;
    struct cs_vault_place made = place();
    struct cs_vault_binding binding;
    cs_vault_bind(&made, &binding);
    assert_hex(cs_vault_binding_bytes(&binding),
               "00000001"
               "07"
               "00000020"
               "0102030000000000000000000000000000000000000000000000000000000000"
               "00000010"
               "02020202020202020202020202020202"
               "00000008"
               "0102030405060708"
               "00000010"
               "03030303030303030303030303030303"
               "00000008"
               "70617373776f7264"
               "00000010"
               "04040404040404040404040404040404"
               "00000020"
               "0000000000000000000000000000000000000000000000000000000000000000");
    made.field =
        cs_bytes_make("0123456789012345678901234567890123456789012345678901234567890123", 64);
    cs_vault_bind(&made, &binding);
    assert_int_equal(binding.size, CS_VAULT_BINDING_MAX);
}

static void test_every_part_counts(void **state)
{
    (void)state;
    struct cs_vault_place places[10];
    struct cs_vault_binding bindings[CS_COUNT(places)];
    uint8_t commitments[CS_COUNT(places)][CS_HASH_SIZE];
    const uint8_t half[CS_VAULT_HALF_SIZE] = {7};
    for (size_t i = 0; i < CS_COUNT(places); i++) {
        places[i] = place();
    }
    places[1].class_value = CS_VAULT_CLASS_HALF_SERVER;
    places[2].organisation = subject;
    places[3].vault = scene_id(8);
    places[4].epoch++;
    places[5].item = scene_id(8);
    places[6].field = cs_bytes_of_text("passwor");
    places[7].field = CS_BYTES_NONE;
    places[8].version = scene_id(8);
    places[9].subject = subject;
    for (size_t i = 0; i < CS_COUNT(places); i++) {
        cs_vault_bind(&places[i], &bindings[i]);
        cs_vault_half_commitment(cs_bytes_of_array(half), &places[i], commitments[i]);
        for (size_t j = 0; j < i; j++) {
            assert_false(cs_bytes_equal(cs_vault_binding_bytes(&bindings[i]),
                                        cs_vault_binding_bytes(&bindings[j])));
            /* A commitment is to the half of a version: it is the same for every class and subject. */
            bool same = j == 0 && (i == 1 || i == 9);
            same = same || (j == 1 && i == 9);
            assert_int_equal(memcmp(commitments[i], commitments[j], CS_HASH_SIZE) == 0, same);
        }
    }
}

static void test_every_class_has_a_label_of_its_own(void **state)
{
    (void)state;
    for (int i = 1; i <= CS_VAULT_CLASS_MAX; i++) {
        const char *label = cs_vault_class_label((enum cs_vault_class)i);
        assert_true(strlen(label) <= 64);
        for (int j = 1; j < i; j++) {
            assert_string_not_equal(label, cs_vault_class_label((enum cs_vault_class)j));
        }
    }
}

int main(void)
{
    assert_ok(cs_crypto_start());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_every_part_counts),
        cmocka_unit_test(test_every_class_has_a_label_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
