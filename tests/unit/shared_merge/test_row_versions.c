/* Packed versions of a row: round trips, one form for one state, every refusal. */
#include "shared/merge/row_versions.h"

#include "shared/base/limits.h"
#include "shared/crypto/secret.h"
#include "tests/support/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct cs_arena arena;
static struct cs_buffer buffer;

static int setup(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&buffer, CS_MEBI);
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_arena_release(&arena);
    cs_buffer_release(&buffer);
    return 0;
}

static const struct cs_version created = {1, 1};
static const struct cs_version edit_one = {2, 5};
static const struct cs_version edits_two[] = {{1, 1}, {2, 9}};

static struct cs_bytes unit_of(const char *name)
{
    return cs_bytes_of_text(name);
}

static struct cs_versions one(const struct cs_version *version)
{
    return (struct cs_versions){version, 1};
}

static struct cs_versions two(void)
{
    return (struct cs_versions){edits_two, 2};
}

static struct cs_row_versions set(struct cs_row_versions row, const char *unit,
                                  struct cs_versions list)
{
    struct cs_row_versions out;
    assert_int_equal(cs_row_versions_set(&row, unit_of(unit), list, &arena, &out), CS_OK);
    return out;
}

static struct cs_row_versions fresh(void)
{
    return (struct cs_row_versions){created, NULL, 0};
}

static struct cs_bytes pack(struct cs_row_versions row)
{
    cs_buffer_clear(&buffer);
    cs_row_versions_pack(&row, &buffer);
    assert_int_equal(buffer.status, CS_OK);
    return cs_buffer_bytes(&buffer);
}

/* ---- form ---- */

static void test_bytes_of_a_fresh_row(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0, 0, 0, 0, 0, 0, 0, 1, 1};
    struct cs_bytes packed = pack(fresh());
    assert_true(cs_bytes_equal(packed, cs_bytes_of_array(expected)));
    struct cs_row_versions row;
    assert_int_equal(cs_row_versions_unpack(packed, &arena, &row), CS_OK);
    assert_true(cs_version_equal(&row.created, &created));
    assert_int_equal(row.exception_count, 0);
}

static void test_bytes_of_an_edited_row(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0, 0,   0,   0,   0, 0, 0, 1, 1,          /* created */
                                       1, 'a', 1,   0,   0, 0, 0, 0, 0, 0, 2, 5, /* a: one */
                                       3, 'a', 'b', 'c', 2,                      /* abc: two */
                                       0, 0,   0,   0,   0, 0, 0, 1, 1,          /* … */
                                       0, 0,   0,   0,   0, 0, 0, 2, 9};
    struct cs_row_versions row = set(set(fresh(), "abc", two()), "a", one(&edit_one));
    assert_true(cs_bytes_equal(pack(row), cs_bytes_of_array(expected)));
}

static void test_large_numbers_survive(void **state)
{
    (void)state;
    struct cs_version large = {UINT64_MAX, UINT64_MAX};
    struct cs_row_versions row = {large, NULL, 0};
    struct cs_version other = {UINT64_MAX - 1, (uint64_t)1 << 63};
    char name[CS_NAME_MAX + 1];
    memset(name, 'n', CS_NAME_MAX);
    name[CS_NAME_MAX] = '\0';
    row = set(row, name, one(&other));
    struct cs_row_versions again;
    assert_int_equal(cs_row_versions_unpack(pack(row), &arena, &again), CS_OK);
    assert_true(cs_version_equal(&again.created, &large));
    assert_true(cs_versions_equal(cs_row_versions_of(&again, unit_of(name)), one(&other)));
}

/* ---- set and of ---- */

static void test_of_falls_back_to_created(void **state)
{
    (void)state;
    struct cs_row_versions row = fresh();
    assert_true(cs_versions_equal(cs_row_versions_of(&row, unit_of("a")), one(&created)));
    row = set(row, "a", two());
    assert_true(cs_versions_equal(cs_row_versions_of(&row, unit_of("a")), two()));
    assert_true(cs_versions_equal(cs_row_versions_of(&row, unit_of("b")), one(&created)));
    assert_int_equal(cs_row_versions_of(&row, unit_of(CS_UNIT_DELETED)).count, 0);
}

