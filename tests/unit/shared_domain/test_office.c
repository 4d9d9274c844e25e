/* Tests of conflicts, exceptions and refusals. */
#include "shared/base/limits.h"
#include "tests/unit/shared_domain/core_entities.h"

static void people_make_none_of_them(void **state)
{
    (void)state;
    static const char *const entities[] = {"conflict", "exception", "refusal"};
    for (size_t i = 0; i < CS_COUNT(entities); i++) {
        assert_int_equal(core_entity(entities[i])->kind, CS_ENTITY_COMPUTED);
        assert_int_equal(core_who_may(entities[i], NULL, CS_WRITE_INSERT), CS_ROLES_NONE);
        assert_int_equal(core_who_may(entities[i], NULL, CS_WRITE_DELETE), CS_ROLES_NONE);
    }
}

static void a_conflict_is_resolved_on_its_row(void **state)
{
    (void)state;
    const struct cs_entity *conflict = core_entity("conflict");
    for (size_t i = 0; i < conflict->field_count; i++) {
        assert_int_equal(core_who_may("conflict", conflict->fields[i].name, CS_WRITE_UPDATE),
                         CS_ROLES_NONE);
    }
    assert_core_denied("conflict", "state", CS_WRITE_UPDATE, CS_ROLES_ALL,
                       "conflict.state is written by the server only");
}

static void a_conflict_keeps_the_largest_value(void **state)
{
    (void)state;
    static const uint8_t bytes[CS_VALUE_MAX];
    assert_int_equal(
        core_check("conflict", "losing_value", cs_value_bytes(cs_bytes_of_array(bytes))), CS_OK);
    assert_int_equal(core_check("conflict", "row", cs_value_bytes(cs_bytes_make(bytes, 16))),
                     CS_OK);
    assert_int_equal(core_check("conflict", "row", cs_value_bytes(cs_bytes_make(bytes, 17))),
                     CS_TOO_LARGE);
}

static void the_desk_annotates_exceptions(void **state)
{
    (void)state;
    static const char *const annotations[] = {"note", "assigned_to", "decision"};
    const struct cs_entity *exception = core_entity("exception");
    size_t open = 0;
    for (size_t i = 0; i < exception->field_count; i++) {
        open += core_who_may("exception", exception->fields[i].name, CS_WRITE_UPDATE) != 0;
    }
    assert_int_equal(open, CS_COUNT(annotations));
    for (size_t i = 0; i < CS_COUNT(annotations); i++) {
        assert_int_equal(core_who_may("exception", annotations[i], CS_WRITE_UPDATE), DESK);
    }
    /* An exception closes when its cause is gone; a decision is judged by the server. */
    assert_core_denied("exception", "state", CS_WRITE_UPDATE, CS_ROLES_ALL,
                       "exception.state is written by the server only");
}

static void authors_put_refusals_aside(void **state)
{
    (void)state;
    assert_int_equal(core_who_may("refusal", "state", CS_WRITE_UPDATE),
                     CS_ROLES_ALL & ~CS_ROLE(AUDITOR));
    assert_true((core_field("refusal", "author")->flags & CS_FIELD_OWNER) != 0);
    assert_core_denied("refusal", "operations", CS_WRITE_UPDATE, CS_ROLES_ALL,
                       "refusal.operations is written by the server only");
    assert_int_equal(core_check("refusal", "state", core_text("dismissed")), CS_OK);
    assert_int_equal(core_check("refusal", "state", core_text("forgotten")), CS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_make_none_of_them),
        cmocka_unit_test(a_conflict_is_resolved_on_its_row),
        cmocka_unit_test(a_conflict_keeps_the_largest_value),
        cmocka_unit_test(the_desk_annotates_exceptions),
        cmocka_unit_test(authors_put_refusals_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
