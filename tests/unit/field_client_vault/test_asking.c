/* Requests and leases with keys of their own: several versions at once, without network, and only until the end. */
#include "tests/unit/field_client_vault/real_vault.h"

static struct scene scene;
static struct kept versions[3];
static struct kept lease;
static struct kept release;
static struct cs_seal_key *key;
static uint8_t ids[3 * CS_ID_SIZE];

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    kept_init(&lease);
    kept_init(&release);
    real_vault(&scene, false);
    for (size_t i = 0; i < 3; i++) {
        kept_init(&versions[i]);
        real_version(&scene, (uint8_t)(0x41 + i), &versions[i]);
        memcpy(ids + i * CS_ID_SIZE, versions[i].record.version.bytes, CS_ID_SIZE);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        kept_release(&versions[i]);
    }
    kept_release(&lease);
    kept_release(&release);
    cs_seal_key_destroy(key);
    key = NULL;
    scene_release(&scene);
    return 0;
}

static void test_a_lease_opens_all_its_versions(void **state)
{
    (void)state;
    const struct cs_vault_record *records[] = {&versions[0].record, &versions[1].record,
                                               &versions[2].record};
    key = real_ask(&scene, CS_VAULT_LEASE, cs_bytes_of_array(ids), &lease);
    struct cs_vault_moment moment = {scene.log, cs_vault_log_position(scene.log), START_MS};
    assert_ok(
        cs_vault_check_request(&lease.record, &scene.devices[ZHAO].chain, &moment, &scene.problem));
    real_release(&scene, &lease.record, records, 3, &release);
    struct cs_vault_answer answer = {&lease.record, key, &release.record, NULL, NULL};
    struct cs_vault_keyring *keyring = real_keyring(&scene, ZHAO);
    for (size_t i = 0; i < 3; i++) {
        struct cs_secret *half = NULL;
        struct cs_secret *secret = NULL;
        assert_ok(cs_vault_half_take(&answer, records[i], &half, &scene.problem));
        assert_ok(cs_vault_version_open(keyring, records[i], cs_secret_bytes(half), &secret,
                                        &scene.problem));
        assert_is_secret(secret);
        cs_secret_destroy(half);
    }
    /* The key destroyed, what was released is of no use. */
    struct cs_seal_key *others = scene_seal_key(9);
    struct cs_secret *half = NULL;
    answer.key = others;
    assert_said(&scene, cs_vault_half_take(&answer, records[0], &half, &scene.problem), CS_FORGED,
                "not sealed for this request");
    cs_seal_key_destroy(others);
    cs_vault_keyring_destroy(keyring);
}

static void test_every_lease_has_a_key_of_its_own(void **state)
{
    (void)state;
    uint8_t first[CS_SEAL_KEY_SIZE];
    key = real_ask(&scene, CS_VAULT_LEASE, cs_bytes_of_array(ids), &lease);
    cs_seal_key_public(key, first);
    assert_memory_equal(first, lease.record.key, sizeof first);
    struct cs_seal_key *second = real_ask(&scene, CS_VAULT_LEASE, cs_bytes_of_array(ids), &release);
    assert_memory_not_equal(first, release.record.key, sizeof first);
    cs_seal_key_destroy(second);
}

static void test_a_lease_after_its_end(void **state)
{
    (void)state;
    key = real_ask(&scene, CS_VAULT_LEASE, cs_bytes_of_array(ids), &lease);
    const int64_t end = lease.record.expires_ms;
    static const struct {
        int64_t now; /* after the start */
        int64_t seen;
        enum cs_status expected;
        const char *saying;
    } cases[] = {
        {0, 0, CS_OK, ""},
        {2 * DAY - 1, 0, CS_OK, ""},
        {2 * DAY, 0, CS_EXPIRED, "the lease has ended"},
        {9 * DAY, 0, CS_EXPIRED, "the lease has ended"},
        {HOUR_MS, 2 * DAY, CS_EXPIRED, "has gone back"},
        {2 * DAY - 1, 2 * DAY, CS_EXPIRED, "the lease has ended"},
        {HOUR_MS, HOUR_MS + CS_VAULT_CLOCK_SLACK_MS, CS_OK, ""},
        {HOUR_MS, HOUR_MS + CS_VAULT_CLOCK_SLACK_MS + 1, CS_EXPIRED, "has gone back"},
    };
    assert_int_equal(end, START_MS + 2 * DAY);
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        scene.problem.text[0] = '\0';
        assert_said(&scene,
                    cs_vault_lease_usable(&lease.record, START_MS + cases[i].now,
                                          START_MS + cases[i].seen, &scene.problem),
                    cases[i].expected, cases[i].saying);
    }
}

static void test_an_approval_is_of_all_versions(void **state)
{
    (void)state;
    const struct cs_vault_record *records[] = {&versions[0].record, &versions[1].record,
                                               &versions[2].record};
    struct cs_evidence_signer signer = real_signer(&scene, HAN);
    key = real_ask(&scene, CS_VAULT_LEASE, cs_bytes_of_array(ids), &lease);
    for (size_t count = 0; count <= 3; count++) {
        static const enum cs_status expected[] = {CS_OK, CS_INVALID, CS_INVALID, CS_DENIED};
        static const char *const saying[] = {"", "not the versions asked for",
                                             "not the versions asked for", "no part for this"};
        cs_buffer_clear(&release.bytes);
        scene.problem.text[0] = '\0';
        assert_said(&scene,
                    cs_vault_approval_sign(&scene.fake.world, scene.log, &signer,
                                           scene.devices[HAN].seal_key, &lease.record, records,
                                           count, &release.bytes, &scene.problem),
                    expected[count], saying[count]);
        assert_true((release.bytes.size > 0) == (count == 0));
    }
}

static void test_bad_requests_are_not_signed(void **state)
{
    (void)state;
    struct cs_evidence_signer signer = real_signer(&scene, ZHAO);
    struct cs_id work_order = scene_id(0x55);
    const struct cs_vault_ask good = {CS_VAULT_LEASE, cs_bytes_of_array(ids), cs_bytes_of_text("x"),
                                      cs_id_bytes(&work_order), START_MS + DAY};
    for (size_t i = 0; i < 4; i++) {
        struct cs_vault_ask ask = good;
        ask.versions.size -= i == 0 ? 1 : 0;
        ask.versions.size = i == 1 ? 0 : ask.versions.size;
        ask.reason.size = i == 2 ? 0 : ask.reason.size;
        ask.work_order.size = i == 3 ? 0 : ask.work_order.size;
        cs_buffer_clear(&lease.bytes);
        assert_status(
            cs_vault_ask_sign(&scene.fake.world, scene.log, &signer, &ask, &lease.bytes, &key),
            CS_INVALID);
        assert_null(key);
        assert_int_equal(lease.bytes.size, 0);
    }
    long failing = 0;
    for (enum cs_status status = CS_NO_MEMORY; status != CS_OK; failing++) {
        cs_buffer_release(&lease.bytes);
        cs_memory_fail_after(failing);
        status =
            cs_vault_ask_sign(&scene.fake.world, scene.log, &signer, &good, &lease.bytes, &key);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && key == NULL));
    }
    assert_true(failing >= 3);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_a_lease_opens_all_its_versions), CASE(test_every_lease_has_a_key_of_its_own),
        CASE(test_a_lease_after_its_end),          CASE(test_an_approval_is_of_all_versions),
        CASE(test_bad_requests_are_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
