/* history: what a row was, change by change, and what was entered. */
#include "sync-server/stores/history_store.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

static char id_text[CS_ID_TEXT_SIZE];

static void fill(void)
{
    struct cs_id id = make_filled_server();
    cs_id_format(&id, id_text);
}

/* {"before": …, "after": …}; NULL: null. */
static void assert_change(const struct cs_json *change, const char *field, const char *before,
                          const char *after)
{
    const struct cs_json *values = cs_json_get(cs_json_get(change, "fields"), field);
    assert_non_null(values);
    if (before == NULL) {
        struct cs_bytes text;
        assert_false(cs_json_get_text(cs_json_get(values, "before"), &text));
    } else {
        assert_json_text(values, "before", before);
    }
    assert_json_text(values, "after", after);
}

static void test_lists_changes_in_order(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("history", fixture.server, "part", id_text, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_json_text(json, "entity", "part");
    assert_json_text(json, "id", id_text);
    assert_null(cs_json_get(json, "transactions"));
    const struct cs_json *list = cs_json_get(json, "changes");
    assert_int_equal(cs_json_count(list), 2);
    const struct cs_json *first = cs_json_at(list, 0);
    assert_json_text(first, "kind", "made");
    assert_int_equal(json_number(first, "change"), 0);
    assert_json_text(first, "author", "\xe7\x8e\x8b Owner");
    assert_json_text(first, "device", "desk");
    assert_json_text(first, "claimed", "2026-01-01T09:00:00+08:00");
    assert_json_text(first, "received", "2026-01-01T01:01:40Z");
    assert_json_text(first, "from", "2026-01-01T01:01:40Z");
    assert_json_text(first, "until", "2026-01-01T01:01:40Z");
    assert_int_equal(json_number(first, "counter"), 1);
    assert_change(first, "code", NULL, "P-1");
    assert_change(first, "name", NULL, "Fan");
    const struct cs_json *second = cs_json_at(list, 1);
    assert_json_text(second, "kind", "changed");
    assert_int_equal(json_number(second, "change"), 1);
    assert_int_equal(cs_json_count(cs_json_get(second, "fields")), 1);
    assert_change(second, "name", "Fan", "Fan, large");
    cs_json_destroy(json);
}

static void test_a_row_and_an_entity_at_a_moment(void **state)
{
    (void)state;
    struct cs_id id = make_filled_server();
    struct cs_store *store = open_writer(fixture.server);
    cs_id_format(&id, id_text);
    push_at_ms = 1767229300000 + 3600000;
    push_part(store, &id, CS_OPERATION_UPDATE, "", "Fan, small");
    push_at_ms = 1767229300000;
    cs_store_close(store);

    assert_int_equal(run("history", fixture.server, "part", id_text, "--as-of",
                         "2026-01-01T01:30:00Z", "--json"),
                     0);
    struct cs_json *json = answer_json();
    const struct cs_json *then = cs_json_get(json, "state");
    assert_json_text(json, "as_of", "2026-01-01T01:30:00Z");
    assert_json_text(cs_json_get(then, "fields"), "name", "Fan, large");
    assert_json_text(cs_json_get(then, "fields"), "code", "P-1");
    assert_json_text(then, "until", "2026-01-01T02:01:40Z");
    cs_json_destroy(json);
    assert_int_equal(
        run("history", fixture.server, "part", id_text, "--as-of", "2026-01-01T02:01:40Z"), 0);
    assert_says(fixture.out, "name=Fan, small\n");
    assert_int_equal(
        run("history", fixture.server, "part", id_text, "--as-of", "2026-01-01T01:01:39Z"), 1);
    assert_says(fixture.err, "there was no part");

    assert_int_equal(
        run("history", fixture.server, "part", "--as-of", "2026-01-01T01:30:00Z", "--json"), 0);
    json = answer_json();
    assert_int_equal(cs_json_count(cs_json_get(json, "rows")), 1);
    assert_json_text(cs_json_at(cs_json_get(json, "rows"), 0), "id", id_text);
    cs_json_destroy(json);
    assert_int_equal(run("history", fixture.server, "part", "--as-of", "2026-01-01T01:00:00Z"), 0);
    assert_int_equal(fixture.out_size, 0);
}

/* Every text is shown, and none reaches the terminal as more than text. */
static void test_text_is_harmless_to_a_terminal(void **state)
{
    (void)state;
    fill();
    spoil_device_name();
    assert_int_equal(run("history", fixture.server, "part", id_text), 0);
    assert_says(fixture.out, "name=Fan\n");
    assert_says(fixture.out, "name=Fan, large  (before: Fan)\n");
    assert_says(fixture.out, "code=P-1\n");
    assert_says(fixture.out, "desk?[31m");
    assert_null(strchr(fixture.out, 0x1b));
}

static void test_refused_ones_only_with_all(void **state)
{
    (void)state;
    fill();
    struct cs_store *store = open_writer(fixture.server);
    struct cs_id id;
    assert_ok(cs_id_parse(cs_bytes_of_text(id_text), &id));
    struct cs_field_change change = {.field = cs_bytes_of_text("price_cents"),
                                     .value = cs_value_integer(-5)};
    struct cs_version base = {fixture.device.log, 1};
    change.base = (struct cs_versions){&base, 1};
    struct cs_operation operation = {.kind = CS_OPERATION_UPDATE,
                                     .entity = cs_bytes_of_text("part"),
                                     .row = id,
                                     .changes = &change,
                                     .change_count = 1};
    struct cs_transaction transaction = {.operations = &operation, .operation_count = 1};
    push(store, &transaction, 1);
    cs_store_close(store);

    assert_int_equal(run("history", fixture.server, "part", id_text, "--all", "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(cs_json_count(cs_json_get(json, "changes")), 2);
    const struct cs_json *list = cs_json_get(json, "transactions");
    assert_int_equal(cs_json_count(list), 3);
    assert_json_text(cs_json_at(list, 0), "kind", "insert");
    assert_json_text(cs_json_get(cs_json_at(list, 1), "fields"), "name", "Fan, large");
    assert_json_text(cs_json_at(list, 2), "outcome", "refused");
    assert_json_text(cs_json_get(cs_json_at(list, 2), "fields"), "price_cents", "-5");
    cs_json_destroy(json);
}

/* What the server computed is a row without change-sets: its changes are the server's. */
static void test_computed_row_is_the_servers(void **state)
{
    (void)state;
    fill();
    struct cs_id id;
    char text[CS_ID_TEXT_SIZE];
    cs_directory_row_id(fixture.device.certificate, &id);
    cs_id_format(&id, text);
    assert_int_equal(run("history", fixture.server, "device", text, "--all", "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(cs_json_count(cs_json_get(json, "transactions")), 0);
    assert_int_equal(cs_json_count(cs_json_get(json, "changes")), 1);
    assert_null(cs_json_get(cs_json_at(cs_json_get(json, "changes"), 0), "author"));
    cs_json_destroy(json);
    assert_int_equal(run("history", fixture.server, "device", text), 0);
    assert_says(fixture.out, "by the server");
}

static void test_refusals(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("history", fixture.server, "part"), 2);
    assert_says(fixture.err, "missing");
    assert_int_equal(run("history", fixture.server, "nothing", id_text), 2);
    assert_says(fixture.err, "there is no entity nothing");
    assert_int_equal(run("history", fixture.server, "part", "P-1"), 2);
    assert_says(fixture.err, "P-1 is no id");
    assert_int_equal(
        run("history", fixture.server, "part", "018f0000-0000-7000-8000-000000000000", "--json"),
        1);
    assert_says(fixture.err, "there is no part 018f0000");
    assert_json_error("NOT_FOUND");
    assert_int_equal(run("history", fixture.server, "part", id_text, "--as-of", "yesterday"), 2);
    assert_says(fixture.err, "yesterday is no moment");
    assert_int_equal(
        run("history", fixture.server, "part", id_text, "--all", "--as-of", "2026-01-01 10:00"), 2);
    assert_int_equal(run("history", in_root("none"), "part", id_text), 1);
    assert_says(fixture.err, "does not exist");
}

static void test_damaged_change_set(void **state)
{
    (void)state;
    fill();
    struct cs_store *store = open_writer(fixture.server);
    uint8_t hash[CS_HASH_SIZE] = {0};
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_append_change_set(store, 7, 1, hash, cs_bytes_of_text("not a change-set")));
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
    assert_int_equal(run("history", fixture.server, "part", id_text, "--all"), 1);
    assert_says(fixture.err, "run verify");
    assert_int_equal(fixture.out_size, 0);
}

/* A change-set that somebody put in the place of one: whole, but not signed by the device that it is said to be of. */
static void test_change_set_that_its_device_did_not_sign(void **state)
{
    (void)state;
    struct cs_id id = make_filled_server();
    cs_id_format(&id, id_text);
    assert_int_equal(run("history", fixture.server, "part", id_text, "--all"), 0);
    struct cs_sign_key *device_key = fixture.device_key;
    struct cs_store *store = open_writer(fixture.server);
    fixture.device_key = fixture.root_key;
    push_part(store, &id, CS_OPERATION_UPDATE, "", "Fan, forged");
    fixture.device_key = device_key;
    cs_store_close(store);
    assert_int_equal(run("history", fixture.server, "part", id_text, "--all"), 1);
    assert_says(fixture.err, "run verify");
    assert_int_equal(fixture.out_size, 0);
}

#define MANY ((size_t)3000)

/* One change-set that changes a large row many times over. */
static void push_many(struct cs_store *store, const struct cs_id *id)
{
    static struct cs_transaction transactions[MANY];
    static struct cs_operation operations[MANY];
    static struct cs_field_change changes[MANY];
    static struct cs_version bases[MANY];
    static char names[MANY][8];
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "N%zu", i);
        bases[i] = (struct cs_version){fixture.device.log, i == 0 ? 1 : fixture.device.counter + i};
        changes[i] = (struct cs_field_change){
            .field = cs_bytes_of_text("name"),
            .value = cs_value_text(cs_bytes_of_text(names[i])),
            .base = {&bases[i], 1},
        };
        operations[i] = (struct cs_operation){.kind = CS_OPERATION_UPDATE,
                                              .entity = cs_bytes_of_text("part"),
                                              .row = *id,
                                              .changes = &changes[i],
                                              .change_count = 1};
        transactions[i] =
            (struct cs_transaction){.operations = &operations[i], .operation_count = 1};
    }
    push(store, transactions, MANY);
}

/* What one change-set costs here is bounded by what it may hold; the latest states are kept, and what was before all of it. */
static void test_one_change_set_has_room_for_so_many_states(void **state)
{
    (void)state;
    static char large[4097];
    memset(large, 'x', sizeof large - 1);
    make_server();
    struct cs_store *store = open_writer(fixture.server);
    join_device(store);
    struct cs_id id = cs_id_next(&fixture.ids, 1767229200000);
    struct cs_field_change changes[] = {
        {.field = cs_bytes_of_text("name"), .value = cs_value_text(cs_bytes_of_text("first"))},
        {.field = cs_bytes_of_text("code"), .value = cs_value_text(cs_bytes_of_text("P-1"))},
        {.field = cs_bytes_of_text("spec"), .value = cs_value_text(cs_bytes_of_text(large))},
    };
    struct cs_operation operation = {.kind = CS_OPERATION_INSERT,
                                     .entity = cs_bytes_of_text("part"),
                                     .row = id,
                                     .changes = changes,
                                     .change_count = CS_COUNT(changes)};
    struct cs_transaction transaction = {.operations = &operation, .operation_count = 1};
    push(store, &transaction, 1);
    push_many(store, &id);
    uint64_t kept = 0;
    assert_ok(cs_store_history_count(store, &kept));
    assert_true(kept > CS_CHANGE_SET_BODY_MAX / 5000 && kept <= CS_CHANGE_SET_BODY_MAX / 4096 + 1);
    cs_store_close(store);
    cs_id_format(&id, id_text);
    assert_int_equal(run("history", fixture.server, "part", id_text, "--json"), 0);
    struct cs_json *json = answer_json();
    const struct cs_json *list = cs_json_get(json, "changes");
    assert_int_equal(cs_json_count(list), kept + 1);
    assert_change(cs_json_at(list, 0), "name", NULL, "first");
    assert_change(cs_json_at(list, kept), "name", "N2998", "N2999");
    cs_json_destroy(json);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    fill();
    int code = 1;
    for (long n = 0; code != 0; n++) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("history", fixture.server, "part", id_text, "--all");
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
        }
    }
    assert_says(fixture.out, "name=Fan, large  (before: Fan)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lists_changes_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_row_and_an_entity_at_a_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_is_harmless_to_a_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_ones_only_with_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_computed_row_is_the_servers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_change_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_change_set_has_room_for_so_many_states, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_change_set_that_its_device_did_not_sign, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_every_allocation_fails, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
