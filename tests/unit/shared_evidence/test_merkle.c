/* The Merkle tree against the definitions of RFC 9162 written down recursively, for all sizes up to
 * 130 and all pairs; and wrong proofs. */
#include "shared/evidence/merkle.h"

#include "shared/crypto/secret.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define SIZE_MAX_TESTED 130

/* Whole nodes as a server stores them, and the leaves for the naive tree. */
struct stored {
    uint8_t nodes[9][SIZE_MAX_TESTED + 1][CS_HASH_SIZE];
    bool present[9][SIZE_MAX_TESTED + 1];
    size_t written;
    size_t fail_after; /* calls that still succeed; SIZE_MAX: all */
};

static struct stored stored;
static struct cs_merkle_range ranges[SIZE_MAX_TESTED + 1];
static uint8_t roots[SIZE_MAX_TESTED + 1][CS_HASH_SIZE];

static bool fails(void)
{
    if (stored.fail_after == 0) {
        return true;
    }
    stored.fail_after -= stored.fail_after == SIZE_MAX ? 0 : 1;
    return false;
}

static enum cs_status write_node(void *context, unsigned level, uint64_t index,
                                 const uint8_t hash[static CS_HASH_SIZE])
{
    struct stored *into = context;
    if (fails()) {
        return CS_IO;
    }
    assert_true(level < 9 && index <= SIZE_MAX_TESTED);
    assert_false(into->present[level][index]);
    memcpy(into->nodes[level][index], hash, CS_HASH_SIZE);
    into->present[level][index] = true;
    into->written++;
    return CS_OK;
}

static enum cs_status read_node(void *context, unsigned level, uint64_t index,
                                uint8_t out[static CS_HASH_SIZE])
{
    struct stored *from = context;
    if (fails()) {
        return CS_IO;
    }
    assert_true(level < 9 && index <= SIZE_MAX_TESTED);
    assert_true(from->present[level][index]);
    memcpy(out, from->nodes[level][index], CS_HASH_SIZE);
    return CS_OK;
}

static void leaf_hash(uint64_t number, uint8_t *out)
{
    char text[32];
    int size = snprintf(text, sizeof text, "leaf %llu", (unsigned long long)number);
    cs_merkle_leaf(cs_bytes_make(text, (size_t)size), out);
}

static int set_up(void **state)
{
    (void)state;
    assert_ok(cs_crypto_start());
    memset(&stored, 0, sizeof stored);
    stored.fail_after = SIZE_MAX;
    memset(ranges, 0, sizeof ranges);
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        cs_merkle_range_root(&ranges[size], roots[size]);
        if (size < SIZE_MAX_TESTED) {
            uint8_t leaf[CS_HASH_SIZE];
            leaf_hash(size, leaf);
            ranges[size + 1] = ranges[size];
            assert_ok(cs_merkle_range_append(&ranges[size + 1], leaf, write_node, &stored));
        }
    }
    return 0;
}

static size_t split(size_t count)
{
    size_t half = 1;
    while (2 * half < count) {
        half *= 2;
    }
    return half;
}

/* MTH of RFC 9162 §2.1.1 over leaves [start, start + count). */
static void naive_root(size_t start, size_t count, uint8_t *out)
{
    if (count == 1) {
        leaf_hash(start, out);
        return;
    }
    uint8_t left[CS_HASH_SIZE];
    uint8_t right[CS_HASH_SIZE];
    naive_root(start, split(count), left);
    naive_root(start + split(count), count - split(count), right);
    cs_merkle_node(left, right, out);
}

static void naive_add(struct cs_merkle_proof *proof, size_t start, size_t count)
{
    naive_root(start, count, proof->hashes[proof->count++]);
}

/* PATH of §2.1.3.1. */
static void naive_path(size_t index, size_t start, size_t count, struct cs_merkle_proof *proof)
{
    if (count == 1) {
        return;
    }
    size_t half = split(count);
    if (index < half) {
        naive_path(index, start, half, proof);
        naive_add(proof, start + half, count - half);
    } else {
        naive_path(index - half, start + half, count - half, proof);
        naive_add(proof, start, half);
    }
}

