/* Packed scope numbers. */
#include "tests/unit/shared_rows/rows_fixture.h"

/* Adds in the given order; the result is in the arena. */
static struct cs_bytes pack(struct cs_arena *arena, const uint64_t *numbers, size_t count)
{
    struct cs_bytes packed = CS_BYTES_NONE;
    for (size_t i = 0; i < count; i++) {
        assert_ok(cs_scope_numbers_with(packed, numbers[i], arena, &packed));
    }
    return packed;
}

static void numbers_are_ascending_whatever_their_order(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    const uint64_t one[] = {300, 1, 127, 128, 0, 128, 1};
    const uint64_t other[] = {0, 1, 127, 128, 300};
    assert_hex(pack(&arena, one, CS_COUNT(one)), "00017f8001ac02");
    assert_hex(pack(&arena, other, CS_COUNT(other)), "00017f8001ac02");
    cs_arena_release(&arena);
}

static void what_is_in_is_found(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    const uint64_t numbers[] = {3, 200, UINT64_MAX};
    struct cs_bytes packed = pack(&arena, numbers, CS_COUNT(numbers));
    for (size_t i = 0; i < CS_COUNT(numbers); i++) {
        assert_true(cs_scope_numbers_contain(packed, numbers[i]));
        assert_false(cs_scope_numbers_contain(packed, numbers[i] - 1));
    }
    assert_false(cs_scope_numbers_contain(packed, 0));
    assert_false(cs_scope_numbers_contain(CS_BYTES_NONE, 0));
    cs_arena_release(&arena);
}

static void removing_undoes_adding(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    const uint64_t numbers[] = {1, 200, 300};
    struct cs_bytes packed = pack(&arena, numbers, CS_COUNT(numbers));
    struct cs_bytes rest;
    assert_ok(cs_scope_numbers_without(packed, 200, &arena, &rest));
    assert_hex(rest, "01ac02");
    assert_ok(cs_scope_numbers_without(packed, 5, &arena, &rest)); /* was not in */
    assert_bytes(rest, packed);
    for (size_t i = 0; i < CS_COUNT(numbers); i++) {
        assert_ok(cs_scope_numbers_without(packed, numbers[i], &arena, &packed));
    }
    assert_int_equal(packed.size, 0);
    assert_ok(cs_scope_numbers_without(packed, 1, &arena, &packed));
    assert_int_equal(packed.size, 0);
    cs_arena_release(&arena);
}

static void the_result_is_not_a_view(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    uint8_t bytes[] = {1, 5};
    struct cs_bytes with;
    struct cs_bytes without;
    assert_ok(cs_scope_numbers_with(cs_bytes_of_array(bytes), 5, &arena, &with));
    assert_ok(cs_scope_numbers_without(cs_bytes_of_array(bytes), 9, &arena, &without));
    memset(bytes, 0xff, sizeof bytes);
    assert_hex(with, "0105");
    assert_hex(without, "0105");
    cs_arena_release(&arena);
}

static void what_is_no_such_list_is_damage(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"\x80", 1},                                      /* ends inside a number */
        {"\x01\x80\x00", 3},                              /* a longer form than needed */
        {"\x05\x01", 2},                                  /* not ascending */
        {"\x05\x05", 2},                                  /* twice */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10}, /* beyond 64 bits */
    };
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_bytes packed = cs_bytes_make(cases[i].bytes, cases[i].size);
        struct cs_bytes out = T("untouched");
        for (uint64_t number = 0; number < 7; number++) {
            assert_status(cs_scope_numbers_with(packed, number, &arena, &out), CS_CORRUPT);
            assert_status(cs_scope_numbers_without(packed, number, &arena, &out), CS_CORRUPT);
        }
        assert_bytes(out, T("untouched"));
        assert_false(cs_scope_numbers_contain(packed, 77));
    }
    cs_arena_release(&arena);
}

static void failing_memory_is_clean(void **state)
{
    (void)state;
    struct cs_bytes packed = cs_bytes_make("\x01\x05", 2);
    struct cs_bytes out = T("untouched");
    for (long n = 0; n < 2; n++) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        cs_memory_fail_after(n);
        assert_status(cs_scope_numbers_with(packed, 3, &arena, &out), CS_NO_MEMORY);
        cs_memory_fail_after(n);
        assert_status(cs_scope_numbers_without(packed, 5, &arena, &out), CS_NO_MEMORY);
        cs_memory_fail_after(-1);
        assert_bytes(out, T("untouched"));
        cs_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_ascending_whatever_their_order),
        cmocka_unit_test(what_is_in_is_found),
        cmocka_unit_test(removing_undoes_adding),
        cmocka_unit_test(the_result_is_not_a_view),
        cmocka_unit_test(what_is_no_such_list_is_damage),
        cmocka_unit_test(failing_memory_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
