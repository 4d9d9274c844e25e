/* Tests of parts, stock locations and movements. */
#include "tests/unit/shared_domain/core_entities.h"

static void technicians_read_the_price_list(void **state)
{
    (void)state;
    const struct cs_entity *part = core_entity("part");
    assert_int_equal(core_who_may("part", NULL, CS_WRITE_INSERT), STORE);
    assert_int_equal(core_who_may("part", NULL, CS_WRITE_DELETE), STORE);
    for (size_t i = 0; i < part->field_count; i++) {
        assert_int_equal(core_who_may("part", part->fields[i].name, CS_WRITE_UPDATE), STORE);
    }
    assert_core_denied("part", "price_cents", CS_WRITE_UPDATE, CS_ROLE(TECHNICIAN),
                       "part.price_cents may be written by owner, office, manager, warehouse only");
}

static void prices_are_cents_and_not_negative(void **state)
{
    (void)state;
    assert_int_equal(core_check("part", "price_cents", cs_value_integer(0)), CS_OK);
    assert_int_equal(core_check("part", "price_cents", cs_value_integer(1000000000000)), CS_OK);
    assert_int_equal(core_check("part", "price_cents", cs_value_integer(-1)), CS_INVALID);
    struct cs_problem problem = {""};
    const struct cs_value typed = core_text("12a");
    assert_int_equal(
        cs_value_check(core_entity("part"), core_field("part", "price_cents"), &typed, &problem),
        CS_INVALID);
    assert_problem(&problem, "part.price_cents: \"12a\" is not a whole number of cents");
}

static void a_part_needs_code_and_name(void **state)
{
    (void)state;
    const struct cs_entity *part = core_entity("part");
    struct cs_value values[8] = {{0}};
    struct cs_problem problem = {""};
    assert_string_equal(part->natural_key, "code");
    assert_int_equal(cs_row_complete(part, values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "part.code is required (备件编号)");
    values[0] = core_text("V-100");
    assert_int_equal(cs_row_complete(part, values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "part.name is required (备件名称)");
    values[1] = core_text("阀门");
    assert_int_equal(cs_row_complete(part, values, NULL), CS_OK);
}

static void a_van_reaches_its_keeper(void **state)
{
    (void)state;
    assert_true((core_field("stock_location", "owner")->flags & CS_FIELD_OWNER) != 0);
    assert_int_equal(core_entity("stock_location")->scope, CS_SCOPE_RULE_OFFICE);
    assert_int_equal(core_who_may("stock_location", "name", CS_WRITE_UPDATE), STORE);
}

static void movements_are_made_by_store_and_technicians(void **state)
{
    (void)state;
    const cs_roles ledger = STORE | CS_ROLE(TECHNICIAN);
    const struct cs_entity *movement = core_entity("stock_movement");
    assert_int_equal(core_who_may("stock_movement", NULL, CS_WRITE_INSERT), ledger);
    for (size_t i = 0; i < movement->field_count; i++) {
        assert_int_equal(core_who_may("stock_movement", movement->fields[i].name, CS_WRITE_INSERT),
                         ledger);
    }
}

static void movements_are_never_changed(void **state)
{
    (void)state;
    const struct cs_entity *movement = core_entity("stock_movement");
    assert_int_equal(movement->kind, CS_ENTITY_ORDINARY);
    for (size_t i = 0; i < movement->field_count; i++) {
        assert_int_equal(movement->fields[i].policy, CS_MERGE_ONCE);
        assert_core_denied("stock_movement", movement->fields[i].name, CS_WRITE_UPDATE,
                           CS_ROLES_ALL,
                           "stock_movement is append-only: a row cannot be changed or deleted, "
                           "add another");
    }
    assert_int_equal(core_who_may("stock_movement", NULL, CS_WRITE_DELETE), CS_ROLES_NONE);
}

static void quantities(void **state)
{
    (void)state;
    assert_int_equal(core_check("stock_movement", "quantity", cs_value_integer(1)), CS_OK);
    assert_int_equal(core_check("stock_movement", "quantity", cs_value_integer(1000000)), CS_OK);
    assert_int_equal(core_check("stock_movement", "quantity", cs_value_integer(0)), CS_INVALID);
    assert_int_equal(core_check("stock_movement", "quantity", cs_value_integer(-1)), CS_INVALID);
    assert_int_equal(core_check("stock_movement", "quantity", cs_value_integer(1000001)),
                     CS_INVALID);
}

static void the_customer_signs_for_parts(void **state)
{
    (void)state;
    assert_true((core_field("stock_movement", "part")->flags & CS_FIELD_SIGNED) != 0);
    assert_true((core_field("stock_movement", "quantity")->flags & CS_FIELD_SIGNED) != 0);
    assert_true((core_field("stock_movement", "serial")->flags & CS_FIELD_SIGNED) != 0);
    assert_true((core_field("stock_movement", "reason")->flags & CS_FIELD_SIGNED) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(technicians_read_the_price_list),
        cmocka_unit_test(prices_are_cents_and_not_negative),
        cmocka_unit_test(a_part_needs_code_and_name),
        cmocka_unit_test(a_van_reaches_its_keeper),
        cmocka_unit_test(movements_are_made_by_store_and_technicians),
        cmocka_unit_test(movements_are_never_changed),
        cmocka_unit_test(quantities),
        cmocka_unit_test(the_customer_signs_for_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
