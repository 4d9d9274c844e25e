/* Epochs, grants and the keys that come out of them: who gets which, through every epoch, and what does not open. */
#include "tests/unit/field_client_vault/real_vault.h"

static struct scene scene;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_release(&scene);
    return 0;
}

static bool has(const struct cs_vault_keyring *keyring, int64_t epoch, cs_vault_key_class key_class)
{
    return cs_vault_keyring_key(keyring, epoch, key_class).size == CS_VAULT_KEY_SIZE;
}

static void test_members_get_the_key_their_rights_need(void **state)
{
    (void)state;
    real_vault(&scene, false);
    static const struct {
        enum member who;
        bool vault_key;
    } cases[] = {{LI, true}, {HAN, true}, {ZHAO, true}, {CHEN, true}, {SUN, false}};
    struct cs_vault_keyring *first = real_keyring(&scene, LI);
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_vault_keyring *keyring = real_keyring(&scene, cases[i].who);
        assert_true(has(keyring, 1, CS_VAULT_CLASS_KEY) == cases[i].vault_key);
        assert_true(has(keyring, 1, CS_VAULT_CLASS_LISTING_KEY));
        assert_true(cs_bytes_equal(cs_vault_keyring_key(keyring, 1, CS_VAULT_CLASS_LISTING_KEY),
                                   cs_vault_keyring_key(first, 1, CS_VAULT_CLASS_LISTING_KEY)));
        assert_false(has(keyring, 0, CS_VAULT_CLASS_LISTING_KEY));
        assert_false(has(keyring, 2, CS_VAULT_CLASS_LISTING_KEY));
        cs_vault_keyring_destroy(keyring);
    }
    assert_false(cs_bytes_equal(cs_vault_keyring_key(first, 1, CS_VAULT_CLASS_KEY),
                                cs_vault_keyring_key(first, 1, CS_VAULT_CLASS_LISTING_KEY)));
    cs_vault_keyring_destroy(first);
}

static void refuses(enum member who, enum cs_status expected, const char *saying)
{
    struct cs_vault_holder holder = real_holder(&scene, who);
    struct cs_vault_keyring *keyring = NULL;
    assert_said(&scene,
                cs_vault_keyring_open(scene.log, &holder, scene.now_ms, &keyring, &scene.problem),
                expected, saying);
    assert_null(keyring);
}

static void test_no_grant_and_an_expired_one(void **state)
{
    (void)state;
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_CREATION, LI);
    refuses(LI, CS_DENIED, "no grant");
    assert_ok(scene_append(&scene, &record, LI));
    refuses(LI, CS_DENIED, "no grant"); /* may manage, but has no key in it */
    struct cs_secret *key = real_epoch(&scene, false, NULL);
    real_members(&scene, key);
    refuses(WANG, CS_DENIED, "no grant");
    assert_ok(real_try_grant(&scene, WU, CS_VAULT_MAY_REVEAL, START_MS + DAY, key));
    cs_vault_keyring_destroy(real_keyring(&scene, WU));
    scene.now_ms += DAY;
    refuses(WU, CS_EXPIRED, "has expired");
    cs_secret_destroy(key);
}

/* A new member reads what is old; who was removed gets nothing new; a list member stays one. */
static void test_epochs_wrap_the_ones_before(void **state)
{
    (void)state;
    struct cs_secret *keys[4] = {NULL};
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_CREATION, LI);
    assert_ok(scene_append(&scene, &record, LI));
    for (int epoch = 1; epoch <= 3; epoch++) {
        struct cs_vault_keyring *keyring = epoch == 1 ? NULL : real_keyring(&scene, LI);
        keys[epoch] = real_epoch(&scene, false, keyring);
        real_grant(&scene, LI, CS_VAULT_RIGHTS_ALL, keys[epoch]);
        cs_vault_keyring_destroy(keyring);
        if (epoch == 1) {
            real_grant(&scene, ZHAO, CS_VAULT_MAY_REVEAL, keys[epoch]);
        }
    }
    real_grant(&scene, HAN, CS_VAULT_RIGHTS_ALL, keys[3]);
    real_grant(&scene, SUN, CS_VAULT_MAY_LIST, keys[3]);
    struct cs_vault_keyring *han = real_keyring(&scene, HAN);
    struct cs_vault_keyring *sun = real_keyring(&scene, SUN);
    struct cs_vault_keyring *zhao = real_keyring(&scene, ZHAO);
    for (int epoch = 1; epoch <= 3; epoch++) {
        assert_true(cs_bytes_equal(cs_vault_keyring_key(han, epoch, CS_VAULT_CLASS_KEY),
                                   cs_secret_bytes(keys[epoch])));
        assert_true(cs_bytes_equal(cs_vault_keyring_key(han, epoch, CS_VAULT_CLASS_LISTING_KEY),
                                   cs_vault_keyring_key(sun, epoch, CS_VAULT_CLASS_LISTING_KEY)));
        assert_false(has(sun, epoch, CS_VAULT_CLASS_KEY));
        assert_true(has(zhao, epoch, CS_VAULT_CLASS_KEY) == (epoch == 1));
        cs_secret_destroy(keys[epoch]);
    }
    cs_vault_keyring_destroy(han);
    cs_vault_keyring_destroy(sun);
    cs_vault_keyring_destroy(zhao);
}

