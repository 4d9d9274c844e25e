/*
 * An organisation with fixed keys for the tests of shared/evidence: a root, a line of people each
 * invited by the one before, and their chain. Every key's seed is one byte repeated, so all signed
 * bytes are the same in every run.
 */
#ifndef TESTS_UNIT_SHARED_EVIDENCE_FIXTURE_H
#define TESTS_UNIT_SHARED_EVIDENCE_FIXTURE_H

#include "shared/base/limits.h"
#include "shared/evidence/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FIXTURE_LINKS_MAX 7
#define FIXTURE_START_MS INT64_C(1772413200000) /* 2026-03-02T01:00:00Z */
#define FIXTURE_DAY_MS (INT64_C(24) * 3600 * 1000)

/* One certificate on the way and the invite it is made with; a test alters them before they are
 * signed. */
struct fixture_draft {
    size_t number; /* 1 = the first device */
    struct cs_invite invite;
    const struct cs_sign_key *invite_signer;
    struct cs_certificate certificate;
    const struct cs_sign_key *certificate_signer;
};

struct fixture_alteration {
    void (*invite)(struct fixture_draft *draft);
    void (*certificate)(struct fixture_draft *draft);
};

struct fixture {
    struct cs_sign_key *root;
    struct cs_sign_key *other; /* belongs to nobody */
    struct cs_sign_key *devices[FIXTURE_LINKS_MAX];
    struct cs_sign_key *invites[FIXTURE_LINKS_MAX];
    uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
    uint8_t organisation[CS_HASH_SIZE];
    /* Made by fixture_build; index 0 is the first device. */
    struct cs_buffer invite_bytes[FIXTURE_LINKS_MAX];
    struct cs_buffer certificate_bytes[FIXTURE_LINKS_MAX];
    struct cs_buffer chain;
};

static inline struct cs_sign_key *fixture_key(uint8_t number)
{
    uint8_t seed[CS_SIGN_SEED_SIZE];
    memset(seed, number, sizeof seed);
    struct cs_sign_key *key = NULL;
    assert_int_equal(cs_sign_key_create(cs_bytes_of_array(seed), &key), CS_OK);
    return key;
}

static inline void fixture_init(struct fixture *fixture)
{
    assert_int_equal(cs_crypto_start(), CS_OK);
    memset(fixture, 0, sizeof *fixture);
    fixture->root = fixture_key(200);
    fixture->other = fixture_key(201);
    cs_sign_key_public(fixture->root, fixture->root_key);
    cs_organisation_id(fixture->root_key, fixture->organisation);
    cs_buffer_init(&fixture->chain, CS_MEBI);
    for (size_t i = 0; i < FIXTURE_LINKS_MAX; i++) {
        fixture->devices[i] = fixture_key((uint8_t)(10 + i));
        fixture->invites[i] = fixture_key((uint8_t)(100 + i));
        cs_buffer_init(&fixture->invite_bytes[i], CS_MEBI);
        cs_buffer_init(&fixture->certificate_bytes[i], CS_MEBI);
    }
}

static inline void fixture_release(struct fixture *fixture)
{
    cs_sign_key_destroy(fixture->root);
    cs_sign_key_destroy(fixture->other);
    cs_buffer_release(&fixture->chain);
    for (size_t i = 0; i < FIXTURE_LINKS_MAX; i++) {
        cs_sign_key_destroy(fixture->devices[i]);
        cs_sign_key_destroy(fixture->invites[i]);
        cs_buffer_release(&fixture->invite_bytes[i]);
        cs_buffer_release(&fixture->certificate_bytes[i]);
    }
}

/* Two owners, then office clerks: the office takes on its own. */
static inline cs_roles fixture_roles(size_t number)
{
    return number < 3 ? CS_ROLES_ALL : CS_ROLE(OFFICE) | CS_ROLE(TECHNICIAN);
}

static inline const char *fixture_name(size_t number)
{
    static const char *const names[FIXTURE_LINKS_MAX] = {"王芳",     "Li Lei", "Han Meimei", "赵强",
                                                         "Chen Jie", "Wu Min", "Sun Bo"};
    return names[number - 1];
}

static inline struct cs_id fixture_person(size_t number)
{
    struct cs_id id;
    memset(&id, (int)(0x30 + number), sizeof id);
    return id;
}

