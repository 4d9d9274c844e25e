/* Tests of roles: names, lists, and who may invite whom. */
#include "shared/base/memory.h"
#include "tests/unit/shared_domain/toy.h"

static cs_roles parsed(const char *text)
{
    struct cs_problem problem = {""};
    cs_roles roles = CS_ROLES_NONE;
    assert_int_equal(cs_roles_parse(cs_bytes_of_text(text), &roles, &problem), CS_OK);
    assert_string_equal(problem.text, "");
    return roles;
}

static void one_role(void **state)
{
    (void)state;
    assert_int_equal(parsed("technician"), CS_ROLE(TECHNICIAN));
    assert_int_equal(parsed(" owner "), CS_ROLE(OWNER));
    assert_int_equal(parsed("仓库"), CS_ROLE(WAREHOUSE));
}

static void several_roles(void **state)
{
    (void)state;
    assert_int_equal(parsed("office,manager"), CS_ROLE(OFFICE) | CS_ROLE(MANAGER));
    assert_int_equal(parsed("manager, office"), CS_ROLE(OFFICE) | CS_ROLE(MANAGER));
    assert_int_equal(parsed("office,office"), CS_ROLE(OFFICE));
    assert_int_equal(parsed("经理,finance"), CS_ROLE(MANAGER) | CS_ROLE(FINANCE));
}

static void assert_refused(const char *text, const char *part)
{
    struct cs_problem problem = {""};
    cs_roles roles = CS_ROLE(AUDITOR);
    assert_int_equal(cs_roles_parse(cs_bytes_of_text(text), &roles, &problem), CS_INVALID);
    assert_problem(&problem, part);
    assert_problem(&problem, "technician");
    assert_int_equal(roles, CS_ROLE(AUDITOR));
    assert_int_equal(cs_roles_parse(cs_bytes_of_text(text), &roles, NULL), CS_INVALID);
}

static void unknown_words_are_named(void **state)
{
    (void)state;
    assert_refused("boss", "\"boss\" is not a role: one of owner, security");
    assert_refused("office,boss", "\"boss\" is not a role");
    assert_refused("Office", "\"Office\" is not a role");
    assert_refused("office manager", "\"office manager\" is not a role");
}

static void empty_words_are_refused(void **state)
{
    (void)state;
    assert_refused("", "\"\" is not a role");
    assert_refused(" ", "\"\" is not a role");
    assert_refused("office,", "\"\" is not a role");
    assert_refused(",office", "\"\" is not a role");
    assert_refused("office,,manager", "\"\" is not a role");
    cs_roles roles;
    assert_int_equal(cs_roles_parse(CS_BYTES_NONE, &roles, NULL), CS_INVALID);
}

static void assert_formats(cs_roles roles, const char *text)
{
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 1024);
    cs_roles_format(roles, &buffer);
    assert_string_equal(cs_buffer_text(&buffer), text);
    cs_buffer_release(&buffer);
}

static void formats_in_the_order_of_the_table(void **state)
{
    (void)state;
    assert_formats(CS_ROLES_NONE, "");
    assert_formats(CS_ROLE(TECHNICIAN), "technician");
    assert_formats(CS_ROLE(MANAGER) | CS_ROLE(OFFICE), "office,manager");
    assert_formats(CS_ROLES_ALL, "owner,security,office,manager,director,committee,finance,"
                                 "warehouse,technician,auditor");
}

static void every_set_comes_back(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 1024);
    for (cs_roles roles = 1; roles <= CS_ROLES_ALL; roles++) {
        cs_buffer_clear(&buffer);
        cs_roles_format(roles, &buffer);
        assert_int_equal(parsed(cs_buffer_text(&buffer)), roles);
    }
    cs_buffer_release(&buffer);
}

static void formatting_reports_through_the_buffer(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 8);
    cs_roles_format(CS_ROLES_ALL, &buffer);
    assert_int_equal(buffer.status, CS_LIMIT);
    cs_buffer_release(&buffer);
    cs_buffer_init(&buffer, 1024);
    cs_memory_fail_after(0);
    cs_roles_format(CS_ROLES_ALL, &buffer);
    cs_memory_fail_after(-1);
    assert_int_equal(buffer.status, CS_NO_MEMORY);
    cs_buffer_release(&buffer);
}

static void names_of_roles(void **state)
{
    (void)state;
    assert_string_equal(cs_role_name(CS_ROLE_INDEX_OWNER), "owner");
    assert_string_equal(cs_role_name(CS_ROLE_INDEX_AUDITOR), "auditor");
}

