/*
 * Taking records of vaults from devices (design §10): each is verified against all that was taken before, entered in the evidence log and
 * stored, in the batch that is open. A request for a disclosure that nothing stands against is answered in the same batch: the half
 * leaves with the reply, which is made after the batch is on disk, or not at all.
 *
 * Called by the handler, in the committer, with each request in a savepoint of its own.
 */
#ifndef CS_SERVER_VAULT_INTAKE_H
#define CS_SERVER_VAULT_INTAKE_H

#include "sync-server/vault/half.h"
#include "sync-server/vault/office.h"

struct cs_vault_intake {
    struct cs_vault_office *office; /* begun for this store and organisation */
    struct cs_store *store;
    const struct cs_world *world;
    const struct cs_sign_key *identity; /* the server's */
    const struct cs_seal_key *half_key;
    const uint8_t *organisation; /* CS_HASH_SIZE bytes */
    const uint8_t *sender;       /* certificate id of the device that sent it */
    bool revoked; /* it was revoked: nothing of it is taken but what it did with its leases */
    int64_t now_ms;
    struct cs_arena *arena;
};

/*
 * One record. CS_OK: it is taken. CS_EXISTS: it was taken before, nothing changes. Otherwise nothing of it was stored and `problem` says
 * why: as cs_vault_record_open, cs_vault_log_append and rules.h, and
 *   CS_DENIED     not signed by the device that sends it; a release, which is the server's to make; an approval without its parts
 *   CS_USED       the project has a vault; a version with this id is there already; the request is answered already
 *   CS_OUTDATED   sealed to a half key, or an epoch to a recovery key, that is not the current one
 *   CS_NOT_FOUND  what it answers, changes or asks for is not in the vault
 *   CS_REVOKED    the sender was revoked
 * A reveal or return is taken in any case (rules.h), also of a revoked device, and from another device of the same person (which joined again
 * since); what is wrong with it is in `problem`.
 * Statuses of class LOCAL are this machine's: the caller undoes the whole request.
 */
enum cs_status cs_vault_take(const struct cs_vault_intake *intake, struct cs_bytes bytes,
                             struct cs_problem *problem) CS_MUST_USE;

/* The root's statement of a new recovery key. CS_EXISTS; CS_ROLLED_BACK: its number is not higher than every one before; CS_FORGED,
 * CS_MALFORMED, … as cs_vault_recovery_verify. */
enum cs_status cs_vault_take_recovery(const struct cs_vault_intake *intake, struct cs_bytes bytes,
                                      struct cs_problem *problem) CS_MUST_USE;

#endif
