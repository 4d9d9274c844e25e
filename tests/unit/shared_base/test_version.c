/* Versions and their sets. */
#include "tests/support/testing.h"

#include "shared/base/version.h"

static void versions_sort_by_log_then_counter(void **state)
{
    (void)state;
    static const struct cs_version sorted[] = {{0, 1}, {0, UINT64_MAX}, {1, 0},
                                               {1, 1}, {UINT64_MAX, 0}, {UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < CS_COUNT(sorted); i++) {
        for (size_t j = 0; j < CS_COUNT(sorted); j++) {
            int order = cs_version_compare(&sorted[i], &sorted[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_int_equal(cs_version_equal(&sorted[i], &sorted[j]), i == j);
        }
    }
}

static void lists_contain_and_compare(void **state)
{
    (void)state;
    static const struct cs_version items[] = {{1, 1}, {1, 2}, {3, 1}};
    static const struct cs_version others[] = {{1, 1}, {1, 2}, {3, 2}};
    struct cs_versions all = {items, 3};
    for (size_t i = 0; i < CS_COUNT(items); i++) {
        assert_true(cs_versions_contain(all, &items[i]));
    }
    assert_false(cs_versions_contain(all, &others[2]));
    assert_false(cs_versions_contain((struct cs_versions){NULL, 0}, &items[0]));
    assert_true(cs_versions_equal(all, (struct cs_versions){items, 3}));
    assert_false(cs_versions_equal(all, (struct cs_versions){items, 2}));
    assert_false(cs_versions_equal(all, (struct cs_versions){others, 3}));
    assert_true(cs_versions_equal((struct cs_versions){NULL, 0}, (struct cs_versions){items, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_sort_by_log_then_counter),
        cmocka_unit_test(lists_contain_and_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
