/* The verification and `verify`: a good server has no findings, and every kind of damage is one. */
#include "sync-server/commands/verification.h"
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

/* verify finds exactly this many things, one of them saying this. */
static void assert_found(int64_t count, const char *saying)
{
    assert_int_equal(run("verify", fixture.server), 1);
    assert_says(fixture.out, saying);
    assert_int_equal(run("verify", fixture.server, "--json"), 1);
    struct cs_json *json = answer_json();
    bool ok = true;
    assert_true(cs_json_get_boolean(cs_json_get(json, "ok"), &ok));
    assert_false(ok);
    assert_int_equal(json_number(json, "finding_count"), count);
    assert_int_equal(cs_json_count(cs_json_get(json, "findings")), count);
    cs_json_destroy(json);
}

static void test_good_server(void **state)
{
    (void)state;
    (void)make_filled_server();
    assert_int_equal(run("verify", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    bool ok = false;
    assert_true(cs_json_get_boolean(cs_json_get(json, "ok"), &ok));
    assert_true(ok);
    assert_int_equal(json_number(json, "devices"), 1);
    assert_int_equal(json_number(json, "change_sets"), 2);
    assert_int_equal(json_number(json, "leaves"), 3);
    assert_int_equal(json_number(json, "transactions"), 2);
    assert_true(json_number(json, "rows") >= 2);
    assert_true(json_number(json, "scopes") >= 1);
    assert_int_equal(json_number(json, "finding_count"), 0);
    cs_json_destroy(json);
    assert_int_equal(run("verify", fixture.server), 0);
    assert_says(fixture.out, "1 devices, 2 change-sets, 2 transactions");
    assert_says(fixture.out, "0 findings");
}

static void test_new_server(void **state)
{
    (void)state;
    make_server();
    assert_int_equal(run("verify", fixture.server), 0);
    assert_says(fixture.out, "0 devices");
}

static void test_digest_differs(void **state)
{
    (void)state;
    (void)make_filled_server();
    begin_damage();
    struct cs_multiset digest;
    assert_ok(cs_store_scope_digest(store, 1, &digest));
    digest.sum[5] ^= 1;
    assert_ok(cs_store_put_scope_digest(store, 1, &digest));
    end_damage();
    assert_found(1, "scope 1: its digest is not that of its rows");
}

/* A value changed behind the server's back shows in the digest of the row's scope. */
static void test_row_changed(void **state)
{
    (void)state;
    struct cs_id id = make_filled_server();
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    begin_damage();
    struct cs_stored_row row;
    assert_ok(cs_row_load(cs_store_rows(store), cs_bytes_of_text("part"), &id, &arena, &row));
    assert_true(row.exists);
    row.values[1] = cs_value_text(cs_bytes_of_text("Another"));
    assert_ok(cs_row_store(cs_store_rows(store), &row));
    end_damage();
    assert_found(1, "its digest is not that of its rows");
    cs_arena_release(&arena);
}

static void change_row(const char *scopes, size_t scopes_size, uint64_t position)
{
    struct cs_id id = make_filled_server();
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    begin_damage();
    struct cs_stored_row row;
    assert_ok(cs_row_load(cs_store_rows(store), cs_bytes_of_text("part"), &id, &arena, &row));
    if (scopes != NULL) {
        row.scopes = cs_bytes_make(scopes, scopes_size);
    }
    if (position != 0) {
        row.position = position;
    }
    assert_ok(cs_row_store(cs_store_rows(store), &row));
    end_damage();
    cs_arena_release(&arena);
}

static void test_row_in_unknown_scope(void **state)
{
    (void)state;
    change_row("\x7f", 1, 0);
    /* And it is missing from the scope where it belongs. */
    assert_found(2, "it is in a scope that does not exist");
}

static void test_row_with_broken_scopes(void **state)
{
    (void)state;
    change_row("\xff", 1, 0);
    assert_found(2, "it is in a scope that does not exist");
}

static void test_row_beyond_position(void **state)
{
    (void)state;
    change_row(NULL, 0, 1000000);
    assert_found(2, "its position is beyond the last one given");
}

static void put_device(void)
{
    begin_damage();
    assert_ok(cs_store_put_device(store, &fixture.device));
    end_damage();
}

static void test_acknowledged_change_set_missing(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.sequence = 3;
    put_device();
    assert_found(1, "3 change-sets were acknowledged, the last stored is 2");
}

static void test_all_change_sets_missing(void **state)
{
    (void)state;
    make_server();
    begin_damage();
    assert_ok(cs_store_commit(store));
    join_device(store);
    cs_store_close(store);
    fixture.device.sequence = 1;
    put_device();
    assert_found(1, "1 change-sets were acknowledged, none is stored");
}

static void test_head_differs(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.head[0] ^= 1;
    put_device();
    assert_found(1, "its head is not its last change-set");
}

static void test_counter_differs(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.counter++;
    put_device();
    assert_found(1, "its head is not its last change-set");
}

static void test_other_key_than_certificate(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.sign_key[3] ^= 1;
    put_device();
    /* The device itself, and both change-sets. */
    assert_found(3, "what is stored differs from its certificate");
    assert_says(fixture.out, "does not match");
}

static void test_roles_raised(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.roles |= CS_ROLE(SECURITY);
    put_device();
    assert_found(1, "what is stored differs from its certificate");
}

static void test_name_changed(void **state)
{
    (void)state;
    (void)make_filled_server();
    spoil_device_name();
    assert_found(1, "what is stored differs from its certificate");
}

static void test_broken_chain(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.chain.data[fixture.chain.size - 1] ^= 1;
    fixture.device.chain = cs_buffer_bytes(&fixture.chain);
    put_device();
    assert_found(1, "its certificate chain");
}

static void test_other_organisation(void **state)
{
    (void)state;
    (void)make_filled_server();
    begin_damage();
    uint8_t other[CS_HASH_SIZE] = {9};
    assert_ok(cs_store_put(store, CS_FACTS_ORGANISATION, cs_bytes_of_array(other)));
    end_damage();
    assert_found(3, "it belongs to another organisation");
}

static void append(uint64_t log, uint64_t sequence, struct cs_bytes inner, bool right_hash)
{
    uint8_t hash[CS_HASH_SIZE] = {1};
    begin_damage();
    if (right_hash) {
        assert_ok(cs_inner_hash(inner, hash));
    }
    assert_ok(cs_store_append_change_set(store, log, sequence, hash, inner));
    struct cs_leaf leaf;
    cs_leaf_change_set(log, sequence, hash, &leaf);
    assert_ok(cs_evidence_log_enter(store, &leaf));
    end_damage();
}

static struct cs_buffer signed_inner(void)
{
    struct cs_buffer inner;
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    struct cs_field_change change = {.field = cs_bytes_of_text("name"),
                                     .value = cs_value_text(cs_bytes_of_text("x"))};
    struct cs_operation operation = {.kind = CS_OPERATION_INSERT,
                                     .entity = cs_bytes_of_text("part"),
                                     .row = cs_id_next(&fixture.ids, 1767229200000),
                                     .changes = &change,
                                     .change_count = 1};
    struct cs_transaction transaction = {.operations = &operation, .operation_count = 1};
    sign_change_set(&transaction, 1, &inner);
    return inner;
}

/* Stored and acknowledged, but never applied. */
static void test_transaction_without_outcome(void **state)
{
    (void)state;
    (void)make_filled_server();
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 3, cs_buffer_bytes(&inner), true);
    fixture.device.sequence = 3;
    fixture.device.counter = 3;
    assert_ok(cs_inner_hash(cs_buffer_bytes(&inner), fixture.device.head));
    put_device();
    assert_found(1, "change-set 3: a transaction of it has no outcome");
    cs_buffer_release(&inner);
}

static void test_outcome_of_another_transaction(void **state)
{
    (void)state;
    (void)make_filled_server();
    begin_damage();
    struct cs_arena arena;
    struct cs_logged_transaction logged;
    struct cs_version version = {fixture.device.log, 2};
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_store_transaction(store, &version, &arena, &logged));
    logged.id[0] ^= 1;
    assert_ok(cs_store_put_transaction(store, &logged));
    end_damage();
    cs_arena_release(&arena);
    assert_found(1, "change-set 2: the outcome of a transaction of it is of another transaction");
}

