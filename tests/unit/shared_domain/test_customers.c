/* Tests of customers and sites. */
#include "tests/unit/shared_domain/core_entities.h"

static void the_office_keeps_customers(void **state)
{
    (void)state;
    static const char *const entities[] = {"customer", "site"};
    for (size_t i = 0; i < CS_COUNT(entities); i++) {
        assert_int_equal(core_who_may(entities[i], NULL, CS_WRITE_INSERT), DESK);
        assert_int_equal(core_who_may(entities[i], NULL, CS_WRITE_DELETE), DESK);
        assert_int_equal(core_who_may(entities[i], "name", CS_WRITE_UPDATE), DESK);
    }
}

static void technicians_write_how_to_reach_them(void **state)
{
    (void)state;
    assert_int_equal(core_who_may("customer", "phone", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("site", "address", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("site", "contact", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("site", "phone", CS_WRITE_UPDATE), SITE);
    assert_core_denied("customer", "code", CS_WRITE_UPDATE, CS_ROLE(TECHNICIAN),
                       "customer.code may be written by owner, office, manager only");
}

static void a_site_brings_its_customer_along(void **state)
{
    (void)state;
    const struct cs_field *customer = core_field("site", "customer");
    assert_string_equal(customer->references, "customer");
    assert_true((customer->flags & CS_FIELD_CARRIES) != 0);
    assert_true((customer->flags & CS_FIELD_REQUIRED) != 0);
}

static void customers_are_named_by_code_in_imports(void **state)
{
    (void)state;
    assert_string_equal(core_entity("customer")->natural_key, "code");
    assert_null(core_entity("site")->natural_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_office_keeps_customers),
        cmocka_unit_test(technicians_write_how_to_reach_them),
        cmocka_unit_test(a_site_brings_its_customer_along),
        cmocka_unit_test(customers_are_named_by_code_in_imports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
