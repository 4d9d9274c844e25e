/* Asking for passwords, see asking.h. */
#include "field-client/vault/asking.h"

#include <string.h>

enum cs_status cs_vault_ask_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                 const struct cs_evidence_signer *signer,
                                 const struct cs_vault_ask *ask, struct cs_buffer *out,
                                 struct cs_seal_key **out_key)
{
    struct cs_vault_record record;
    struct cs_seal_key *key = NULL;
    *out_key = NULL;
    enum cs_status status = cs_seal_key_create_random(world, &key);
    if (status == CS_OK) {
        cs_vault_log_begin(log, signer, ask->kind, &record);
        record.versions = ask->versions;
        record.reason = ask->reason;
        record.work_order = ask->work_order;
        record.expires_ms = ask->expires_ms;
        cs_seal_key_public(key, record.key);
        status = cs_vault_record_encode(&record, signer->key, out);
    }
    if (status == CS_OK) {
        *out_key = key;
    } else {
        cs_seal_key_destroy(key);
    }
    return status;
}

/* The versions are those that the request names, one by one. */
static bool are_asked_for(const struct cs_vault_record *request,
                          const struct cs_vault_record *const *versions, size_t count)
{
    if (count != 0 && count != request->versions.size / CS_ID_SIZE) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (memcmp(request->versions.data + i * CS_ID_SIZE, versions[i]->version.bytes,
                   CS_ID_SIZE) != 0) {
            return false;
        }
    }
    return true;
}

enum cs_status cs_vault_approval_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                      const struct cs_evidence_signer *signer,
                                      const struct cs_seal_key *own_key,
                                      const struct cs_vault_record *request,
                                      const struct cs_vault_record *const *versions, size_t count,
                                      struct cs_buffer *out, struct cs_problem *problem)
{
    struct cs_vault_record record;
    struct cs_buffer sealed;
    const struct cs_vault_approver approver = {signer->certificate, own_key};
    if (!are_asked_for(request, versions, count)) {
        return cs_problem_set(problem, CS_INVALID, "these are not the versions asked for");
    }
    cs_buffer_init(&sealed, CS_VAULT_VERSIONS_MAX * CS_VAULT_SEALED_SIZE);
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < count && status == CS_OK; i++) {
        status = cs_vault_half_approve(world, &approver, versions[i], request, &sealed, problem);
    }
    if (status == CS_OK) {
        cs_vault_log_begin(log, signer, CS_VAULT_APPROVAL, &record);
        memcpy(record.request, request->id, CS_HASH_SIZE);
        record.sealed = cs_buffer_bytes(&sealed);
        status = cs_vault_record_encode(&record, signer->key, out);
    }
    cs_buffer_release(&sealed);
    return status;
}

enum cs_status cs_vault_lease_usable(const struct cs_vault_record *lease, int64_t now_ms,
                                     int64_t seen_ms, struct cs_problem *problem)
{
    if (now_ms < seen_ms && seen_ms - now_ms > CS_VAULT_CLOCK_SLACK_MS) {
        return cs_problem_set(problem, CS_EXPIRED,
                              "the clock of this device has gone back: its leases are over");
    }
    if (now_ms >= lease->expires_ms || seen_ms >= lease->expires_ms) {
        return cs_problem_set(problem, CS_EXPIRED, "the lease has ended");
    }
    return CS_OK;
}
