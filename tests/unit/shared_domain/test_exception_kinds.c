/* Tests of the table of exception kinds: it must serve two programs and two languages. */
#include "shared/domain/exception_kinds.h"

#include "shared/base/limits.h"
#include "tests/support/testing.h"

#include <string.h>

static void every_kind_is_complete(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct cs_exception_kind *kind; (kind = cs_exception_kind_at(count)) != NULL;
         count++) {
        assert_in_range(strlen(kind->name), 1, CS_NAME_MAX);
        assert_int_equal(strspn(kind->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(kind->name));
        const char *texts[] = {kind->label_en, kind->label_zh, kind->action_en, kind->action_zh};
        for (size_t i = 0; i < CS_COUNT(texts); i++) {
            assert_non_null(texts[i]);
            assert_int_not_equal(texts[i][0], '\0');
        }
        assert_string_not_equal(kind->label_en, kind->label_zh);
        assert_string_not_equal(kind->action_en, kind->action_zh);
        /* What may be accepted says how, and nothing else does. */
        assert_int_equal(strstr(kind->action_en, "decision=accepted") != NULL, kind->acceptable);
        assert_int_equal(strstr(kind->action_zh, "decision=accepted") != NULL, kind->acceptable);
    }
    assert_in_range(count, 15, 100);
}

static void a_kind_is_found_by_its_name_alone(void **state)
{
    (void)state;
    for (size_t i = 0; cs_exception_kind_at(i) != NULL; i++) {
        const struct cs_exception_kind *kind = cs_exception_kind_at(i);
        assert_ptr_equal(cs_exception_kind_find(cs_bytes_of_text(kind->name)), kind);
    }
    assert_null(cs_exception_kind_find(cs_bytes_of_text("negative")));
    assert_null(cs_exception_kind_find(cs_bytes_of_text("negative_stocks")));
    assert_null(cs_exception_kind_find(CS_BYTES_NONE));
    assert_null(cs_exception_kind_at((size_t)-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_complete),
        cmocka_unit_test(a_kind_is_found_by_its_name_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
