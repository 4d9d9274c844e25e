/* Halves of item keys, see half.h. */
#include "field-client/vault/half.h"

#include "field-client/vault/opening.h"

#include <string.h>

void cs_vault_halves_init(struct cs_vault_halves *halves)
{
    cs_buffer_init(&halves->server, CS_VAULT_SEALED_SIZE);
    cs_buffer_init(&halves->recovery, CS_VAULT_SEALED_SIZE);
    cs_buffer_init(&halves->approvers, CS_VAULT_APPROVERS_MAX * CS_VAULT_APPROVER_SIZE);
}

void cs_vault_halves_release(struct cs_vault_halves *halves)
{
    cs_buffer_release(&halves->server);
    cs_buffer_release(&halves->recovery);
    cs_buffer_release(&halves->approvers);
}

/* a XOR b, both halves. */
static enum cs_status combine(struct cs_bytes a, struct cs_bytes b, struct cs_secret **out)
{
    cs_require(a.size == CS_VAULT_HALF_SIZE && b.size == CS_VAULT_HALF_SIZE);
    enum cs_status status = cs_secret_create(CS_VAULT_HALF_SIZE, out);
    for (size_t i = 0; status == CS_OK && i < CS_VAULT_HALF_SIZE; i++) {
        cs_secret_data(*out)[i] = a.data[i] ^ b.data[i];
    }
    return status;
}

/* ---- sealing ---- */

/* By certificate id, as they stand in the record: which is refused when it is encoded if one is there twice. */
static void sort_approvers(const struct cs_vault_half_recipients *recipients,
                           const struct cs_chain **out)
{
    for (size_t count = 0; count < recipients->approver_count; count++) {
        const struct cs_chain *chain = recipients->approvers[count];
        size_t place = count;
        while (place > 0 && memcmp(out[place - 1]->leaf_id, chain->leaf_id, CS_HASH_SIZE) > 0) {
            out[place] = out[place - 1];
            place--;
        }
        out[place] = chain;
    }
}

static enum cs_status seal_for_approvers(const struct cs_world *world, struct cs_bytes part,
                                         const struct cs_vault_place *place,
                                         const struct cs_vault_half_recipients *recipients,
                                         struct cs_buffer *out)
{
    const struct cs_chain *sorted[CS_VAULT_APPROVERS_MAX];
    enum cs_status status = CS_OK;
    sort_approvers(recipients, sorted);
    for (size_t i = 0; i < recipients->approver_count && status == CS_OK; i++) {
        struct cs_vault_place here =
            cs_vault_place_of_class(place, CS_VAULT_CLASS_HALF_APPROVER, sorted[i]->leaf_id);
        cs_buffer_append(out, sorted[i]->leaf_id, CS_HASH_SIZE);
        status = cs_vault_seal(world, sorted[i]->leaf.seal_key, &here, part, out);
    }
    return status;
}

/* With four eyes: what the server does not get goes to the approvers. */
static enum cs_status split(const struct cs_world *world, struct cs_bytes half,
                            const struct cs_vault_place *place,
                            const struct cs_vault_half_recipients *recipients,
                            struct cs_vault_halves *out, struct cs_secret **out_server_part)
{
    struct cs_secret *approvers_part = NULL;
    enum cs_status status = cs_secret_create_random(world, CS_VAULT_HALF_SIZE, &approvers_part);
    if (status == CS_OK) {
        status = seal_for_approvers(world, cs_secret_bytes(approvers_part), place, recipients,
                                    &out->approvers);
    }
    if (status == CS_OK) {
        status = combine(half, cs_secret_bytes(approvers_part), out_server_part);
    }
    cs_secret_destroy(approvers_part);
    return status;
}

