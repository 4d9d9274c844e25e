/* Tests of projects and systems. */
#include "tests/unit/shared_domain/core_entities.h"

static void the_office_keeps_projects(void **state)
{
    (void)state;
    static const char *const entities[] = {"project", "system"};
    for (size_t i = 0; i < CS_COUNT(entities); i++) {
        assert_int_equal(core_who_may(entities[i], NULL, CS_WRITE_INSERT), DESK);
        assert_int_equal(core_who_may(entities[i], NULL, CS_WRITE_DELETE), DESK);
        assert_int_equal(core_who_may(entities[i], "name", CS_WRITE_UPDATE), DESK);
    }
    assert_int_equal(core_who_may("system", "note", CS_WRITE_UPDATE), SITE);
}

static void only_projects_open_a_scope(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        assert_int_equal(entity->opens_project_scope, entity == core_entity("project"));
    }
    assert_true((core_field("system", "project")->flags & CS_FIELD_PROJECT) != 0);
}

static void a_system_brings_project_site_and_customer_along(void **state)
{
    (void)state;
    assert_true((core_field("system", "project")->flags & CS_FIELD_CARRIES) != 0);
    assert_true((core_field("system", "site")->flags & CS_FIELD_CARRIES) != 0);
    assert_true((core_field("project", "customer")->flags & CS_FIELD_CARRIES) != 0);
}

static void acceptance_is_a_date(void **state)
{
    (void)state;
    assert_int_equal(core_check("project", "accepted_on", cs_value_integer(20000)), CS_OK);
    assert_int_equal(core_check("project", "accepted_on", core_text("2026-11-23")), CS_INVALID);
    assert_string_equal(core_field("project", "accepted_on")->clause, "A2");
}

static void kinds_of_systems(void **state)
{
    (void)state;
    static const char *const kinds[] = {"database", "server", "application", "equipment"};
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        assert_int_equal(core_check("system", "kind", core_text(kinds[i])), CS_OK);
    }
    assert_int_equal(core_check("system", "kind", core_text("printer")), CS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_office_keeps_projects),
        cmocka_unit_test(only_projects_open_a_scope),
        cmocka_unit_test(a_system_brings_project_site_and_customer_along),
        cmocka_unit_test(acceptance_is_a_date),
        cmocka_unit_test(kinds_of_systems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
