/* Tests of the columns of bases and of packed row versions. */
#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/columns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct cs_arena arena;
static struct cs_buffer out;
static struct cs_cbor_reader reader;
static const uint64_t logs[] = {0, 7, UINT64_MAX};

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
    cs_arena_release(&arena);
    cs_buffer_release(&out);
    return 0;
}

static void read_back(void)
{
    assert_int_equal(out.status, CS_OK);
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
}

static struct cs_base_column new_bases(void)
{
    return (struct cs_base_column){logs, 3, {0, 0}};
}

static void test_bases_come_back_and_are_small(void **state)
{
    (void)state;
    static const struct cs_version versions[] = {{0, 5},          {7, 100},       {7, 101}, {7, 99},
                                                 {UINT64_MAX, 1}, {7, INT64_MAX}, {7, 0}};
    static const struct {
        size_t from;
        size_t count;
        size_t size;
    } bases[] = {{0, 0, 1}, {0, 1, 1}, {1, 1, 4}, {2, 1, 1},  {3, 1, 1},
                 {0, 3, 9}, {2, 1, 1}, {4, 1, 3}, {5, 1, 11}, {6, 1, 9}};
    size_t count = sizeof bases / sizeof bases[0];
    struct cs_base_column column = new_bases();
    for (size_t i = 0; i < count; i++) {
        size_t before = out.size;
        cs_base_column_put(&column, &out,
                           (struct cs_versions){versions + bases[i].from, bases[i].count});
        assert_int_equal(out.size - before, bases[i].size);
    }
    read_back();
    column = new_bases();
    for (size_t i = 0; i < count; i++) {
        struct cs_versions base = cs_base_column_take(&column, &reader, &arena);
        assert_true(cs_versions_equal(
            base, (struct cs_versions){versions + bases[i].from, bases[i].count}));
    }
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

static void check_base_refused(enum cs_status expected)
{
    struct cs_base_column column = new_bases();
    read_back();
    assert_int_equal(cs_base_column_take(&column, &reader, &arena).count, 0);
    assert_int_equal(reader.status, expected);
    cs_buffer_clear(&out);
}

static void put_list(size_t count, uint64_t log, uint64_t counter)
{
    cs_cbor_put_array(&out, 2 * count);
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_unsigned(&out, log);
        cs_cbor_put_unsigned(&out, counter + i);
    }
}

static void test_spoiled_bases_are_refused(void **state)
{
    (void)state;
    cs_cbor_put_array(&out, 0);
    check_base_refused(CS_MALFORMED);
    cs_cbor_put_array(&out, 1);
    cs_cbor_put_unsigned(&out, 1);
    check_base_refused(CS_MALFORMED);
    put_list(1, 3, 1); /* log not in the dictionary */
    check_base_refused(CS_MALFORMED);
    put_list(1, 1, (uint64_t)INT64_MAX + 1);
    check_base_refused(CS_MALFORMED);
    put_list(CS_BASES_PER_FIELD_MAX + 1, 1, 1);
    check_base_refused(CS_LIMIT);
    cs_cbor_put_array(&out, 4); /* descending */
    cs_cbor_put_unsigned(&out, 1);
    cs_cbor_put_unsigned(&out, 5);
    cs_cbor_put_unsigned(&out, 0);
    cs_cbor_put_unsigned(&out, 9);
    check_base_refused(CS_MALFORMED);
    cs_cbor_put_unsigned(&out, 2); /* one before counter 0 */
    check_base_refused(CS_MALFORMED);
    cs_cbor_put_null(&out);
    check_base_refused(CS_MALFORMED);
}

static void test_bases_without_memory(void **state)
{
    (void)state;
    struct cs_arena none;
    struct cs_base_column column = new_bases();
    cs_arena_init(&none, 0);
    cs_cbor_put_unsigned(&out, 1);
    read_back();
    assert_int_equal(cs_base_column_take(&column, &reader, &none).count, 0);
    assert_int_equal(reader.status, CS_NO_MEMORY);
    cs_buffer_clear(&out);
    put_list(2, 1, 1);
    read_back();
    assert_int_equal(cs_base_column_take(&column, &reader, &none).count, 0);
    assert_int_equal(reader.status, CS_NO_MEMORY);
    cs_arena_release(&none);
}

static void test_row_versions_come_back(void **state)
{
    (void)state;
    struct cs_bytes packed[] = {sample_plain_versions(&arena, 5, 1000),
                                sample_plain_versions(&arena, 5, 1001),
                                sample_plain_versions(&arena, 5, 999),
                                cs_bytes_of_text("12345678\1 and exceptions"),
                                sample_plain_versions(&arena, 5, 1000),
                                sample_plain_versions(&arena, 6, 1),
                                sample_plain_versions(&arena, 6, INT64_MAX),
                                sample_plain_versions(&arena, 6, 0),
                                CS_BYTES_NONE,
                                sample_plain_versions(&arena, 6, UINT64_MAX),
                                cs_bytes_of_text("12345678\x80"),
                                sample_plain_versions(&arena, 6, 1)};
    static const size_t sizes[] = {11, 1, 1, 26, 1, 10, 9, 9, 1, 19, 10, 1};
    size_t count = sizeof packed / sizeof packed[0];
    struct cs_row_version_column column = {0};
    for (size_t i = 0; i < count; i++) {
        size_t before = out.size;
        cs_row_version_column_put(&column, &out, packed[i]);
        assert_int_equal(out.size - before, sizes[i]);
    }
    read_back();
    column = (struct cs_row_version_column){0};
    for (size_t i = 0; i < count; i++) {
        struct cs_bytes back = cs_row_version_column_take(&column, &reader, &arena);
        assert_true(cs_bytes_equal(back, packed[i]));
    }
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

static void test_spoiled_row_versions_are_refused(void **state)
{
    (void)state;
    struct cs_row_version_column column = {0};
    cs_cbor_put_integer(&out, 1); /* nothing before it */
    read_back();
    assert_int_equal(cs_row_version_column_take(&column, &reader, &arena).size, 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    column = (struct cs_row_version_column){true, {5, 0}};
    cs_buffer_clear(&out);
    cs_cbor_put_integer(&out, -1);
    read_back();
    assert_int_equal(cs_row_version_column_take(&column, &reader, &arena).size, 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    column = (struct cs_row_version_column){true, {5, INT64_MAX}};
    cs_buffer_clear(&out);
    cs_cbor_put_integer(&out, 1);
    read_back();
    (void)cs_row_version_column_take(&column, &reader, &arena);
    assert_int_equal(reader.status, CS_MALFORMED);
    uint8_t *large = sample_take(&arena, CS_VALUE_MAX + 1, 1);
    cs_buffer_clear(&out);
    cs_cbor_put_bytes(&out, cs_bytes_make(large, CS_VALUE_MAX + 1));
    read_back();
    (void)cs_row_version_column_take(&column, &reader, &arena);
    assert_int_equal(reader.status, CS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bases_come_back_and_are_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spoiled_bases_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bases_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_row_versions_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spoiled_row_versions_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
