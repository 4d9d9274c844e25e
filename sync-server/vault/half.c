/* Releasing halves, see half.h. */
#include "sync-server/vault/half.h"

#include <string.h>

static enum cs_status open_half(const struct cs_seal_key *half_key,
                                const struct cs_vault_record *version, struct cs_secret **out)
{
    struct cs_vault_binding binding;
    struct cs_vault_place place = cs_vault_record_place(version, CS_VAULT_CLASS_HALF_SERVER, NULL);
    struct cs_secret *half = NULL;
    *out = NULL;
    enum cs_status status = cs_secret_create(CS_VAULT_HALF_SIZE, &half);
    if (status == CS_OK) {
        struct cs_buffer buffer = cs_secret_buffer(half);
        cs_vault_bind(&place, &binding);
        status = cs_unseal(half_key, cs_vault_class_label(place.class_value),
                           cs_vault_binding_bytes(&binding), version->half, &buffer);
    }
    if (status == CS_OK) {
        *out = half;
    } else {
        cs_secret_destroy(half);
    }
    return status;
}

static bool is_committed(struct cs_bytes half, const struct cs_vault_record *version)
{
    uint8_t commitment[CS_HASH_SIZE];
    struct cs_vault_place place = cs_vault_record_place(version, CS_VAULT_CLASS_SECRET, NULL);
    cs_vault_half_commitment(half, &place, commitment);
    return cs_secret_equal(cs_bytes_of_array(commitment), cs_bytes_of_array(version->commitment));
}

/* The half, if it is what it should be. */
static enum cs_status open_committed(const struct cs_seal_key *half_key,
                                     const struct cs_vault_record *version, struct cs_secret **out,
                                     struct cs_problem *problem)
{
    struct cs_secret *half = NULL;
    enum cs_status status = open_half(half_key, version, &half);
    if (status == CS_OK && version->approvers.size == 0 &&
        !is_committed(cs_secret_bytes(half), version)) {
        status = CS_FORGED;
    }
    if (status == CS_OK) {
        *out = half;
        return CS_OK;
    }
    cs_secret_destroy(half);
    return status == CS_FORGED ? cs_problem_set(problem, status, "the half is not this version's")
                               : status;
}

static bool is_own(const struct cs_seal_key *half_key, const struct cs_vault_record *version)
{
    uint8_t own[CS_SEAL_KEY_SIZE];
    cs_seal_key_public(half_key, own);
    return memcmp(own, version->half_key, sizeof own) == 0;
}

enum cs_status cs_server_half_check(const struct cs_seal_key *half_key,
                                    const struct cs_vault_record *version,
                                    struct cs_problem *problem)
{
    struct cs_secret *half = NULL;
    if (!is_own(half_key, version)) {
        return cs_problem_set(problem, CS_OUTDATED,
                              "the version is sealed to another half key than the server's current "
                              "one: sync, and store it again");
    }
    enum cs_status status = open_committed(half_key, version, &half, problem);
    cs_secret_destroy(half);
    return status;
}

static enum cs_status seal_again(const struct cs_world *world, struct cs_bytes half,
                                 const struct cs_vault_record *version,
                                 const struct cs_vault_record *request, struct cs_buffer *out)
{
    struct cs_vault_binding binding;
    struct cs_vault_place place =
        cs_vault_record_place(version, CS_VAULT_CLASS_HALF_RELEASED, request->id);
    cs_vault_bind(&place, &binding);
    return cs_seal(world, request->key, cs_vault_class_label(place.class_value),
                   cs_vault_binding_bytes(&binding), half, out);
}

enum cs_status cs_server_half_release(const struct cs_world *world,
                                      const struct cs_seal_key *half_key,
                                      const struct cs_vault_record *version,
                                      const struct cs_vault_record *request, struct cs_buffer *out,
                                      struct cs_problem *problem)
{
    struct cs_secret *half = NULL;
    if (!is_own(half_key, version)) {
        return cs_problem_set(problem, CS_WRONG_SERVER,
                              "the version is sealed to another half key of the server");
    }
    enum cs_status status = open_committed(half_key, version, &half, problem);
    if (status == CS_OK) {
        status = seal_again(world, cs_secret_bytes(half), version, request, out);
    }
    cs_secret_destroy(half);
    return status;
}
