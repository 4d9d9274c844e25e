/*
 * An organisation with a vault, for the tests of shared/vault and field-client/vault. All keys come from fixed seeds.
 *
 *   WANG owner ─┬─ LI security ── ZHAO technician
 *               ├─ HAN security ─┬─ CHEN technician
 *               │                └─ LI_TOO (Li's second laptop) ── WU technician
 *               └─ SUN office
 *
 * OUTSIDER is of another organisation.
 */
#ifndef TESTS_UNIT_SHARED_VAULT_FIXTURE_H
#define TESTS_UNIT_SHARED_VAULT_FIXTURE_H

#include "shared/base/text.h"
#include "shared/vault/log.h"
#include "shared/vault/recovery.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS INT64_C(1772413200000) /* 2026-03-02T01:00:00Z */
#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY (24 * HOUR_MS)

enum member { WANG, LI, HAN, ZHAO, CHEN, LI_TOO, WU, SUN, OUTSIDER, MEMBERS };

struct device {
    struct cs_sign_key *sign_key;
    struct cs_seal_key *seal_key;
    struct cs_buffer certificate;
    struct cs_buffer chain_bytes;
    struct cs_chain chain;
    bool revoked;
    bool hidden; /* from the directory */
};

struct scene {
    struct fake_world fake;
    struct cs_sign_key *root;
    struct cs_sign_key *other_root;
    struct cs_sign_key *server;
    struct cs_seal_key *half_key;
    struct cs_seal_key *recovery_key;
    uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t server_identity[CS_SIGN_PUBLIC_SIZE];
    struct device devices[MEMBERS];
    struct cs_vault_recovery recovery;
    struct cs_buffer recovery_bytes;
    struct cs_vault_directory directory;
    struct cs_id vault;
    struct cs_vault_log *log;
    int64_t now_ms;
    struct cs_buffer bytes; /* of the record signed last */
    struct cs_problem problem;
};

static inline struct cs_id scene_id(uint8_t byte)
{
    struct cs_id id;
    memset(&id, byte, sizeof id);
    return id;
}

static inline struct cs_sign_key *scene_sign_key(uint8_t byte)
{
    uint8_t seed[CS_SIGN_SEED_SIZE];
    struct cs_sign_key *key = NULL;
    memset(seed, byte, sizeof seed);
    assert_ok(cs_sign_key_create(cs_bytes_of_array(seed), &key));
    return key;
}

static inline struct cs_seal_key *scene_seal_key(uint8_t byte)
{
    uint8_t secret[CS_SEAL_KEY_SIZE];
    struct cs_seal_key *key = NULL;
    memset(secret, byte, sizeof secret);
    assert_ok(cs_seal_key_create(cs_bytes_of_array(secret), &key));
    return key;
}

static const struct {
    const char *name;
    cs_roles roles;
    int inviter; /* -1: the root */
    uint8_t person;
} scene_table[MEMBERS] = {
    [WANG] = {"王芳", CS_ROLE(OWNER), -1, 1},
    [LI] = {"Li Lei", CS_ROLE(SECURITY), WANG, 2},
    [HAN] = {"Han Meimei", CS_ROLE(SECURITY), WANG, 3},
    [ZHAO] = {"赵强", CS_ROLE(TECHNICIAN), LI, 4},
    [CHEN] = {"Chen Jie", CS_ROLE(TECHNICIAN), HAN, 5},
    [LI_TOO] = {"Li Lei", CS_ROLE(SECURITY), HAN, 2},
    [WU] = {"Wu Min", CS_ROLE(TECHNICIAN), LI_TOO, 6},
    [SUN] = {"Sun Bo", CS_ROLE(OFFICE), WANG, 7},
    [OUTSIDER] = {"王芳", CS_ROLE(OWNER), -1, 1},
};

