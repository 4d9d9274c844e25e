/* A vault with real keys, and what a server does for it, for the tests of field-client/vault. */
#ifndef TESTS_UNIT_FIELD_CLIENT_VAULT_REAL_VAULT_H
#define TESTS_UNIT_FIELD_CLIENT_VAULT_REAL_VAULT_H

#include "field-client/vault/asking.h"
#include "field-client/vault/listing.h"
#include "field-client/vault/officer.h"
#include "field-client/vault/opening.h"
#include "field-client/vault/version.h"
#include "tests/unit/shared_vault/vault_fixture.h"

static inline struct cs_evidence_signer real_signer(const struct scene *scene, enum member who)
{
    return (struct cs_evidence_signer){.organisation = scene->organisation,
                                       .certificate = scene_certificate(scene, who),
                                       .key = scene->devices[who].sign_key,
                                       .claimed = cs_instant_make(scene->now_ms, 480)};
}

static inline enum cs_status real_try_grant(struct scene *scene, enum member who, int64_t rights,
                                            int64_t expires_ms, const struct cs_secret *key)
{
    const struct cs_vault_grant_terms terms = {&scene->devices[who].chain, cs_secret_bytes(key),
                                               rights, expires_ms};
    struct cs_evidence_signer signer = real_signer(scene, LI);
    cs_buffer_clear(&scene->bytes);
    enum cs_status status =
        cs_vault_grant_sign(&scene->fake.world, scene->log, &signer, &terms, &scene->bytes);
    return status != CS_OK ? status : scene_append_bytes(scene, cs_buffer_bytes(&scene->bytes));
}

static inline void real_grant(struct scene *scene, enum member who, int64_t rights,
                              const struct cs_secret *key)
{
    assert_ok(real_try_grant(scene, who, rights, 0, key));
}

/* The next epoch by LI; the caller destroys the key. */
static inline struct cs_secret *real_epoch(struct scene *scene, bool four_eyes,
                                           const struct cs_vault_keyring *keyring)
{
    const struct cs_vault_epoch_terms terms = {&scene->recovery, keyring, four_eyes};
    struct cs_evidence_signer signer = real_signer(scene, LI);
    struct cs_secret *key = NULL;
    cs_buffer_clear(&scene->bytes);
    assert_ok(
        cs_vault_epoch_sign(&scene->fake.world, scene->log, &signer, &terms, &scene->bytes, &key));
    assert_ok(scene_append_bytes(scene, cs_buffer_bytes(&scene->bytes)));
    return key;
}

static inline void real_members(struct scene *scene, const struct cs_secret *key)
{
    real_grant(scene, LI, CS_VAULT_RIGHTS_ALL, key);
    real_grant(scene, HAN, CS_VAULT_RIGHTS_ALL, key);
    real_grant(scene, ZHAO, CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL | CS_VAULT_MAY_LEASE, key);
    real_grant(scene, CHEN, CS_VAULT_MAY_LIST | CS_VAULT_MAY_EDIT, key);
    real_grant(scene, SUN, CS_VAULT_MAY_LIST | CS_VAULT_MAY_APPROVE, key);
}

static inline void real_vault(struct scene *scene, bool four_eyes)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_CREATION, LI);
    record.project = scene_id(0x11);
    assert_ok(scene_append(scene, &record, LI));
    struct cs_secret *key = real_epoch(scene, four_eyes, NULL);
    real_members(scene, key);
    cs_secret_destroy(key);
}

static inline struct cs_vault_holder real_holder(const struct scene *scene, enum member who)
{
    return (struct cs_vault_holder){scene->organisation, scene_certificate(scene, who),
                                    scene->devices[who].seal_key};
}

static inline struct cs_vault_keyring *real_keyring(struct scene *scene, enum member who)
{
    struct cs_vault_holder holder = real_holder(scene, who);
    struct cs_vault_keyring *keyring = NULL;
    assert_ok(cs_vault_keyring_open(scene->log, &holder, scene->now_ms, &keyring, &scene->problem));
    return keyring;
}

/* A verified record with the bytes that its views are into. */
struct kept {
    struct cs_buffer bytes;
    struct cs_vault_record record;
};

static inline void kept_init(struct kept *kept)
{
    cs_buffer_init(&kept->bytes, CS_RECORD_MAX);
}

static inline void kept_release(struct kept *kept)
{
    cs_buffer_release(&kept->bytes);
}

/* Opens what stands in kept->bytes. */
static inline void kept_open(struct scene *scene, struct kept *kept)
{
    const struct cs_chain *author = NULL;
    assert_ok(cs_vault_record_open(cs_buffer_bytes(&kept->bytes), &scene->directory, &kept->record,
                                   &author, &scene->problem));
}

