/* Versions of a secret: opened with vault key and half together, at their place, and in no other way. */
#include "tests/unit/field_client_vault/real_vault.h"

static struct scene scene;
static struct kept version;
static struct kept other;
static struct kept request;
static struct kept release;
static struct kept approval;
static struct cs_seal_key *key; /* of the request */

static struct kept *const all_kept[] = {&version, &other, &request, &release, &approval};

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < CS_COUNT(all_kept); i++) {
        kept_init(all_kept[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(all_kept); i++) {
        kept_release(all_kept[i]);
    }
    cs_seal_key_destroy(key);
    key = NULL;
    scene_release(&scene);
    return 0;
}

/* A version is stored, ZHAO asks for it, the server releases. */
static void disclose(bool four_eyes)
{
    real_vault(&scene, four_eyes);
    real_version(&scene, 0x41, &version);
    key = real_ask(&scene, CS_VAULT_REQUEST, cs_id_bytes(&version.record.version), &request);
    const struct cs_vault_record *versions[] = {&version.record};
    real_release(&scene, &request.record, versions, 1, &release);
}

static struct cs_vault_answer answer(void)
{
    return (struct cs_vault_answer){&request.record, key, &release.record,
                                    approval.bytes.size > 0 ? &approval.record : NULL, NULL};
}

static enum cs_status take(const struct cs_vault_record *of, struct cs_secret **out)
{
    struct cs_vault_answer given = answer();
    scene.problem.text[0] = '\0';
    return cs_vault_half_take(&given, of, out, &scene.problem);
}

static enum cs_status open_as(enum member who, const struct cs_vault_record *of,
                              const struct cs_secret *half, struct cs_secret **out)
{
    struct cs_vault_keyring *keyring = real_keyring(&scene, who);
    scene.problem.text[0] = '\0';
    enum cs_status status =
        cs_vault_version_open(keyring, of, cs_secret_bytes(half), out, &scene.problem);
    assert_true((status == CS_OK) == (*out != NULL));
    cs_vault_keyring_destroy(keyring);
    return status;
}

static void test_stored_released_and_opened(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    disclose(false);
    assert_ok(take(&version.record, &half));
    assert_ok(open_as(ZHAO, &version.record, half, &secret));
    assert_is_secret(secret);
    /* Nor does the size tell how long it is. */
    assert_int_equal(version.record.ciphertext.size, 64 + CS_AEAD_OVERHEAD);
    cs_secret_destroy(half);
}

/* The half alone, or the key alone, opens nothing. */
static void test_both_are_needed(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    struct cs_secret *wrong = NULL;
    struct cs_secret *secret = NULL;
    disclose(false);
    assert_ok(take(&version.record, &half));
    assert_said(&scene, open_as(SUN, &version.record, half, &secret), CS_LOCKED,
                "does not have the vault's key");
    assert_ok(cs_secret_create(CS_VAULT_HALF_SIZE, &wrong));
    assert_said(&scene, open_as(ZHAO, &version.record, wrong, &secret), CS_FORGED,
                "not the one this version was made with");
    cs_secret_destroy(wrong);
    assert_ok(cs_secret_create(CS_VAULT_HALF_SIZE - 1, &wrong));
    assert_said(&scene, open_as(ZHAO, &version.record, wrong, &secret), CS_FORGED,
                "not the one this version was made with");
    cs_secret_destroy(wrong);
    cs_secret_destroy(half);
}

/* Moved by somebody with the vault key, who can sign: to another item, field, version, vault or epoch. */
static void test_a_moved_secret_does_not_open(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    disclose(false);
    assert_ok(take(&version.record, &half));
    struct cs_vault_keyring *keyring = real_keyring(&scene, LI);
    struct cs_secret *second = real_epoch(&scene, false, keyring);
    real_members(&scene, second);
    for (size_t i = 0; i < 6; i++) {
        struct cs_vault_record moved = version.record;
        struct cs_vault_place place;
        moved.item = i == 0 ? scene_id(0x32) : moved.item;
        moved.field = i == 1 ? cs_bytes_of_text("notes") : moved.field;
        moved.version = i == 2 ? scene_id(0x42) : moved.version;
        moved.vault = i == 3 ? scene_id(0x78) : moved.vault;
        moved.epoch = i == 4 ? 2 : moved.epoch;
        moved.organisation[0] ^= i == 5 ? 1 : 0;
        assert_said(&scene, open_as(ZHAO, &moved, half, &secret), CS_FORGED,
                    "not the one this version was made with");
        /* Even if he commits to the half at the new place. */
        place = cs_vault_record_place(&moved, CS_VAULT_CLASS_SECRET, NULL);
        cs_vault_half_commitment(cs_secret_bytes(half), &place, moved.commitment);
        assert_said(&scene, open_as(ZHAO, &moved, half, &secret), CS_FORGED,
                    "encrypted for another place or key");
    }
    cs_vault_keyring_destroy(keyring);
    cs_secret_destroy(second);
    cs_secret_destroy(half);
}

static void test_altered_ciphertexts(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    static uint8_t altered[CS_AEAD_OVERHEAD + 64];
    disclose(false);
    assert_ok(take(&version.record, &half));
    struct cs_vault_keyring *keyring = real_keyring(&scene, ZHAO);
    struct cs_vault_record record = version.record;
    memcpy(altered, record.ciphertext.data, sizeof altered);
    record.ciphertext = cs_bytes_of_array(altered);
    for (size_t bit = 0; bit < 8 * sizeof altered; bit += 5) {
        altered[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_status(
            cs_vault_version_open(keyring, &record, cs_secret_bytes(half), &secret, &scene.problem),
            CS_FORGED);
        altered[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    cs_vault_keyring_destroy(keyring);
    cs_secret_destroy(half);
}

/* ---- halves ---- */

static void test_the_half_of_another_version(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    disclose(false);
    real_version(&scene, 0x42, &other);
    assert_said(&scene, take(&other.record, &half), CS_NOT_FOUND, "was not asked for");
    assert_null(half);
    assert_ok(take(&version.record, &half));
    assert_said(&scene, open_as(ZHAO, &other.record, half, &secret), CS_FORGED,
                "not the one this version was made with");
    cs_secret_destroy(half);
    /* A server that releases the half of another version in its place. */
    struct cs_secret *foreign = NULL;
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_MEBI);
    struct cs_vault_place own =
        cs_vault_record_place(&other.record, CS_VAULT_CLASS_HALF_SERVER, NULL);
    struct cs_vault_place theirs =
        cs_vault_record_place(&version.record, CS_VAULT_CLASS_HALF_RELEASED, request.record.id);
    assert_ok(cs_vault_unseal(scene.half_key, &own, other.record.half, &foreign));
    assert_ok(cs_vault_seal(&scene.fake.world, request.record.key, &theirs,
                            cs_secret_bytes(foreign), &sealed));
    release.record.sealed = cs_buffer_bytes(&sealed);
    assert_said(&scene, take(&version.record, &half), CS_FORGED,
                "not the one this version was made with");
    assert_null(half);
    cs_buffer_release(&sealed);
    cs_secret_destroy(foreign);
}

/* What was released for one request does not open for another, nor with another key. */
static void test_a_release_is_for_one_request(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    disclose(false);
    struct cs_seal_key *other_key =
        real_ask(&scene, CS_VAULT_REQUEST, cs_id_bytes(&version.record.version), &other);
    struct cs_vault_answer replayed = {&other.record, other_key, &release.record, NULL, NULL};
    assert_said(&scene, cs_vault_half_take(&replayed, &version.record, &half, &scene.problem),
                CS_FORGED, "not sealed for this request");
    replayed.key = key; /* the key of the first, under the second */
    assert_said(&scene, cs_vault_half_take(&replayed, &version.record, &half, &scene.problem),
                CS_FORGED, "not sealed for this request");
    assert_said(&scene, cs_vault_check_release(&release.record, &other.record, &scene.problem),
                CS_FORGED, "answers another request");
    assert_null(half);
    cs_seal_key_destroy(other_key);
}

static void test_recovery(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    struct cs_vault_keyring *recovered = NULL;
    for (int four_eyes = 0; four_eyes <= 1; four_eyes++) {
        disclose(four_eyes == 1);
        assert_ok(cs_vault_keyring_recover(scene.log, scene.organisation, scene.recovery_key,
                                           &recovered, &scene.problem));
        assert_ok(
            cs_vault_half_recover(scene.recovery_key, &version.record, &half, &scene.problem));
        assert_ok(cs_vault_version_open(recovered, &version.record, cs_secret_bytes(half), &secret,
                                        &scene.problem));
        assert_is_secret(secret);
        cs_secret_destroy(half);
        cs_vault_keyring_destroy(recovered);
        assert_said(&scene,
                    cs_vault_half_recover(scene.half_key, &version.record, &half, &scene.problem),
                    CS_FORGED, "recovery key does not open");
        assert_null(half);
        struct cs_vault_record moved = version.record;
        moved.version = scene_id(0x42);
        assert_said(&scene,
                    cs_vault_half_recover(scene.recovery_key, &moved, &half, &scene.problem),
                    CS_FORGED, "recovery key does not open");
        teardown(NULL);
        setup(NULL);
    }
}

/* ---- four eyes ---- */

static enum cs_status approve_as(enum member who, const struct cs_vault_record *of)
{
    struct cs_evidence_signer signer = real_signer(&scene, who);
    const struct cs_vault_record *versions[] = {of};
    cs_buffer_clear(&approval.bytes);
    scene.problem.text[0] = '\0';
    enum cs_status status =
        cs_vault_approval_sign(&scene.fake.world, scene.log, &signer, scene.devices[who].seal_key,
                               &request.record, versions, 1, &approval.bytes, &scene.problem);
    if (status == CS_OK) {
        kept_open(&scene, &approval);
    }
    return status;
}

static void test_four_eyes_open_together(void **state)
{
    (void)state;
    static const enum member approvers[] = {SUN, HAN};
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    disclose(true);
    struct cs_vault_moment moment = {scene.log, cs_vault_log_position(scene.log), START_MS};
    assert_ok(cs_vault_check_version(&version.record, &moment, NULL, &scene.problem));
    assert_said(&scene, take(&version.record, &half), CS_DENIED, "somebody has to approve");
    for (size_t i = 0; i < CS_COUNT(approvers); i++) {
        const struct cs_chain *asking[] = {&scene.devices[ZHAO].chain};
        const struct cs_chain *approving[] = {&scene.devices[approvers[i]].chain};
        const struct cs_vault_person zhao = {asking, 1};
        const struct cs_vault_person approver = {approving, 1};
        assert_ok(approve_as(approvers[i], &version.record));
        assert_ok(cs_vault_check_approval(&approval.record, &approver, &request.record, &zhao,
                                          &moment, &scene.problem));
        assert_ok(take(&version.record, &half));
        assert_ok(open_as(ZHAO, &version.record, half, &secret));
        assert_is_secret(secret);
        cs_secret_destroy(half);
    }
}

static void test_what_the_server_keeps_is_not_enough(void **state)
{
    (void)state;
    struct cs_secret *part = NULL;
    struct cs_secret *secret = NULL;
    disclose(true);
    struct cs_vault_place own =
        cs_vault_record_place(&version.record, CS_VAULT_CLASS_HALF_SERVER, NULL);
    assert_ok(cs_vault_unseal(scene.half_key, &own, version.record.half, &part));
    assert_said(&scene, open_as(ZHAO, &version.record, part, &secret), CS_FORGED,
                "not the one this version was made with");
    cs_secret_destroy(part);
}

static void test_who_cannot_approve(void **state)
{
    (void)state;
    struct cs_secret *half = NULL;
    disclose(true);
    assert_said(&scene, approve_as(LI, &version.record), CS_DENIED, "no part for this approver");
    assert_said(&scene, approve_as(ZHAO, &version.record), CS_DENIED, "no part for this approver");
    real_version(&scene, 0x42, &other);
    assert_said(&scene, approve_as(SUN, &other.record), CS_INVALID, "not the versions asked for");
    assert_int_equal(approval.bytes.size, 0);
    struct cs_evidence_signer signer = real_signer(&scene, SUN);
    const struct cs_vault_record *both[] = {&version.record, &other.record};
    assert_said(&scene,
                cs_vault_approval_sign(&scene.fake.world, scene.log, &signer,
                                       scene.devices[SUN].seal_key, &request.record, both, 2,
                                       &approval.bytes, &scene.problem),
                CS_INVALID, "not the versions asked for");
    /* An approver's part of another version, put into this one. */
    struct cs_vault_record mixed = version.record;
    mixed.approvers = other.record.approvers;
    assert_said(&scene, approve_as(SUN, &mixed), CS_FORGED, "for another device or version");
    /* The approval of another request for the same version. */
    assert_ok(approve_as(SUN, &version.record));
    struct cs_seal_key *other_key =
        real_ask(&scene, CS_VAULT_REQUEST, cs_id_bytes(&version.record.version), &other);
    const struct cs_vault_record *versions[] = {&version.record};
    struct kept second;
    kept_init(&second);
    real_release(&scene, &other.record, versions, 1, &second);
    struct cs_vault_answer replayed = {&other.record, other_key, &second.record, &approval.record,
                                       NULL};
    assert_said(&scene, cs_vault_half_take(&replayed, &version.record, &half, &scene.problem),
                CS_FORGED, "approval is not sealed for this request");
    assert_null(half);
    kept_release(&second);
    cs_seal_key_destroy(other_key);
}

/* ---- what an author must not do ---- */

struct attempt {
    struct cs_vault_version_terms terms;
    uint8_t half_key[CS_SEAL_KEY_SIZE];
    const struct cs_chain *approvers[CS_VAULT_APPROVERS_MAX + 1];
};

static void begin(struct attempt *attempt)
{
    attempt->terms = (struct cs_vault_version_terms){.item = scene_id(0x31),
                                                     .field = cs_bytes_of_text("password"),
                                                     .version = scene_id(0x41),
                                                     .secret = cs_bytes_of_text(SECRET),
                                                     .half_key = attempt->half_key,
                                                     .recovery = &scene.recovery,
                                                     .approvers = attempt->approvers};
    cs_seal_key_public(scene.half_key, attempt->half_key);
    for (size_t i = 0; i < CS_COUNT(attempt->approvers); i++) {
        attempt->approvers[i] = &scene.devices[SUN].chain;
    }
}

static void refuses(const struct attempt *attempt, enum cs_status expected, const char *saying)
{
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    cs_buffer_clear(&version.bytes);
    scene.problem.text[0] = '\0';
    assert_said(&scene,
                cs_vault_version_sign(&scene.fake.world, scene.log, &signer, keyring,
                                      &attempt->terms, &version.bytes, &scene.problem),
                expected, saying);
    assert_int_equal(version.bytes.size, 0);
    cs_vault_keyring_destroy(keyring);
}

static void test_terms_of_a_version(void **state)
{
    (void)state;
    static uint8_t large[CS_VAULT_SECRET_MAX - 3];
    struct attempt attempt;
    struct cs_vault_recovery newer = scene.recovery;
    real_vault(&scene, false);
    begin(&attempt);
    attempt.terms.approver_count = 1;
    refuses(&attempt, CS_INVALID, "does not want four eyes");
    begin(&attempt);
    attempt.terms.field = CS_BYTES_NONE;
    refuses(&attempt, CS_INVALID, "name of the field");
    attempt.terms.field = cs_bytes_make(large, CS_NAME_MAX + 1);
    refuses(&attempt, CS_INVALID, "name of the field");
    begin(&attempt);
    attempt.terms.secret = cs_bytes_of_array(large);
    refuses(&attempt, CS_TOO_LARGE, "");
    begin(&attempt);
    newer.id[0] ^= 1;
    attempt.terms.recovery = &newer;
    refuses(&attempt, CS_INVALID, "another recovery key");
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_WITHDRAWAL, LI);
    memcpy(record.recipient, scene_certificate(&scene, SUN), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("x");
    assert_ok(scene_append(&scene, &record, LI));
    begin(&attempt);
    refuses(&attempt, CS_OUTDATED, "needs a new key first");
}

static void test_terms_of_a_version_with_four_eyes(void **state)
{
    (void)state;
    struct attempt attempt;
    real_vault(&scene, true);
    begin(&attempt);
    refuses(&attempt, CS_INVALID, "nobody may approve");
    attempt.terms.approver_count = 2; /* one twice */
    refuses(&attempt, CS_INVALID, "");
    attempt.terms.approver_count = CS_VAULT_APPROVERS_MAX + 1;
    refuses(&attempt, CS_INVALID, "");
}

static void test_a_version_names_the_one_before(void **state)
{
    (void)state;
    struct attempt attempt;
    struct cs_vault_moment moment;
    real_vault(&scene, false);
    real_version(&scene, 0x40, &other);
    begin(&attempt);
    attempt.terms.previous = other.record.id;
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    assert_ok(cs_vault_version_sign(&scene.fake.world, scene.log, &signer, keyring, &attempt.terms,
                                    &version.bytes, &scene.problem));
    kept_open(&scene, &version);
    moment = (struct cs_vault_moment){scene.log, cs_vault_log_position(scene.log), START_MS};
    assert_ok(cs_vault_check_version(&version.record, &moment, other.record.id, &scene.problem));
    assert_said(&scene, cs_vault_check_version(&version.record, &moment, NULL, &scene.problem),
                CS_OUTDATED, "does not follow the latest one");
    cs_vault_keyring_destroy(keyring);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    disclose(true);
    assert_ok(approve_as(SUN, &version.record));
    struct cs_vault_keyring *zhao = real_keyring(&scene, ZHAO);
    long failing = 0;
    for (;; failing++) {
        struct cs_secret *half = NULL;
        struct cs_secret *recovered = NULL;
        struct cs_secret *secret = NULL;
        struct cs_vault_answer given = answer();
        cs_memory_fail_after(failing);
        enum cs_status status = cs_vault_half_take(&given, &version.record, &half, &scene.problem);
        if (status == CS_OK) {
            status = cs_vault_half_recover(scene.recovery_key, &version.record, &recovered,
                                           &scene.problem);
        }
        if (status == CS_OK) {
            status = cs_vault_version_open(zhao, &version.record, cs_secret_bytes(half), &secret,
                                           &scene.problem);
        }
        cs_memory_fail_after(-1);
        cs_secret_destroy(half);
        cs_secret_destroy(recovered);
        if (status == CS_OK) {
            assert_is_secret(secret);
            break;
        }
        assert_null(secret);
        assert_status(status, CS_NO_MEMORY);
    }
    assert_true(failing >= 6);
    cs_vault_keyring_destroy(zhao);
}

static void test_every_allocation_of_storing_may_fail(void **state)
{
    (void)state;
    real_vault(&scene, true);
    struct attempt attempt;
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    begin(&attempt);
    attempt.terms.approver_count = 1;
    long failing = 0;
    for (;; failing++) {
        cs_buffer_release(&version.bytes);
        cs_memory_fail_after(failing);
        enum cs_status status =
            cs_vault_version_sign(&scene.fake.world, scene.log, &signer, keyring, &attempt.terms,
                                  &version.bytes, &scene.problem);
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
        assert_int_equal(version.bytes.size, 0);
    }
    assert_true(failing >= 8);
    cs_vault_keyring_destroy(keyring);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_stored_released_and_opened),
        CASE(test_both_are_needed),
        CASE(test_a_moved_secret_does_not_open),
        CASE(test_altered_ciphertexts),
        CASE(test_the_half_of_another_version),
        CASE(test_a_release_is_for_one_request),
        CASE(test_recovery),
        CASE(test_four_eyes_open_together),
        CASE(test_what_the_server_keeps_is_not_enough),
        CASE(test_who_cannot_approve),
        CASE(test_terms_of_a_version),
        CASE(test_terms_of_a_version_with_four_eyes),
        CASE(test_a_version_names_the_one_before),
        CASE(test_every_allocation_may_fail),
        CASE(test_every_allocation_of_storing_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