static void test_the_recovery_key_opens_every_epoch(void **state)
{
    (void)state;
    struct cs_vault_keyring *recovered = NULL;
    assert_said(&scene,
                cs_vault_keyring_recover(scene.log, scene.organisation, scene.recovery_key,
                                         &recovered, &scene.problem),
                CS_NOT_FOUND, "no key yet");
    real_vault(&scene, false);
    struct cs_vault_keyring *keyring = real_keyring(&scene, LI);
    cs_secret_destroy(real_epoch(&scene, false, keyring));
    assert_ok(cs_vault_keyring_recover(scene.log, scene.organisation, scene.recovery_key,
                                       &recovered, &scene.problem));
    assert_true(cs_bytes_equal(cs_vault_keyring_key(recovered, 1, CS_VAULT_CLASS_KEY),
                               cs_vault_keyring_key(keyring, 1, CS_VAULT_CLASS_KEY)));
    assert_true(has(recovered, 2, CS_VAULT_CLASS_KEY));
    cs_vault_keyring_destroy(recovered);
    cs_vault_keyring_destroy(keyring);
    assert_said(&scene,
                cs_vault_keyring_recover(scene.log, scene.organisation, scene.half_key, &recovered,
                                         &scene.problem),
                CS_FORGED, "does not open the key of the vault");
    assert_null(recovered);
}

/* ---- what an officer signs ---- */

static void test_an_officer_needs_the_right_keys(void **state)
{
    (void)state;
    struct cs_secret *other = NULL;
    struct cs_secret *key = NULL;
    const struct cs_vault_epoch_terms terms = {&scene.recovery, NULL, false};
    struct cs_evidence_signer signer = real_signer(&scene, LI);
    assert_ok(cs_vault_key_create(&scene.fake.world, &other));
    assert_status(real_try_grant(&scene, ZHAO, CS_VAULT_MAY_REVEAL, 0, other), CS_NOT_FOUND);
    real_vault(&scene, false);
    assert_status(real_try_grant(&scene, ZHAO, CS_VAULT_MAY_REVEAL, 0, other), CS_FORGED);
    assert_int_equal(scene.bytes.size, 0); /* not even signed */
    cs_buffer_clear(&scene.bytes);
    assert_status(
        cs_vault_epoch_sign(&scene.fake.world, scene.log, &signer, &terms, &scene.bytes, &key),
        CS_LOCKED);
    struct cs_vault_keyring *sun = real_keyring(&scene, SUN); /* has the listing key alone */
    const struct cs_vault_epoch_terms with_sun = {&scene.recovery, sun, false};
    assert_status(
        cs_vault_epoch_sign(&scene.fake.world, scene.log, &signer, &with_sun, &scene.bytes, &key),
        CS_LOCKED);
    assert_null(key);
    assert_int_equal(scene.bytes.size, 0);
    cs_vault_keyring_destroy(sun);
    cs_secret_destroy(other);
}

/* ---- grants and epochs that lie ---- */

/* Signs an altered copy of what LI signed last, as LI, and takes it. */
static enum cs_status append_altered(void (*alter)(struct cs_vault_record *record))
{
    struct kept kept;
    kept_init(&kept);
    cs_buffer_append_bytes(&kept.bytes, cs_buffer_bytes(&scene.bytes));
    kept_open(&scene, &kept);
    struct cs_vault_record record = kept.record;
    alter(&record);
    enum cs_status status = scene_append(&scene, &record, LI);
    kept_release(&kept);
    return status;
}