static void test_change_set_out_of_place(void **state)
{
    (void)state;
    (void)make_filled_server();
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 4, cs_buffer_bytes(&inner), true);
    assert_found(2, "change-set 4: a change-set before it is missing");
    cs_buffer_release(&inner);
}

static void test_change_set_says_another_sequence(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.sequence = 7;
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 3, cs_buffer_bytes(&inner), true);
    assert_found(2, "change-set 3: it says another sequence number");
    cs_buffer_release(&inner);
}

static void test_change_set_of_another_past(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.head[7] ^= 1;
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 3, cs_buffer_bytes(&inner), true);
    assert_found(2, "change-set 3: it does not continue the one before it");
    cs_buffer_release(&inner);
}

static void test_counters_do_not_continue(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.counter = 9;
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 3, cs_buffer_bytes(&inner), true);
    assert_found(2, "change-set 3: its transactions do not continue those before it");
    cs_buffer_release(&inner);
}

static void test_change_set_of_another_device(void **state)
{
    (void)state;
    (void)make_filled_server();
    fixture.device.certificate[31] ^= 1;
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 3, cs_buffer_bytes(&inner), true);
    assert_found(2, "change-set 3: it belongs to another device");
    cs_buffer_release(&inner);
}

static void test_stored_hash_differs(void **state)
{
    (void)state;
    (void)make_filled_server();
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log, 3, cs_buffer_bytes(&inner), false);
    assert_found(2, "change-set 3: its hash is not the stored one");
    cs_buffer_release(&inner);
}

