/* From the command line to an exit code: help, options for all commands, homes, passphrases. */
#include "field-client/commands/command_table.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

#include <sys/wait.h>

/* Every command has words for its help, and is found by its name only. */
static void test_table_of_commands(void **state)
{
    (void)state;
    size_t count = 0;
    for (; cs_command_at(count) != NULL; count++) {
        const struct cs_command_entry *entry = cs_command_at(count);
        assert_ptr_equal(cs_command_find(entry->name), entry);
        assert_non_null(entry->run);
        assert_true(entry->summary[0] != '\0' && entry->summary_zh[0] != '\0');
        assert_non_null(entry->synopsis);
        assert_non_null(entry->details);
    }
    assert_int_equal(count, 37);
    assert_null(cs_command_find("lis"));
    assert_null(cs_command_find(""));
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(run("help"), 0);
    for (size_t i = 0; cs_command_at(i) != NULL; i++) {
        assert_has(commands.out, cs_command_at(i)->name);
        assert_has(commands.out, cs_command_at(i)->summary);
    }
    assert_int_equal(run("--help"), 0);
    assert_has(commands.out, "usage: countersign");
    assert_int_equal(run("help", "import"), 0);
    assert_has(commands.out, "--skip-bad");
    assert_int_equal(run("help", "vault"), 0); /* whose help is in two parts */
    assert_has(commands.out, "vault leak CREDENTIAL");
    assert_has(commands.out, "also answer with --csv\nvault rotate begin");
    assert_int_equal(run("import", "--help"), 0);
    assert_has(commands.out, "ENTITY FILE.csv");
    assert_int_equal(run("--version"), 0);
    assert_has(commands.out, "countersign 0.");
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("help"), 0);
    assert_has(commands.out, "与服务器同步");
    (void)setenv("LC_ALL", "C", 1);
    assert_int_equal(run("help", "sync"), 0);
    assert_has(commands.out, "send and receive");
    (void)unsetenv("LC_ALL");
}

static void test_unknown_commands(void **state)
{
    (void)state;
    assert_int_equal(run_json("synk"), 2);
    assert_error("USAGE", "did you mean: sync");
    assert_int_equal(run_json("conf"), 2);
    assert_error("USAGE", "conflicts");
    assert_int_equal(run("zzzzzzzzzzzzzzzzz"), 2);
    assert_null(strstr(commands.err, "did you mean"));
    assert_int_equal(run("help", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), 2);
    assert_int_equal(run("--json"), 2);
    assert_has(commands.err, "a command is missing");
    assert_int_equal(run("lock", "--home"), 2);
    assert_has(commands.err, "--home needs a folder");
    assert_int_equal(run("lock", "--home="), 2);
}

static void test_options_before_the_command(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=x"));
    assert_int_equal(run("--limit=1", "--json", "list", "part"), 0);
    assert_has(commands.out, "\"A1\"");
    assert_int_equal(run("--limt=1", "list", "part"), 2);
    assert_has(commands.err, "--limt=1");
}

static void test_home(void **state)
{
    (void)state;
    (void)setenv("COUNTERSIGN_HOME", "/nonexistent", 1);
    assert_int_equal(run_json("status"), 1);
    assert_error("NOT_FOUND", "/nonexistent");
    assert_int_equal(run("status", "--home", commands.home), 0);
    char option[CS_HOME_PATH_MAX + 16];
    (void)snprintf(option, sizeof option, "--home=%s", commands.home);
    assert_int_equal(run(option, "status"), 0);
    (void)unsetenv("COUNTERSIGN_HOME");
    (void)setenv("XDG_DATA_HOME", "/nonexistent/data", 1);
    assert_int_equal(run("status"), 1);
    assert_has(commands.err, "/nonexistent/data/countersign");
    (void)unsetenv("XDG_DATA_HOME");
    (void)setenv("HOME", "/nonexistent/user", 1);
    assert_int_equal(run("status"), 1);
    assert_has(commands.err, "/nonexistent/user/.local/share/countersign");
    (void)unsetenv("HOME");
    assert_int_equal(run("status"), 2);
    assert_has(commands.err, "--home DIR");
}

