/*
 * A vault from its beginning to the loss of all officers, with the client's and the server's code as they are: stored, leased,
 * released, opened without the server, a member removed, everything recovered from shares on paper. Records pass between them as bytes,
 * and the password is found in none of them.
 */
#include "field-client/vault/shares.h"
#include "sync-server/vault/half.h"
#include "tests/unit/field_client_vault/real_vault.h"

#define VERSIONS 3

static struct scene scene;
static struct cs_secret *shares[3];
static struct kept versions[VERSIONS];
static struct kept lease;
static struct kept release;
static uint8_t ids[VERSIONS * CS_ID_SIZE];

/* The recovery key of the scene comes from a ceremony here, and only its shares are left of it. */
static void hold_ceremony(void)
{
    const struct cs_vault_recovery_terms terms = {.organisation = scene.organisation,
                                                  .number = 2,
                                                  .set = scene_id(0x67),
                                                  .threshold = 2,
                                                  .count = 3};
    cs_buffer_clear(&scene.recovery_bytes);
    assert_ok(cs_vault_recovery_make(&scene.fake.world, scene.root, &terms, &scene.recovery_bytes,
                                     shares, &scene.problem));
    assert_ok(cs_vault_recovery_verify(cs_buffer_bytes(&scene.recovery_bytes), scene.root_key,
                                       &scene.recovery));
    cs_seal_key_destroy(scene.recovery_key);
    scene.recovery_key = NULL;
}

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    hold_ceremony();
    kept_init(&lease);
    kept_init(&release);
    for (size_t i = 0; i < VERSIONS; i++) {
        kept_init(&versions[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        kept_release(&versions[i]);
    }
    for (size_t i = 0; i < CS_COUNT(shares); i++) {
        cs_secret_destroy(shares[i]);
    }
    kept_release(&lease);
    kept_release(&release);
    scene_release(&scene);
    return 0;
}

static void assert_no_canary(const struct kept *kept)
{
    struct cs_bytes canary = cs_bytes_of_text(SECRET);
    for (size_t i = 0; i + canary.size <= kept->bytes.size; i++) {
        assert_memory_not_equal(kept->bytes.data + i, canary.data, canary.size);
    }
}

/* Before the server takes a version, it checks what the author may do. */
static void store(size_t index)
{
    struct cs_vault_moment moment = {scene.log, cs_vault_log_position(scene.log), scene.now_ms};
    real_version(&scene, (uint8_t)(0x41 + index), &versions[index]);
    assert_ok(cs_vault_check_version(&versions[index].record, &moment, NULL, &scene.problem));
    memcpy(ids + index * CS_ID_SIZE, versions[index].record.version.bytes, CS_ID_SIZE);
    assert_no_canary(&versions[index]);
}

/* The server's side of a lease. */
static void answer_lease(size_t count)
{
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_RELEASE, LI);
    struct cs_vault_moment moment = {scene.log, cs_vault_log_position(scene.log), scene.now_ms};
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_MEBI);
    assert_ok(
        cs_vault_check_request(&lease.record, &scene.devices[ZHAO].chain, &moment, &scene.problem));
    for (size_t i = 0; i < count; i++) {
        assert_ok(cs_server_half_release(&scene.fake.world, scene.half_key, &versions[i].record,
                                         &lease.record, &sealed, &scene.problem));
    }
    memcpy(record.author, scene.server_identity, CS_HASH_SIZE);
    memcpy(record.request, lease.record.id, CS_HASH_SIZE);
    record.versions = lease.record.versions;
    record.sealed = cs_buffer_bytes(&sealed);
    cs_buffer_clear(&release.bytes);
    assert_ok(cs_vault_record_encode(&record, scene.server, &release.bytes));
    kept_open(&scene, &release);
    assert_no_canary(&release);
    cs_buffer_release(&sealed);
}

static void reveal(const struct cs_vault_answer *answer, const struct cs_vault_keyring *keyring,
                   size_t index)
{
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    assert_ok(cs_vault_lease_usable(answer->request, scene.now_ms, scene.now_ms, &scene.problem));
    assert_ok(cs_vault_half_take(answer, &versions[index].record, &half, &scene.problem));
    assert_ok(cs_vault_version_open(keyring, &versions[index].record, cs_secret_bytes(half),
                                    &secret, &scene.problem));
    assert_is_secret(secret);
    cs_secret_destroy(half);
}

/* What the technician signs before it is shown, and the office reads later. */
static void account_for(size_t index)
{
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_REVEAL, ZHAO);
    struct cs_vault_record found;
    const struct cs_chain *author = NULL;
    memcpy(record.request, lease.record.id, CS_HASH_SIZE);
    record.version = versions[index].record.version;
    record.reason = cs_bytes_of_text("更换磁盘后登录");
    assert_ok(cs_vault_record_open(scene_sign(&scene, &record, ZHAO), &scene.directory, &found,
                                   &author, &scene.problem));
    assert_ok(cs_vault_check_reveal(&found, &lease.record, &scene.problem));
    assert_true(cs_bytes_equal_text(author->leaf.person_name, "赵强"));
}

