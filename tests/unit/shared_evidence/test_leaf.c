/* Leaves of the evidence log: their bytes, and what they say. */
#include "shared/evidence/leaf.h"

#include "shared/crypto/secret.h"
#include "tests/support/testing.h"

#include <string.h>

static const struct cs_id row = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static uint8_t hash[CS_HASH_SIZE];

static int set_up(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    memset(hash, 0xab, sizeof hash);
    return 0;
}

static void leaves_have_the_bytes_of_the_specification(void **state)
{
    (void)state;
    struct cs_leaf leaf;
    cs_leaf_certificate(hash, &leaf);
    assert_hex(cs_leaf_bytes(&leaf),
               "01abababababababababababababababababababababababababababababababab");
    cs_leaf_change_set(UINT64_C(0x0102030405060708), 9, hash, &leaf);
    assert_hex(cs_leaf_bytes(&leaf),
               "0301020304050607080000000000000009"
               "abababababababababababababababababababababababababababababababab");
    cs_leaf_row(cs_bytes_of_text("receipt"), &row, cs_bytes_of_text("signed"), &leaf);
    assert_hex(cs_leaf_bytes(&leaf),
               "020102030405060708090a0b0c0d0e0f10"
               "4c16cf9174c5bc3f3f8b51b13b2eb4d8e6ea75243753682f0aba902890e1cc9f"
               "72656365697074");
    uint8_t found[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    cs_leaf_hash(&leaf, found);
    cs_merkle_leaf(cs_leaf_bytes(&leaf), expected);
    assert_memory_equal(found, expected, sizeof found);
}

static void what_a_leaf_says_is_read_back(void **state)
{
    (void)state;
    struct cs_leaf leaf;
    struct cs_leaf_parts parts;
    cs_leaf_certificate(hash, &leaf);
    assert_ok(cs_leaf_parse(cs_leaf_bytes(&leaf), &parts));
    assert_int_equal(parts.kind, CS_LEAF_CERTIFICATE);
    assert_memory_equal(parts.hash, hash, sizeof hash);
    cs_leaf_change_set(77, 9, hash, &leaf);
    assert_ok(cs_leaf_parse(cs_leaf_bytes(&leaf), &parts));
    assert_int_equal(parts.kind, CS_LEAF_CHANGE_SET);
    assert_true(parts.log == 77 && parts.sequence == 9);
    cs_leaf_row(cs_bytes_of_text("receipt"), &row, CS_BYTES_NONE, &leaf);
    assert_ok(cs_leaf_parse(cs_leaf_bytes(&leaf), &parts));
    assert_int_equal(parts.kind, CS_LEAF_ROW);
    assert_true(cs_id_equal(&parts.row, &row));
    assert_true(cs_bytes_equal_text(parts.entity, "receipt"));
    const struct cs_leaf_moment moment = {.position = 5, .log_position = 6, .logged_ms = -7};
    cs_leaf_vault(&row, &moment, cs_bytes_of_text("record"), &leaf);
    assert_ok(cs_leaf_parse(cs_leaf_bytes(&leaf), &parts));
    assert_int_equal(parts.kind, CS_LEAF_VAULT);
    assert_true(cs_id_equal(&parts.vault, &row));
    assert_true(parts.moment.position == 5 && parts.moment.log_position == 6 &&
                parts.moment.logged_ms == -7);
}

static void what_is_no_leaf_is_malformed(void **state)
{
    (void)state;
    struct cs_leaf leaf;
    struct cs_leaf_parts parts = {.sequence = 77};
    cs_leaf_change_set(1, 2, hash, &leaf);
    for (size_t size = 0; size < leaf.size; size++) {
        assert_status(cs_leaf_parse(cs_bytes_make(leaf.bytes, size), &parts), CS_MALFORMED);
    }
    assert_status(cs_leaf_parse(cs_bytes_make(leaf.bytes, leaf.size + 1), &parts), CS_MALFORMED);
    leaf.bytes[0] = CS_LEAF_VAULT;
    assert_status(cs_leaf_parse(cs_leaf_bytes(&leaf), &parts), CS_MALFORMED);
    leaf.bytes[0] = 0;
    assert_status(cs_leaf_parse(cs_leaf_bytes(&leaf), &parts), CS_MALFORMED);
    cs_leaf_row(cs_bytes_of_text("r"), &row, CS_BYTES_NONE, &leaf);
    assert_status(cs_leaf_parse(cs_bytes_make(leaf.bytes, leaf.size - 1), &parts), CS_MALFORMED);
    uint8_t large[1 + CS_ID_SIZE + CS_HASH_SIZE + CS_NAME_MAX + 1] = {CS_LEAF_ROW};
    assert_status(cs_leaf_parse(cs_bytes_of_array(large), &parts), CS_MALFORMED);
    assert_int_equal(parts.sequence, 77);
}

static void evidence_is_said_by_the_descriptor(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    assert_true(cs_leaf_is_evidence(cs_registry_find(registry, cs_bytes_of_text("receipt"))));
    assert_false(cs_leaf_is_evidence(cs_registry_find(registry, cs_bytes_of_text("part"))));
    assert_false(cs_leaf_is_evidence(NULL));
    /* Every entity of evidence has the field that holds its signed bytes, and a name that fits. */
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        if (cs_leaf_is_evidence(entity)) {
            assert_true(cs_entity_field_index(entity, cs_bytes_of_text(CS_LEAF_RECORD_FIELD)) >= 0);
            assert_true(strlen(entity->name) <= CS_NAME_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_have_the_bytes_of_the_specification),
        cmocka_unit_test(what_a_leaf_says_is_read_back),
        cmocka_unit_test(what_is_no_leaf_is_malformed),
        cmocka_unit_test(evidence_is_said_by_the_descriptor),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