static void the_invite_table(void **state)
{
    (void)state;
    assert_int_equal(cs_roles_may_invite(CS_ROLE(OWNER)), CS_ROLES_ALL);
    assert_int_equal(cs_roles_may_invite(CS_ROLE(OFFICE)),
                     CS_ROLE(TECHNICIAN) | CS_ROLE(WAREHOUSE) | CS_ROLE(OFFICE));
    assert_int_equal(cs_roles_may_invite(CS_ROLE(MANAGER)), CS_ROLE(TECHNICIAN));
    assert_int_equal(cs_roles_may_invite(CS_ROLE(SECURITY)),
                     CS_ROLE(SECURITY) | CS_ROLE(TECHNICIAN));
}

static void all_others_invite_nobody(void **state)
{
    (void)state;
    const cs_roles others = CS_ROLE(DIRECTOR) | CS_ROLE(COMMITTEE) | CS_ROLE(FINANCE) |
                            CS_ROLE(WAREHOUSE) | CS_ROLE(TECHNICIAN) | CS_ROLE(AUDITOR);
    assert_int_equal(cs_roles_may_invite(others), CS_ROLES_NONE);
    assert_int_equal(cs_roles_may_invite(CS_ROLES_NONE), CS_ROLES_NONE);
}

static void several_roles_invite_together(void **state)
{
    (void)state;
    assert_int_equal(cs_roles_may_invite(CS_ROLE(SECURITY) | CS_ROLE(OFFICE) | CS_ROLE(AUDITOR)),
                     CS_ROLE(SECURITY) | CS_ROLE(OFFICE) | CS_ROLE(TECHNICIAN) |
                         CS_ROLE(WAREHOUSE));
}

static void nobody_but_the_owner_makes_an_owner(void **state)
{
    (void)state;
    cs_roles all_but_owner = CS_ROLES_ALL & ~CS_ROLE(OWNER);
    assert_int_equal(cs_roles_may_invite(all_but_owner) & CS_ROLE(OWNER), 0);
    assert_int_equal(cs_roles_may_invite(all_but_owner) & CS_ROLE(MANAGER), 0);
}

static void the_revoke_table(void **state)
{
    (void)state;
    static const cs_roles all_devices[] = {CS_ROLE(OWNER), CS_ROLE(SECURITY)};
    static const cs_roles invited_only[] = {CS_ROLE(OFFICE), CS_ROLE(MANAGER)};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cs_roles_may_revoke(all_devices[i], CS_REVOKE_ANYONE), CS_ROLES_ALL);
        assert_int_equal(cs_roles_may_revoke(all_devices[i], CS_REVOKE_INVITED), CS_ROLES_ALL);
        assert_int_equal(cs_roles_may_revoke(invited_only[i], CS_REVOKE_ANYONE), CS_ROLES_NONE);
        assert_int_equal(cs_roles_may_revoke(invited_only[i], CS_REVOKE_INVITED), CS_ROLES_ALL);
    }
    const cs_roles others =
        CS_ROLES_ALL & ~(CS_ROLE(OWNER) | CS_ROLE(SECURITY) | CS_ROLE(OFFICE) | CS_ROLE(MANAGER));
    assert_int_equal(cs_roles_may_revoke(others, CS_REVOKE_INVITED), CS_ROLES_NONE);
    assert_int_equal(cs_roles_may_revoke(CS_ROLES_NONE, CS_REVOKE_ANYONE), CS_ROLES_NONE);
    assert_int_equal(cs_roles_may_revoke(others | CS_ROLE(OWNER), CS_REVOKE_ANYONE), CS_ROLES_ALL);
}

/* Whoever lets devices in can put them out again. */
static void every_inviter_revokes_whom_he_invited(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        cs_roles role = (cs_roles)1 << i;
        assert_int_equal(cs_roles_may_invite(role) & ~cs_roles_may_revoke(role, CS_REVOKE_INVITED),
                         CS_ROLES_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_role),
        cmocka_unit_test(several_roles),
        cmocka_unit_test(unknown_words_are_named),
        cmocka_unit_test(empty_words_are_refused),
        cmocka_unit_test(formats_in_the_order_of_the_table),
        cmocka_unit_test(every_set_comes_back),
        cmocka_unit_test(formatting_reports_through_the_buffer),
        cmocka_unit_test(names_of_roles),
        cmocka_unit_test(the_invite_table),
        cmocka_unit_test(all_others_invite_nobody),
        cmocka_unit_test(several_roles_invite_together),
        cmocka_unit_test(nobody_but_the_owner_makes_an_owner),
        cmocka_unit_test(the_revoke_table),
        cmocka_unit_test(every_inviter_revokes_whom_he_invited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
