/* Slow keys, see key_derivation.h. The only file with libargon2, whose memory is overwritten before it is given back. */
#include "field-client/password_files/key_derivation.h"

#include "field-client/password_files/aes.h"
#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/crypto/foreign.h"
#include "shared/crypto/hash.h"

#include <argon2.h>
#include <inttypes.h>
#include <string.h>

#define SALT_SIZE_MIN ((size_t)8)
#define SALT_SIZE_MAX ((size_t)1024)
#define THREADS_MAX 4u

struct cs_key_derivation_bounds cs_key_derivation_bounds_default(void)
{
    return (struct cs_key_derivation_bounds){
        .memory_kib_max = CS_PASSWORD_KDF_MEMORY_KIB_MAX,
        .work_kib_max = CS_PASSWORD_KDF_WORK_KIB_MAX,
        .lanes_max = CS_PASSWORD_KDF_LANES_MAX,
        .rounds_max = CS_PASSWORD_KDF_ROUNDS_MAX,
    };
}

static enum cs_status too_much(struct cs_problem *problem, const char *what, uint64_t asked,
                               uint64_t most)
{
    return cs_problem_set(problem, CS_LIMIT,
                          "to derive its key the file asks for %" PRIu64 " %s, at most %" PRIu64
                          " are allowed",
                          asked, what, most);
}

static enum cs_status check_argon2(const struct cs_key_derivation *derivation,
                                   const struct cs_key_derivation_bounds *bounds,
                                   struct cs_problem *problem)
{
    if (derivation->memory_kib > bounds->memory_kib_max) {
        return too_much(problem, "KiB of memory", derivation->memory_kib, bounds->memory_kib_max);
    }
    if (derivation->lanes > bounds->lanes_max) {
        return too_much(problem, "parallel lanes", derivation->lanes, bounds->lanes_max);
    }
    if (derivation->lanes == 0 || derivation->memory_kib < 8 * derivation->lanes) {
        return cs_problem_set(problem, CS_MALFORMED,
                              "the memory and lanes of the file's key derivation do not fit");
    }
    uint64_t passes_max = bounds->work_kib_max / derivation->memory_kib;
    passes_max = passes_max > UINT32_MAX ? UINT32_MAX : passes_max;
    if (derivation->passes > passes_max) {
        return too_much(problem, "passes over its memory", derivation->passes, passes_max);
    }
    if (derivation->version != ARGON2_VERSION_10 && derivation->version != ARGON2_VERSION_13) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the file uses an unknown version of Argon2 (0x%02" PRIx32 ")",
                              derivation->version);
    }
    return CS_OK;
}

enum cs_status cs_key_derivation_check(const struct cs_key_derivation *derivation,
                                       const struct cs_key_derivation_bounds *bounds,
                                       struct cs_problem *problem)
{
    struct cs_key_derivation_bounds usual = cs_key_derivation_bounds_default();
    bounds = bounds == NULL ? &usual : bounds;
    bool is_aes = derivation->kind == CS_KEY_BY_AES;
    bool is_argon2 = !is_aes && derivation->kind != CS_KEY_BY_PBKDF2;
    if (derivation->salt.size < (is_aes ? CS_AES_KEY_SIZE : SALT_SIZE_MIN) ||
        derivation->salt.size > (is_aes ? CS_AES_KEY_SIZE : SALT_SIZE_MAX)) {
        return cs_problem_set(problem, CS_MALFORMED,
                              "the salt of the file's key derivation has %zu bytes",
                              derivation->salt.size);
    }
    if (derivation->passes == 0) {
        return cs_problem_set(problem, CS_MALFORMED, "the file's key derivation has no passes");
    }
    uint64_t rounds_max = bounds->rounds_max;
    if (derivation->kind == CS_KEY_BY_PBKDF2 && rounds_max > UINT32_MAX) {
        rounds_max = UINT32_MAX;
    }
    if (!is_argon2 && derivation->passes > rounds_max) {
        return too_much(problem, "rounds", derivation->passes, rounds_max);
    }
    return is_argon2 ? check_argon2(derivation, bounds, problem) : CS_OK;
}

static enum cs_status derive_by_aes(const struct cs_key_derivation *derivation,
                                    struct cs_bytes secret, uint8_t out[static CS_DERIVED_KEY_SIZE])
{
    uint8_t data[32];
    cs_require(secret.size == sizeof data);
    memcpy(data, secret.data, sizeof data);
    enum cs_status status = cs_aes_transform(derivation->salt.data, derivation->passes, data);
    if (status == CS_OK) {
        cs_sha256(cs_bytes_of_array(data), out);
    }
    cs_wipe(data, sizeof data);
    return status;
}

static int take(uint8_t **memory, size_t size)
{
    *memory = cs_alloc(size);
    return *memory == NULL ? ARGON2_MEMORY_ALLOCATION_ERROR : ARGON2_OK;
}

static void give_back(uint8_t *memory, size_t size)
{
    cs_wipe(memory, size);
    cs_free(memory);
}

/* libargon2 takes pointers without const; it writes through the first and, with the flags for it, the second. */
static uint8_t *unconst(const uint8_t *data)
{
    return (uint8_t *)(uintptr_t)data;
}

static enum cs_status derive_by_argon2(const struct cs_key_derivation *derivation,
                                       struct cs_bytes secret,
                                       uint8_t out[static CS_DERIVED_KEY_SIZE])
{
    uint32_t lanes = (uint32_t)derivation->lanes;
    argon2_context context = {
        .out = out,
        .outlen = CS_DERIVED_KEY_SIZE,
        .pwd = unconst(secret.data),
        .pwdlen = (uint32_t)secret.size,
        .salt = unconst(derivation->salt.data),
        .saltlen = (uint32_t)derivation->salt.size,
        .t_cost = (uint32_t)derivation->passes,
        .m_cost = (uint32_t)derivation->memory_kib,
        .lanes = lanes,
        .threads = lanes < THREADS_MAX ? lanes : THREADS_MAX,
        .version = derivation->version,
        .allocate_cbk = take,
        .free_cbk = give_back,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    int code = argon2_ctx(&context, derivation->kind == CS_KEY_BY_ARGON2D ? Argon2_d : Argon2_id);
    /* Of checked parameters: memory, or no thread to be had. */
    return code == ARGON2_OK ? CS_OK : CS_NO_MEMORY;
}

enum cs_status cs_key_derive(const struct cs_key_derivation *derivation, struct cs_bytes secret,
                             uint8_t out[static CS_DERIVED_KEY_SIZE])
{
    switch (derivation->kind) {
    case CS_KEY_BY_AES:
        return derive_by_aes(derivation, secret, out);
    case CS_KEY_BY_PBKDF2:
        cs_pbkdf2_sha256(secret, derivation->salt, (uint32_t)derivation->passes, out);
        return CS_OK;
    case CS_KEY_BY_ARGON2D:
    case CS_KEY_BY_ARGON2ID:
        break;
    }
    return derive_by_argon2(derivation, secret, out);
}
