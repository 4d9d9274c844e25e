/* devices and revoke: the listing, which device is meant, and every answer; the same list serves review. */
#include "tests/unit/field_client_commands/commands_fixture.h"
#include "tests/unit/field_client_replica/device_rows.h"

struct people {
    struct cs_identity *office;
    struct cs_identity *technician;
    char office_id[CS_ID_TEXT_SIZE];
    char technician_id[CS_ID_TEXT_SIZE];
};

static void show(struct people *people, const char *state)
{
    struct cs_replica *replica = open_directly();
    struct cs_id id;
    (void)show_device(replica, commands.organisation->identity, "owner-pc", "active");
    id = show_device(replica, people->office, "office-pc", "active");
    cs_id_format(&id, people->office_id);
    id = show_device(replica, people->technician, "field-laptop", state);
    cs_id_format(&id, people->technician_id);
    cs_replica_close(replica);
}

static void open_people(struct people *people)
{
    people->office = fixture_identity(commands.organisation, CS_ROLE(OFFICE));
    people->technician = fixture_identity(commands.organisation, CS_ROLE(TECHNICIAN));
    show(people, "active");
}

static void close_people(struct people *people)
{
    cs_identity_destroy(people->office);
    cs_identity_destroy(people->technician);
}

static void test_the_listing(void **state)
{
    (void)state;
    struct people people;
    open_people(&people);
    assert_int_equal(run_json("devices"), 0);
    const struct cs_json *list = cs_json_get(commands.json, "devices");
    assert_int_equal(cs_json_count(list), 3);
    size_t own = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct cs_json *device = cs_json_at(list, i);
        own += json_boolean(device, "own") ? 1 : 0;
        assert_string_equal(json_text(device, "state"), "active");
        assert_string_equal(json_text(device, "joined_at"), "2026-03-02T01:00:00Z");
        assert_int_equal(strlen(json_text(device, "fingerprint")), 23);
    }
    assert_int_equal(own, 1);
    assert_has(commands.out, "\"revocation\": null");
    assert_int_equal(run("devices"), 0);
    assert_has(commands.out, "field-laptop");
    assert_has(commands.out, "this one");
    assert_int_equal(run("devices", "x"), 2);
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("devices"), 0);
    assert_has(commands.out, "本机");
    close_people(&people);
}

static void test_wrong_use(void **state)
{
    (void)state;
    struct people people;
    open_people(&people);
    assert_int_equal(run("revoke", "field"), 2);
    assert_has(commands.err, "--reason TEXT is needed");
    assert_int_equal(run("revoke", "field", "--reason", ""), 2);
    assert_int_equal(run("revoke", "--reason", "lost"), 2);
    assert_int_equal(run_json("revoke", "nobody", "--reason", "lost"), 1);
    assert_error("NOT_FOUND", "there is no device or person \"nobody\"");
    /* All of them belong to 王芳 here. */
    assert_int_equal(run_json("revoke", "王", "--reason", "lost"), 1);
    assert_error("EXISTS", "fits several devices");
    assert_error("EXISTS", "field-laptop");
    assert_int_equal(run_json("revoke", "owner-pc", "--reason", "lost"), 1);
    assert_error("DENIED", "does not revoke itself");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 0);
    close_people(&people);
}

static void test_revoking(void **state)
{
    (void)state;
    struct people people;
    open_people(&people);
    assert_int_equal(run("revoke", "field", "--reason", "stolen"), 0);
    assert_has(commands.out, "field-laptop");
    assert_has(commands.out, "cannot know before its own next\nsync");
    assert_has(commands.out, "unused invites are void");
    assert_int_equal(run("devices"), 0);
    assert_has(commands.out, "revoked, not sent yet");
    assert_has(commands.out, "stolen");
    assert_int_equal(run_json("revoke", people.technician_id, "--reason", "again"), 0);
    assert_true(json_boolean(commands.json, "already"));
    assert_int_equal(run("revoke", people.technician_id, "--reason", "again"), 0);
    assert_has(commands.out, "is revoked already");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 1);
    assert_has(commands.out, "\"revoked\": null");
    close_people(&people);
}

/* By the beginning of its id; and of several that fit, the one that still counts. */
static void test_which_one_is_meant(void **state)
{
    (void)state;
    struct people people;
    char beginning[9] = "";
    open_people(&people);
    (void)snprintf(beginning, sizeof beginning, "%.8s", people.office_id);
    assert_int_equal(run_json("revoke", beginning, "--reason", "x"), 0);
    assert_string_equal(json_text(commands.json, "device"), people.office_id);
    assert_false(json_boolean(commands.json, "already"));
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "let_in")), 0);
    show(&people, "revoked");
    assert_int_equal(run_json("devices"), 0);
    assert_has(commands.out, "\"last_change_set\": 2");
    /* The owner's own is the only one left by that name. */
    assert_int_equal(run_json("revoke", "王芳", "--reason", "x"), 1);
    assert_error("DENIED", "does not revoke itself");
    close_people(&people);
}

static void test_survives_running_out_of_memory(void **state)
{
    (void)state;
    struct people people;
    open_people(&people);
    for (long failures = 0; failures < 4000; failures += 37) {
        cs_memory_fail_after(failures);
        int code = run("devices");
        cs_memory_fail_after(-1);
        assert_true(code == 0 || code == 1 || code == 3);
    }
    close_people(&people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_the_listing),
        COMMAND_TEST(test_wrong_use),
        COMMAND_TEST(test_revoking),
        COMMAND_TEST(test_which_one_is_meant),
        COMMAND_TEST(test_survives_running_out_of_memory),
    };
    return RUN_COMMAND_TESTS(tests);
}
