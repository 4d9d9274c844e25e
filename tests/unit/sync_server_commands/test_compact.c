/* compact: what is older than promised goes, and nothing else; verify passes afterwards and says how far the history reaches. */
#include "sync-server/history/compaction.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

static char id_text[CS_ID_TEXT_SIZE];

/* A server whose part was renamed in a distant past and yesterday. */
static void fill(void)
{
    int64_t now_ms = fixture.world.wall_ms(fixture.world.context);
    push_at_ms = now_ms - 100 * CS_DAY_MS;
    struct cs_id id = make_filled_server();
    cs_id_format(&id, id_text);
    struct cs_store *store = open_writer(fixture.server);
    push_part(store, &id, CS_OPERATION_UPDATE, "", "Fan, old");
    push_at_ms = now_ms - CS_DAY_MS;
    push_part(store, &id, CS_OPERATION_UPDATE, "", "Fan, new");
    push_at_ms = 1767229300000;
    /* As if the device had joined then too. */
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_set_history_reach(store, now_ms - 101 * CS_DAY_MS));
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
}

static int64_t changes(void)
{
    assert_int_equal(run("status", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    int64_t count = json_number(json, "history_changes");
    cs_json_destroy(json);
    return count;
}

static void the_past_goes_and_the_rest_stays(void **state)
{
    (void)state;
    fill();
    assert_int_equal(changes(), 3);
    assert_int_equal(run("compact", fixture.server), 0);
    assert_says(fixture.out, "1 changes removed, 2 are kept; every change since ");
    assert_int_equal(changes(), 2);
    assert_int_equal(run("compact", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "removed"), 0);
    assert_int_equal(json_number(json, "kept"), 2);
    cs_json_destroy(json);

    assert_int_equal(run("verify", fixture.server), 0);
    assert_says(fixture.out, "0 findings");
    assert_says(fixture.out, "what rows were is kept since ");
    assert_int_equal(run("verify", fixture.server, "--json"), 0);
    json = answer_json();
    assert_int_equal(json_number(json, "change_sets"), 4);
    assert_non_null(cs_json_get(json, "history_since"));
    cs_json_destroy(json);

    assert_int_equal(run("history", fixture.server, "part", id_text), 0);
    assert_says(fixture.out, "name=Fan, new  (before: Fan, old)");
    assert_says(fixture.err, "is not kept");
    assert_null(strstr(fixture.out, "name=Fan\n"));
    assert_int_equal(run("history", fixture.server, "part", id_text, "--as-of", "2001-01-01 10:00"),
                     1);
    assert_says(fixture.err, "is not kept");
    assert_int_equal(run("history", fixture.server, "part", "--as-of", "2001-01-01 10:00"), 1);
    /* What was entered is there for good. */
    assert_int_equal(run("history", fixture.server, "part", id_text, "--all"), 0);
    assert_says(fixture.out, "name=Fan, large\n");
}

static void refusals(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("compact"), 2);
    assert_int_equal(run("compact", fixture.server, "more"), 2);
    assert_int_equal(run("compact", in_root("none")), 1);
    int lock = -1;
    assert_ok(cs_folder_lock(fixture.server, &lock, NULL));
    assert_int_equal(run("compact", fixture.server), 1);
    cs_folder_unlock(lock);
    assert_int_equal(changes(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_past_goes_and_the_rest_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