static struct cs_bytes substitute; /* what the next alteration puts in */

static void put_sealed(struct cs_vault_record *record)
{
    record->sealed = substitute;
}

/* LI grants ZHAO, but the sealed key in it is a substitute. */
static void grant_with_substitute(const struct cs_secret *key)
{
    const struct cs_vault_grant_terms terms = {&scene.devices[ZHAO].chain, cs_secret_bytes(key),
                                               CS_VAULT_MAY_REVEAL, 0};
    struct cs_evidence_signer signer = real_signer(&scene, LI);
    cs_buffer_clear(&scene.bytes);
    assert_ok(cs_vault_grant_sign(&scene.fake.world, scene.log, &signer, &terms, &scene.bytes));
    assert_ok(append_altered(put_sealed));
}

static void seal_to(enum member who, struct cs_bytes key, const struct cs_vault_place *place,
                    cs_vault_key_class key_class, struct cs_buffer *out)
{
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    cs_seal_key_public(scene.devices[who].seal_key, recipient);
    cs_buffer_clear(out);
    assert_ok(cs_vault_key_seal(&scene.fake.world, recipient, key, key_class, place, out));
    substitute = cs_buffer_bytes(out);
}

static void test_a_grant_must_hold_the_committed_key(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    struct cs_secret *other = NULL;
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_CREATION, LI);
    struct cs_vault_place place = {.class_value = CS_VAULT_CLASS_KEY,
                                   .organisation = scene.organisation,
                                   .vault = scene.vault,
                                   .epoch = 1};
    cs_buffer_init(&sealed, CS_MEBI);
    assert_ok(cs_vault_key_create(&scene.fake.world, &other));
    assert_ok(scene_append(&scene, &record, LI));
    struct cs_secret *key = real_epoch(&scene, false, NULL);
    /* Another key, in the right place: the log says which one it has to be. */
    seal_to(ZHAO, cs_secret_bytes(other), &place, CS_VAULT_CLASS_KEY, &sealed);
    grant_with_substitute(key);
    refuses(ZHAO, CS_FORGED, "does not hold the key of the vault");
    /* The right key, for another device (as of a substituted public key). */
    seal_to(OUTSIDER, cs_secret_bytes(key), &place, CS_VAULT_CLASS_KEY, &sealed);
    grant_with_substitute(key);
    refuses(ZHAO, CS_FORGED, "does not hold the key of the vault");
    /* The right key, as another class, for another vault, or for another epoch. */
    seal_to(ZHAO, cs_secret_bytes(key), &place, CS_VAULT_CLASS_LISTING_KEY, &sealed);
    grant_with_substitute(key);
    refuses(ZHAO, CS_FORGED, "does not hold the key of the vault");
    place.vault = scene_id(0x78);
    seal_to(ZHAO, cs_secret_bytes(key), &place, CS_VAULT_CLASS_KEY, &sealed);
    grant_with_substitute(key);
    refuses(ZHAO, CS_FORGED, "does not hold the key of the vault");
    place.vault = scene.vault;
    place.epoch = 2;
    seal_to(ZHAO, cs_secret_bytes(key), &place, CS_VAULT_CLASS_KEY, &sealed);
    grant_with_substitute(key);
    refuses(ZHAO, CS_FORGED, "does not hold the key of the vault");
    place.epoch = 1;
    seal_to(ZHAO, cs_secret_bytes(key), &place, CS_VAULT_CLASS_KEY, &sealed);
    grant_with_substitute(key);
    cs_vault_keyring_destroy(real_keyring(&scene, ZHAO));
    cs_buffer_release(&sealed);
    cs_secret_destroy(other);
    cs_secret_destroy(key);
}

static void put_wrapped(struct cs_vault_record *record)
{
    record->wrapped = substitute;
}

static void put_listing_wrapped(struct cs_vault_record *record)
{
    record->listing_wrapped = substitute;
}

static void put_listing_commitment(struct cs_vault_record *record)
{
    record->listing_commitment[7] ^= 1;
}

