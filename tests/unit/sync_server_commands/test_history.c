/* history: which transactions touched a row, and with what. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

static char id_text[CS_ID_TEXT_SIZE];

static void fill(void)
{
    struct cs_id id = make_filled_server();
    cs_id_format(&id, id_text);
}

static void test_lists_transactions_in_order(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("history", fixture.server, "part", id_text, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_json_text(json, "entity", "part");
    assert_json_text(json, "id", id_text);
    const struct cs_json *list = cs_json_get(json, "transactions");
    assert_int_equal(cs_json_count(list), 2);
    const struct cs_json *first = cs_json_at(list, 0);
    assert_json_text(first, "kind", "insert");
    assert_json_text(first, "outcome", "applied");
    assert_json_text(first, "author", "\xe7\x8e\x8b Owner");
    assert_json_text(first, "claimed", "2026-01-01T09:00:00+08:00");
    assert_json_text(first, "received", "2026-01-01T01:01:40Z");
    assert_int_equal(json_number(first, "counter"), 1);
    assert_json_text(cs_json_get(first, "fields"), "code", "P-1");
    assert_json_text(cs_json_get(first, "fields"), "name", "Fan");
    const struct cs_json *second = cs_json_at(list, 1);
    assert_json_text(second, "kind", "update");
    assert_int_equal(cs_json_count(cs_json_get(second, "fields")), 1);
    assert_json_text(cs_json_get(second, "fields"), "name", "Fan, large");
    cs_json_destroy(json);
}

static void test_text_is_harmless_to_a_terminal(void **state)
{
    (void)state;
    fill();
    spoil_device_name();
    assert_int_equal(run("history", fixture.server, "part", id_text), 0);
    assert_says(fixture.out, "name=Fan, large\n");
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

    assert_int_equal(run("history", fixture.server, "part", id_text, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(cs_json_count(cs_json_get(json, "transactions")), 2);
    cs_json_destroy(json);
    assert_int_equal(run("history", fixture.server, "part", id_text, "--all", "--json"), 0);
    json = answer_json();
    const struct cs_json *list = cs_json_get(json, "transactions");
    assert_int_equal(cs_json_count(list), 3);
    assert_json_text(cs_json_at(list, 2), "outcome", "refused");
    assert_json_text(cs_json_get(cs_json_at(list, 2), "fields"), "price_cents", "-5");
    cs_json_destroy(json);
}

/* What the server computed is a row without change-sets: an empty list, not an error. */
static void test_computed_row_has_no_transactions(void **state)
{
    (void)state;
    fill();
    struct cs_id id;
    char text[CS_ID_TEXT_SIZE];
    cs_directory_row_id(fixture.device.certificate, &id);
    cs_id_format(&id, text);
    assert_int_equal(run("history", fixture.server, "device", text, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(cs_json_count(cs_json_get(json, "transactions")), 0);
    cs_json_destroy(json);
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
    assert_int_equal(run("history", fixture.server, "part", id_text), 1);
    assert_says(fixture.err, "run verify");
    assert_int_equal(fixture.out_size, 0);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    fill();
    int code = 1;
    for (long n = 0; code != 0; n++) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("history", fixture.server, "part", id_text);
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
        }
    }
    assert_says(fixture.out, "name=Fan, large\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lists_transactions_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_is_harmless_to_a_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_ones_only_with_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_computed_row_has_no_transactions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_change_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_allocation_fails, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