static void test_passphrase(void **state)
{
    (void)state;
    write_text(commands.passphrase_file, "wrong horse\n");
    assert_int_equal(run_json("status"), 3);
    assert_error("WRONG_PASSPHRASE", "passphrase");
    write_text(commands.passphrase_file, "");
    assert_int_equal(run_json("status"), 3);
    assert_error("LOCKED", "empty");
    write_text(commands.passphrase_file, FIXTURE_PASSPHRASE);
    assert_int_equal(run("status"), 0);
    /* one newline is not part of it, a second one is */
    write_text(commands.passphrase_file, FIXTURE_PASSPHRASE "\n\n");
    assert_int_equal(run("status"), 3);
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", "/nonexistent/passphrase", 1);
    assert_int_equal(run_json("status"), 3);
    assert_error("LOCKED", "/nonexistent/passphrase");
}

/* Without a file and a terminal: in a session of its own. */
static void test_no_terminal(void **state)
{
    (void)state;
    (void)unsetenv("COUNTERSIGN_PASSPHRASE_FILE");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setsid();
        int code = run("status");
        _exit(strstr(commands.err, "COUNTERSIGN_PASSPHRASE_FILE") != NULL ? code : 99);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 3);
}

static void test_not_joined(void **state)
{
    (void)state;
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", "/nonexistent", 1);
    assert_int_equal(run_json("list", "part"), 1);
    assert_error("NOT_FOUND", "has not joined");
    write_text(in_home(CS_IDENTITY_JOINING_FILE), "x");
    assert_int_equal(run_json("list", "part"), 1);
    assert_error("NOT_FOUND", "joining was not finished");
}

static void test_damaged_identity(void **state)
{
    (void)state;
    write_text(in_home(CS_IDENTITY_FILE), "not an identity");
    assert_int_equal(run_json("status"), 1);
    assert_error("CORRUPT", "");
}

static void test_lock(void **state)
{
    (void)state;
    assert_int_equal(run("lock"), 0);
    assert_has(commands.out, "nothing is unlocked");
    assert_int_equal(run_json("lock"), 0);
    assert_false(json_boolean(commands.json, "unlocked"));
    assert_int_equal(run("lock", "x"), 2);
}

static void test_full_output(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    struct cs_client_setting setting = {
        .registry = cs_registry_core(), .world = &commands.world, .out = full, .err = stderr};
    char name[] = "countersign";
    char help[] = "help";
    char *arguments[] = {name, help, NULL};
    assert_int_equal(cs_client_run(2, arguments, &setting), 1);
    (void)fclose(full);
}

/* Runs a line with the nth allocation failing, until none does: a clean failure each time. */
static void sweep(const char *const *texts, long step)
{
    for (long nth = 0, count = 0; nth <= count; nth += nth < 24 ? 1 : step) {
        cs_memory_fail_after(nth);
        int code = run_texts(texts);
        count = cs_memory_count();
        cs_memory_fail_after(-1);
        assert_true(code == 0 || code == 1);
        assert_int_equal(code != 0, commands.err[0] != '\0');
    }
}

static void test_memory(void **state)
{
    (void)state;
    static const char *const entities[] = {"countersign", "entities", "--json", NULL};
    sweep(entities, 97);
}

/* Whatever fails, the file is imported whole or not at all. */
static void test_memory_of_import(void **state)
{
    (void)state;
    char file[CS_HOME_PATH_MAX + 300];
    (void)snprintf(file, sizeof file, "%s", in_home("rows.csv"));
    write_text(file, "code,name\nA1,y\nA2,z\n");
    const char *const import[] = {"countersign", "import", "part", file, NULL};
    sweep(import, 29);
    assert_int_equal(run_json("list", "part"), 0);
    size_t count = cs_json_count(cs_json_get(commands.json, "rows"));
    assert_true(count == 0 || count == 2);
    assert_int_equal(run_json("doctor"), 0);
    assert_true(json_boolean(commands.json, "sound"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_table_of_commands),
        COMMAND_TEST(test_help),
        COMMAND_TEST(test_unknown_commands),
        COMMAND_TEST(test_options_before_the_command),
        COMMAND_TEST(test_home),
        COMMAND_TEST(test_passphrase),
        COMMAND_TEST(test_no_terminal),
        cmocka_unit_test_setup_teardown(test_not_joined, empty_setup, commands_teardown),
        COMMAND_TEST(test_damaged_identity),
        COMMAND_TEST(test_lock),
        COMMAND_TEST(test_full_output),
        COMMAND_TEST(test_memory),
        COMMAND_TEST(test_memory_of_import),
    };
    return RUN_COMMAND_TESTS(tests);
}
