/* status, devices and the facts behind them, beside a server that may be running. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

static void test_new_server(void **state)
{
    (void)state;
    make_server();
    assert_int_equal(run("status", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    bool served = true;
    struct cs_bytes text;
    assert_false(cs_json_get_text(cs_json_get(json, "organisation"), &text));
    assert_non_null(cs_json_get(json, "organisation"));
    assert_json_text(json, "address", "sync.example:8443");
    assert_int_equal(json_number(json, "devices"), 0);
    assert_int_equal(json_number(json, "position"), 0);
    assert_true(cs_json_get_boolean(cs_json_get(json, "served"), &served));
    assert_false(served);
    cs_json_destroy(json);
    assert_int_equal(run("status", fixture.server), 0);
    assert_says(fixture.out, "none yet: the owner has not joined");
}

static void test_filled_server(void **state)
{
    (void)state;
    (void)make_filled_server();
    char organisation[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_of_array(fixture.organisation), organisation);
    assert_int_equal(run("status", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_json_text(json, "organisation", organisation);
    assert_int_equal(json_number(json, "devices"), 1);
    assert_int_equal(json_number(json, "held"), 0);
    assert_int_equal(json_number(json, "conflicts"), 0);
    assert_int_equal(json_number(json, "refusals"), 0);
    assert_true(json_number(json, "position") >= 2);
    assert_true(json_number(json, "database_bytes") > 4096);
    cs_json_destroy(json);
    assert_int_equal(run("status", fixture.server), 0);
    assert_says(fixture.out, organisation);
    assert_says(fixture.out, "devices          1\n");
}

/* A refused transaction is an open refusal until someone puts it aside. */
static void test_open_refusals_are_counted(void **state)
{
    (void)state;
    struct cs_id id = make_filled_server();
    struct cs_store *store = open_writer(fixture.server);
    struct cs_field_change change = {.field = cs_bytes_of_text("price_cents"),
                                     .value = cs_value_integer(-5)};
    struct cs_operation operation = {.kind = CS_OPERATION_UPDATE,
                                     .entity = cs_bytes_of_text("part"),
                                     .row = id,
                                     .changes = &change,
                                     .change_count = 1};
    struct cs_version base = {fixture.device.log, 1};
    change.base = (struct cs_versions){&base, 1};
    struct cs_transaction transaction = {.operations = &operation, .operation_count = 1};
    push(store, &transaction, 1);
    cs_store_close(store);
    assert_int_equal(run("status", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "refusals"), 1);
    cs_json_destroy(json);
}

/* A registry without the office's lists has nothing open. */
static void test_small_registry(void **state)
{
    (void)state;
    const struct cs_entity *entities[] = {
        cs_registry_find(cs_registry_core(), cs_bytes_of_text("part"))};
    struct cs_registry small = {entities, 1};
    char *init[] = {(char[]){"countersign-server"}, (char[]){"init"}, fixture.server,
                    (char[]){"--address=a:1"}, NULL};
    char *status[] = {(char[]){"countersign-server"}, (char[]){"status"}, fixture.server, NULL};
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_non_null(out);
    assert_non_null(err);
    struct cs_admin_surroundings around = {
        .registry = &small, .world = &fixture.world, .out = out, .err = err};
    assert_int_equal(cs_admin_run(4, init, &around), 0);
    long invite_end = ftell(out);
    assert_int_equal(cs_admin_run(3, status, &around), 0);
    assert_true(ftell(out) > invite_end + 100);
    (void)fclose(out);
    (void)fclose(err);
}

/* A reader changes nothing, so a database of another program version is refused with words. */
static void test_other_program_version(void **state)
{
    (void)state;
    make_server();
    const struct cs_entity *entities[] = {
        cs_registry_find(cs_registry_core(), cs_bytes_of_text("part"))};
    struct cs_registry small = {entities, 1};
    char *status[] = {(char[]){"countersign-server"}, (char[]){"status"}, fixture.server, NULL};
    char *text = NULL;
    size_t size = 0;
    FILE *err = open_memstream(&text, &size);
    assert_non_null(err);
    struct cs_admin_surroundings around = {
        .registry = &small, .world = &fixture.world, .out = stdout, .err = err};
    int code = (int)cs_admin_run(3, status, &around);
    (void)fclose(err);
    assert_int_equal(code, CS_ADMIN_FAILED);
    assert_says(text, "version");
    free(text);
}

