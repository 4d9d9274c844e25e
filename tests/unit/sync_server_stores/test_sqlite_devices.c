/* Devices and their requests. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static struct cs_device device_of(unsigned number)
{
    struct cs_device device = {
        .log = (uint64_t)number << 56 | number, /* number ≥ 128: the upper half of 64 bits */
        .person = id_of(number),
        .person_name = T("王工"),
        .device_name = T("laptop"),
        .roles = CS_ROLE(TECHNICIAN) | CS_ROLE(AUDITOR),
        .chain = T("chain of certificates"),
        .state = CS_DEVICE_ACTIVE,
        .joined_ms = 1000 + number,
        .seen_ms = 2000 + number,
        .sequence = 5,
        .counter = UINT64_MAX,
        .request_counter = 7,
        .joined_position = 8,
        .revoked = {.position = 9, .at_ms = 10, .sequence = 11, .counter = 12, .row = id_of(13)},
    };
    memset(device.revoked.head, (int)number + 5, sizeof device.revoked.head);
    memset(device.certificate, (int)number, sizeof device.certificate);
    memset(device.invite, (int)number + 1, sizeof device.invite);
    memset(device.sign_key, (int)number + 2, sizeof device.sign_key);
    memset(device.seal_key, (int)number + 3, sizeof device.seal_key);
    memset(device.head, (int)number + 4, sizeof device.head);
    return device;
}

static void assert_device(const struct cs_device *got, const struct cs_device *expected)
{
    assert_memory_equal(got->certificate, expected->certificate, CS_HASH_SIZE);
    assert_memory_equal(got->invite, expected->invite, CS_HASH_SIZE);
    assert_memory_equal(got->head, expected->head, CS_HASH_SIZE);
    assert_memory_equal(got->sign_key, expected->sign_key, sizeof got->sign_key);
    assert_memory_equal(got->seal_key, expected->seal_key, sizeof got->seal_key);
    assert_true(cs_id_equal(&got->person, &expected->person));
    assert_bytes(got->person_name, expected->person_name);
    assert_bytes(got->device_name, expected->device_name);
    assert_bytes(got->chain, expected->chain);
    assert_int_equal(got->log, expected->log);
    assert_int_equal(got->roles, expected->roles);
    assert_int_equal(got->state, expected->state);
    assert_int_equal(got->joined_ms, expected->joined_ms);
    assert_int_equal(got->seen_ms, expected->seen_ms);
    assert_int_equal(got->sequence, expected->sequence);
    assert_int_equal(got->counter, expected->counter);
    assert_int_equal(got->request_counter, expected->request_counter);
    assert_int_equal(got->joined_position, expected->joined_position);
    assert_int_equal(got->revoked.position, expected->revoked.position);
    assert_int_equal(got->revoked.at_ms, expected->revoked.at_ms);
    assert_int_equal(got->revoked.sequence, expected->revoked.sequence);
    assert_int_equal(got->revoked.counter, expected->revoked.counter);
    assert_true(cs_id_equal(&got->revoked.row, &expected->revoked.row));
    assert_memory_equal(got->revoked.head, expected->revoked.head, CS_HASH_SIZE);
}

static void a_device_is_found_by_each_of_its_names(void **state)
{
    struct store_fixture *f = *state;
    struct cs_device devices[] = {device_of(3), device_of(200)};
    for (size_t i = 0; i < CS_COUNT(devices); i++) {
        assert_ok(cs_store_put_device(f->store, &devices[i]));
    }
    fixture_reopen(f);
    for (size_t i = 0; i < CS_COUNT(devices); i++) {
        struct cs_device got;
        assert_ok(cs_store_device(f->store, devices[i].certificate, &f->arena, &got));
        assert_device(&got, &devices[i]);
        assert_ok(cs_store_device_by_log(f->store, devices[i].log, &f->arena, &got));
        assert_device(&got, &devices[i]);
        assert_ok(cs_store_device_by_invite(f->store, devices[i].invite, &f->arena, &got));
        assert_device(&got, &devices[i]);
    }
}

