/* Blocks that are overwritten when freed: growing keeps content, failure keeps the old block, sizes that overflow are refused. */
#include "shared/base/memory.h"
#include "shared/base/wiped.h"
#include "tests/support/testing.h"

#include <string.h>

static void test_growing_and_shrinking(void **state)
{
    (void)state;
    char *block = cs_wiped_alloc(6);
    assert_non_null(block);
    memcpy(block, "hello", 6);
    block = cs_wiped_resize(block, 5000);
    assert_string_equal(block, "hello");
    block = cs_wiped_resize(block, 2);
    assert_memory_equal(block, "he", 2);
    cs_wiped_free(block);
    block = cs_wiped_resize(NULL, 0);
    assert_non_null(block);
    cs_wiped_free(block);
    cs_wiped_free(NULL);
}

static void test_failures(void **state)
{
    (void)state;
    char *block = cs_wiped_alloc(3);
    memcpy(block, "ab", 3);
    cs_memory_fail_after(0);
    assert_null(cs_wiped_resize(block, 10));
    cs_memory_fail_after(-1);
    assert_string_equal(block, "ab");
    assert_null(cs_wiped_alloc(SIZE_MAX));
    assert_null(cs_wiped_resize(block, SIZE_MAX - 4));
    assert_string_equal(block, "ab");
    cs_wiped_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growing_and_shrinking),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