static void test_beside_a_writer(void **state)
{
    (void)state;
    struct cs_id id = make_filled_server();
    int lock = -1;
    struct cs_store *store = open_writer(fixture.server);
    assert_ok(cs_folder_lock(fixture.server, &lock, NULL));
    push_part(store, &id, CS_OPERATION_UPDATE, "", "Fan, huge");
    assert_int_equal(run("status", fixture.server), 0);
    assert_says(fixture.out, "served now       yes");
    assert_int_equal(run("devices", fixture.server), 0);
    cs_folder_unlock(lock);
    cs_store_close(store);
    assert_int_equal(run("status", fixture.server), 0);
    assert_says(fixture.out, "served now       no");
}

static void test_devices(void **state)
{
    (void)state;
    (void)make_filled_server();
    char log[17];
    spoil_device_name();
    (void)snprintf(log, sizeof log, "%016llx", (unsigned long long)fixture.device.log);
    assert_int_equal(run("devices", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    const struct cs_json *list = cs_json_get(json, "devices");
    assert_int_equal(cs_json_count(list), 1);
    const struct cs_json *device = cs_json_at(list, 0);
    assert_json_text(device, "person_name", "\xe7\x8e\x8b Owner");
    assert_json_text(device, "device_name", "desk\x1b[31m");
    assert_json_text(device, "roles", "owner,office");
    assert_json_text(device, "log", log);
    assert_json_text(device, "state", "active");
    assert_json_text(device, "joined", "2026-01-01T00:00:00Z");
    assert_json_text(device, "seen", "2026-01-01T01:00:00Z");
    assert_int_equal(json_number(device, "change_sets"), 2);
    assert_int_equal(json_number(device, "transactions"), 2);
    cs_json_destroy(json);
    assert_int_equal(run("devices", fixture.server), 0);
    assert_says(fixture.out, "person ");
    assert_says(fixture.out, log);
    assert_says(fixture.out, "desk?[31m");
    assert_null(strchr(fixture.out, 0x1b));
}

static void test_device_never_seen(void **state)
{
    (void)state;
    (void)make_filled_server();
    struct cs_store *store = open_writer(fixture.server);
    fixture.device.seen_ms = 0;
    fixture.device.state = CS_DEVICE_FORKED;
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_device(store, &fixture.device));
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
    assert_int_equal(run("devices", fixture.server), 0);
    assert_says(fixture.out, "never");
    assert_says(fixture.out, "forked");
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(cs_facts_device_state(CS_DEVICE_ACTIVE), "active");
    assert_string_equal(cs_facts_device_state(CS_DEVICE_SUSPENDED), "suspended");
    assert_string_equal(cs_facts_device_state(CS_DEVICE_FORKED), "forked");
    assert_string_equal(cs_facts_device_state((enum cs_device_state)9), "unknown");
}

static void test_facts_are_needed(void **state)
{
    (void)state;
    assert_int_equal(mkdir(fixture.server, 0700), 0);
    struct cs_store *store = open_writer(fixture.server);
    struct cs_arena arena;
    struct cs_facts facts;
    struct cs_problem problem = {""};
    memset(&facts, 0x5a, sizeof facts);
    cs_arena_init(&arena, CS_MEBI);
    assert_status(cs_facts_read(store, &arena, &facts, &problem), CS_CORRUPT);
    assert_says(problem.text, "was not made by init");
    assert_int_equal(facts.incarnation[0], 0x5a);
    cs_arena_release(&arena);
    cs_store_close(store);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const commands[] = {"status", "devices"};
    for (size_t i = 0; i < CS_COUNT(commands); i++) {
        assert_int_equal(run(commands[i]), 2);
        assert_int_equal(run(commands[i], fixture.root), 1);
        assert_says(fixture.err, "there is no server in");
        assert_int_equal(run(commands[i], in_root("none"), "--json"), 1);
        assert_says(fixture.err, "does not exist");
        assert_json_error("NOT_FOUND");
        assert_int_equal(run(commands[i], fixture.root, "--all"), 2);
        assert_says(fixture.err, "there is no option --all here");
    }
}

static void fail_each(const char *command)
{
    int code = 1;
    for (long n = 0; code != 0; n++) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run(command, fixture.server, "--json");
        cs_memory_fail_after(-1);
        assert_true(code == 0 || code == 1);
    }
    struct cs_json *json = answer_json();
    assert_non_null(cs_json_get(json, "devices"));
    cs_json_destroy(json);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    (void)make_filled_server();
    fail_each("status");
    fail_each("devices");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new_server),
        TEST(test_filled_server),
        TEST(test_open_refusals_are_counted),
        TEST(test_small_registry),
        TEST(test_other_program_version),
        TEST(test_beside_a_writer),
        TEST(test_devices),
        TEST(test_device_never_seen),
        TEST(test_state_names),
        TEST(test_facts_are_needed),
        TEST(test_refusals),
        TEST(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
