/*
 * Asking for passwords: requests, leases, exports and emergencies with a key of their own, their approval, and whether a lease may still be used.
 */
#ifndef CS_FIELD_CLIENT_VAULT_ASKING_H
#define CS_FIELD_CLIENT_VAULT_ASKING_H

#include "field-client/vault/half.h"
#include "shared/vault/rules.h"

struct cs_vault_ask {
    enum cs_vault_kind
        kind; /* CS_VAULT_REQUEST, CS_VAULT_LEASE, CS_VAULT_EXPORT or CS_VAULT_EMERGENCY */
    struct cs_bytes versions; /* ids, ascending */
    struct cs_bytes reason;
    struct cs_bytes work_order; /* id, or empty */
    int64_t expires_ms;         /* of a lease */
};
/* Appends the signed record and gives the key it names: what is released opens with that alone. A lease's key is destroyed when the
 * lease ends. CS_INVALID for what no reader would take. */
enum cs_status cs_vault_ask_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                 const struct cs_evidence_signer *signer,
                                 const struct cs_vault_ask *ask, struct cs_buffer *out,
                                 struct cs_seal_key **out_key) CS_MUST_USE;

/* Appends the signed approval of `request`. `versions` are the verified versions it names, in its order, `count` of them; none where no
 * four eyes are wanted. The caller has checked cs_vault_check_four_eyes. As cs_vault_half_approve; CS_INVALID for other versions. */
enum cs_status cs_vault_approval_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                      const struct cs_evidence_signer *signer,
                                      const struct cs_seal_key *own_key,
                                      const struct cs_vault_record *request,
                                      const struct cs_vault_record *const *versions, size_t count,
                                      struct cs_buffer *out,
                                      struct cs_problem *problem) CS_MUST_USE;

/* A clock may go back this far without a lease being given up. */
#define CS_VAULT_CLOCK_SLACK_MS (INT64_C(5) * 60 * 1000)
/* May anything be opened under this lease now? `seen_ms`: the latest time that the device has known. CS_EXPIRED when the lease has
 * ended, by either time, or the clock has gone back: its key is to be destroyed then. */
enum cs_status cs_vault_lease_usable(const struct cs_vault_record *lease, int64_t now_ms,
                                     int64_t seen_ms, struct cs_problem *problem) CS_MUST_USE;

#endif