static void test_set_sorts_replaces_and_removes(void **state)
{
    (void)state;
    struct cs_row_versions row = fresh();
    static const char *const names[] = {"m", "c", "z", "ca", "a"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        row = set(row, names[i], one(&edit_one));
    }
    static const char *const sorted[] = {"a", "c", "ca", "m", "z"};
    assert_int_equal(row.exception_count, CS_COUNT(sorted));
    for (size_t i = 0; i < CS_COUNT(sorted); i++) {
        assert_true(cs_bytes_equal_text(row.exceptions[i].unit, sorted[i]));
    }
    struct cs_row_versions before = row;
    row = set(row, "m", two());
    assert_int_equal(row.exception_count, 5);
    assert_true(cs_versions_equal(cs_row_versions_of(&row, unit_of("m")), two()));
    assert_true(cs_versions_equal(cs_row_versions_of(&before, unit_of("m")), one(&edit_one)));
    row = set(row, "m", (struct cs_versions){NULL, 0});
    assert_int_equal(row.exception_count, 4);
    assert_true(cs_versions_equal(cs_row_versions_of(&row, unit_of("m")), one(&created)));
    row = set(row, "missing", (struct cs_versions){NULL, 0});
    assert_int_equal(row.exception_count, 4);
}

/* The same state reached on two ways has one form. */
static void test_back_to_the_default_leaves_no_trace(void **state)
{
    (void)state;
    struct cs_row_versions row = set(set(fresh(), "a", one(&edit_one)), "a", one(&created));
    assert_int_equal(row.exception_count, 0);
    struct cs_buffer plain;
    cs_buffer_init(&plain, 100);
    struct cs_row_versions untouched = fresh();
    cs_row_versions_pack(&untouched, &plain);
    assert_true(cs_bytes_equal(pack(row), cs_buffer_bytes(&plain)));
    /* A redundant exception put into the list by hand is not written either. */
    struct cs_unit_versions redundant = {unit_of("a"), one(&created)};
    row = (struct cs_row_versions){created, &redundant, 1};
    assert_true(cs_bytes_equal(pack(row), cs_buffer_bytes(&plain)));
    cs_buffer_release(&plain);
}

/* Created and deleted by one transaction: the delete must not be taken for the default. */
static void test_deleted_by_the_creating_version(void **state)
{
    (void)state;
    struct cs_row_versions row = set(fresh(), CS_UNIT_DELETED, one(&created));
    assert_int_equal(row.exception_count, 1);
    struct cs_row_versions again;
    assert_int_equal(cs_row_versions_unpack(pack(row), &arena, &again), CS_OK);
    assert_true(
        cs_versions_equal(cs_row_versions_of(&again, unit_of(CS_UNIT_DELETED)), one(&created)));
    again = set(again, CS_UNIT_DELETED, (struct cs_versions){NULL, 0});
    assert_int_equal(cs_row_versions_of(&again, unit_of(CS_UNIT_DELETED)).count, 0);
}

static void test_random_rows_round_trip(void **state)
{
    (void)state;
    struct fake_world random;
    fake_world_init(&random, 99);
    for (size_t round = 0; round < 300; round++) {
        cs_arena_release(&arena);
        struct cs_row_versions row = {
            {fake_world_next(&random), fake_world_next(&random)}, NULL, 0};
        char names[12][8];
        struct cs_version lists[12][3];
        for (size_t i = 0; i < CS_COUNT(names); i++) {
            (void)snprintf(names[i], sizeof names[i], "u%d", (int)(fake_world_next(&random) % 30));
            size_t count = (size_t)(fake_world_next(&random) % 4);
            for (size_t j = 0; j < count; j++) {
                lists[i][j] = (struct cs_version){j + 1, fake_world_next(&random) >> (8 * j)};
            }
            row = set(row, names[i], (struct cs_versions){lists[i], count});
        }
        struct cs_bytes packed = pack(row);
        struct cs_row_versions again;
        assert_int_equal(cs_row_versions_unpack(packed, &arena, &again), CS_OK);
        assert_int_equal(again.exception_count, row.exception_count);
        for (size_t i = 0; i < row.exception_count; i++) {
            assert_true(cs_bytes_equal(again.exceptions[i].unit, row.exceptions[i].unit));
            assert_true(
                cs_versions_equal(again.exceptions[i].versions, row.exceptions[i].versions));
        }
        struct cs_buffer twice;
        cs_buffer_init(&twice, CS_MEBI);
        cs_row_versions_pack(&again, &twice);
        assert_true(cs_bytes_equal(cs_buffer_bytes(&twice), packed));
        cs_buffer_release(&twice);
    }
    fake_world_release(&random);
}

