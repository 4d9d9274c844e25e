/* A server's folder: its lock, its files, copying one. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

#include <sys/wait.h>

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_path(void **state)
{
    (void)state;
    char path[CS_FOLDER_PATH_MAX];
    char longest[CS_FOLDER_PATH_MAX + 1];
    struct cs_problem problem = {""};
    assert_ok(cs_folder_path("a", "b", path, NULL));
    assert_string_equal(path, "a/b");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_status(cs_folder_path(longest, "b", path, &problem), CS_INVALID);
    assert_says(problem.text, "too long");
    assert_false(cs_folder_has(longest, "b"));
}

static void test_check(void **state)
{
    (void)state;
    struct cs_problem problem = {""};
    assert_status(cs_folder_check(in_root("none"), &problem), CS_NOT_FOUND);
    assert_status(cs_folder_check(fixture.root, &problem), CS_NOT_FOUND);
    assert_says(problem.text, "there is no server in");
    write_file(in_root(CS_SERVER_DATABASE_FILE), "x");
    assert_status(cs_folder_check(fixture.root, &problem), CS_NOT_FOUND);
    assert_status(cs_folder_check(in_root(CS_SERVER_DATABASE_FILE), &problem), CS_INVALID);
    assert_says(problem.text, "is not a folder");
    write_file(in_root(CS_SERVER_KEYS_FILE), "x");
    assert_ok(cs_folder_check(fixture.root, &problem));
}

static void test_make_and_empty(void **state)
{
    (void)state;
    bool made = false;
    bool empty = false;
    assert_ok(cs_folder_is_empty(in_root("new"), &empty, NULL));
    assert_true(empty);
    assert_ok(cs_folder_make(in_root("new"), &made, NULL));
    assert_true(made);
    assert_int_equal(mode_of(in_root("new")), 0700);
    assert_ok(cs_folder_make(in_root("new"), &made, NULL));
    assert_false(made);
    assert_ok(cs_folder_is_empty(in_root("new"), &empty, NULL));
    assert_true(empty);
    write_file(in_root("new/.hidden"), "x");
    assert_ok(cs_folder_is_empty(in_root("new"), &empty, NULL));
    assert_false(empty);
    assert_status(cs_folder_is_empty(in_root("new/.hidden"), &empty, NULL), CS_INVALID);
    assert_status(cs_folder_make(in_root("new/.hidden"), &made, NULL), CS_INVALID);
    assert_status(cs_folder_make(in_root("a/b"), &made, NULL), CS_NOT_FOUND);
    assert_ok(cs_folder_sync(fixture.root));
    assert_status(cs_folder_sync(in_root("none")), CS_IO);
}

static void test_files(void **state)
{
    (void)state;
    static const char *const files[] = {CS_SERVER_DATABASE_FILE, CS_SERVER_DATABASE_FILE "-wal",
                                        CS_SERVER_DATABASE_FILE "-shm"};
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        write_file(in_root(files[i]), "12345");
        assert_int_equal(cs_folder_file_size(fixture.root, files[i]), 5);
    }
    write_file(in_root("other"), "x");
    cs_folder_remove_database(fixture.root);
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        assert_false(cs_folder_has(fixture.root, files[i]));
    }
    assert_true(cs_folder_has(fixture.root, "other"));
    assert_int_equal(cs_folder_file_size(fixture.root, "none"), 0);
}

/* Also within one process, and also after another descriptor of the file was closed. */
static void test_lock(void **state)
{
    (void)state;
    int lock = -1;
    int second = -1;
    struct cs_problem problem = {""};
    assert_false(cs_folder_is_served(fixture.root));
    assert_ok(cs_folder_lock(fixture.root, &lock, NULL));
    assert_true(cs_folder_is_served(fixture.root));
    assert_true(cs_folder_is_served(fixture.root));
    assert_status(cs_folder_lock(fixture.root, &second, &problem), CS_BUSY);
    assert_says(problem.text, "is in use by another countersign-server");
    assert_int_equal(second, -1);
    cs_folder_unlock(lock);
    assert_false(cs_folder_is_served(fixture.root));
    assert_ok(cs_folder_lock(fixture.root, &second, NULL));
    cs_folder_unlock(second);
    cs_folder_unlock(-1);
    assert_status(cs_folder_lock(in_root("none"), &lock, NULL), CS_IO);
}

/* However the process ends, its lock ends with it. */
static void test_lock_ends_with_its_process(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int lock = -1;
        _exit(cs_folder_lock(fixture.root, &lock, NULL) == CS_OK ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    int lock = -1;
    assert_ok(cs_folder_lock(fixture.root, &lock, NULL));
    cs_folder_unlock(lock);
}

static void test_lock_is_no_link(void **state)
{
    (void)state;
    write_file(in_root("target"), "x");
    assert_int_equal(symlink(in_root("target"), in_root(CS_FOLDER_LOCK)), 0);
    int lock = -1;
    assert_status(cs_folder_lock(fixture.root, &lock, NULL), CS_IO);
}

static void test_reader(void **state)
{
    (void)state;
    struct cs_admin_surroundings around = {.registry = cs_registry_core(), .world = &fixture.world};
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    assert_status(cs_folder_open_reader(&around, fixture.root, &store, &problem), CS_NOT_FOUND);
    assert_null(store);
    make_server();
    assert_ok(cs_folder_open_reader(&around, fixture.server, &store, &problem));
    assert_int_not_equal(cs_store_put(store, "x", cs_bytes_of_text("y")), CS_OK);
    cs_store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_path),
        TEST(test_check),
        TEST(test_make_and_empty),
        TEST(test_files),
        TEST(test_lock),
        TEST(test_lock_ends_with_its_process),
        TEST(test_lock_is_no_link),
        TEST(test_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