static void unknown_devices_are_not_found(void **state)
{
    struct store_fixture *f = *state;
    struct cs_device device = device_of(3);
    struct cs_device got = {.log = 42};
    assert_status(cs_store_device(f->store, device.certificate, &f->arena, &got), CS_NOT_FOUND);
    assert_status(cs_store_device_by_log(f->store, device.log, &f->arena, &got), CS_NOT_FOUND);
    assert_status(cs_store_device_by_invite(f->store, device.invite, &f->arena, &got),
                  CS_NOT_FOUND);
    assert_int_equal(got.log, 42);
}

static void putting_again_replaces(void **state)
{
    struct store_fixture *f = *state;
    struct cs_device device = device_of(3);
    assert_ok(cs_store_put_device(f->store, &device));
    device.state = CS_DEVICE_FORKED;
    device.sequence = 6;
    device.person_name = CS_BYTES_NONE;
    assert_ok(cs_store_put_device(f->store, &device));
    struct cs_device got;
    assert_ok(cs_store_device(f->store, device.certificate, &f->arena, &got));
    assert_device(&got, &device);
    assert_int_equal(query(f, "SELECT count(*) FROM _device"), 1);
}

static void devices_are_listed_by_the_time_they_joined(void **state)
{
    struct store_fixture *f = *state;
    struct cs_device *list;
    size_t count;
    assert_ok(cs_store_devices(f->store, &f->arena, &list, &count));
    assert_int_equal(count, 0);
    for (unsigned i = 40; i > 0; i--) { /* more than one step of the growing list */
        struct cs_device device = device_of(i);
        assert_ok(cs_store_put_device(f->store, &device));
    }
    assert_ok(cs_store_devices(f->store, &f->arena, &list, &count));
    assert_int_equal(count, 40);
    for (unsigned i = 0; i < count; i++) {
        struct cs_device expected = device_of(i + 1);
        assert_device(&list[i], &expected);
    }
}

static void damaged_devices_are_told(void **state)
{
    struct store_fixture *f = *state;
    static const char *const damages[] = {
        "invite = x'00'",
        "person = x''",
        "person = zeroblob(17)",
        "sign_key = zeroblob(31)",
        "seal_key = x'0102'",
        "head = zeroblob(33)",
        "state = 0",
        "state = 5",
    };
    struct cs_device device = device_of(3);
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        assert_ok(cs_store_put_device(f->store, &device));
        char sql[128];
        (void)snprintf(sql, sizeof sql, "UPDATE _device SET %s", damages[i]);
        execute(f, sql);
        struct cs_device got = {.log = 42};
        assert_status(cs_store_device(f->store, device.certificate, &f->arena, &got), CS_CORRUPT);
        assert_status(cs_store_device_by_log(f->store, device.log, &f->arena, &got), CS_CORRUPT);
        assert_int_equal(got.log, 42);
        struct cs_device *list = NULL;
        size_t count = 9;
        assert_status(cs_store_devices(f->store, &f->arena, &list, &count), CS_CORRUPT);
        assert_null(list);
        assert_int_equal(count, 9);
    }
}

/* ---- Requests ---- */

static void put_request(struct store_fixture *f, uint64_t log, uint64_t counter, uint64_t keep)
{
    uint8_t hash[CS_HASH_SIZE];
    memset(hash, (int)(log + counter), sizeof hash);
    assert_ok(cs_store_put_request(f->store, log, counter, hash, keep));
}

static bool has_request(struct store_fixture *f, uint64_t log, uint64_t counter)
{
    uint8_t hash[CS_HASH_SIZE] = {0};
    uint8_t expected[CS_HASH_SIZE];
    memset(expected, (int)(log + counter), sizeof expected);
    enum cs_status status = cs_store_request(f->store, log, counter, hash);
    if (status == CS_OK) {
        assert_memory_equal(hash, expected, CS_HASH_SIZE);
    } else {
        assert_status(status, CS_NOT_FOUND);
        assert_int_equal(hash[0], 0);
    }
    return status == CS_OK;
}

