/* Allocation with its failing hook, and the arena. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"

#include <string.h>

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    cs_memory_fail_after(2);
    void *first = cs_alloc(1);
    void *second = cs_alloc_zero(1, 1);
    void *third = cs_alloc(1);
    void *fourth = cs_alloc(1);
    assert_int_equal(cs_memory_count(), 4);
    cs_memory_fail_after(-1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth);
    assert_int_equal(cs_memory_count(), 0);
    cs_free(first);
    cs_free(second);
    cs_free(fourth);
}

static void all_fail_from_the_nth_on(void **state)
{
    (void)state;
    cs_memory_fail_from(1);
    void *first = cs_alloc(1);
    void *second = cs_alloc(1);
    void *third = cs_alloc(1);
    assert_int_equal(cs_memory_count(), 3);
    cs_memory_fail_after(-1);
    void *fourth = cs_alloc(1);
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    assert_non_null(fourth);
    cs_free(first);
    cs_free(fourth);
}

static void a_failed_resize_keeps_the_block(void **state)
{
    (void)state;
    char *block = cs_alloc(4);
    memcpy(block, "abc", 4);
    cs_memory_fail_after(0);
    assert_null(cs_resize(block, 100));
    cs_memory_fail_after(-1);
    assert_string_equal(block, "abc");
    block = cs_resize(block, 100);
    assert_string_equal(block, "abc");
    cs_free(block);
}

static void size_zero_gives_a_pointer(void **state)
{
    (void)state;
    void *blocks[] = {cs_alloc(0), cs_alloc_zero(0, 4), cs_resize(NULL, 0)};
    for (size_t i = 0; i < CS_COUNT(blocks); i++) {
        assert_non_null(blocks[i]);
        cs_free(blocks[i]);
    }
    cs_free(NULL);
    assert_null(cs_alloc_zero(SIZE_MAX, 2));
}

static void wiping_overwrites(void **state)
{
    (void)state;
    uint8_t secret[4] = {1, 2, 3, 4};
    cs_wipe(secret, 3);
    assert_hex(cs_bytes_of_array(secret), "00000004");
    cs_wipe(NULL, 0);
}

static void arena_pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, (size_t)1 << 24);
    uint8_t *last = NULL;
    for (size_t size = 1; size < 3000; size += 7) {
        uint8_t *piece = cs_arena_take(&arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(piece[i], 0);
        }
        memset(piece, 0xff, size);
        assert_ptr_not_equal(piece, last);
        last = piece;
    }
    cs_arena_release(&arena);
    assert_int_equal(arena.used, 0);
}

static void the_arena_limit_holds_for_tiny_pieces_too(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, 1000);
    assert_null(cs_arena_take(&arena, 1001));
    assert_non_null(cs_arena_take(&arena, 1000));
    assert_null(cs_arena_take(&arena, 1));
    cs_arena_release(&arena);
    size_t count = 0;
    while (cs_arena_take(&arena, 1) != NULL) {
        count++;
    }
    /* Each takes at least the alignment. */
    assert_in_range(count, 1, 1000 / _Alignof(max_align_t) + 1);
    cs_arena_release(&arena);
}

static void overflowing_arrays_are_refused(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, SIZE_MAX);
    assert_null(cs_arena_take_array(&arena, SIZE_MAX / 2, 3));
    assert_null(cs_arena_take(&arena, SIZE_MAX));
    assert_null(cs_arena_take(&arena, SIZE_MAX - 8));
    assert_non_null(cs_arena_take_array(&arena, 10, 10));
    assert_non_null(cs_arena_take_array(&arena, 10, 0));
    cs_arena_release(&arena);
}

static void lists_grow_and_keep_what_they_hold(void **state)
{
    (void)state;
    struct cs_arena arena;
    uint64_t *list = NULL;
    size_t capacity = 0;
    cs_arena_init(&arena, 64 * 1024);
    for (uint64_t i = 0; i < 1000; i++) {
        list = cs_arena_grow(&arena, list, (size_t)i, &capacity, sizeof *list);
        assert_non_null(list);
        assert_true(i < capacity);
        list[i] = i;
    }
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(list[i], i);
    }
    size_t before = capacity;
    assert_null(cs_arena_grow(&arena, list, capacity, &capacity, 64 * 1024));
    assert_int_equal(capacity, before);
    cs_arena_release(&arena);
}

static void copies_live_in_the_arena(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, 100);
    struct cs_bytes copy = CS_BYTES_NONE;
    assert_ok(cs_arena_copy(&arena, cs_bytes_of_text("abc"), &copy));
    assert_true(cs_bytes_equal_text(copy, "abc"));
    assert_string_equal(cs_arena_text(&arena, copy), "abc");
    assert_string_equal(cs_arena_text(&arena, CS_BYTES_NONE), "");
    struct cs_bytes untouched = copy;
    assert_status(cs_arena_copy(&arena, cs_bytes_make("", 101), &untouched), CS_NO_MEMORY);
    assert_ptr_equal(untouched.data, copy.data);
    assert_null(cs_arena_text(&arena, cs_bytes_make("", SIZE_MAX)));
    cs_arena_release(&arena);
}

static void an_arena_without_memory_says_so(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, 100);
    cs_memory_fail_after(0);
    assert_null(cs_arena_take(&arena, 10));
    cs_memory_fail_after(-1);
    assert_int_equal(arena.used, 0);
    assert_non_null(cs_arena_take(&arena, 10));
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nth_allocation_fails_once),
        cmocka_unit_test(all_fail_from_the_nth_on),
        cmocka_unit_test(a_failed_resize_keeps_the_block),
        cmocka_unit_test(size_zero_gives_a_pointer),
        cmocka_unit_test(wiping_overwrites),
        cmocka_unit_test(arena_pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(the_arena_limit_holds_for_tiny_pieces_too),
        cmocka_unit_test(overflowing_arrays_are_refused),
        cmocka_unit_test(lists_grow_and_keep_what_they_hold),
        cmocka_unit_test(copies_live_in_the_arena),
        cmocka_unit_test(an_arena_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
