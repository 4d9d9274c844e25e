/* Which states of a work order are open. */
#include "shared/domain/work_order.h"

#include "shared/base/text.h"
#include "shared/domain/choices.h"
#include "shared/domain/descriptor.h"
#include "tests/support/testing.h"

/* Of all that the table has: dispatched, and neither done nor taken back. */
static void test_every_state(void **state)
{
    (void)state;
    const struct cs_entity *order =
        cs_registry_find(cs_registry_core(), cs_bytes_of_text("work_order"));
    int field = cs_entity_field_index(order, cs_bytes_of_text("status"));
    assert_true(field >= 0);
    const char *choices = order->fields[field].choices;
    size_t open = 0;
    assert_int_equal(cs_choices_count(choices), 9);
    for (size_t i = 0; i < 9; i++) {
        bool expected = i >= (size_t)cs_choices_find(choices, cs_bytes_of_text("assigned")) &&
                        i <= (size_t)cs_choices_find(choices, cs_bytes_of_text("on_site"));
        assert_int_equal(cs_work_order_is_open(cs_choices_at(choices, i)), expected);
        open += expected ? 1 : 0;
    }
    assert_int_equal(open, 4);
}

static void test_what_is_no_state(void **state)
{
    (void)state;
    assert_false(cs_work_order_is_open(CS_BYTES_NONE));
    assert_false(cs_work_order_is_open(cs_bytes_of_text("assigned ")));
    assert_false(cs_work_order_is_open(cs_bytes_of_text("Assigned")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state),
        cmocka_unit_test(test_what_is_no_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