/* An epoch of LI that was altered before he signed it: whatever wraps no committed key is found. */
static void with_altered_epoch(void (*alter)(struct cs_vault_record *record), enum member who)
{
    struct cs_secret *key = NULL;
    struct cs_secret *other = NULL;
    struct cs_buffer wrapped;
    struct cs_evidence_signer signer = real_signer(&scene, LI);
    struct cs_vault_place place = {
        .organisation = scene.organisation, .vault = scene.vault, .epoch = 2};
    struct cs_vault_keyring *keyring = real_keyring(&scene, LI);
    const struct cs_vault_epoch_terms terms = {&scene.recovery, keyring, false};
    cs_buffer_init(&wrapped, CS_MEBI);
    cs_buffer_clear(&scene.bytes);
    assert_ok(
        cs_vault_epoch_sign(&scene.fake.world, scene.log, &signer, &terms, &scene.bytes, &key));
    assert_ok(cs_vault_key_create(&scene.fake.world, &other));
    assert_ok(cs_vault_key_wrap(&scene.fake.world, cs_secret_bytes(key), cs_secret_bytes(other),
                                CS_VAULT_CLASS_KEY, &place, &wrapped));
    substitute = cs_buffer_bytes(&wrapped);
    assert_ok(append_altered(alter));
    real_members(&scene, key);
    refuses(who, CS_FORGED, "does not hold the key of the vault");
    cs_vault_keyring_destroy(keyring);
    cs_buffer_release(&wrapped);
    cs_secret_destroy(key);
    cs_secret_destroy(other);
}

static void test_an_epoch_that_wraps_another_key(void **state)
{
    (void)state;
    real_vault(&scene, false);
    with_altered_epoch(put_wrapped, ZHAO);
}

static void test_an_epoch_that_wraps_another_listing_key(void **state)
{
    (void)state;
    real_vault(&scene, false);
    with_altered_epoch(put_listing_wrapped, SUN);
}

static void test_an_epoch_that_commits_to_another_listing_key(void **state)
{
    (void)state;
    real_vault(&scene, false);
    with_altered_epoch(put_listing_commitment, ZHAO);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    real_vault(&scene, false);
    struct cs_vault_keyring *old = real_keyring(&scene, LI);
    struct cs_secret *key = real_epoch(&scene, false, old);
    struct cs_vault_holder holder = real_holder(&scene, ZHAO);
    struct cs_evidence_signer signer = real_signer(&scene, LI);
    const struct cs_vault_grant_terms grant_terms = {&scene.devices[SUN].chain,
                                                     cs_secret_bytes(key), CS_VAULT_MAY_LIST, 0};
    real_members(&scene, key);
    struct cs_vault_keyring *both = real_keyring(&scene, LI);
    const struct cs_vault_epoch_terms next_terms = {&scene.recovery, both, false};
    long failing = 0;
    for (;; failing++) {
        struct cs_vault_keyring *keyring = NULL;
        struct cs_vault_keyring *recovered = NULL;
        struct cs_secret *next = NULL;
        cs_buffer_release(&scene.bytes);
        cs_memory_fail_after(failing);
        enum cs_status status =
            cs_vault_keyring_open(scene.log, &holder, START_MS, &keyring, &scene.problem);
        if (status == CS_OK) {
            status = cs_vault_keyring_recover(scene.log, scene.organisation, scene.recovery_key,
                                              &recovered, &scene.problem);
        }
        if (status == CS_OK) {
            status = cs_vault_grant_sign(&scene.fake.world, scene.log, &signer, &grant_terms,
                                         &scene.bytes);
        }
        if (status == CS_OK) {
            status = cs_vault_epoch_sign(&scene.fake.world, scene.log, &signer, &next_terms,
                                         &scene.bytes, &next);
        }
        cs_memory_fail_after(-1);
        cs_vault_keyring_destroy(keyring);
        cs_vault_keyring_destroy(recovered);
        cs_secret_destroy(next);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
    }
    assert_true(failing > 20);
    cs_vault_keyring_destroy(old);
    cs_vault_keyring_destroy(both);
    cs_secret_destroy(key);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_members_get_the_key_their_rights_need),
        CASE(test_no_grant_and_an_expired_one),
        CASE(test_epochs_wrap_the_ones_before),
        CASE(test_the_recovery_key_opens_every_epoch),
        CASE(test_an_officer_needs_the_right_keys),
        CASE(test_a_grant_must_hold_the_committed_key),
        CASE(test_an_epoch_that_wraps_another_key),
        CASE(test_an_epoch_that_wraps_another_listing_key),
        CASE(test_an_epoch_that_commits_to_another_listing_key),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
