/* passphrase: another one, with or without a new key; what is refused; identities of before; and root forget afterwards. */
#include "field-client/commands/identity_files.h"
#include "field-client/replica/identity.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NEXT "another horse"
#define FORMER "identity.former-0011223344556677"

static void choose(const char *text)
{
    write_text(in_home("next"), text);
    assert_int_equal(setenv("COUNTERSIGN_NEW_PASSPHRASE_FILE", in_home("next"), 1), 0);
}

static int setup(void **state)
{
    int result = commands_setup(state);
    choose(NEXT);
    return result;
}

static int teardown(void **state)
{
    (void)unsetenv("COUNTERSIGN_NEW_PASSPHRASE_FILE");
    (void)unsetenv("COUNTERSIGN_FORMER_PASSPHRASE_FILE");
    return commands_teardown(state);
}

static enum cs_status unlocks(const char *file, const char *passphrase)
{
    struct cs_identity *identity = NULL;
    enum cs_status status =
        cs_identity_unlock(&commands.world, commands.home, file, T(passphrase), &identity, NULL);
    cs_identity_destroy(identity);
    return status;
}

static void give(const char *passphrase)
{
    write_text(commands.passphrase_file, passphrase);
}

static void save_again(const char *name)
{
    struct cs_identity *own = NULL;
    assert_ok(cs_identity_unlock(&commands.world, commands.home, CS_IDENTITY_FILE,
                                 T(FIXTURE_PASSPHRASE), &own, NULL));
    assert_ok(cs_identity_save(&commands.world, own, commands.home, name));
    cs_identity_destroy(own);
}

static void save_former(void)
{
    save_again(FORMER);
}

/* As identity.h says where it stands. */
static uint32_t memory_kib(const char *file)
{
    struct cs_buffer content;
    struct cs_reader reader;
    cs_buffer_init(&content, CS_MEBI);
    assert_ok(commands.world.file_read(commands.world.context, in_home(file), &content));
    cs_reader_init(&reader, cs_buffer_bytes(&content));
    (void)cs_read_bytes(&reader, 5);
    uint32_t memory = cs_read_u32(&reader);
    assert_ok(reader.status);
    cs_buffer_release(&content);
    return memory;
}

static void test_changed(void **state)
{
    (void)state;
    save_former();
    assert_int_equal(run("new", "part", "code=A-1", "name=x"), 0);
    assert_int_equal(run_json("passphrase"), 0);
    assert_false(json_boolean(commands.json, "new_key"));
    assert_int_equal(json_integer(commands.json, "former_changed"), 1);
    assert_int_equal(json_integer(commands.json, "former_left"), 0);
    assert_status(unlocks(CS_IDENTITY_FILE, FIXTURE_PASSPHRASE), CS_WRONG_PASSPHRASE);
    assert_ok(unlocks(FORMER, NEXT));
    assert_int_equal(run("get", "part", "A-1"), 3);
    give(NEXT);
    assert_int_equal(run("get", "part", "A-1"), 0);
    assert_int_equal(run_json("doctor"), 0);
}

/* An older copy of the folder's identity opens its own replica, not that of now. */
static void test_a_new_key(void **state)
{
    struct cs_identity *before = NULL;
    struct cs_replica *replica = NULL;
    struct cs_problem problem = {""};
    (void)state;
    assert_int_equal(run("new", "part", "code=A-1", "name=x"), 0);
    assert_ok(cs_identity_unlock(&commands.world, commands.home, CS_IDENTITY_FILE,
                                 T(FIXTURE_PASSPHRASE), &before, NULL));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run_json("passphrase", "--new-key"), 0);
        assert_true(json_boolean(commands.json, "new_key"));
        give(NEXT);
        assert_int_equal(run("get", "part", "A-1"), 0);
        assert_int_equal(run("set", "part", "A-1", i == 0 ? "name=y" : "name=z"), 0);
        assert_int_equal(run_json("doctor"), 0);
    }
    assert_status(cs_replica_open(&commands.world, commands.home, cs_registry_core(), before,
                                  &replica, &problem),
                  CS_CORRUPT);
    struct cs_identity *now = NULL;
    assert_ok(
        cs_identity_unlock(&commands.world, commands.home, CS_IDENTITY_FILE, T(NEXT), &now, NULL));
    /* What was sealed within the replica still opens. */
    assert_true(cs_bytes_equal(cs_identity_own_key(now), cs_identity_own_key(before)));
    assert_false(cs_bytes_equal(cs_identity_master_key(now), cs_identity_master_key(before)));
    cs_identity_destroy(now);
    cs_identity_destroy(before);
    assert_int_equal(access(in_home("replica.db.new"), F_OK), -1);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    assert_int_equal(run("passphrase", "x"), 2);
    assert_int_equal(run("passphrase", "--kdf-memory-mib", "1"), 2);
    choose(FIXTURE_PASSPHRASE);
    assert_int_equal(run_json("passphrase"), 1);
    assert_error("INVALID", "the present one");
    choose("");
    assert_int_equal(run_json("passphrase"), 3);
    assert_error("LOCKED", "empty");
    choose(NEXT);
    write_text(in_home("identity.joining"), "unfinished");
    assert_int_equal(run_json("passphrase"), 1);
    assert_error("DENIED", "a join was begun here");
    assert_int_equal(unlink(in_home("identity.joining")), 0);
    give("wrong");
    assert_int_equal(run_json("passphrase", "--new-key"), 3);
    assert_error("WRONG_PASSPHRASE", "wrong passphrase");
    give(FIXTURE_PASSPHRASE);
    struct cs_replica *replica = open_directly();
    assert_int_equal(run_json("passphrase"), 1);
    assert_error("BUSY", "in use");
    cs_replica_close(replica);
    assert_ok(unlocks(CS_IDENTITY_FILE, FIXTURE_PASSPHRASE));
}

