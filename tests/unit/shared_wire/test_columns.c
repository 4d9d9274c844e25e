/* Tests of the columns of ids, transaction ids and differences. */
#include "shared/wire/columns.h"

#include "shared/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct cs_buffer out;
static struct cs_cbor_reader reader;

static int set_up(void **state)
{
    (void)state;
    cs_buffer_init(&out, CS_MEBI);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_buffer_release(&out);
    return 0;
}

static void read_back(void)
{
    assert_int_equal(out.status, CS_OK);
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
}

/* Writes ids, checks the size that the column took, reads them back. */
static void check_ids(const struct cs_id *ids, size_t count, size_t size)
{
    struct cs_id_column column = {0};
    cs_buffer_clear(&out);
    for (size_t i = 0; i < count; i++) {
        cs_id_column_put(&column, &out, &ids[i]);
    }
    assert_int_equal(out.size, size);
    read_back();
    column = (struct cs_id_column){0};
    for (size_t i = 0; i < count; i++) {
        struct cs_id id = cs_id_column_take(&column, &reader);
        assert_true(cs_id_equal(&id, &ids[i]));
    }
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

/* A batch of one generator costs one byte an id, over milliseconds and the overflow of its counter too. */
static void test_ids_of_a_generator_are_small(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    static struct cs_id ids[COUNT];
    struct cs_id_generator generator;
    const uint8_t tail[7] = {9, 8, 7, 6, 5, 4, 3};
    cs_id_generator_init(&generator, tail, tail + 3);
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = cs_id_next(&generator, INT64_C(1772413200000));
    }
    check_ids(ids, COUNT, 17 + COUNT - 1);
    ids[1] = cs_id_next(&generator, INT64_C(1772413200100)); /* 98 ms later: some five bytes */
    check_ids(ids, 2, 17 + 5);
}

static void test_ids_go_back_and_repeat(void **state)
{
    (void)state;
    struct cs_id ids[4];
    struct cs_id_generator generator;
    const uint8_t tail[7] = {9, 8, 7, 6, 5, 4, 3};
    cs_id_generator_init(&generator, tail, tail + 3);
    ids[1] = cs_id_next(&generator, 1000);
    ids[0] = cs_id_next(&generator, 1001);
    ids[2] = ids[1];
    ids[3] = cs_id_next(&generator, 1001);
    check_ids(ids, 4, 17 + 5 + 1 + 5);
}

static void test_ids_of_other_layout_are_verbatim(void **state)
{
    (void)state;
    struct cs_id ids[4] = {{{1}}, {{2}}, {{0}}, {{0}}};
    memset(ids[0].bytes, 0x11, CS_ID_SIZE);
    memset(ids[1].bytes, 0xee, CS_ID_SIZE);
    memset(ids[2].bytes, 0xff, CS_ID_SIZE);
    check_ids(ids, 4, 17 + 17 + 17 + 17);
    struct cs_id zero = {{0}};
    check_ids(&zero, 1, 1);
    /* Same tail, but too far apart in time for a difference. */
    memset(&ids[0], 0, sizeof ids[0]);
    memset(&ids[1], 0, sizeof ids[1]);
    ids[1].bytes[0] = 0xff;
    check_ids(ids, 2, 1 + 17);
    /* The widest difference. */
    ids[1].bytes[0] = 0x0f;
    memset(ids[1].bytes + 1, 0xff, 5);
    ids[1].bytes[6] = 0x0f;
    ids[1].bytes[7] = 0xff;
    ids[1].bytes[8] = 0x3f;
    check_ids(ids, 2, 1 + 9);
    struct cs_id back[3] = {ids[0], ids[1], ids[0]};
    check_ids(back, 3, 1 + 9 + 9);
}

static void check_id_refused(int64_t distance)
{
    struct cs_id_column column = {0};
    cs_buffer_clear(&out);
    cs_cbor_put_integer(&out, distance);
    read_back();
    struct cs_id id = cs_id_column_take(&column, &reader);
    assert_true(cs_id_is_zero(&id));
    assert_int_equal(reader.status, CS_MALFORMED);
}