enum cs_status cs_vault_halves_seal(const struct cs_world *world, struct cs_bytes half,
                                    const struct cs_vault_place *place,
                                    const struct cs_vault_half_recipients *recipients,
                                    struct cs_vault_halves *out)
{
    struct cs_vault_place server = cs_vault_place_of_class(place, CS_VAULT_CLASS_HALF_SERVER, NULL);
    struct cs_vault_place recovery =
        cs_vault_place_of_class(place, CS_VAULT_CLASS_HALF_RECOVERY, recipients->recovery->id);
    struct cs_secret *server_part = NULL;
    enum cs_status status = CS_OK;
    if (recipients->approver_count > CS_VAULT_APPROVERS_MAX) {
        return CS_INVALID;
    }
    if (recipients->approver_count > 0) {
        status = split(world, half, place, recipients, out, &server_part);
    }
    if (status == CS_OK) {
        struct cs_bytes part = server_part == NULL ? half : cs_secret_bytes(server_part);
        status = cs_vault_seal(world, recipients->half_key, &server, part, &out->server);
    }
    if (status == CS_OK) {
        status = cs_vault_seal(world, recipients->recovery->key, &recovery, half, &out->recovery);
    }
    cs_secret_destroy(server_part);
    return status;
}

/* ---- opening ---- */

enum cs_status cs_vault_half_check(struct cs_bytes half, const struct cs_vault_record *version,
                                   struct cs_problem *problem)
{
    uint8_t commitment[CS_HASH_SIZE];
    struct cs_vault_place place = cs_vault_record_place(version, CS_VAULT_CLASS_SECRET, NULL);
    if (half.size == CS_VAULT_HALF_SIZE) {
        cs_vault_half_commitment(half, &place, commitment);
        if (cs_secret_equal(cs_bytes_of_array(commitment),
                            cs_bytes_of_array(version->commitment))) {
            return CS_OK;
        }
    }
    return cs_problem_set(problem, CS_FORGED,
                          "the half of the key is not the one this version was made with");
}

/* Gives the half if it is the version's. */
static enum cs_status give_checked(struct cs_secret *owned_half,
                                   const struct cs_vault_record *version, struct cs_secret **out,
                                   struct cs_problem *problem)
{
    enum cs_status status = cs_vault_half_check(cs_secret_bytes(owned_half), version, problem);
    *out = NULL;
    if (status == CS_OK) {
        *out = owned_half;
    } else {
        cs_secret_destroy(owned_half);
    }
    return status;
}

/* One sealed part of an answer: number `index` in its list. */
static enum cs_status unseal_part(const struct cs_vault_answer *answer, struct cs_bytes parts,
                                  size_t index, const struct cs_vault_record *version,
                                  enum cs_vault_class class_value, struct cs_secret **out)
{
    struct cs_vault_place place = cs_vault_record_place(version, class_value, answer->request->id);
    struct cs_bytes part =
        cs_bytes_make(parts.data + index * CS_VAULT_SEALED_SIZE, CS_VAULT_SEALED_SIZE);
    return cs_vault_unseal(answer->key, &place, part, out);
}

/* The part of a version that its author sealed to this approver. */
static enum cs_status open_own_part(const struct cs_vault_approver *approver,
                                    const struct cs_vault_record *version, struct cs_secret **out,
                                    struct cs_problem *problem)
{
    struct cs_bytes sealed = cs_vault_approver_part(version, approver->certificate);
    struct cs_vault_place own =
        cs_vault_record_place(version, CS_VAULT_CLASS_HALF_APPROVER, approver->certificate);
    if (sealed.size == 0) {
        return cs_problem_set(problem, CS_DENIED, "the version has no part for this approver");
    }
    enum cs_status status = cs_vault_unseal(approver->key, &own, sealed, out);
    return status != CS_FORGED
               ? status
               : cs_problem_set(problem, status,
                                "the approver's part was sealed for another device or version");
}

/* The other part, from whoever approved it. */
static enum cs_status open_approved_part(const struct cs_vault_answer *answer,
                                         const struct cs_vault_record *version, size_t index,
                                         struct cs_secret **out, struct cs_problem *problem)
{
    const struct cs_vault_record *approval = answer->approval;
    if (approval == NULL || (index + 1) * CS_VAULT_SEALED_SIZE > approval->sealed.size) {
        return cs_problem_set(problem, CS_DENIED,
                              "the vault wants four eyes: somebody has to approve this request");
    }
    enum cs_status status =
        unseal_part(answer, approval->sealed, index, version, CS_VAULT_CLASS_HALF_APPROVED, out);
    return status != CS_FORGED
               ? status
               : cs_problem_set(problem, status, "the approval is not sealed for this request");
}