static inline struct cs_invite fixture_invite(const struct fixture *fixture, size_t number)
{
    struct cs_invite invite = {.person = fixture_person(number),
                               .person_name = cs_bytes_of_text(fixture_name(number)),
                               .roles = fixture_roles(number),
                               .expires_ms = FIXTURE_START_MS + 7 * FIXTURE_DAY_MS};
    memcpy(invite.organisation, fixture->organisation, sizeof invite.organisation);
    cs_sign_key_public(fixture->invites[number - 1], invite.invite_key);
    if (number > 1 && fixture->certificate_bytes[number - 2].size > 0) {
        assert_int_equal(cs_certificate_id(cs_buffer_bytes(&fixture->certificate_bytes[number - 2]),
                                           invite.inviter),
                         CS_OK);
    }
    return invite;
}

/* The issuer is zero, as for the first device. */
static inline struct cs_certificate fixture_certificate(const struct fixture *fixture,
                                                        size_t number)
{
    struct cs_certificate certificate = {.person = fixture_person(number),
                                         .person_name = cs_bytes_of_text(fixture_name(number)),
                                         .roles = fixture_roles(number),
                                         .created_ms = FIXTURE_START_MS + FIXTURE_DAY_MS,
                                         .device_name = cs_bytes_of_text("ThinkPad 3")};
    memcpy(certificate.organisation, fixture->organisation, sizeof certificate.organisation);
    cs_sign_key_public(fixture->devices[number - 1], certificate.sign_key);
    memset(certificate.seal_key, (int)(0x70 + number), sizeof certificate.seal_key);
    return certificate;
}

static inline void fixture_make_link(struct fixture *fixture, size_t number,
                                     const struct fixture_alteration *alteration)
{
    struct cs_buffer *invite_out = &fixture->invite_bytes[number - 1];
    struct cs_buffer *certificate_out = &fixture->certificate_bytes[number - 1];
    struct fixture_draft draft = {.number = number,
                                  .certificate = fixture_certificate(fixture, number),
                                  .certificate_signer = fixture->root};
    cs_buffer_clear(invite_out);
    cs_buffer_clear(certificate_out);
    if (number > 1) {
        draft.invite = fixture_invite(fixture, number);
        draft.invite_signer = fixture->devices[number - 2];
        draft.certificate_signer = fixture->invites[number - 1];
        if (alteration != NULL && alteration->invite != NULL) {
            alteration->invite(&draft);
        }
        assert_int_equal(cs_invite_encode(&draft.invite, draft.invite_signer, invite_out), CS_OK);
        assert_int_equal(cs_invite_id(cs_buffer_bytes(invite_out), draft.certificate.issuer),
                         CS_OK);
    }
    if (alteration != NULL && alteration->certificate != NULL) {
        alteration->certificate(&draft);
    }
    assert_int_equal(
        cs_certificate_encode(&draft.certificate, draft.certificate_signer, certificate_out),
        CS_OK);
}

/* The chain of the `length`th device, into fixture->chain; `alteration` may be NULL. */
static inline struct cs_bytes fixture_build(struct fixture *fixture, size_t length,
                                            const struct fixture_alteration *alteration)
{
    cs_buffer_clear(&fixture->chain);
    fixture_make_link(fixture, 1, alteration);
    assert_int_equal(cs_chain_encode_first(fixture->root_key,
                                           cs_buffer_bytes(&fixture->certificate_bytes[0]),
                                           &fixture->chain),
                     CS_OK);
    for (size_t number = 2; number <= length; number++) {
        struct cs_buffer next;
        cs_buffer_init(&next, CS_MEBI);
        fixture_make_link(fixture, number, alteration);
        assert_int_equal(
            cs_chain_encode_next(cs_buffer_bytes(&fixture->chain),
                                 cs_buffer_bytes(&fixture->invite_bytes[number - 1]),
                                 cs_buffer_bytes(&fixture->certificate_bytes[number - 1]), &next),
            CS_OK);
        cs_buffer_release(&fixture->chain);
        fixture->chain = next;
    }
    return cs_buffer_bytes(&fixture->chain);
}

/* Signs a statement made by hand: signature ‖ statement. */
static inline void fixture_sign(const struct cs_buffer *statement, const char *label,
                                const struct cs_sign_key *key, struct cs_buffer *out)
{
    assert_int_equal(statement->status, CS_OK);
    uint8_t signature[CS_SIGNATURE_SIZE];
    cs_sign(key, label, cs_buffer_bytes(statement), signature);
    cs_buffer_clear(out);
    cs_buffer_append(out, signature, sizeof signature);
    cs_buffer_append_bytes(out, cs_buffer_bytes(statement));
}

#endif