static void test_id_differences_are_bounded(void **state)
{
    (void)state;
    check_id_refused(-1);
    check_id_refused(INT64_MIN);
    /* INT64_MAX steps from time 0 are 2^45 ms: still an id; from the end of time they are none. */
    struct cs_id_column column = {0};
    memset(column.previous.bytes, 0xff, CS_ID_SIZE);
    cs_buffer_clear(&out);
    cs_cbor_put_integer(&out, 1);
    read_back();
    (void)cs_id_column_take(&column, &reader);
    assert_int_equal(reader.status, CS_MALFORMED);
    cs_buffer_clear(&out);
    cs_cbor_put_bytes(&out, cs_bytes_of_text("fifteen bytes.."));
    read_back();
    (void)cs_id_column_take(&column, &reader);
    assert_int_equal(reader.status, CS_MALFORMED);
    cs_buffer_clear(&out);
    cs_cbor_put_null(&out);
    read_back();
    (void)cs_id_column_take(&column, &reader);
    assert_int_equal(reader.status, CS_MALFORMED);
}

static void test_transaction_ids(void **state)
{
    (void)state;
    static const uint8_t ids[6][16] = {"twelve bytes\0\0\0\1", "twelve bytes\0\0\0\2",
                                       "twelve bytes\0\0\1\2", "twelve bytes\0\0\1\1",
                                       "other twelve\0\0\1\2", "other twelve\xff\xff\xff\xff"};
    static const size_t sizes[6] = {17, 1, 3, 17, 17, 5};
    struct cs_transaction_id_column column = {{0}};
    for (size_t i = 0; i < 6; i++) {
        size_t before = out.size;
        cs_transaction_id_column_put(&column, &out, ids[i]);
        assert_int_equal(out.size - before, sizes[i]);
    }
    read_back();
    column = (struct cs_transaction_id_column){{0}};
    for (size_t i = 0; i < 6; i++) {
        uint8_t id[16];
        cs_transaction_id_column_take(&column, &reader, id);
        assert_memory_equal(id, ids[i], 16);
    }
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
    uint8_t id[16];
    cs_buffer_clear(&out);
    cs_cbor_put_unsigned(&out, 1); /* 2^32 − 1 and one more */
    read_back();
    cs_transaction_id_column_take(&column, &reader, id);
    assert_int_equal(reader.status, CS_MALFORMED);
    cs_buffer_clear(&out);
    cs_cbor_put_integer(&out, -1);
    read_back();
    cs_transaction_id_column_take(&column, &reader, id);
    assert_int_equal(reader.status, CS_MALFORMED);
}

static void test_differences_wrap(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 5, 4, INT64_MAX, INT64_MIN, INT64_MAX, -1, INT64_MIN, 0};
    size_t count = sizeof values / sizeof values[0];
    struct cs_delta_column column = {0};
    for (size_t i = 0; i < count; i++) {
        cs_delta_column_put(&column, &out, values[i]);
    }
    read_back();
    column = (struct cs_delta_column){0};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(cs_delta_column_take(&column, &reader), values[i]);
    }
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

static void check_name(size_t size, enum cs_status expected)
{
    char name[CS_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    cs_buffer_clear(&out);
    cs_cbor_put_text(&out, cs_bytes_make(name, size));
    read_back();
    assert_int_equal(cs_cbor_take_name(&reader).size, expected == CS_OK ? size : 0);
    assert_int_equal(reader.status, expected);
    assert_true(cs_name_valid(cs_bytes_make(name, size)) == (expected == CS_OK));
}

static void test_names(void **state)
{
    (void)state;
    check_name(1, CS_OK);
    check_name(CS_NAME_MAX, CS_OK);
    check_name(0, CS_MALFORMED);
    check_name(CS_NAME_MAX + 1, CS_LIMIT);
    cs_cbor_fail(&reader, CS_MALFORMED); /* the first failure stays */
    assert_int_equal(reader.status, CS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ids_of_a_generator_are_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ids_go_back_and_repeat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ids_of_other_layout_are_verbatim, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_id_differences_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_transaction_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_differences_wrap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
