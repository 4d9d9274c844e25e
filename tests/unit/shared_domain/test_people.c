/* Tests of persons. */
#include "shared/base/limits.h"
#include "tests/unit/shared_domain/core_entities.h"

static void the_staff_office_keeps_the_list(void **state)
{
    (void)state;
    const cs_roles staff = DESK | CS_ROLE(SECURITY);
    assert_int_equal(core_who_may("person", NULL, CS_WRITE_INSERT), staff);
    assert_int_equal(core_who_may("person", NULL, CS_WRITE_DELETE), staff);
    assert_int_equal(core_who_may("person", "phone", CS_WRITE_UPDATE), staff);
    assert_core_denied("person", NULL, CS_WRITE_INSERT, CS_ROLE(TECHNICIAN),
                       "person may be created by owner, security, office, manager only");
}

static void a_person_needs_a_name_and_nothing_else(void **state)
{
    (void)state;
    struct cs_value values[4] = {CS_NULL, CS_NULL, CS_NULL, CS_NULL};
    const struct cs_entity *person = core_entity("person");
    assert_int_equal(person->field_count, CS_COUNT(values));
    struct cs_problem problem = {""};
    assert_int_equal(cs_row_complete(person, values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "person.name is required (姓名)");
    values[cs_entity_label_field(person)] = core_text("李伟");
    assert_int_equal(cs_row_complete(person, values, NULL), CS_OK);
}

static void names_fit_a_certificate(void **state)
{
    (void)state;
    char name[CS_PERSON_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    assert_int_equal(
        core_check("person", "name", cs_value_text(cs_bytes_make(name, CS_PERSON_NAME_MAX))),
        CS_OK);
    assert_int_equal(core_check("person", "name", cs_value_text(cs_bytes_make(name, sizeof name))),
                     CS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_staff_office_keeps_the_list),
        cmocka_unit_test(a_person_needs_a_name_and_nothing_else),
        cmocka_unit_test(names_fit_a_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