/* One that the change did not reach: it is said, and named where the root key is to be taken off. */
static void test_a_former_one_under_another_passphrase(void **state)
{
    (void)state;
    save_former();
    assert_int_equal(run_json("passphrase"), 0);
    give(NEXT);
    choose("a third one");
    struct cs_identity *former = NULL;
    assert_ok(cs_identity_unlock(&commands.world, commands.home, FORMER, T(NEXT), &former, NULL));
    assert_ok(cs_identity_change_passphrase(&commands.world, former, T("of long ago"), 0,
                                            commands.home, FORMER));
    cs_identity_destroy(former);
    assert_int_equal(run_json("passphrase"), 0);
    assert_int_equal(json_integer(commands.json, "former_changed"), 0);
    assert_int_equal(json_integer(commands.json, "former_left"), 1);
    assert_ok(unlocks(FORMER, "of long ago"));
}

/* A change that was cut off before its last step is run again: what it had reached is not left. */
static void test_a_change_that_was_cut_off(void **state)
{
    (void)state;
    save_former();
    struct cs_identity *former = NULL;
    assert_ok(cs_identity_unlock(&commands.world, commands.home, FORMER, T(FIXTURE_PASSPHRASE),
                                 &former, NULL));
    assert_ok(
        cs_identity_change_passphrase(&commands.world, former, T(NEXT), 0, commands.home, FORMER));
    cs_identity_destroy(former);
    assert_int_equal(run_json("passphrase"), 0);
    assert_int_equal(json_integer(commands.json, "former_changed"), 0);
    assert_int_equal(json_integer(commands.json, "former_left"), 0);
    assert_ok(unlocks(FORMER, NEXT));
    assert_ok(unlocks(CS_IDENTITY_FILE, NEXT));
}

/* A join that was cut off when all but its last step was done cannot be run again, and must not be in the way for good. */
static void test_what_a_join_left_behind(void **state)
{
    struct stat found;
    char second[2 * CS_HOME_PATH_MAX];
    uint8_t bytes[64] = {0};
    (void)state;
    save_again(CS_IDENTITY_JOINING_FILE);
    (void)snprintf(second, sizeof second, "%s", in_home("second name"));
    assert_int_equal(link(in_home(CS_IDENTITY_JOINING_FILE), second), 0);
    assert_int_equal(run_json("passphrase"), 0);
    assert_ok(unlocks(CS_IDENTITY_FILE, NEXT));
    assert_int_equal(stat(in_home(CS_IDENTITY_JOINING_FILE), &found), 0);
    assert_int_equal(found.st_size, 0);
    FILE *former = fopen(second, "rb");
    assert_non_null(former);
    assert_int_equal(fread(bytes, 1, sizeof bytes, former), sizeof bytes);
    assert_int_equal(fclose(former), 0);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(bytes[i], 0);
    }
}

/* What somebody chose, for a slow laptop or for a strong one, is not lost with the next passphrase. */
static void test_the_cost_stays_as_it_was(void **state)
{
    (void)state;
    save_former();
    assert_int_equal(memory_kib(CS_IDENTITY_FILE), 64 * 1024);
    assert_int_equal(run_json("passphrase"), 0);
    assert_int_equal(memory_kib(CS_IDENTITY_FILE), 64 * 1024);
    assert_int_equal(memory_kib(FORMER), 64 * 1024);
    give(NEXT);
    choose("a third one");
    assert_int_equal(run_json("passphrase", "--kdf-memory-mib", "80"), 0);
    assert_int_equal(memory_kib(CS_IDENTITY_FILE), 80 * 1024);
    give("a third one");
    choose(NEXT);
    assert_int_equal(run_json("passphrase", "--new-key"), 0);
    assert_int_equal(memory_kib(CS_IDENTITY_FILE), 80 * 1024);
}

static enum cs_status save_and_fill_the_disk(void *context, const char *name)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    (void)context;
    write_text(in_home("saved"), name);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    return CS_OK;
}

/* People must know which passphrase counts when only the former file could not be overwritten. */
static void test_saved_but_not_overwritten(void **state)
{
    struct rlimit before;
    struct cs_command command = {.home = commands.home, .world = &commands.world};
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    enum cs_status status =
        cs_identity_replace(&command, CS_IDENTITY_FILE, save_and_fill_the_disk, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_status(status, CS_IO);
    assert_non_null(strstr(command.problem.text, "what is new in it counts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_former_one_under_another_passphrase, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_change_that_was_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_join_left_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_cost_stays_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_saved_but_not_overwritten, setup, teardown),
    };
    return RUN_COMMAND_TESTS(tests);
}