/* SUBPROOF of §2.1.4.1. */
static void naive_subproof(size_t old_count, size_t start, size_t count, bool whole,
                           struct cs_merkle_proof *proof)
{
    if (old_count == count) {
        if (!whole) {
            naive_add(proof, start, count);
        }
        return;
    }
    size_t half = split(count);
    if (old_count <= half) {
        naive_subproof(old_count, start, half, whole, proof);
        naive_add(proof, start + half, count - half);
    } else {
        naive_subproof(old_count - half, start + half, count - half, false, proof);
        naive_add(proof, start, half);
    }
}

static void assert_same_range(const struct cs_merkle_range *a, const struct cs_merkle_range *b)
{
    assert_true(a->size == b->size);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->peaks, b->peaks, a->count * CS_HASH_SIZE);
}

static void assert_same_proof(const struct cs_merkle_proof *a, const struct cs_merkle_proof *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->hashes, b->hashes, a->count * CS_HASH_SIZE);
}

static void leaves_and_nodes_are_what_the_header_says(void **state)
{
    (void)state;
    uint8_t hash[CS_HASH_SIZE];
    cs_merkle_leaf(cs_bytes_of_text("leaf"), hash);
    assert_hex(cs_bytes_of_array(hash),
               "f6e0fb4ddbc58aeca094075517ebf3542b09133af07ef4bb85440436ea99c2c8");
    uint8_t left[CS_HASH_SIZE] = {1};
    uint8_t right[CS_HASH_SIZE] = {2};
    cs_merkle_node(left, right, hash);
    assert_hex(cs_bytes_of_array(hash),
               "91dde3592b6cb71c853b94c33b709ba69927b45d1a22b570aed718b6be4c2d23");
    assert_hex(cs_bytes_of_array(roots[0]),
               "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void roots_are_the_recursive_ones(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        uint8_t expected[CS_HASH_SIZE];
        naive_root(0, size, expected);
        assert_memory_equal(roots[size], expected, CS_HASH_SIZE);
    }
}

static void a_range_is_found_again_from_stored_nodes(void **state)
{
    (void)state;
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        struct cs_merkle_range range;
        assert_ok(cs_merkle_range_load(&range, size, read_node, &stored));
        assert_same_range(&range, &ranges[size]);
    }
    /* Less than two nodes a leaf: appending does not grow with the tree. */
    assert_true(stored.written < 2 * SIZE_MAX_TESTED);
}

static void inclusion_is_proved_for_every_leaf_of_every_size(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        for (size_t index = 0; index < size; index++) {
            struct cs_merkle_proof proof;
            struct cs_merkle_proof expected = {0};
            uint8_t leaf[CS_HASH_SIZE];
            leaf_hash(index, leaf);
            assert_ok(cs_merkle_prove_inclusion(index, size, read_node, &stored, &proof));
            naive_path(index, 0, size, &expected);
            assert_same_proof(&proof, &expected);
            assert_ok(cs_merkle_verify_inclusion(leaf, index, size, cs_merkle_proof_bytes(&proof),
                                                 roots[size]));
        }
    }
}

static void consistency_is_proved_for_every_pair_of_sizes(void **state)
{
    (void)state;
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        for (size_t old_size = 0; old_size <= size; old_size++) {
            struct cs_merkle_proof proof;
            struct cs_merkle_proof expected = {0};
            assert_ok(cs_merkle_prove_consistency(old_size, size, read_node, &stored, &proof));
            if (old_size > 0) {
                naive_subproof(old_size, 0, size, true, &expected);
            }
            assert_same_proof(&proof, &expected);
            assert_ok(cs_merkle_verify_consistency(old_size, roots[old_size], size, roots[size],
                                                   cs_merkle_proof_bytes(&proof)));
        }
    }
}

/* Every way to spoil a proof: a bit of each hash, one hash less at either end, one more, two swapped. */
typedef enum cs_status verifier(struct cs_bytes bytes, size_t a, size_t b);

static enum cs_status verify_inclusion(struct cs_bytes bytes, size_t index, size_t size)
{
    uint8_t leaf[CS_HASH_SIZE];
    leaf_hash(index, leaf);
    return cs_merkle_verify_inclusion(leaf, index, size, bytes, roots[size]);
}

static enum cs_status verify_consistency(struct cs_bytes bytes, size_t old_size, size_t size)
{
    return cs_merkle_verify_consistency(old_size, roots[old_size], size, roots[size], bytes);
}

