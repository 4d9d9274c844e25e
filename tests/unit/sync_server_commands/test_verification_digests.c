/* `verify --repair-digests`, and the order of changes against the rows. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

static struct cs_store *store;

/* To change what stands in the database, between begin and commit. */
static void begin_damage(void)
{
    store = open_writer(fixture.server);
    assert_ok(cs_store_begin(store));
}

static void end_damage(void)
{
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
}

/* The administrator may decide that the rows stand; nothing is stored where everything fits. */
static void test_digests_are_counted_anew_when_asked(void **state)
{
    (void)state;
    (void)make_filled_server();
    begin_damage();
    struct cs_multiset digest;
    assert_ok(cs_store_scope_digest(store, 1, &digest));
    digest.sum[5] ^= 1;
    assert_ok(cs_store_put_scope_digest(store, 1, &digest));
    end_damage();
    assert_int_equal(run("verify", fixture.server), 1);
    assert_says(fixture.out, "scope 1: its digest is not that of its rows (everyone, ");
    assert_says(fixture.out, "1 findings");
    assert_int_equal(run("verify", fixture.server, "--repair-digests"), 0);
    assert_says(fixture.out, "1 digests were not those of their rows");
    assert_int_equal(run("verify", fixture.server), 0);
    assert_int_equal(run("verify", fixture.server, "--repair-digests", "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "mended_digests"), 0);
    cs_json_destroy(json);
}

static void test_digests_are_not_counted_anew_while_served(void **state)
{
    (void)state;
    (void)make_filled_server();
    int lock = -1;
    assert_ok(cs_folder_lock(fixture.server, &lock, NULL));
    assert_int_equal(run("verify", fixture.server, "--repair-digests"), 1);
    cs_folder_unlock(lock);
}

/* A row that no device would ever be led to. */
static void test_scope_entry_missing(void **state)
{
    (void)state;
    (void)make_filled_server();
    begin_damage();
    struct cs_arena arena;
    struct cs_scope_entry *entries;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_store_scope_entries(store, 1, 0, 1, &arena, &entries, &count));
    assert_int_equal(count, 1);
    assert_ok(cs_store_remove_scope_entry(store, 1, entries[0].position));
    cs_arena_release(&arena);
    end_damage();
    assert_int_equal(run("verify", fixture.server), 1);
    assert_says(fixture.out, "scope 1: its order of changes leads to other rows");
    assert_says(fixture.out, "1 findings");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_digests_are_counted_anew_when_asked),
        TEST(test_digests_are_not_counted_anew_while_served),
        TEST(test_scope_entry_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
