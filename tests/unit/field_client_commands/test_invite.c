/* invite and join, as far as they go without a server. */
#include "tests/unit/field_client_commands/commands_fixture.h"

#include "shared/evidence/invite_text.h"

static void check_invite(const char *text)
{
    struct cs_arena arena;
    struct cs_invite_package package;
    struct cs_invite invite;
    struct cs_problem problem = {""};
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_invite_package_decode(T(text), &arena, &package, &problem));
    assert_false(package.first);
    assert_ok(cs_invite_decode(package.invite, &invite));
    assert_true(cs_bytes_equal_text(invite.person_name, "李雷"));
    assert_int_equal(invite.roles, CS_ROLE(TECHNICIAN) | CS_ROLE(WAREHOUSE));
    cs_arena_release(&arena);
}

static void test_invite(void **state)
{
    (void)state;
    assert_int_equal(run("invite", "--person", "李雷", "--role", "technician,warehouse"), 0);
    check_invite(commands.out);
    assert_has(commands.err, "pending");
    assert_has(commands.err, "fingerprint");
    assert_int_equal(run_json("invite", "--person=李雷", "--role=technician,warehouse"), 0);
    assert_false(json_boolean(commands.json, "person_is_new"));
    struct cs_bytes text;
    assert_true(cs_json_get_text(cs_json_get(commands.json, "invite"), &text));
    assert_int_equal(run_json("list", "person", "name=李雷"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 1);
}

static void test_invite_to_file(void **state)
{
    (void)state;
    char path[CS_HOME_PATH_MAX + 300];
    (void)snprintf(path, sizeof path, "%s", in_home("invite.txt"));
    assert_int_equal(run("invite", "--person", "李雷", "--role", "technician,warehouse",
                         "--expires-days", "3", "--output", path),
                     0);
    assert_string_equal(commands.out, "");
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    struct cs_buffer text;
    cs_buffer_init(&text, CS_INVITE_TEXT_MAX + 1);
    assert_ok(commands.world.file_read(commands.world.context, path, &text));
    check_invite(cs_buffer_text(&text));
    cs_buffer_release(&text);
}

static void test_invite_refuses(void **state)
{
    (void)state;
    assert_int_equal(run_json("invite", "--person", "李雷"), 2);
    assert_error("USAGE", "--role");
    assert_int_equal(run_json("invite", "--person", "李雷", "--role", "wizard"), 2);
    assert_error("USAGE", "wizard");
    assert_int_equal(
        run_json("invite", "--person", "李雷", "--role", "technician", "--expires-days", "0"), 2);
    assert_error("USAGE", "--expires-days");
    assert_int_equal(run_json("invite", "--person", "李雷", "--role", "technician", "x"), 2);
    assert_int_equal(run_json("invite", "--person", "", "--role", "technician"), 1);
    assert_error("INVALID", "name");
    assert_int_equal(run_json("invite", "--person", "李雷", "--role", "technician", "--output",
                              in_home("no/such/folder")),
                     1);
}

static void test_join_refuses(void **state)
{
    (void)state;
    assert_int_equal(run_json("join", in_home("nothing")), 1);
    assert_error("NOT_FOUND", "no such file");
    write_text(in_home("invite.txt"), "CSI1-nonsense\n");
    assert_int_equal(run_json("join", in_home("invite.txt")), 1);
    assert_error("MALFORMED", "");
    assert_int_equal(run_json("join", in_home("invite.txt"), "--kdf-memory-mib", "63"), 2);
    assert_error("USAGE", "--kdf-memory-mib");
    assert_int_equal(run_json("join", "a", "b"), 2);
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", "/nonexistent", 1);
    assert_int_equal(run_json("join", in_home("invite.txt")), 3);
    assert_error("LOCKED", "/nonexistent");
}

static void test_joined_already(void **state)
{
    (void)state;
    char invite[CS_HOME_PATH_MAX + 300];
    (void)snprintf(invite, sizeof invite, "%s", in_home("again.txt"));
    assert_int_equal(run("invite", "--person", "韩梅", "--role", "technician", "--output", invite),
                     0);
    assert_int_equal(run_json("join", invite), 1);
    assert_error("EXISTS", "joined already");
}

/* The keys are there before the network is: a second attempt goes on with them. */
static void test_join_without_network(void **state)
{
    (void)state;
    char home[2 * CS_HOME_PATH_MAX];
    char invite[CS_HOME_PATH_MAX + 300];
    (void)snprintf(home, sizeof home, "%s/deep/er", commands.home);
    (void)snprintf(invite, sizeof invite, "%s", in_home("invite.txt"));
    assert_int_equal(run("invite", "--person", "李雷", "--role", "technician", "--output", invite),
                     0);
    assert_int_equal(
        run_json("join", invite, "--home", home, "--device", "d", "--kdf-memory-mib", "64"), 1);
    assert_error("UNREACHABLE", "does not answer");
    char path[2 * CS_HOME_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/%s", home, CS_IDENTITY_JOINING_FILE);
    assert_int_equal(access(path, F_OK), 0);
    struct stat facts;
    assert_int_equal(stat(home, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    assert_int_equal(run_json("list", "part", "--home", home), 1);
    assert_error("NOT_FOUND", "joining was not finished");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(home), 0);
    assert_int_equal(rmdir(in_home("deep")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_invite),
        COMMAND_TEST(test_invite_to_file),
        COMMAND_TEST(test_invite_refuses),
        cmocka_unit_test_setup_teardown(test_join_refuses, empty_setup, commands_teardown),
        COMMAND_TEST(test_joined_already),
        COMMAND_TEST(test_join_without_network),
    };
    return RUN_COMMAND_TESTS(tests);
}