/* Every byte of a signed change-set counts. */
static void test_any_flipped_byte_is_found(void **state)
{
    (void)state;
    (void)make_filled_server();
    struct cs_buffer inner = signed_inner();
    static const size_t places[] = {0, 63, 64, 70, 140, 200};
    for (size_t i = 0; i < CS_COUNT(places); i++) {
        inner.data[places[i]] ^= 1;
        append(fixture.device.log, 3 + i, cs_buffer_bytes(&inner), false);
        inner.data[places[i]] ^= 1;
    }
    inner.data[inner.size - 1] ^= 1;
    append(fixture.device.log, 3 + CS_COUNT(places), cs_buffer_bytes(&inner), false);
    cs_buffer_release(&inner);
    /* And the device's own row names another end. */
    assert_found((int64_t)CS_COUNT(places) + 2, "change-set 3: a signature");
}

static void test_unknown_device(void **state)
{
    (void)state;
    (void)make_filled_server();
    struct cs_buffer inner = signed_inner();
    append(fixture.device.log + 1, 1, cs_buffer_bytes(&inner), true);
    cs_buffer_release(&inner);
    assert_found(2, "change-sets of an unknown device");
}

static void test_devices_without_organisation(void **state)
{
    (void)state;
    make_server();
    store = open_writer(fixture.server);
    make_device();
    cs_store_close(store);
    put_device();
    /* And its certificate was not entered. */
    assert_found(3, "there are devices but no organisation");
}

static void test_damaged_facts(void **state)
{
    (void)state;
    (void)make_filled_server();
    begin_damage();
    assert_ok(cs_store_put(store, CS_FACTS_INCARNATION, cs_bytes_of_text("short")));
    end_damage();
    assert_found(1, "incarnation is damaged");
    assert_int_equal(run("status", fixture.server), 1);
    assert_says(fixture.err, "incarnation is damaged");
}