static inline void scene_certify(struct scene *scene, enum member who)
{
    struct device *device = &scene->devices[who];
    const struct cs_sign_key *root = who == OUTSIDER ? scene->other_root : scene->root;
    uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
    struct cs_certificate certificate = {.person = scene_id(scene_table[who].person),
                                         .person_name = cs_bytes_of_text(scene_table[who].name),
                                         .roles = scene_table[who].roles,
                                         .created_ms = START_MS - DAY};
    device->sign_key = scene_sign_key((uint8_t)(10 + who));
    device->seal_key = scene_seal_key((uint8_t)(40 + who));
    cs_buffer_init(&device->certificate, CS_MEBI);
    cs_buffer_init(&device->chain_bytes, CS_MEBI);
    cs_sign_key_public(root, root_key);
    cs_organisation_id(root_key, certificate.organisation);
    cs_sign_key_public(device->sign_key, certificate.sign_key);
    cs_seal_key_public(device->seal_key, certificate.seal_key);
    if (scene_table[who].inviter < 0) {
        assert_ok(cs_certificate_encode(&certificate, root, &device->certificate));
        assert_ok(cs_chain_encode_first(root_key, cs_buffer_bytes(&device->certificate),
                                        &device->chain_bytes));
    } else {
        struct device *inviter = &scene->devices[scene_table[who].inviter];
        struct cs_sign_key *once = scene_sign_key((uint8_t)(70 + who));
        struct cs_buffer invite_bytes;
        struct cs_invite invite = {.person = certificate.person,
                                   .person_name = certificate.person_name,
                                   .roles = certificate.roles,
                                   .expires_ms = START_MS};
        cs_buffer_init(&invite_bytes, CS_MEBI);
        memcpy(invite.organisation, certificate.organisation, CS_HASH_SIZE);
        memcpy(invite.inviter, inviter->chain.leaf_id, CS_HASH_SIZE);
        cs_sign_key_public(once, invite.invite_key);
        assert_ok(cs_invite_encode(&invite, inviter->sign_key, &invite_bytes));
        assert_ok(cs_invite_id(cs_buffer_bytes(&invite_bytes), certificate.issuer));
        assert_ok(cs_certificate_encode(&certificate, once, &device->certificate));
        assert_ok(cs_chain_encode_next(
            cs_buffer_bytes(&inviter->chain_bytes), cs_buffer_bytes(&invite_bytes),
            cs_buffer_bytes(&device->certificate), &device->chain_bytes));
        cs_buffer_release(&invite_bytes);
        cs_sign_key_destroy(once);
    }
    assert_ok(cs_chain_verify(cs_buffer_bytes(&device->chain_bytes), certificate.organisation,
                              &device->chain, NULL));
}

static inline enum cs_status scene_find(void *context, const uint8_t *certificate,
                                        const struct cs_chain **out)
{
    struct scene *scene = context;
    for (size_t i = 0; i < OUTSIDER; i++) {
        struct device *device = &scene->devices[i];
        if (!device->hidden && memcmp(device->chain.leaf_id, certificate, CS_HASH_SIZE) == 0) {
            *out = &device->chain;
            return device->revoked ? CS_REVOKED : CS_OK;
        }
    }
    return CS_NOT_FOUND;
}

static inline enum cs_status scene_find_recovery(void *context, const uint8_t *id)
{
    struct scene *scene = context;
    return memcmp(scene->recovery.id, id, CS_HASH_SIZE) == 0 ? CS_OK : CS_NOT_FOUND;
}

static inline void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    assert_ok(cs_crypto_start());
    fake_world_init(&scene->fake, 7);
    scene->root = scene_sign_key(200);
    scene->other_root = scene_sign_key(201);
    scene->server = scene_sign_key(202);
    scene->half_key = scene_seal_key(203);
    scene->recovery_key = scene_seal_key(204);
    scene->now_ms = START_MS;
    scene->vault = scene_id(0x77);
    cs_buffer_init(&scene->bytes, CS_MEBI);
    cs_buffer_init(&scene->recovery_bytes, CS_MEBI);
    cs_sign_key_public(scene->root, scene->root_key);
    cs_sign_key_public(scene->server, scene->server_identity);
    cs_organisation_id(scene->root_key, scene->organisation);
    for (size_t i = 0; i < MEMBERS; i++) {
        scene_certify(scene, (enum member)i);
    }
    struct cs_vault_recovery recovery = {
        .number = 1, .set = scene_id(0x66), .threshold = 2, .count = 3};
    memcpy(recovery.organisation, scene->organisation, CS_HASH_SIZE);
    cs_seal_key_public(scene->recovery_key, recovery.key);
    assert_ok(cs_vault_recovery_encode(&recovery, scene->root, &scene->recovery_bytes));
    assert_ok(cs_vault_recovery_verify(cs_buffer_bytes(&scene->recovery_bytes), scene->root_key,
                                       &scene->recovery));
    scene->directory = (struct cs_vault_directory){.organisation = scene->organisation,
                                                   .server_identity = scene->server_identity,
                                                   .context = scene,
                                                   .find = scene_find,
                                                   .find_recovery = scene_find_recovery};
    assert_ok(cs_vault_log_create(&scene->vault, &scene->log));
}

