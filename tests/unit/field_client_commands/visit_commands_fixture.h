/* A work order, a part and a van for the tests of the commands visit and receipt. */
#ifndef TESTS_UNIT_FIELD_CLIENT_COMMANDS_VISIT_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_COMMANDS_VISIT_FIXTURE_H

#include "field-client/replica/edit.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

static char strokes_file[CS_HOME_PATH_MAX + 300];

/* The owner's own person row, as joining makes it. */
static inline void add_owner(void)
{
    struct cs_replica *replica = open_directly();
    struct cs_edit *edit = NULL;
    struct cs_named_value name = TEXT_VALUE("name", "王芳");
    assert_ok(cs_edit_begin(replica, &edit));
    assert_ok(
        cs_edit_insert(edit, T("person"), &commands.organisation->person, &name, 1, NULL, NULL));
    assert_ok(cs_edit_commit(edit));
    cs_replica_close(replica);
}

static inline int visit_setup(void **state)
{
    (void)commands_setup(state);
    add_owner();
    (void)id_of(run("new", "customer", "name=东方医院", "code=K-1"));
    (void)id_of(
        run("new", "service_request", "reported_fault=无法登录", "number=SR-1", "customer=K-1"));
    char request[80];
    assert_int_equal(run_json("list", "service_request"), 0);
    (void)snprintf(request, sizeof request, "request=%s",
                   json_text(cs_json_at(cs_json_get(commands.json, "rows"), 0), "id"));
    (void)id_of(run("new", "work_order", "number=WO-1", request));
    (void)id_of(run("new", "part", "code=P-001", "name=电源", "price_cents=12050"));
    (void)snprintf(strokes_file, sizeof strokes_file, "%s", in_home("strokes.json"));
    write_text(strokes_file, "[[[1,2],[3,4.5]]]");
    return 0;
}

static inline void add_van(void)
{
    char owner[80] = "owner=";
    cs_id_format(&commands.organisation->person, owner + strlen(owner));
    (void)id_of(run("new", "stock_location", "name=van", "code=VAN-1", "kind=van", owner));
}

/* Started and worked, ready to be signed. */
static inline void work(void)
{
    assert_int_equal(run("visit", "start", "WO-1"), 0);
    assert_int_equal(run("visit", "work", "WO-1", "更换电源"), 0);
    assert_int_equal(run("visit", "result", "WO-1", "solved"), 0);
}

/* The number of the receipt. */
static inline const char *sign(void)
{
    static char number[64];
    int code = run_json("visit", "sign", "WO-1", "--signer", "李主任", "--strokes", strokes_file);
    if (code != 0) {
        fail_msg("%s", commands.err);
    }
    (void)snprintf(number, sizeof number, "%s", json_text(commands.json, "number"));
    return number;
}

#define VISIT_COMMAND_TEST(function)                                                               \
    cmocka_unit_test_setup_teardown(function, visit_setup, commands_teardown)

#endif