#define SECRET "Tr0ub4dor&3-口令"

/* CHEN stores SECRET as version `byte` of the password of item 0x31; SUN and HAN may approve where that is wanted. */
static inline enum cs_status real_store(struct scene *scene, uint8_t byte, struct kept *out)
{
    uint8_t half_key[CS_SEAL_KEY_SIZE];
    const struct cs_chain *approvers[] = {&scene->devices[SUN].chain, &scene->devices[HAN].chain};
    struct cs_vault_keyring *keyring = real_keyring(scene, CHEN);
    struct cs_evidence_signer signer = real_signer(scene, CHEN);
    bool four_eyes =
        cs_vault_log_epoch_at(scene->log, cs_vault_log_position(scene->log))->four_eyes;
    const struct cs_vault_version_terms terms = {.item = scene_id(0x31),
                                                 .field = cs_bytes_of_text("password"),
                                                 .version = scene_id(byte),
                                                 .secret = cs_bytes_of_text(SECRET),
                                                 .half_key = half_key,
                                                 .recovery = &scene->recovery,
                                                 .approvers = approvers,
                                                 .approver_count = four_eyes ? 2 : 0};
    cs_seal_key_public(scene->half_key, half_key);
    cs_buffer_clear(&out->bytes);
    enum cs_status status = cs_vault_version_sign(&scene->fake.world, scene->log, &signer, keyring,
                                                  &terms, &out->bytes, &scene->problem);
    cs_vault_keyring_destroy(keyring);
    return status;
}

static inline void real_version(struct scene *scene, uint8_t byte, struct kept *out)
{
    assert_ok(real_store(scene, byte, out));
    kept_open(scene, out);
}

/* ZHAO asks for these versions; the key is the caller's. */
static inline struct cs_seal_key *real_ask(struct scene *scene, enum cs_vault_kind kind,
                                           struct cs_bytes versions, struct kept *out)
{
    struct cs_evidence_signer signer = real_signer(scene, ZHAO);
    struct cs_seal_key *key = NULL;
    struct cs_id work_order = scene_id(0x55);
    const struct cs_vault_ask ask = {kind, versions, cs_bytes_of_text("现场检修"),
                                     cs_id_bytes(&work_order), scene->now_ms + 2 * DAY};
    cs_buffer_clear(&out->bytes);
    assert_ok(cs_vault_ask_sign(&scene->fake.world, scene->log, &signer, &ask, &out->bytes, &key));
    kept_open(scene, out);
    return key;
}

/* What the server does: opens the half that is sealed to it and seals it again for the request. `versions` in the request's order. */
static inline void real_release(struct scene *scene, const struct cs_vault_record *request,
                                const struct cs_vault_record *const *versions, size_t count,
                                struct kept *out)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_RELEASE, LI);
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_MEBI);
    for (size_t i = 0; i < count; i++) {
        struct cs_secret *half = NULL;
        struct cs_vault_place own =
            cs_vault_record_place(versions[i], CS_VAULT_CLASS_HALF_SERVER, NULL);
        struct cs_vault_place theirs =
            cs_vault_record_place(versions[i], CS_VAULT_CLASS_HALF_RELEASED, request->id);
        assert_ok(cs_vault_unseal(scene->half_key, &own, versions[i]->half, &half));
        assert_ok(cs_vault_seal(&scene->fake.world, request->key, &theirs, cs_secret_bytes(half),
                                &sealed));
        cs_secret_destroy(half);
    }
    memcpy(record.author, scene->server_identity, CS_HASH_SIZE);
    memcpy(record.request, request->id, CS_HASH_SIZE);
    record.versions = request->versions;
    record.sealed = cs_buffer_bytes(&sealed);
    cs_buffer_clear(&out->bytes);
    assert_ok(cs_vault_record_encode(&record, scene->server, &out->bytes));
    kept_open(scene, out);
    assert_ok(cs_vault_check_release(&out->record, request, &scene->problem));
    cs_buffer_release(&sealed);
}

static inline void assert_said(struct scene *scene, enum cs_status status, enum cs_status expected,
                               const char *saying)
{
    assert_status(status, expected);
    if (strstr(scene->problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene->problem.text, saying);
    }
    assert_null(strstr(scene->problem.text, SECRET));
}

static inline void assert_is_secret(struct cs_secret *owned_secret)
{
    assert_true(cs_bytes_equal_text(cs_secret_bytes(owned_secret), SECRET));
    cs_secret_destroy(owned_secret);
}

#endif
