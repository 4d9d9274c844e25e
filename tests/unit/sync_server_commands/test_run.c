/* One run of the program: names, help, options of all commands, exit codes, the table. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

static void test_no_command(void **state)
{
    (void)state;
    char *none[] = {(char[]){"countersign-server"}, NULL};
    assert_int_equal(run_arguments(none, 1), CS_ADMIN_USAGE);
    assert_int_equal(fixture.out_size, 0);
    assert_says(fixture.err, "usage: countersign-server COMMAND");
    assert_int_equal(run_arguments(none, 0), CS_ADMIN_USAGE);
}

static void test_unknown_command(void **state)
{
    (void)state;
    assert_int_equal(run("sevre", "x"), CS_ADMIN_USAGE);
    assert_says(fixture.err, "there is no command sevre");
    assert_int_equal(fixture.out_size, 0);
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(run("help"), 0);
    for (size_t i = 0; cs_admin_at(i) != NULL; i++) {
        assert_says(fixture.out, cs_admin_at(i)->name);
        assert_says(fixture.out, cs_admin_at(i)->summary);
    }
    assert_says(fixture.out, "Exit codes");
    assert_int_equal(run("--help"), 0);
    assert_int_equal(run("help", "nothing"), CS_ADMIN_USAGE);
    assert_says(fixture.err, "there is no command nothing");
}

static void test_help_of_commands(void **state)
{
    (void)state;
    for (size_t i = 0; cs_admin_at(i) != NULL; i++) {
        const struct cs_admin_entry *entry = cs_admin_at(i);
        assert_int_equal(run("help", entry->name), 0);
        assert_says(fixture.out, entry->synopsis);
        assert_int_equal(run(entry->name, "--help"), 0);
        assert_says(fixture.out, entry->synopsis);
        assert_says(fixture.out, entry->details);
    }
    /* What this version cannot do is said before anyone relies on it. */
    assert_int_equal(run("help", "backup"), 0);
    assert_says(fixture.out, "the master key is NOT");
    assert_int_equal(run("help", "restore"), 0);
    assert_says(fixture.out, "--accept-lost is needed");
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(run("--version"), 0);
    assert_says(fixture.out, "countersign-server 0.");
    assert_int_equal(run("version"), 0);
}

static void test_table(void **state)
{
    (void)state;
    size_t count = 0;
    for (; cs_admin_at(count) != NULL; count++) {
        const struct cs_admin_entry *entry = cs_admin_at(count);
        assert_ptr_equal(cs_admin_find(entry->name), entry);
        assert_non_null(entry->run);
        assert_true(strlen(entry->summary) < 80);
    }
    assert_int_equal(count, 11);
    assert_null(cs_admin_find("serv"));
    assert_null(cs_admin_at(SIZE_MAX));
}

static void test_bundle_asks_which_way(void **state)
{
    (void)state;
    assert_int_equal(run("bundle"), CS_ADMIN_USAGE);
    assert_says(fixture.err, "import or export has to be given");
    assert_int_equal(run("bundle", "import", "x"), CS_ADMIN_USAGE);
    assert_int_equal(run("bundle", "export", "x", "y"), CS_ADMIN_USAGE);
    assert_int_equal(run("bundle", "export", "x", "y", "--all", "--device", "z"), CS_ADMIN_USAGE);
    assert_int_equal(run("bundle", "import", "/nonexistent", "y"), CS_ADMIN_FAILED);
    assert_int_equal(fixture.out_size, 0);
}

static void test_usage_shows_the_synopsis(void **state)
{
    (void)state;
    assert_int_equal(run("status"), CS_ADMIN_USAGE);
    assert_says(fixture.err, "countersign-server status: an argument is missing");
    assert_says(fixture.err, "usage: countersign-server status DIR");
    assert_int_equal(run("status", "a", "b", "--json"), CS_ADMIN_USAGE);
    assert_says(fixture.err, "b is one argument too many");
    assert_json_error("USAGE");
}

static void test_master_key_option_twice(void **state)
{
    (void)state;
    assert_int_equal(run("status", "a", "--master-key", "x", "--master-key=y"), CS_ADMIN_USAGE);
    assert_says(fixture.err, "--master-key is given twice");
}

/* A full disk behind standard output is a failure, whatever the command says. */
static void test_answer_cannot_be_written(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    FILE *err = tmpfile();
    if (full == NULL) {
        (void)fclose(err);
        skip();
    }
    char *arguments[] = {(char[]){"countersign-server"}, (char[]){"--version"}, NULL};
    struct cs_admin_surroundings around = {
        .registry = cs_registry_core(), .world = &fixture.world, .out = full, .err = err};
    assert_int_equal(cs_admin_run(2, arguments, &around), CS_ADMIN_FAILED);
    assert_true(ftell(err) > 0);
    (void)fclose(full);
    (void)fclose(err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_command),
        TEST(test_unknown_command),
        TEST(test_help),
        TEST(test_help_of_commands),
        TEST(test_version),
        TEST(test_table),
        TEST(test_bundle_asks_which_way),
        TEST(test_usage_shows_the_synopsis),
        TEST(test_master_key_option_twice),
        TEST(test_answer_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