static void remove_zhao(void)
{
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_WITHDRAWAL, LI);
    struct cs_vault_keyring *keyring = real_keyring(&scene, LI);
    memcpy(record.recipient, scene_certificate(&scene, ZHAO), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("离职");
    assert_ok(scene_append(&scene, &record, LI));
    struct kept refused;
    kept_init(&refused);
    assert_said(&scene, real_store(&scene, 0x50, &refused), CS_OUTDATED, "needs a new key first");
    kept_release(&refused);
    struct cs_secret *key = real_epoch(&scene, false, keyring);
    real_grant(&scene, LI, CS_VAULT_RIGHTS_ALL, key);
    real_grant(&scene, CHEN, CS_VAULT_MAY_EDIT, key);
    real_grant(&scene, WU, CS_VAULT_MAY_REVEAL, key); /* comes new */
    cs_secret_destroy(key);
    cs_vault_keyring_destroy(keyring);
}

/* Nothing was encrypted again, yet who came later reads what is old, and who was removed nothing new. */
static void check_keys_after_removal(struct cs_vault_keyring *zhao)
{
    struct cs_vault_keyring *wu = real_keyring(&scene, WU);
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    struct cs_vault_place own =
        cs_vault_record_place(&versions[0].record, CS_VAULT_CLASS_HALF_SERVER, NULL);
    assert_ok(cs_vault_unseal(scene.half_key, &own, versions[0].record.half, &half));
    assert_ok(cs_vault_version_open(wu, &versions[0].record, cs_secret_bytes(half), &secret,
                                    &scene.problem));
    assert_is_secret(secret);
    cs_secret_destroy(half);
    own = cs_vault_record_place(&versions[2].record, CS_VAULT_CLASS_HALF_SERVER, NULL);
    assert_ok(cs_vault_unseal(scene.half_key, &own, versions[2].record.half, &half));
    assert_said(&scene,
                cs_vault_version_open(zhao, &versions[2].record, cs_secret_bytes(half), &secret,
                                      &scene.problem),
                CS_LOCKED, "does not have the vault's key");
    cs_secret_destroy(half);
    cs_vault_keyring_destroy(wu);
}

/* All devices are lost: two pieces of paper, and what the server holds. */
static void recover_everything(void)
{
    struct cs_vault_gathering *gathering = NULL;
    struct cs_seal_key *recovery_key = NULL;
    struct cs_vault_keyring *keyring = NULL;
    assert_ok(cs_vault_gathering_create(&scene.recovery, &gathering));
    assert_ok(cs_vault_gathering_add(gathering, cs_secret_bytes(shares[2]), &scene.problem));
    assert_ok(cs_vault_gathering_add(gathering, cs_secret_bytes(shares[0]), &scene.problem));
    assert_ok(cs_vault_gathering_finish(gathering, &recovery_key, &scene.problem));
    assert_ok(cs_vault_keyring_recover(scene.log, scene.organisation, recovery_key, &keyring,
                                       &scene.problem));
    for (size_t i = 0; i < VERSIONS; i++) {
        struct cs_secret *half = NULL;
        struct cs_secret *secret = NULL;
        assert_ok(cs_vault_half_recover(recovery_key, &versions[i].record, &half, &scene.problem));
        assert_ok(cs_vault_version_open(keyring, &versions[i].record, cs_secret_bytes(half),
                                        &secret, &scene.problem));
        assert_is_secret(secret);
        cs_secret_destroy(half);
    }
    cs_vault_keyring_destroy(keyring);
    cs_seal_key_destroy(recovery_key);
    cs_vault_gathering_destroy(gathering);
}

static void test_the_life_of_a_vault(void **state)
{
    (void)state;
    real_vault(&scene, false);
    store(0);
    store(1);
    struct cs_seal_key *key =
        real_ask(&scene, CS_VAULT_LEASE, cs_bytes_make(ids, 2 * CS_ID_SIZE), &lease);
    answer_lease(2);
    struct cs_vault_answer answer = {&lease.record, key, &release.record, NULL, NULL};
    struct cs_vault_keyring *zhao = real_keyring(&scene, ZHAO);
    scene.now_ms += DAY; /* on site, without network */
    account_for(1);
    reveal(&answer, zhao, 1);
    reveal(&answer, zhao, 0);
    remove_zhao();
    store(2);
    check_keys_after_removal(zhao);
    recover_everything();
    cs_vault_keyring_destroy(zhao);
    cs_seal_key_destroy(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_life_of_a_vault, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