static inline void scene_release(struct scene *scene)
{
    cs_memory_fail_after(-1);
    cs_vault_log_destroy(scene->log);
    cs_sign_key_destroy(scene->root);
    cs_sign_key_destroy(scene->other_root);
    cs_sign_key_destroy(scene->server);
    cs_seal_key_destroy(scene->half_key);
    cs_seal_key_destroy(scene->recovery_key);
    for (size_t i = 0; i < MEMBERS; i++) {
        cs_sign_key_destroy(scene->devices[i].sign_key);
        cs_seal_key_destroy(scene->devices[i].seal_key);
        cs_buffer_release(&scene->devices[i].certificate);
        cs_buffer_release(&scene->devices[i].chain_bytes);
    }
    cs_buffer_release(&scene->bytes);
    cs_buffer_release(&scene->recovery_bytes);
    fake_world_release(&scene->fake);
}

static inline const uint8_t *scene_certificate(const struct scene *scene, enum member who)
{
    return scene->devices[who].chain.leaf_id;
}

/* A record by this member who has seen the log as it is, without the fields of its kind. */
static inline struct cs_vault_record scene_record(const struct scene *scene,
                                                  enum cs_vault_kind kind, enum member author)
{
    struct cs_vault_record record = {.kind = kind,
                                     .claimed = cs_instant_make(scene->now_ms, 480),
                                     .vault = scene->vault,
                                     .position = (int64_t)cs_vault_log_position(scene->log)};
    memcpy(record.organisation, scene->organisation, CS_HASH_SIZE);
    memcpy(record.author, scene_certificate(scene, author), CS_HASH_SIZE);
    cs_vault_log_head(scene->log, cs_vault_log_position(scene->log), record.head);
    return record;
}

/* Signs it; a view that is valid until the next one. */
static inline struct cs_bytes scene_sign(struct scene *scene, const struct cs_vault_record *record,
                                         enum member signer)
{
    cs_buffer_clear(&scene->bytes);
    assert_ok(cs_vault_record_encode(record, scene->devices[signer].sign_key, &scene->bytes));
    return cs_buffer_bytes(&scene->bytes);
}

static inline enum cs_status scene_append_bytes(struct scene *scene, struct cs_bytes bytes)
{
    scene->problem.text[0] = '\0';
    return cs_vault_log_append(scene->log, bytes, &scene->directory, scene->now_ms,
                               &scene->problem);
}

static inline enum cs_status scene_append(struct scene *scene, const struct cs_vault_record *record,
                                          enum member signer)
{
    return scene_append_bytes(scene, scene_sign(scene, record, signer));
}

/* Refused with exactly this status and a text with these words; the log is as it was. */
static inline void scene_refuses(struct scene *scene, struct cs_bytes bytes,
                                 enum cs_status expected, const char *saying)
{
    uint64_t position = cs_vault_log_position(scene->log);
    uint8_t head[CS_HASH_SIZE];
    cs_vault_log_head(scene->log, position, head);
    assert_status(scene_append_bytes(scene, bytes), expected);
    if (strstr(scene->problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene->problem.text, saying);
    }
    assert_int_equal(cs_vault_log_position(scene->log), position);
    assert_ok(cs_vault_log_expect(scene->log, position, head, NULL));
}

#endif
