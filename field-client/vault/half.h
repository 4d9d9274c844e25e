/*
 * Halves: sealed by the author of a version, approved, taken from what the server released, and recovered.
 *
 * A half that was put together is checked against the commitment in the signed version before it is given to anybody.
 */
#ifndef CS_FIELD_CLIENT_VAULT_HALF_H
#define CS_FIELD_CLIENT_VAULT_HALF_H

#include "shared/base/world.h"
#include "shared/vault/record.h"
#include "shared/vault/recovery.h"

struct cs_vault_half_recipients {
    const uint8_t *half_key; /* the server's */
    const struct cs_vault_recovery *recovery;
    const struct cs_chain *const *approvers;
    size_t approver_count; /* 0: not four eyes */
};

/* The sealed parts of one half, as they stand in a version. */
struct cs_vault_halves {
    struct cs_buffer server;
    struct cs_buffer recovery;
    struct cs_buffer approvers;
};
void cs_vault_halves_init(struct cs_vault_halves *halves);
void cs_vault_halves_release(struct cs_vault_halves *halves);
/* Seals the half at this place (its class and subject are set here). CS_INVALID for too many approvers. */
enum cs_status cs_vault_halves_seal(const struct cs_world *world, struct cs_bytes half,
                                    const struct cs_vault_place *place,
                                    const struct cs_vault_half_recipients *recipients,
                                    struct cs_vault_halves *out) CS_MUST_USE;

/* Is it the half of this version? CS_FORGED. */
enum cs_status cs_vault_half_check(struct cs_bytes half, const struct cs_vault_record *version,
                                   struct cs_problem *problem) CS_MUST_USE;

struct cs_vault_approver {
    const uint8_t *certificate; /* id */
    const struct cs_seal_key *key;
};

struct cs_vault_answer {
    const struct cs_vault_record *request; /* one's own request, lease, export or emergency */
    const struct cs_seal_key *key;         /* made for it */
    const struct cs_vault_record *release; /* verified, and checked by cs_vault_check_release */
    const struct cs_vault_record
        *approval; /* verified, and checked by cs_vault_check_approval; NULL: there is none */
    const struct cs_vault_approver *own; /* of an emergency: this device; NULL otherwise */
};
/*
 * The half of a version from the server's answer. CS_DENIED: it needs approval and there is none. CS_NOT_FOUND: it was not asked for.
 * CS_FORGED: not sealed for this request, or the half of another version.
 */
enum cs_status cs_vault_half_take(const struct cs_vault_answer *answer,
                                  const struct cs_vault_record *version, struct cs_secret **out,
                                  struct cs_problem *problem) CS_MUST_USE;
/* The half of a version by the recovery key. CS_FORGED. */
enum cs_status cs_vault_half_recover(const struct cs_seal_key *recovery_key,
                                     const struct cs_vault_record *version, struct cs_secret **out,
                                     struct cs_problem *problem) CS_MUST_USE;

/* Appends the approver's part of `version`, sealed again for `request`: CS_VAULT_SEALED_SIZE bytes. CS_DENIED if the version has no part for
 * him; CS_FORGED. */
enum cs_status cs_vault_half_approve(const struct cs_world *world,
                                     const struct cs_vault_approver *approver,
                                     const struct cs_vault_record *version,
                                     const struct cs_vault_record *request, struct cs_buffer *out,
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