static void assert_spoiled_proofs_are_refused(struct cs_merkle_proof proof, verifier *verify,
                                              size_t a, size_t b)
{
    struct cs_bytes whole = cs_merkle_proof_bytes(&proof);
    for (size_t i = 0; i < proof.count; i++) {
        proof.hashes[i][(i * 7) % CS_HASH_SIZE] ^= (uint8_t)(1U << (i % 8));
        assert_status(verify(whole, a, b), CS_FORGED);
        proof.hashes[i][(i * 7) % CS_HASH_SIZE] ^= (uint8_t)(1U << (i % 8));
    }
    if (proof.count > 0) {
        assert_status(verify(cs_bytes_make(whole.data, whole.size - 1), a, b), CS_FORGED);
        assert_status(verify(cs_bytes_make(whole.data, whole.size - CS_HASH_SIZE), a, b),
                      CS_FORGED);
        assert_status(
            verify(cs_bytes_make(whole.data + CS_HASH_SIZE, whole.size - CS_HASH_SIZE), a, b),
            CS_FORGED);
    }
    for (size_t i = 1; i < proof.count; i++) {
        struct cs_merkle_proof swapped = proof;
        memcpy(swapped.hashes[i - 1], proof.hashes[i], CS_HASH_SIZE);
        memcpy(swapped.hashes[i], proof.hashes[i - 1], CS_HASH_SIZE);
        assert_status(verify(cs_merkle_proof_bytes(&swapped), a, b), CS_FORGED);
    }
    memcpy(proof.hashes[proof.count], roots[b], CS_HASH_SIZE);
    proof.count++;
    assert_status(verify(cs_merkle_proof_bytes(&proof), a, b), CS_FORGED);
    assert_status(verify(cs_bytes_make(whole.data, whole.size + 1), a, b), CS_FORGED);
}

static void spoiled_proofs_are_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size += size < 40 ? 1 : 7) {
        for (size_t other = 0; other < size; other++) {
            struct cs_merkle_proof proof;
            assert_ok(cs_merkle_prove_inclusion(other, size, read_node, &stored, &proof));
            assert_spoiled_proofs_are_refused(proof, verify_inclusion, other, size);
            if (other > 0) {
                assert_ok(cs_merkle_prove_consistency(other, size, read_node, &stored, &proof));
                assert_spoiled_proofs_are_refused(proof, verify_consistency, other, size);
            }
        }
    }
}

