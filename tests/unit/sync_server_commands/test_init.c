/* init and the master key: what a new server's folder holds, and what is refused. */
#include "shared/evidence/invite_text.h"
#include "sync-server/commands/master_key.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

static void write_file(const char *path, const char *content, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void assert_is_invite(struct cs_bytes text)
{
    struct cs_arena arena;
    struct cs_invite_package package;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_invite_package_decode(text, &arena, &package, NULL));
    assert_true(package.first);
    assert_true(cs_bytes_equal_text(package.address, "sync.example:8443"));
    cs_arena_release(&arena);
}

static void test_prints_the_invite(void **state)
{
    (void)state;
    make_server();
    assert_is_invite(cs_bytes_of_text(fixture.out));
    assert_says(fixture.err, "next: countersign-server serve");
    assert_null(strstr(fixture.err, "CSI1-"));
    assert_int_equal(mode_of(fixture.server), 0700);
    char path[CS_FOLDER_PATH_MAX];
    static const char *const files[] = {CS_SERVER_KEYS_FILE, CS_SERVER_DATABASE_FILE,
                                        CS_FOLDER_MASTER_KEY};
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        assert_ok(cs_folder_path(fixture.server, files[i], path, NULL));
        assert_int_equal(mode_of(path), 0600);
    }
    assert_int_equal(cs_folder_file_size(fixture.server, CS_FOLDER_MASTER_KEY), 65);
}

static void test_invite_into_a_file(void **state)
{
    (void)state;
    const char *path = in_root("invite");
    assert_int_equal(run("init", fixture.server, "--address=sync.example:8443", "--output", path),
                     0);
    assert_int_equal(fixture.out_size, 0);
    assert_int_equal(mode_of(path), 0600);
    struct cs_buffer text;
    cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
    assert_ok(fixture.world.file_read(NULL, path, &text));
    assert_is_invite(cs_buffer_bytes(&text));
    cs_buffer_release(&text);
}

static void test_json(void **state)
{
    (void)state;
    assert_int_equal(run("init", fixture.server, "--address", "sync.example:8443", "--json"), 0);
    struct cs_json *json = answer_json();
    struct cs_bytes invite;
    assert_json_text(json, "folder", fixture.server);
    assert_json_text(json, "address", "sync.example:8443");
    assert_true(cs_json_get_text(cs_json_get(json, "invite"), &invite));
    assert_is_invite(invite);
    cs_json_destroy(json);
}

/* Nobody has the invite then, and another init must be possible. */
static void test_invite_cannot_be_written(void **state)
{
    (void)state;
    assert_int_equal(run("init", fixture.server, "--address", "a:1", "--output",
                         in_root("none/invite"), "--json"),
                     1);
    assert_says(fixture.err, "the invite cannot be written");
    assert_json_error("NOT_FOUND");
    assert_false(cs_folder_has(fixture.server, CS_SERVER_KEYS_FILE));
    assert_false(cs_folder_has(fixture.server, CS_SERVER_DATABASE_FILE));
    make_server();
}

static void test_second_init_is_refused(void **state)
{
    (void)state;
    make_server();
    int64_t size = cs_folder_file_size(fixture.server, CS_SERVER_KEYS_FILE);
    assert_int_equal(run("init", fixture.server, "--address", "a:1"), 1);
    assert_says(fixture.err, "holds a server already");
    assert_int_equal(fixture.out_size, 0);
    /* Also when only one half is left. */
    cs_folder_remove(fixture.server, CS_SERVER_KEYS_FILE);
    assert_int_equal(run("init", fixture.server, "--address", "a:1"), 1);
    assert_says(fixture.err, "holds a server already");
    assert_true(size > 0);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"host",   ":1",      "host:",  "host:0", "host:65536",
                                        "host:x", "::1:443", "h st:1", "h/a:1",  "host:-1"};
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        assert_int_equal(run("init", fixture.server, "--address", wrong[i]), 2);
        assert_says(fixture.err, "is not HOST:PORT");
    }
    assert_int_equal(run("init", fixture.server), 2);
    assert_says(fixture.err, "--address is missing");
    assert_int_equal(run("init", "--address", "a:1"), 2);
    assert_false(cs_folder_has(fixture.root, "server"));
    assert_int_equal(run("init", fixture.server, "--address", "[2001:db8::1]:443"), 0);
}

static void test_folders_that_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(run("init", in_root("none/inside"), "--address", "a:1"), 1);
    assert_says(fixture.err, "cannot be made");
    write_file(in_root("file"), "x", 1);
    assert_int_equal(run("init", in_root("file"), "--address", "a:1"), 1);
    assert_says(fixture.err, "is not a folder");
}

