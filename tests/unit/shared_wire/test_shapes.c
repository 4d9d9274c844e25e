/* Tests of shapes: assignment, order, runs and their refusal. */
#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/shapes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct cs_arena arena;
static struct cs_buffer out;
static struct cs_cbor_reader reader;

static int set_up(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&out, CS_MEBI);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_arena_release(&arena);
    cs_buffer_release(&out);
    return 0;
}

/* Items are numbers; all have one hash, so that only equality tells them apart. */
static uint64_t one_hash(const void *items, size_t index)
{
    (void)items;
    (void)index;
    return 1;
}

static bool same_number(const void *items, size_t a, size_t b)
{
    return ((const uint32_t *)items)[a] == ((const uint32_t *)items)[b];
}

static enum cs_status assign(const uint32_t *items, size_t count, struct cs_shapes *shapes)
{
    struct cs_shape_rules rules = {items, one_hash, same_number};
    return cs_shapes_assign(&rules, count, &arena, shapes);
}

static void test_shapes_are_numbered_as_they_appear(void **state)
{
    (void)state;
    static const uint32_t items[] = {9, 9, 4, 9, 4, 7};
    static const uint32_t shape_of[] = {0, 0, 1, 0, 1, 2};
    static const uint32_t order[] = {0, 1, 3, 2, 4, 5};
    struct cs_shapes shapes;
    assert_int_equal(assign(items, 6, &shapes), CS_OK);
    assert_int_equal(shapes.shape_count, 3);
    assert_memory_equal(shapes.shape_of, shape_of, sizeof shape_of);
    assert_memory_equal(shapes.order, order, sizeof order);
    assert_int_equal(cs_shapes_size(&shapes, 0), 3);
    assert_int_equal(cs_shapes_size(&shapes, 1), 2);
    assert_int_equal(cs_shapes_size(&shapes, 2), 1);
}

static void test_runs_come_back(void **state)
{
    (void)state;
    struct sample_random random = {4};
    for (size_t count = 0; count < 200; count++) {
        uint32_t items[200];
        struct cs_shapes shapes = {0};
        struct cs_shapes back = {0};
        for (size_t i = 0; i < count; i++) {
            items[i] = (uint32_t)(sample_below(&random, 3) * sample_below(&random, 4));
        }
        assert_int_equal(assign(items, count, &shapes), CS_OK);
        cs_buffer_clear(&out);
        cs_shapes_put(&shapes, &out);
        cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
        cs_shapes_take(&reader, count, &arena, &back);
        assert_int_equal(cs_cbor_finish(&reader), CS_OK);
        assert_int_equal(back.shape_count, shapes.shape_count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(back.shape_of[i], shapes.shape_of[i]);
            assert_int_equal(back.order[i], shapes.order[i]);
        }
    }
}

static void test_too_many_shapes_are_refused(void **state)
{
    (void)state;
    uint32_t items[CS_SHAPES_PER_BATCH_MAX + 1];
    struct cs_shapes shapes;
    for (uint32_t i = 0; i <= CS_SHAPES_PER_BATCH_MAX; i++) {
        items[i] = i;
    }
    assert_int_equal(assign(items, CS_SHAPES_PER_BATCH_MAX, &shapes), CS_OK);
    assert_int_equal(assign(items, CS_SHAPES_PER_BATCH_MAX + 1, &shapes), CS_TOO_LARGE);
    cs_cbor_put_array(&out, 2 * (CS_SHAPES_PER_BATCH_MAX + 1));
    for (uint32_t i = 0; i <= CS_SHAPES_PER_BATCH_MAX; i++) {
        cs_cbor_put_unsigned(&out, i);
        cs_cbor_put_unsigned(&out, 1);
    }
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
    cs_shapes_take(&reader, CS_SHAPES_PER_BATCH_MAX + 1, &arena, &shapes);
    assert_int_equal(reader.status, CS_LIMIT);
}

/* Runs by hand: shape, length, … */
static enum cs_status take(const uint64_t *numbers, size_t count, size_t item_count)
{
    struct cs_shapes shapes = {0};
    cs_buffer_clear(&out);
    cs_cbor_put_array(&out, count);
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_unsigned(&out, numbers[i]);
    }
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
    cs_shapes_take(&reader, item_count, &arena, &shapes);
    assert_true((reader.status == CS_OK) == (shapes.shape_of != NULL));
    return reader.status;
}

static void test_spoiled_runs_are_refused(void **state)
{
    (void)state;
    assert_int_equal(take((const uint64_t[]){0, 1, 1, 2}, 4, 3), CS_OK);
    assert_int_equal(take((const uint64_t[]){0, 1, 0, 2}, 4, 3), CS_OK);
    assert_int_equal(take((const uint64_t[]){0, 1, 1, 2}, 4, 4), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){0, 1, 1, 2}, 4, 2), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){0, 1, 2, 2}, 4, 3), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){1, 3}, 2, 3), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){0, 0, 1, 3}, 4, 3), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){0, 3, 0}, 3, 3), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){0, UINT64_MAX}, 2, 3), CS_MALFORMED);
    assert_int_equal(take((const uint64_t[]){0, 1, 0, 1}, 4, 1), CS_MALFORMED);
}

static void test_failing_allocations_are_clean(void **state)
{
    (void)state;
    static const uint32_t items[] = {1, 2};
    struct cs_shapes shapes;
    cs_memory_fail_after(0);
    assert_int_equal(assign(items, 2, &shapes), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    for (size_t limit = 0; limit < 200; limit += 4) {
        struct cs_arena small;
        struct cs_shape_rules rules = {items, one_hash, same_number};
        cs_arena_init(&small, limit);
        enum cs_status status = cs_shapes_assign(&rules, 2, &small, &shapes);
        assert_true(status == CS_NO_MEMORY || (status == CS_OK && limit >= 72));
        assert_true(status == CS_OK || limit < 128);
        cs_arena_release(&small);
    }
}

static void test_hashes_tell_names_apart(void **state)
{
    (void)state;
    uint64_t start = CS_SHAPE_HASH_START;
    uint64_t joined = cs_shape_hash_name(start, cs_bytes_of_text("ab"));
    uint64_t apart =
        cs_shape_hash_name(cs_shape_hash_name(start, cs_bytes_of_text("a")), cs_bytes_of_text("b"));
    assert_true(joined != apart);
    assert_true(joined == cs_shape_hash_name(start, cs_bytes_of_text("ab")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shapes_are_numbered_as_they_appear, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_runs_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_shapes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spoiled_runs_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_allocations_are_clean, set_up, tear_down),
        cmocka_unit_test(test_hashes_tell_names_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