static void a_proof_of_something_else_is_refused(void **state)
{
    (void)state;
    uint8_t leaf[CS_HASH_SIZE];
    struct cs_merkle_proof proof;
    for (size_t size = 2; size <= 40; size++) {
        for (size_t index = 0; index < size; index++) {
            size_t other = (index + 1) % size;
            leaf_hash(index, leaf);
            assert_ok(cs_merkle_prove_inclusion(index, size, read_node, &stored, &proof));
            struct cs_bytes bytes = cs_merkle_proof_bytes(&proof);
            assert_status(cs_merkle_verify_inclusion(leaf, other, size, bytes, roots[size]),
                          CS_FORGED);
            assert_status(cs_merkle_verify_inclusion(leaf, index, size, bytes, roots[size - 1]),
                          CS_FORGED);
            leaf_hash(other, leaf);
            assert_status(cs_merkle_verify_inclusion(leaf, index, size, bytes, roots[size]),
                          CS_FORGED);
        }
        for (size_t old_size = 1; old_size < size; old_size++) {
            assert_ok(cs_merkle_prove_consistency(old_size, size, read_node, &stored, &proof));
            struct cs_bytes bytes = cs_merkle_proof_bytes(&proof);
            assert_status(
                cs_merkle_verify_consistency(old_size, roots[size], size, roots[size], bytes),
                CS_FORGED);
            assert_status(cs_merkle_verify_consistency(old_size, roots[old_size], size,
                                                       roots[old_size], bytes),
                          CS_FORGED);
        }
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct cs_merkle_proof proof = {.count = 7};
    uint8_t leaf[CS_HASH_SIZE];
    leaf_hash(0, leaf);
    assert_status(cs_merkle_prove_inclusion(5, 5, read_node, &stored, &proof), CS_INVALID);
    assert_status(cs_merkle_prove_inclusion(0, 0, read_node, &stored, &proof), CS_INVALID);
    assert_status(cs_merkle_prove_inclusion(0, CS_MERKLE_SIZE_MAX + 1, read_node, &stored, &proof),
                  CS_INVALID);
    assert_status(cs_merkle_prove_consistency(6, 5, read_node, &stored, &proof), CS_INVALID);
    assert_status(
        cs_merkle_prove_consistency(1, CS_MERKLE_SIZE_MAX + 1, read_node, &stored, &proof),
        CS_INVALID);
    assert_int_equal(proof.count, 7);
    assert_status(cs_merkle_verify_inclusion(leaf, 0, 0, CS_BYTES_NONE, roots[0]), CS_FORGED);
    assert_status(cs_merkle_verify_inclusion(leaf, 1, 1, CS_BYTES_NONE, leaf), CS_FORGED);
    assert_status(cs_merkle_verify_inclusion(leaf, UINT64_MAX - 1, UINT64_MAX, CS_BYTES_NONE, leaf),
                  CS_FORGED);
    assert_status(cs_merkle_verify_consistency(3, roots[3], 2, roots[2], CS_BYTES_NONE), CS_FORGED);
    assert_status(cs_merkle_verify_consistency(3, roots[3], 3, roots[2], CS_BYTES_NONE), CS_FORGED);
    assert_status(cs_merkle_verify_consistency(3, roots[3], 3, roots[3], cs_bytes_of_array(leaf)),
                  CS_FORGED);
    assert_status(cs_merkle_verify_consistency(0, roots[0], 3, roots[3], cs_bytes_of_array(leaf)),
                  CS_FORGED);
    assert_status(cs_merkle_verify_consistency(3, roots[3], 7, roots[7], CS_BYTES_NONE), CS_FORGED);
}

static void the_largest_tree_is_full(void **state)
{
    (void)state;
    struct cs_merkle_range range = {.size = CS_MERKLE_SIZE_MAX, .count = 63};
    struct cs_merkle_range before = range;
    uint8_t leaf[CS_HASH_SIZE];
    leaf_hash(0, leaf);
    assert_status(cs_merkle_range_append(&range, leaf, NULL, NULL), CS_LIMIT);
    assert_memory_equal(&range, &before, sizeof range);
    assert_status(cs_merkle_range_load(&range, CS_MERKLE_SIZE_MAX + 1, read_node, &stored),
                  CS_LIMIT);
    assert_memory_equal(&range, &before, sizeof range);
}

static void failing_nodes_leave_outputs_untouched(void **state)
{
    (void)state;
    struct cs_merkle_range range = ranges[127];
    struct cs_merkle_proof proof = {.count = 7};
    uint8_t leaf[CS_HASH_SIZE];
    leaf_hash(127, leaf);
    for (size_t calls = 0; calls < 7; calls++) {
        stored.fail_after = calls;
        memset(stored.present, 0, sizeof stored.present);
        assert_status(cs_merkle_range_append(&range, leaf, write_node, &stored), CS_IO);
        assert_same_range(&range, &ranges[127]);
    }
    (void)set_up(NULL);
    for (size_t calls = 0; calls < 6; calls++) {
        stored.fail_after = calls;
        assert_status(cs_merkle_range_load(&range, 127, read_node, &stored), CS_IO);
        stored.fail_after = calls;
        assert_status(cs_merkle_prove_inclusion(3, 127, read_node, &stored, &proof), CS_IO);
        stored.fail_after = calls;
        assert_status(cs_merkle_prove_consistency(3, 127, read_node, &stored, &proof), CS_IO);
        assert_int_equal(proof.count, 7);
    }
    assert_same_range(&range, &ranges[127]);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        CASE(leaves_and_nodes_are_what_the_header_says),
        CASE(roots_are_the_recursive_ones),
        CASE(a_range_is_found_again_from_stored_nodes),
        CASE(inclusion_is_proved_for_every_leaf_of_every_size),
        CASE(consistency_is_proved_for_every_pair_of_sizes),
        CASE(spoiled_proofs_are_refused),
        CASE(a_proof_of_something_else_is_refused),
        CASE(what_cannot_be_is_refused),
        CASE(the_largest_tree_is_full),
        CASE(failing_nodes_leave_outputs_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