/* ---- refusals ---- */

static void assert_malformed(const uint8_t *bytes, size_t size)
{
    struct cs_row_versions out = {.exception_count = 77};
    assert_int_equal(cs_row_versions_unpack(cs_bytes_make(bytes, size), &arena, &out),
                     CS_MALFORMED);
    assert_int_equal(out.exception_count, 77);
}

#define CREATED 0, 0, 0, 0, 0, 0, 0, 1, 1
#define EDIT 0, 0, 0, 0, 0, 0, 0, 2, 5
#define LATER 0, 0, 0, 0, 0, 0, 0, 2, 6
#define assert_bytes_malformed(...)                                                                \
    do {                                                                                           \
        static const uint8_t bytes_[] = {__VA_ARGS__};                                             \
        assert_malformed(bytes_, sizeof bytes_);                                                   \
    } while (0)

static void test_not_canonical_is_refused(void **state)
{
    (void)state;
    assert_malformed(NULL, 0);
    assert_bytes_malformed(0, 0, 0, 0, 0, 0, 0, 1, 0x81, 0x00);        /* varint not shortest */
    assert_bytes_malformed(CREATED, 0);                                /* rest too short */
    assert_bytes_malformed(CREATED, 0, 1, EDIT, EDIT);                 /* no name */
    assert_bytes_malformed(CREATED, 1, 'a', 0, EDIT);                  /* empty list */
    assert_bytes_malformed(CREATED, 1, 'a', 1, CREATED);               /* equals the default */
    assert_bytes_malformed(CREATED, 1, 'a', 2, EDIT, EDIT);            /* double in a list */
    assert_bytes_malformed(CREATED, 1, 'a', 2, LATER, EDIT);           /* list descends */
    assert_bytes_malformed(CREATED, 1, 'a', 3, EDIT, LATER);           /* more promised */
    assert_bytes_malformed(CREATED, 1, 'a', 0x81, 0x00, EDIT);         /* count not shortest */
    assert_bytes_malformed(CREATED, 1, 'a', 1, EDIT, 1, 'a', 1, EDIT); /* name twice */
    assert_bytes_malformed(CREATED, 1, 'b', 1, EDIT, 1, 'a', 1, EDIT); /* names descend */
    assert_bytes_malformed(CREATED, 2, 'a', 'b', 1, EDIT, 1, 'a', 1, EDIT);
    assert_bytes_malformed(CREATED, 1, 'a', 1, EDIT, 9); /* left over */
    /* Many versions promised in few bytes: refused before memory is taken for them. */
    size_t used = arena.used;
    assert_bytes_malformed(CREATED, 1, 'a', 0xff, 0xff, 0xff, 0xff, 0x0f, EDIT);
    assert_true(arena.used - used < 1000);
}

static void test_names_are_bounded(void **state)
{
    (void)state;
    static const uint8_t head[] = {CREATED, 65};
    static const uint8_t tail[] = {1, EDIT};
    cs_buffer_append_bytes(&buffer, cs_bytes_of_array(head));
    for (size_t i = 0; i < 65; i++) {
        cs_buffer_append_u8(&buffer, 'x');
    }
    cs_buffer_append_bytes(&buffer, cs_bytes_of_array(tail));
    assert_malformed(buffer.data, buffer.size);
    /* One shorter is fine, so it was the name that was refused. */
    buffer.data[9] = 64;
    memmove(buffer.data + 10, buffer.data + 11, buffer.size - 11);
    struct cs_row_versions row;
    assert_int_equal(
        cs_row_versions_unpack(cs_bytes_make(buffer.data, buffer.size - 1), &arena, &row), CS_OK);
}

/* Cut anywhere, the bytes are refused, or are themselves a canonical form (cut between
 * exceptions). */
