/* The verification of the evidence log: what is missing, what is too much, and what was altered behind
 * the server's back is named. Alterations are made with plain SQL, as someone with the disk would. */
#include "shared/storage/database.h"
#include "sync-server/commands/verification.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

static void damage(const char *sql)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_database *database;
    assert_ok(cs_folder_path(fixture.server, CS_SERVER_DATABASE_FILE, path, NULL));
    assert_ok(cs_database_open(&fixture.world, path, CS_DATABASE_WRITER, &database, NULL));
    assert_ok(cs_database_execute(database, sql));
    cs_database_close(database);
}

static void assert_found(int64_t count, const char *saying)
{
    assert_int_equal(run("verify", fixture.server), 1);
    assert_says(fixture.out, saying);
    assert_int_equal(run("verify", fixture.server, "--json"), 1);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "finding_count"), count);
    cs_json_destroy(json);
}

/* Three leaves: the certificate and two change-sets. */
static void a_dropped_leaf_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("DELETE FROM _leaf WHERE number = 1");
    /* The hole, the node over it, and the change-set that it was of. */
    assert_found(3, "leaf 1 is missing");
    assert_says(fixture.out, "finding_count");
}

static void a_dropped_last_leaf_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("DELETE FROM _leaf WHERE number = 2");
    assert_found(1, "change-set 2 is not in it as it is stored");
}

static void an_altered_leaf_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("UPDATE _leaf SET leaf = x'ff' WHERE number = 1");
    assert_found(3, "leaf 1: something unknown is not stored as it was entered");
}

static void an_altered_node_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("UPDATE _log_node SET hash = zeroblob(32)");
    assert_found(1, "node 1/0 is not what its leaves give");
}

static void a_missing_node_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("DELETE FROM _log_node");
    assert_found(2, "node 1/0 is not what its leaves give");
}

static void a_further_node_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("INSERT INTO _log_node VALUES (3, 0, zeroblob(32))");
    assert_found(1, "2 nodes stored, its leaves give 1");
}

static void a_removed_change_set_is_found_in_the_log(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("DELETE FROM _change_set WHERE sequence = 2");
    assert_found(2, "change-set 2 is not stored as it was entered");
}

static void a_removed_device_is_found_in_the_log(void **state)
{
    (void)state;
    (void)make_filled_server();
    damage("DELETE FROM _device");
    assert_int_equal(run("verify", fixture.server), 1);
    assert_says(fixture.out, "is not stored as it was entered");
}

/* The verification reads nothing but rows of evidence; a receipt is put there by hand. */
static void put_receipt(const char *record)
{
    struct cs_store *store = open_writer(fixture.server);
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX] = {{0}};
    const struct cs_entity *entity =
        cs_registry_find(cs_store_registry(store), cs_bytes_of_text("receipt"));
    int field = cs_entity_field_index(entity, cs_bytes_of_text("record"));
    assert_true(field >= 0);
    values[field] = cs_value_bytes(cs_bytes_of_text(record));
    struct cs_stored_row row = {.entity = entity,
                                .name = cs_bytes_of_text("receipt"),
                                .id = {{7}},
                                .exists = true,
                                .values = values,
                                .position = 1};
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_save_rows(store, &row, 1));
    if (strcmp(record, "signed") == 0) {
        assert_ok(cs_evidence_log_enter_row(store, &row));
    }
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
}

static void altered_signed_bytes_are_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    put_receipt("signed");
    assert_int_equal(run("verify", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "leaves"), 4);
    cs_json_destroy(json);
    put_receipt("altered");
    /* What was entered is gone, and what stands there was never entered. */
    assert_found(2, "receipt 07000000-0000-0000-0000-000000000000");
}

static void a_log_is_made_for_a_database_without_one(void **state)
{
    (void)state;
    (void)make_filled_server();
    put_receipt("signed");
    damage("DELETE FROM _leaf; DELETE FROM _log_node;");
    assert_int_equal(run("verify", fixture.server), 1);
    struct cs_store *store = open_writer(fixture.server);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_evidence_log_fill(store));
    assert_ok(cs_evidence_log_fill(store));
    assert_ok(cs_store_commit(store));
    uint64_t size = 0;
    assert_ok(cs_store_log_size(store, &size));
    assert_int_equal(size, 4);
    cs_store_close(store);
    assert_int_equal(run("verify", fixture.server), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dropped_leaf_is_found),
        TEST(a_dropped_last_leaf_is_found),
        TEST(an_altered_leaf_is_found),
        TEST(an_altered_node_is_found),
        TEST(a_missing_node_is_found),
        TEST(a_further_node_is_found),
        TEST(a_removed_change_set_is_found_in_the_log),
        TEST(a_removed_device_is_found_in_the_log),
        TEST(altered_signed_bytes_are_found),
        TEST(a_log_is_made_for_a_database_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
