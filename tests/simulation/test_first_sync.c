/* The smallest whole: an owner, an office, two technicians; records travel, scopes hold. */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

static void a_part_reaches_another_laptop(void **state)
{
    (void)state;
    struct universe universe;
    universe_open(&universe, cs_registry_core(), 1);
    struct laptop *owner = universe_found(&universe, "王芳");
    laptop_sync_equal(owner);
    struct laptop *technician = universe_join(&universe, owner, "李强", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(owner);
    struct cs_id part =
        laptop_new(owner, "part", "code=P-1", "name=继电器", "price_cents=1250", NULL);
    laptop_sync_equal(owner);
    assert_int_equal(owner->last.pushed, 1);
    laptop_sync_equal(technician);
    assert_string_equal(laptop_text(technician, "part", part, "name"), "继电器");
    assert_string_equal(laptop_text(technician, "part", part, "price_cents"), "1250");
    laptop_sync_equal(owner);
    assert_int_equal(owner->last.pulled, 0);
    universe_close(&universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_part_reaches_another_laptop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