/* ---- the master key ---- */

static enum cs_status load(const char *option, struct cs_secret **out, struct cs_problem *problem)
{
    struct cs_admin admin = {.name = "test",
                             .around = {.world = &fixture.world, .err = stderr},
                             .master_key_file = option};
    enum cs_status status = cs_master_key_load(&admin, fixture.root, out);
    *problem = admin.problem;
    return status;
}

static void assert_first_byte(const char *option, uint8_t expected)
{
    struct cs_secret *key = NULL;
    struct cs_problem problem;
    assert_ok(load(option, &key, &problem));
    assert_int_equal(cs_secret_bytes(key).size, CS_MASTER_KEY_SIZE);
    assert_int_equal(cs_secret_bytes(key).data[0], expected);
    cs_secret_destroy(key);
}

#define HEX_62 "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static void test_which_master_key(void **state)
{
    (void)state;
    write_file(in_root("master.key"), "01" HEX_62 "\n", 65);
    assert_first_byte(NULL, 0x01);
    assert_int_equal(mkdir(in_root("credentials"), 0700), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", in_root("credentials"), 1), 0);
    /* A credentials folder without ours changes nothing. */
    assert_first_byte(NULL, 0x01);
    write_file(in_root("credentials/countersign-master-key"), "02" HEX_62, 64);
    assert_first_byte(NULL, 0x02);
    write_file(in_root("third"),
               "\x03"
               "0123456789012345678901234567890",
               32);
    assert_int_equal(setenv("COUNTERSIGN_MASTER_KEY_FILE", in_root("third"), 1), 0);
    assert_first_byte(NULL, 0x03);
    write_file(in_root("fourth"), "04" HEX_62 " \r\n", 67);
    assert_first_byte(in_root("fourth"), 0x04);
}

static void test_no_master_key(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "01", ("01" HEX_62 "00"), ("xx" HEX_62),
                                        "0123456789012345678901234567890\n\n"};
    struct cs_secret *key = NULL;
    struct cs_problem problem;
    assert_status(load(in_root("none"), &key, &problem), CS_NOT_FOUND);
    assert_says(problem.text, "there is no master key at");
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        write_file(in_root("wrong"), wrong[i], strlen(wrong[i]));
        assert_status(load(in_root("wrong"), &key, &problem), CS_INVALID);
        assert_says(problem.text, "is no master key");
        if (strlen(wrong[i]) > 2) {
            assert_null(strstr(problem.text, wrong[i]));
        }
    }
    char large[400];
    memset(large, 'a', sizeof large);
    write_file(in_root("wrong"), large, sizeof large);
    assert_status(load(in_root("wrong"), &key, &problem), CS_INVALID);
    assert_status(load(fixture.root, &key, &problem), CS_IO);
    assert_null(key);
}

static void test_existing_master_key_is_kept(void **state)
{
    (void)state;
    const char *path = in_root("my.key");
    write_file(path, "05" HEX_62 "\n", 65);
    assert_int_equal(run("init", fixture.server, "--address", "a:1", "--master-key", path), 0);
    assert_first_byte(path, 0x05);
    assert_false(cs_folder_has(fixture.server, CS_FOLDER_MASTER_KEY));
    write_file(path, "broken", 6);
    assert_int_equal(run("init", in_root("other"), "--address", "a:1", "--master-key", path), 1);
    assert_says(fixture.err, "is no master key");
}

static void test_key_that_everyone_reads_is_told(void **state)
{
    (void)state;
    const char *path = in_root("my.key");
    write_file(path, "05" HEX_62 "\n", 65);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(run("init", fixture.server, "--address", "a:1", "--master-key", path), 0);
    assert_says(fixture.err, "everyone on this machine can read the master key");
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    int code = 1;
    for (long n = 0; code != 0; n += n < 200 ? 1 : 7) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("init", fixture.server, "--address", "sync.example:8443");
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
            assert_false(cs_folder_has(fixture.server, CS_SERVER_KEYS_FILE));
            assert_false(cs_folder_has(fixture.server, CS_SERVER_DATABASE_FILE));
        }
    }
    assert_is_invite(cs_bytes_of_text(fixture.out));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_prints_the_invite),
        TEST(test_invite_into_a_file),
        TEST(test_json),
        TEST(test_invite_cannot_be_written),
        TEST(test_second_init_is_refused),
        TEST(test_addresses),
        TEST(test_folders_that_cannot_be),
        TEST(test_which_master_key),
        TEST(test_no_master_key),
        TEST(test_existing_master_key_is_kept),
        TEST(test_key_that_everyone_reads_is_told),
        TEST(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