/* Zeroes in the middle of the file: found, reported, and no crash. */
static void test_damaged_pages(void **state)
{
    (void)state;
    (void)make_filled_server();
    char path[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_SERVER_DATABASE_FILE, path, NULL));
    int64_t size = cs_folder_file_size(fixture.server, CS_SERVER_DATABASE_FILE);
    int findings = 0;
    for (int64_t page = 2; page * 4096 < size; page += 9) {
        FILE *file = fopen(path, "r+b");
        uint8_t kept[4096];
        static const uint8_t noise[4096] = {0x5a, 0x5a, 0x5a};
        assert_non_null(file);
        assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
        assert_int_equal(fread(kept, 1, sizeof kept, file), sizeof kept);
        assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
        assert_int_equal(fwrite(noise, 1, sizeof noise, file), sizeof noise);
        assert_int_equal(fclose(file), 0);
        findings += run("verify", fixture.server) == 1;
        file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
        assert_int_equal(fwrite(kept, 1, sizeof kept, file), sizeof kept);
        assert_int_equal(fclose(file), 0);
    }
    assert_true(findings > 0);
    assert_int_equal(run("verify", fixture.server), 0);
}

struct seen {
    unsigned progress;
    uint64_t last;
};

static void on_progress(void *context, const char *what, uint64_t done)
{
    struct seen *seen = context;
    assert_string_equal(what, "rows");
    seen->progress++;
    seen->last = done;
}

static void test_progress(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct cs_verification verification = {.context = &seen, .progress = on_progress};
    for (uint64_t i = 1; i <= 3500; i++) {
        cs_verification_progress(&verification, "rows", i);
    }
    assert_int_equal(seen.progress, 3);
    assert_int_equal(seen.last, 3000);
    verification.progress = NULL;
    cs_verification_progress(&verification, "rows", 4000);
    assert_int_equal(seen.progress, 3);
    cs_verification_found(&verification, "nobody %s", "listens");
    assert_int_equal(verification.findings, 1);
}

static void test_only_data_is_damage(void **state)
{
    (void)state;
    static const enum cs_status damage[] = {CS_CORRUPT, CS_FORGED, CS_MALFORMED,
                                            CS_LIMIT,   CS_DENIED, CS_INVALID};
    static const enum cs_status machine[] = {CS_NO_MEMORY, CS_IO, CS_DISK_FULL, CS_BUSY};
    for (size_t i = 0; i < CS_COUNT(damage); i++) {
        assert_true(cs_verification_is_damage(damage[i]));
    }
    for (size_t i = 0; i < CS_COUNT(machine); i++) {
        assert_false(cs_verification_is_damage(machine[i]));
    }
}

static void test_refusals(void **state)
{
    (void)state;
    assert_int_equal(run("verify"), 2);
    assert_int_equal(run("verify", in_root("none")), 1);
    assert_says(fixture.err, "does not exist");
    assert_int_equal(run("verify", fixture.root, "--json"), 1);
    assert_says(fixture.err, "there is no server in");
    assert_json_error("NOT_FOUND");
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    (void)make_filled_server();
    int code = 1;
    for (long n = 0; code != 0; n++) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("verify", fixture.server);
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
        }
    }
    assert_says(fixture.out, "0 findings");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_server),
        TEST(test_new_server),
        TEST(test_digest_differs),
        TEST(test_row_changed),
        TEST(test_row_in_unknown_scope),
        TEST(test_row_with_broken_scopes),
        TEST(test_row_beyond_position),
        TEST(test_acknowledged_change_set_missing),
        TEST(test_all_change_sets_missing),
        TEST(test_head_differs),
        TEST(test_counter_differs),
        TEST(test_other_key_than_certificate),
        TEST(test_roles_raised),
        TEST(test_name_changed),
        TEST(test_broken_chain),
        TEST(test_other_organisation),
        TEST(test_transaction_without_outcome),
        TEST(test_outcome_of_another_transaction),
        TEST(test_change_set_out_of_place),
        TEST(test_change_set_says_another_sequence),
        TEST(test_change_set_of_another_past),
        TEST(test_counters_do_not_continue),
        TEST(test_change_set_of_another_device),
        TEST(test_stored_hash_differs),
        TEST(test_any_flipped_byte_is_found),
        TEST(test_unknown_device),
        TEST(test_devices_without_organisation),
        TEST(test_damaged_facts),
        TEST(test_damaged_pages),
        TEST(test_progress),
        TEST(test_only_data_is_damage),
        TEST(test_refusals),
        TEST(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
