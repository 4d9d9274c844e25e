/* Tables for people. */
#include "field-client/console/table.h"

#include "tests/support/testing.h"

#include <stdlib.h>
#include <string.h>

static char *out;
static size_t out_size;

static enum cs_status print(const struct cs_table *table)
{
    struct cs_command command = {.name = "test"};
    command.out = open_memstream(&out, &out_size);
    enum cs_status status = cs_table_print(table, &command);
    (void)fclose(command.out);
    return status;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    free(out);
    out = NULL;
    return 0;
}

static void put_all(struct cs_table *table, size_t columns, const char *const *texts, size_t count)
{
    cs_table_init(table, columns);
    for (size_t i = 0; i < count; i++) {
        cs_table_put_text(table, texts[i]);
    }
}

static void test_aligned(void **state)
{
    (void)state;
    static const char *const texts[] = {"id", "名称", "n", "1", "pump", "7", "22", "阀", "8"};
    struct cs_table table;
    put_all(&table, 3, texts, CS_COUNT(texts));
    assert_int_equal(cs_table_rows(&table), 2);
    assert_ok(print(&table));
    assert_string_equal(out, "id  名称  n\n1   pump  7\n22  阀    8\n");
    cs_table_release(&table);
}

static void test_empty_columns_are_left_out(void **state)
{
    (void)state;
    static const char *const texts[] = {"id", "empty", "n", "1", "", "2", "3", "", ""};
    struct cs_table table;
    put_all(&table, 3, texts, CS_COUNT(texts));
    assert_ok(print(&table));
    assert_string_equal(out, "id  n\n1   2\n3   \n");
    cs_table_release(&table);
}

static void test_no_rows(void **state)
{
    (void)state;
    static const char *const texts[] = {"id", "n"};
    struct cs_table table;
    put_all(&table, 2, texts, CS_COUNT(texts));
    assert_int_equal(cs_table_rows(&table), 0);
    assert_ok(print(&table));
    assert_string_equal(out, "");
    cs_table_release(&table);
}

static void assert_cut(const char *text, size_t columns, const char *expected)
{
    struct cs_buffer cut;
    cs_buffer_init(&cut, 1024);
    cs_text_cut(cs_bytes_of_text(text), columns, &cut);
    assert_string_equal(cs_buffer_text(&cut), expected);
    cs_buffer_release(&cut);
}

static void test_cut(void **state)
{
    (void)state;
    assert_cut("abcdef", 6, "abcdef");
    assert_cut("abcdefg", 6, "abcde…");
    assert_cut("阀门阀", 6, "阀门阀");
    assert_cut("阀门阀门", 6, "阀门…");
    assert_cut("a\tb\nc\x7f", 6, "a b c ");
    assert_cut("a\xc2\x9b"
               "b",
               6, "a b");
    assert_cut("", 6, "");
}

static void test_long_cells(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct cs_table table;
    cs_table_init(&table, 1);
    cs_table_put_text(&table, "t");
    cs_table_put_text(&table, text);
    assert_int_equal(table.widths[0], CS_TABLE_CELL_COLUMNS_MAX);
    assert_ok(print(&table));
    assert_non_null(strstr(out, "x…\n"));
    cs_table_release(&table);
}

static void test_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"id", "n", "1", "2"};
    for (long i = 0; i < 4; i++) {
        struct cs_table table;
        cs_memory_fail_after(i);
        put_all(&table, 2, texts, CS_COUNT(texts));
        cs_memory_fail_after(-1);
        assert_status(print(&table), CS_NO_MEMORY);
        assert_string_equal(out, "");
        free(out);
        out = NULL;
        cs_table_release(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_aligned, teardown),
        cmocka_unit_test_teardown(test_empty_columns_are_left_out, teardown),
        cmocka_unit_test_teardown(test_no_rows, teardown),
        cmocka_unit_test_teardown(test_cut, teardown),
        cmocka_unit_test_teardown(test_long_cells, teardown),
        cmocka_unit_test_teardown(test_memory, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
