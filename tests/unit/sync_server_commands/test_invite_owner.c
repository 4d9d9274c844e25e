/* invite-owner: when the server makes one more invite for the laptop with the root key, and when not. */
#include "shared/evidence/invite_text.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

#define TOKEN_KEY "owner_return_hash"

static void put_state(enum cs_device_state state)
{
    struct cs_store *store = open_writer(fixture.server);
    if (fixture.root_key == NULL) {
        join_device(store);
    }
    fixture.device.state = state;
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_device(store, &fixture.device));
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
}

/* Bytes of what the server keeps of the token; 0: nothing. */
static size_t kept_size(void)
{
    struct cs_store *store = open_writer(fixture.server);
    struct cs_arena arena;
    struct cs_bytes kept = CS_BYTES_NONE;
    cs_arena_init(&arena, CS_KIBI * 4);
    enum cs_status status = cs_store_get(store, TOKEN_KEY, &arena, &kept);
    assert_true(status == CS_OK || status == CS_NOT_FOUND);
    size_t size = kept.size;
    cs_arena_release(&arena);
    cs_store_close(store);
    return size;
}

static void assert_refused(const char *part)
{
    assert_int_equal(run("invite-owner", fixture.server), 1);
    assert_says(fixture.err, part);
    assert_int_equal(fixture.out_size, 0);
    assert_int_equal(kept_size(), 0);
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

static void test_only_for_a_copied_device(void **state)
{
    (void)state;
    make_server();
    assert_refused("nobody has joined yet");
    put_state(CS_DEVICE_ACTIVE);
    assert_refused("Owner): let it make the invite");
    put_state(CS_DEVICE_SUSPENDED);
    assert_refused("has not been found to be copied");
    put_state(CS_DEVICE_REVOKED);
    assert_refused("never comes back");
    put_state(CS_DEVICE_FORKED);
    assert_int_equal(run("invite-owner", fixture.server), 0);
    assert_is_invite(cs_bytes_of_text(fixture.out));
    assert_says(fixture.err, "a copy of the disk has that key too");
    assert_null(strstr(fixture.err, "CSI1-"));
    assert_int_equal(kept_size(), CS_HASH_SIZE);
}

static void test_where_the_invite_goes(void **state)
{
    (void)state;
    make_server();
    put_state(CS_DEVICE_FORKED);
    const char *path = in_root("invite");
    assert_int_equal(run("invite-owner", fixture.server, "--output", path), 0);
    assert_int_equal(fixture.out_size, 0);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(run("invite-owner", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    struct cs_bytes invite;
    assert_true(cs_json_get_text(cs_json_get(json, "invite"), &invite));
    assert_is_invite(invite);
    cs_json_destroy(json);
    assert_int_equal(run("invite-owner", fixture.server, "--output", path, "--json"), 0);
    json = answer_json();
    assert_json_text(json, "invite_file", path);
    cs_json_destroy(json);
    assert_int_equal(run("invite-owner", fixture.server, "--output", in_root("none/invite")), 1);
    assert_says(fixture.err, "the invite cannot be written");
}

static void test_wrong_use(void **state)
{
    (void)state;
    make_server();
    put_state(CS_DEVICE_FORKED);
    assert_int_equal(run("invite-owner"), 2);
    assert_int_equal(run("invite-owner", in_root("none")), 1);
    int lock = -1;
    struct cs_problem problem;
    assert_ok(cs_folder_lock(fixture.server, &lock, &problem));
    assert_int_equal(run("invite-owner", fixture.server), 1);
    cs_folder_unlock(lock);
    assert_int_equal(run("invite-owner", fixture.server), 0);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    make_server();
    put_state(CS_DEVICE_FORKED);
    int code = 1;
    for (long n = 0; code != 0; n += n < 200 ? 1 : 7) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("invite-owner", fixture.server);
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
        }
    }
    assert_is_invite(cs_bytes_of_text(fixture.out));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_only_for_a_copied_device),
        TEST(test_where_the_invite_goes),
        TEST(test_wrong_use),
        TEST(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