static void test_truncated_at_every_length(void **state)
{
    (void)state;
    struct cs_row_versions row = set(set(fresh(), "abc", two()), "a", one(&edit_one));
    struct cs_bytes packed = pack(row);
    size_t accepted = 0;
    for (size_t size = 0; size < packed.size; size++) {
        struct cs_row_versions out = {.exception_count = 77};
        enum cs_status status =
            cs_row_versions_unpack(cs_bytes_make(packed.data, size), &arena, &out);
        if (status == CS_OK) {
            assert_true(size == 9 || size == 21);
            accepted++;
            continue;
        }
        assert_int_equal(status, CS_MALFORMED);
        assert_int_equal(out.exception_count, 77);
    }
    assert_int_equal(accepted, 2);
}

/* Whatever is accepted packs to the very same bytes. */
static void test_flipped_bits_never_give_a_second_form(void **state)
{
    (void)state;
    struct cs_row_versions row = set(set(fresh(), "abc", two()), "a", one(&edit_one));
    struct cs_bytes packed = pack(row);
    for (size_t bit = 0; bit < packed.size * 8; bit++) {
        uint8_t copy[64];
        assert_true(packed.size <= sizeof copy);
        memcpy(copy, packed.data, packed.size);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct cs_row_versions out;
        enum cs_status status =
            cs_row_versions_unpack(cs_bytes_make(copy, packed.size), &arena, &out);
        if (status != CS_OK) {
            assert_int_equal(status, CS_MALFORMED);
            continue;
        }
        struct cs_buffer again;
        cs_buffer_init(&again, 1000);
        cs_row_versions_pack(&out, &again);
        assert_true(cs_bytes_equal(cs_buffer_bytes(&again), cs_bytes_make(copy, packed.size)));
        cs_buffer_release(&again);
    }
}

/* ---- hash and memory ---- */

static void test_hash_tells_states_apart(void **state)
{
    (void)state;
    uint8_t first[32];
    uint8_t same[32];
    uint8_t other[32];
    cs_row_versions_hash(pack(fresh()), first);
    cs_row_versions_hash(pack(fresh()), same);
    cs_row_versions_hash(pack(set(fresh(), "a", one(&edit_one))), other);
    assert_memory_equal(first, same, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

static void test_out_of_memory_writes_nothing(void **state)
{
    (void)state;
    struct cs_row_versions row = set(fresh(), "abc", two());
    struct cs_bytes packed = pack(row);
    struct cs_row_versions out = {.exception_count = 77};
    size_t failures = 0;
    for (size_t limit = 0;; limit += 8) {
        cs_arena_release(&arena);
        cs_arena_init(&arena, limit);
        enum cs_status status = cs_row_versions_unpack(packed, &arena, &out);
        if (status == CS_OK) {
            break;
        }
        assert_int_equal(status, CS_NO_MEMORY);
        assert_int_equal(out.exception_count, 77);
        failures++;
    }
    assert_true(failures >= 4);
    cs_arena_release(&arena);
    cs_arena_init(&arena, CS_MEBI);
    out.exception_count = 77;
    cs_memory_fail_after(0);
    assert_int_equal(cs_row_versions_unpack(packed, &arena, &out), CS_NO_MEMORY);
    cs_memory_fail_after(0);
    struct cs_row_versions plain = fresh();
    assert_int_equal(cs_row_versions_set(&plain, unit_of("b"), one(&edit_one), &arena, &out),
                     CS_NO_MEMORY);
    assert_int_equal(out.exception_count, 77);
    struct cs_buffer small;
    cs_buffer_init(&small, 10);
    cs_row_versions_pack(&(struct cs_row_versions){created, NULL, 0}, &small);
    cs_row_versions_pack(&(struct cs_row_versions){created, NULL, 0}, &small);
    assert_int_not_equal(small.status, CS_OK);
    cs_buffer_release(&small);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_bytes_of_a_fresh_row),
        CASE(test_bytes_of_an_edited_row),
        CASE(test_large_numbers_survive),
        CASE(test_of_falls_back_to_created),
        CASE(test_set_sorts_replaces_and_removes),
        CASE(test_back_to_the_default_leaves_no_trace),
        CASE(test_deleted_by_the_creating_version),
        CASE(test_random_rows_round_trip),
        CASE(test_not_canonical_is_refused),
        CASE(test_names_are_bounded),
        CASE(test_truncated_at_every_length),
        CASE(test_flipped_bits_never_give_a_second_form),
        CASE(test_hash_tells_states_apart),
        CASE(test_out_of_memory_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
