/* Labelled hashes and the multiset hash. Expected values were computed with another BLAKE2b. */
#include "tests/support/testing.h"

#include "shared/crypto/hash.h"

#include <string.h>

static void hashes_are_blake2b_over_label_and_data(void **state)
{
    (void)state;
    uint8_t hash[CS_HASH_SIZE];
    cs_hash("test", cs_bytes_of_text("abc"), hash);
    assert_hex(cs_bytes_of_array(hash),
               "fab2ce2e41714f470e0d3b45c762f9dfbbf7dd9ffee82894f266e4cc0646b42a");
    cs_hash("test", CS_BYTES_NONE, hash);
    assert_hex(cs_bytes_of_array(hash),
               "27e3fcb0d3864427869e2f075228a9e8a876f06754927f403cc47e8eac9c7c4e");
}

static void parts_are_length_prefixed(void **state)
{
    (void)state;
    const struct cs_bytes parts[] = {cs_bytes_of_text("a"), cs_bytes_of_text("bc")};
    uint8_t hash[CS_HASH_SIZE];
    cs_hash_parts("test", parts, CS_COUNT(parts), hash);
    assert_hex(cs_bytes_of_array(hash),
               "957719202914e356e9ecc5d07a81f489bfe2c9021e80d0480dc84bfdec736374");
    cs_hash_parts("test", NULL, 0, hash);
    assert_hex(cs_bytes_of_array(hash),
               "27e3fcb0d3864427869e2f075228a9e8a876f06754927f403cc47e8eac9c7c4e");
}

static void where_a_part_ends_matters(void **state)
{
    (void)state;
    const struct cs_bytes first[] = {cs_bytes_of_text("ab"), cs_bytes_of_text("c")};
    const struct cs_bytes second[] = {cs_bytes_of_text("a"), cs_bytes_of_text("bc")};
    const struct cs_bytes third[] = {cs_bytes_of_text("abc"), CS_BYTES_NONE};
    uint8_t hashes[3][CS_HASH_SIZE];
    cs_hash_parts("test", first, 2, hashes[0]);
    cs_hash_parts("test", second, 2, hashes[1]);
    cs_hash_parts("test", third, 2, hashes[2]);
    assert_memory_not_equal(hashes[0], hashes[1], CS_HASH_SIZE);
    assert_memory_not_equal(hashes[0], hashes[2], CS_HASH_SIZE);
    assert_memory_not_equal(hashes[1], hashes[2], CS_HASH_SIZE);
}

static void labels_separate_domains(void **state)
{
    (void)state;
    uint8_t one[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    cs_hash("test", cs_bytes_of_text("abc"), one);
    cs_hash("tesu", cs_bytes_of_text("abc"), other);
    assert_memory_not_equal(one, other, CS_HASH_SIZE);
    /* What moves between label and data does not collide. */
    cs_hash("testa", cs_bytes_of_text("bc"), other);
    assert_memory_not_equal(one, other, CS_HASH_SIZE);
}

/* Value made with Python's hashlib. */
static void keyed_hashes_use_the_key_input_of_blake2b(void **state)
{
    (void)state;
    uint8_t key[32];
    uint8_t hash[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    const struct cs_bytes parts[] = {cs_bytes_of_text("ab"), CS_BYTES_NONE};
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    cs_hash_keyed("test", cs_bytes_of_array(key), parts, 2, hash);
    assert_hex(cs_bytes_of_array(hash),
               "bda0071c2a51b1217f61acf24ef661b03c696400e8aa6a0fd4ff24e26dc71333");
    cs_hash_parts("test", parts, 2, other);
    assert_memory_not_equal(hash, other, sizeof hash);
    key[31] ^= 1;
    cs_hash_keyed("test", cs_bytes_of_array(key), parts, 2, other);
    assert_memory_not_equal(hash, other, sizeof hash);
}

static void a_multiset_does_not_depend_on_order(void **state)
{
    (void)state;
    uint8_t elements[8][CS_HASH_SIZE];
    for (uint8_t i = 0; i < 8; i++) {
        cs_hash("test", cs_bytes_make(&i, 1), elements[i]);
    }
    struct cs_multiset up = {{0}};
    struct cs_multiset down = {{0}};
    for (size_t i = 0; i < 8; i++) {
        cs_multiset_add(&up, elements[i]);
        cs_multiset_add(&down, elements[7 - i]);
    }
    assert_memory_equal(up.sum, down.sum, CS_HASH_SIZE);
    /* A double counts, unlike with exclusive or. */
    cs_multiset_add(&up, elements[0]);
    cs_multiset_add(&up, elements[0]);
    assert_memory_not_equal(up.sum, down.sum, CS_HASH_SIZE);
    cs_multiset_subtract(&up, elements[0]);
    cs_multiset_subtract(&up, elements[0]);
    for (size_t i = 0; i < 8; i++) {
        cs_multiset_subtract(&up, elements[(i * 3) % 8]);
    }
    static const uint8_t zero[CS_HASH_SIZE];
    assert_memory_equal(up.sum, zero, CS_HASH_SIZE);
}

static void sums_carry_and_wrap(void **state)
{
    (void)state;
    struct cs_multiset multiset;
    memset(multiset.sum, 0xff, sizeof multiset.sum);
    uint8_t one[CS_HASH_SIZE] = {1};
    cs_multiset_add(&multiset, one);
    static const uint8_t zero[CS_HASH_SIZE];
    assert_memory_equal(multiset.sum, zero, CS_HASH_SIZE);
    cs_multiset_subtract(&multiset, one);
    for (size_t i = 0; i < CS_HASH_SIZE; i++) {
        assert_int_equal(multiset.sum[i], 0xff);
    }
    multiset = (struct cs_multiset){{0xff, 0x01}};
    cs_multiset_add(&multiset, one);
    assert_int_equal(multiset.sum[0], 0);
    assert_int_equal(multiset.sum[1], 2);
}

static void tree_hashes_have_one_byte_before_the_data(void **state)
{
    (void)state;
    uint8_t hash[CS_HASH_SIZE];
    cs_hash_tree(0, cs_bytes_of_text("leaf"), hash);
    assert_hex(cs_bytes_of_array(hash),
               "f6e0fb4ddbc58aeca094075517ebf3542b09133af07ef4bb85440436ea99c2c8");
    cs_hash_tree(1, CS_BYTES_NONE, hash);
    assert_hex(cs_bytes_of_array(hash),
               "ee155ace9c40292074cb6aff8c9ccdd273c81648ff1149ef36bcea6ebb8a3e25");
}

static void sha256_is_the_standard_one(void **state)
{
    (void)state;
    uint8_t hash[32];
    cs_sha256(cs_bytes_of_text("abc"), hash);
    assert_hex(cs_bytes_of_array(hash),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_blake2b_over_label_and_data),
        cmocka_unit_test(parts_are_length_prefixed),
        cmocka_unit_test(where_a_part_ends_matters),
        cmocka_unit_test(labels_separate_domains),
        cmocka_unit_test(keyed_hashes_use_the_key_input_of_blake2b),
        cmocka_unit_test(a_multiset_does_not_depend_on_order),
        cmocka_unit_test(sums_carry_and_wrap),
        cmocka_unit_test(tree_hashes_have_one_byte_before_the_data),
        cmocka_unit_test(sha256_is_the_standard_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