static void the_last_requests_of_each_device_are_kept(void **state)
{
    struct store_fixture *f = *state;
    const uint64_t high = UINT64_MAX - 3; /* a log of the upper half */
    for (uint64_t counter = 1; counter <= 10; counter++) {
        put_request(f, 5, counter, 3);
        put_request(f, high, counter, 4);
    }
    for (uint64_t counter = 1; counter <= 11; counter++) {
        assert_int_equal(has_request(f, 5, counter), counter > 7 && counter <= 10);
        assert_int_equal(has_request(f, high, counter), counter > 6 && counter <= 10);
    }
    assert_int_equal(query(f, "SELECT count(*) FROM _request"), 7);
    put_request(f, 5, 1000, 3); /* a jump leaves nothing behind */
    assert_int_equal(query(f, "SELECT count(*) FROM _request WHERE log = 5"), 1);
}

static void few_requests_are_all_kept(void **state)
{
    struct store_fixture *f = *state;
    for (uint64_t counter = 1; counter <= 3; counter++) {
        put_request(f, 5, counter, 3);
    }
    put_request(f, 5, 3, UINT64_MAX);
    assert_int_equal(query(f, "SELECT count(*) FROM _request"), 3);
}

static void a_damaged_request_is_told(void **state)
{
    struct store_fixture *f = *state;
    put_request(f, 5, 1, 3);
    execute(f, "UPDATE _request SET hash = x'00'");
    uint8_t hash[CS_HASH_SIZE] = {9};
    assert_status(cs_store_request(f->store, 5, 1, hash), CS_CORRUPT);
    assert_int_equal(hash[0], 9);
}

/* ---- Failing memory and disks ---- */

static enum cs_status use_devices(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_device device = device_of(3);
    enum cs_status status = cs_store_put_device(f->store, &device);
    struct cs_device got;
    if (status == CS_OK) {
        status = cs_store_device(f->store, device.certificate, arena, &got);
    }
    if (status == CS_OK) {
        status = cs_store_device_by_log(f->store, device.log, arena, &got);
    }
    if (status == CS_OK) {
        status = cs_store_device_by_invite(f->store, device.invite, arena, &got);
    }
    struct cs_device *list;
    size_t count;
    if (status == CS_OK) {
        status = cs_store_devices(f->store, arena, &list, &count);
    }
    uint8_t hash[CS_HASH_SIZE] = {1};
    if (status == CS_OK) {
        status = cs_store_put_request(f->store, 5, 9, hash, 3);
    }
    return status == CS_OK ? cs_store_request(f->store, 5, 9, hash) : status;
}

static void devices_survive_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    assert_true(sweep_allocations(f, use_devices) >= 8);
    execute(f, "DELETE FROM _device; DELETE FROM _request");
    fail_writes(f, use_devices,
                "SELECT (SELECT count(*) FROM _device) + (SELECT count(*) FROM _request)");
}

static enum cs_status list_devices(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_device *list = NULL;
    size_t count = 0;
    enum cs_status status = cs_store_devices(f->store, arena, &list, &count);
    assert_int_equal(count, status == CS_OK ? 60 : 0);
    return status;
}

static void a_failing_read_is_no_damage(void **state)
{
    struct store_fixture *f = *state;
    for (unsigned i = 1; i <= 60; i++) {
        struct cs_device device = device_of(i);
        assert_ok(cs_store_put_device(f->store, &device));
    }
    assert_true(sweep_reads(f, list_devices) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_device_is_found_by_each_of_its_names),
        STORE_TEST(unknown_devices_are_not_found),
        STORE_TEST(putting_again_replaces),
        STORE_TEST(devices_are_listed_by_the_time_they_joined),
        STORE_TEST(damaged_devices_are_told),
        STORE_TEST(the_last_requests_of_each_device_are_kept),
        STORE_TEST(few_requests_are_all_kept),
        STORE_TEST(a_damaged_request_is_told),
        STORE_TEST(devices_survive_failing_memory_and_disks),
        STORE_TEST(a_failing_read_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
