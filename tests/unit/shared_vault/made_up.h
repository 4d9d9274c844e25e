/* Records of a vault whose ciphertexts are made up: enough for everything that opens nothing. */
#ifndef TESTS_UNIT_SHARED_VAULT_MADE_UP_H
#define TESTS_UNIT_SHARED_VAULT_MADE_UP_H

#include "shared/vault/rules.h"
#include "tests/unit/shared_vault/vault_fixture.h"

static const uint8_t made_up[CS_VAULT_APPROVERS_MAX * CS_VAULT_APPROVER_SIZE] = {5};

static inline struct cs_bytes made_up_bytes(size_t size)
{
    return cs_bytes_make(made_up, size);
}

static inline struct cs_vault_record made_creation(const struct scene *scene, enum member author)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_CREATION, author);
    record.project = scene_id(0x11);
    return record;
}

static inline struct cs_vault_record made_epoch(const struct scene *scene, enum member author,
                                                int64_t number)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_EPOCH, author);
    size_t wrapped = number == 1 ? 0 : CS_VAULT_WRAPPED_SIZE;
    record.epoch = number;
    memset(record.commitment, (int)(0x20 + number), CS_HASH_SIZE);
    memset(record.listing_commitment, (int)(0x40 + number), CS_HASH_SIZE);
    memcpy(record.recovery, scene->recovery.id, CS_HASH_SIZE);
    record.wrapped = made_up_bytes(wrapped);
    record.listing_wrapped = made_up_bytes(wrapped);
    record.recovered = made_up_bytes(CS_VAULT_SEALED_SIZE);
    return record;
}

static inline struct cs_vault_record made_grant(const struct scene *scene, enum member author,
                                                enum member recipient, int64_t rights)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_GRANT, author);
    const struct cs_vault_epoch *epoch =
        cs_vault_log_epoch_at(scene->log, cs_vault_log_position(scene->log));
    record.epoch = epoch == NULL ? 1 : epoch->number;
    memset(record.commitment, (int)(0x20 + record.epoch), CS_HASH_SIZE);
    memcpy(record.recipient, scene_certificate(scene, recipient), CS_HASH_SIZE);
    record.rights = rights;
    record.sealed = made_up_bytes(CS_VAULT_SEALED_SIZE);
    return record;
}

static inline struct cs_vault_record made_withdrawal(const struct scene *scene, enum member author,
                                                     enum member recipient)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_WITHDRAWAL, author);
    memcpy(record.recipient, scene_certificate(scene, recipient), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("离职");
    return record;
}

static inline void grant(struct scene *scene, enum member author, enum member recipient,
                         int64_t rights)
{
    struct cs_vault_record record = made_grant(scene, author, recipient, rights);
    assert_ok(scene_append(scene, &record, author));
}

/*
 * LI makes the vault with a first epoch; LI and HAN may do everything, ZHAO may list, reveal and lease, CHEN may edit, SUN
 * may approve. Positions: creation 0, epoch 1, grants 2 to 6.
 */
static inline void made_vault(struct scene *scene, int64_t four_eyes)
{
    struct cs_vault_record record = made_creation(scene, LI);
    assert_ok(scene_append(scene, &record, LI));
    record = made_epoch(scene, LI, 1);
    record.four_eyes = four_eyes;
    assert_ok(scene_append(scene, &record, LI));
    grant(scene, LI, LI, CS_VAULT_RIGHTS_ALL);
    grant(scene, LI, HAN, CS_VAULT_RIGHTS_ALL);
    grant(scene, LI, ZHAO, CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL | CS_VAULT_MAY_LEASE);
    grant(scene, LI, CHEN, CS_VAULT_MAY_LIST | CS_VAULT_MAY_EDIT);
    grant(scene, LI, SUN, CS_VAULT_MAY_APPROVE);
}

static inline struct cs_vault_record made_entry(const struct scene *scene, enum member author)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_ENTRY, author);
    record.item = scene_id(0x31);
    record.epoch = 1;
    record.ciphertext = made_up_bytes(CS_AEAD_OVERHEAD + 20);
    return record;
}

static inline struct cs_vault_record made_version(const struct scene *scene, enum member author)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_VERSION, author);
    record.item = scene_id(0x31);
    record.field = cs_bytes_of_text("password");
    record.version = scene_id(0x41);
    record.epoch = 1;
    record.ciphertext = made_up_bytes(CS_AEAD_OVERHEAD + 20);
    record.half = made_up_bytes(CS_VAULT_SEALED_SIZE);
    record.recovered = made_up_bytes(CS_VAULT_SEALED_SIZE);
    memcpy(record.recovery, scene->recovery.id, CS_HASH_SIZE);
    memset(record.commitment, 0x51, CS_HASH_SIZE);
    cs_seal_key_public(scene->half_key, record.half_key);
    return record;
}

static inline struct cs_vault_record made_state(const struct scene *scene, enum member author,
                                                enum cs_vault_state state)
{
    struct cs_vault_record record = scene_record(scene, CS_VAULT_STATE, author);
    record.item = scene_id(0x31);
    record.field = cs_bytes_of_text("password");
    record.version = scene_id(0x41);
    record.state = state;
    return record;
}

static const uint8_t made_versions[3 * CS_ID_SIZE] = {[0] = 0x41, [16] = 0x42, [32] = 0x43};

/* A request or emergency of one version; a lease or export of three. */
static inline struct cs_vault_record made_request(const struct scene *scene, enum member author,
                                                  enum cs_vault_kind kind)
{
    struct cs_vault_record record = scene_record(scene, kind, author);
    size_t count = kind == CS_VAULT_REQUEST || kind == CS_VAULT_EMERGENCY ? 1 : 3;
    record.versions = cs_bytes_make(made_versions, count * CS_ID_SIZE);
    record.reason = cs_bytes_of_text("数据库无法登录");
    record.work_order = made_up_bytes(CS_ID_SIZE);
    record.expires_ms = scene->now_ms + 2 * DAY;
    memset(record.key, 0x61, sizeof record.key);
    return record;
}

/* As opening would give it: with its id. */
static inline struct cs_vault_record
made_signed(struct scene *scene, const struct cs_vault_record *record, enum member signer)
{
    struct cs_vault_record opened;
    const struct cs_chain *author = NULL;
    assert_ok(cs_vault_record_open(scene_sign(scene, record, signer), &scene->directory, &opened,
                                   &author, &scene->problem));
    assert_ptr_equal(author, &scene->devices[signer].chain);
    struct cs_vault_record kept = *record;
    memcpy(kept.id, opened.id, CS_HASH_SIZE);
    return kept;
}

#endif