static enum cs_status take_approved(const struct cs_vault_answer *answer,
                                    const struct cs_vault_record *version, size_t index,
                                    struct cs_bytes server_part, struct cs_secret **out,
                                    struct cs_problem *problem)
{
    struct cs_secret *approved = NULL;
    cs_require(answer->request->kind != CS_VAULT_EMERGENCY || answer->own != NULL);
    enum cs_status status = answer->request->kind == CS_VAULT_EMERGENCY
                                ? open_own_part(answer->own, version, &approved, problem)
                                : open_approved_part(answer, version, index, &approved, problem);
    if (status == CS_OK) {
        status = combine(server_part, cs_secret_bytes(approved), out);
    }
    cs_secret_destroy(approved);
    return status;
}

static enum cs_status find_part(const struct cs_vault_answer *answer,
                                const struct cs_vault_record *version, size_t *out_index,
                                struct cs_problem *problem)
{
    if (!cs_vault_versions_find(answer->request->versions, &version->version, out_index) ||
        (*out_index + 1) * CS_VAULT_SEALED_SIZE > answer->release->sealed.size) {
        return cs_problem_set(problem, CS_NOT_FOUND, "this version was not asked for");
    }
    return CS_OK;
}

enum cs_status cs_vault_half_take(const struct cs_vault_answer *answer,
                                  const struct cs_vault_record *version, struct cs_secret **out,
                                  struct cs_problem *problem)
{
    size_t index = 0;
    struct cs_secret *half = NULL;
    *out = NULL;
    enum cs_status status = find_part(answer, version, &index, problem);
    if (status != CS_OK) {
        return status;
    }
    status = unseal_part(answer, answer->release->sealed, index, version,
                         CS_VAULT_CLASS_HALF_RELEASED, &half);
    if (status == CS_FORGED) {
        return cs_problem_set(problem, status, "the release is not sealed for this request");
    }
    if (status == CS_OK && version->approvers.size > 0) {
        struct cs_secret *server_part = half;
        half = NULL;
        status =
            take_approved(answer, version, index, cs_secret_bytes(server_part), &half, problem);
        cs_secret_destroy(server_part);
    }
    return status != CS_OK ? status : give_checked(half, version, out, problem);
}

enum cs_status cs_vault_half_recover(const struct cs_seal_key *recovery_key,
                                     const struct cs_vault_record *version, struct cs_secret **out,
                                     struct cs_problem *problem)
{
    struct cs_secret *half = NULL;
    struct cs_vault_place place =
        cs_vault_record_place(version, CS_VAULT_CLASS_HALF_RECOVERY, version->recovery);
    *out = NULL;
    enum cs_status status = cs_vault_unseal(recovery_key, &place, version->recovered, &half);
    if (status != CS_OK) {
        return cs_problem_set(problem, status,
                              "the recovery key does not open the half of the version");
    }
    return give_checked(half, version, out, problem);
}

/* ---- approving ---- */

enum cs_status cs_vault_half_approve(const struct cs_world *world,
                                     const struct cs_vault_approver *approver,
                                     const struct cs_vault_record *version,
                                     const struct cs_vault_record *request, struct cs_buffer *out,
                                     struct cs_problem *problem)
{
    struct cs_secret *part = NULL;
    struct cs_vault_place theirs =
        cs_vault_record_place(version, CS_VAULT_CLASS_HALF_APPROVED, request->id);
    enum cs_status status = open_own_part(approver, version, &part, problem);
    if (status == CS_OK) {
        status = cs_vault_seal(world, request->key, &theirs, cs_secret_bytes(part), out);
    }
    cs_secret_destroy(part);
    return status;
}
