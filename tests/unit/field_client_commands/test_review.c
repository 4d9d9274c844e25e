/* review: what waits, what it contains, and deciding about pieces or all of a device; status of a laptop that was revoked. */
#include "field-client/replica/revocation.h"
#include "tests/unit/field_client_commands/commands_fixture.h"
#include "tests/unit/field_client_replica/device_rows.h"

#define FIRST "01000000-0000-0000-0000-000000000000"
#define SECOND "02000000-0000-0000-0000-000000000000"
#define DECIDED "03000000-0000-0000-0000-000000000000"

static void show(void)
{
    struct cs_identity *technician = fixture_identity(commands.organisation, CS_ROLE(TECHNICIAN));
    struct cs_replica *replica = open_directly();
    (void)show_device(replica, commands.organisation->identity, "owner-pc", "active");
    struct cs_id device = show_device(replica, technician, "field-laptop", "revoked");
    (void)show_work(replica, &device, 1, "open");
    (void)show_work(replica, &device, 2, "open");
    (void)show_work(replica, &device, 3, "rejected");
    cs_replica_close(replica);
    cs_identity_destroy(technician);
}

static void test_nothing_waits(void **state)
{
    (void)state;
    assert_int_equal(run("review"), 0);
    assert_has(commands.out, "nothing waits for review");
    assert_int_equal(run_json("review", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "held_work")), 0);
    assert_int_equal(run_json("review", "accept", "owner", "--reason", "x"), 1);
    assert_error("NOT_FOUND", "there is no device");
}

static void test_wrong_use(void **state)
{
    (void)state;
    show();
    assert_int_equal(run("review", "praise", FIRST), 2);
    assert_has(commands.err, "is not list, show, accept or reject");
    assert_int_equal(run("review", "list", "x"), 2);
    assert_int_equal(run("review", "show"), 2);
    assert_int_equal(run("review", "accept", FIRST), 2);
    assert_has(commands.err, "--reason TEXT is needed");
    assert_int_equal(run("review", "reject", "--reason", "x"), 2);
    assert_int_equal(run_json("review", "accept", DECIDED, "--reason", "x"), 1);
    assert_error("USED", "decided before");
    assert_int_equal(run_json("review", "accept", "owner", "--reason", "x"), 1);
    assert_error("NOT_FOUND", "nothing of it waits");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 0);
}

static void test_list_and_show(void **state)
{
    (void)state;
    show();
    assert_int_equal(run_json("review", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "held_work")), 2);
    assert_int_equal(run("review", "list"), 0);
    assert_has(commands.out, "field-laptop");
    assert_has(commands.out, "1 new visit");
    assert_int_equal(run("review", "show", FIRST), 0);
    assert_has(commands.out, "1 new visit");
    assert_has(commands.out, "\"entity\"");
    assert_int_equal(run_json("review", "show", "02000000"), 0);
    assert_string_equal(json_text(commands.json, "state"), "open");
    assert_int_equal(run("review", "show", "ffff"), 1);
}

static void test_deciding(void **state)
{
    (void)state;
    show();
    assert_int_equal(run("review", "accept", FIRST, "--reason", "seen"), 0);
    assert_has(commands.out, "1 accepted");
    assert_int_equal(run_json("review", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "held_work")), 1);
    /* All that is left of the device. */
    assert_int_equal(run_json("review", "reject", "field", "--reason", "forged"), 0);
    assert_string_equal(json_text(commands.json, "decision"), "reject");
    assert_int_equal(json_integer(commands.json, "count"), 1);
    assert_int_equal(run("review"), 0);
    assert_has(commands.out, "nothing waits for review");
    assert_int_equal(run_json("list", "review", "decision=accept"), 0);
    assert_has(commands.out, "seen");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 2);
}

/* The server has said so: status and sync tell it, exit with 1, and nothing can be decided any more. */
static void test_a_laptop_that_was_revoked(void **state)
{
    (void)state;
    show();
    struct cs_replica *replica = open_directly();
    struct cs_revoked_response answer = {.revoked_ms = 1772413200000,
                                         .log_sequence = 4,
                                         .last_sequence = 3,
                                         .revoked_by = T("赵敏"),
                                         .reason = T("丢失")};
    uint64_t taken;
    assert_ok(cs_own_revocation_note(replica, &answer, &taken));
    cs_replica_close(replica);
    assert_int_equal(run_json("status"), 1);
    const struct cs_json *revoked = cs_json_get(commands.json, "revoked");
    assert_string_equal(json_text(revoked, "by"), "赵敏");
    assert_string_equal(json_text(revoked, "reason"), "丢失");
    assert_string_equal(json_text(revoked, "at"), "2026-03-02T01:00:00Z");
    assert_int_equal(json_integer(revoked, "last_change_set"), 3);
    assert_int_equal(json_integer(revoked, "taken"), 4);
    assert_false(json_boolean(revoked, "full"));
    assert_int_equal(run("status"), 1);
    assert_has(commands.out,
               "REVOKED: this device was revoked by 赵敏, 2026-03-02T01:00:00Z: 丢失");
    assert_has(commands.out, "nothing on it was deleted");
    assert_has(commands.out, "ask for a new invite");
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("status"), 1);
    assert_has(commands.out, "已吊销");
    assert_int_equal(run_json("sync"), 1);
    assert_string_equal(json_text(cs_json_get(commands.json, "revoked"), "by"), "赵敏");
    assert_int_equal(run_json("review", "accept", FIRST, "--reason", "x"), 1);
    assert_error("REVOKED", "itself was revoked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_nothing_waits),
        COMMAND_TEST(test_wrong_use),
        COMMAND_TEST(test_list_and_show),
        COMMAND_TEST(test_deciding),
        COMMAND_TEST(test_a_laptop_that_was_revoked),
    };
    return RUN_COMMAND_TESTS(tests);
}
