/* Opening a protected Bitwarden export, see bitwarden_parts.h. */
#include "field-client/password_files/bitwarden_parts.h"

#include "field-client/password_files/aes.h"
#include "field-client/password_files/base64.h"
#include "shared/crypto/foreign.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/secret.h"

#include <inttypes.h>
#include <string.h>

#define ARGON2_VERSION_1_3 0x13u

enum kdf_type { KDF_PBKDF2 = 0, KDF_ARGON2ID = 1 };

/* The key from the password, stretched into two. */
struct keys {
    uint8_t cipher[CS_SHA256_SIZE];
    uint8_t mac[CS_SHA256_SIZE];
};

/* "2.IV|CIPHERTEXT|MAC", each in base 64. */
struct sealed {
    struct cs_buffer iv;
    struct cs_buffer ciphertext;
    struct cs_buffer mac;
};

static enum cs_status damaged(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_MALFORMED, "the Bitwarden export is damaged");
}

static uint64_t number_of(const struct cs_json *object, const char *key)
{
    int64_t number = 0;
    return cs_json_get_integer(cs_json_get(object, key), &number) && number > 0 ? (uint64_t)number
                                                                                : 0;
}

/* Argon2id takes the hash of the salt's text, PBKDF2 the text itself. `hash` holds the first. */
static enum cs_status read_derivation(const struct cs_json *outer,
                                      uint8_t hash[static CS_SHA256_SIZE],
                                      struct cs_key_derivation *out, struct cs_problem *problem)
{
    struct cs_bytes salt = cs_bitwarden_text(outer, "salt");
    int64_t type = 0;
    if (!cs_json_get_integer(cs_json_get(outer, "kdfType"), &type) || salt.size == 0) {
        return damaged(problem);
    }
    *out = (struct cs_key_derivation){
        .kind = CS_KEY_BY_PBKDF2, .passes = number_of(outer, "kdfIterations"), .salt = salt};
    if (type == KDF_ARGON2ID) {
        uint64_t memory_mib = number_of(outer, "kdfMemory");
        cs_sha256(salt, hash);
        out->kind = CS_KEY_BY_ARGON2ID;
        out->memory_kib = memory_mib > UINT64_MAX / 1024 ? UINT64_MAX : memory_mib * 1024;
        out->lanes = number_of(outer, "kdfParallelism");
        out->version = ARGON2_VERSION_1_3;
        out->salt = cs_bytes_make(hash, CS_SHA256_SIZE);
    } else if (type != KDF_PBKDF2) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the key of the Bitwarden export is derived in an unknown way "
                              "(%" PRId64 ")",
                              type);
    }
    return CS_OK;
}

static enum cs_status derive(const struct cs_json *outer, struct cs_bytes password,
                             const struct cs_key_derivation_bounds *bounds, struct keys *out,
                             struct cs_problem *problem)
{
    uint8_t hash[CS_SHA256_SIZE];
    uint8_t master[CS_DERIVED_KEY_SIZE];
    struct cs_key_derivation derivation;
    enum cs_status status = read_derivation(outer, hash, &derivation, problem);
    status = status == CS_OK ? cs_key_derivation_check(&derivation, bounds, problem) : status;
    status = status == CS_OK ? cs_key_derive(&derivation, password, master) : status;
    if (status == CS_OK) {
        cs_hkdf_expand_sha256(cs_bytes_of_array(master), "enc", out->cipher);
        cs_hkdf_expand_sha256(cs_bytes_of_array(master), "mac", out->mac);
    }
    cs_wipe(master, sizeof master);
    return status;
}

static void sealed_init(struct sealed *sealed)
{
    cs_buffer_init(&sealed->iv, CS_KIBI);
    cs_buffer_init(&sealed->ciphertext, CS_PASSWORD_FILE_MAX);
    cs_buffer_init(&sealed->mac, CS_KIBI);
}

static void sealed_release(struct sealed *sealed)
{
    cs_buffer_release(&sealed->iv);
    cs_buffer_release(&sealed->ciphertext);
    cs_buffer_release(&sealed->mac);
}

/* Up to the mark, which is skipped; all of it where there is none. */
static struct cs_bytes take_until(struct cs_bytes *rest, uint8_t mark)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, mark, rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    size_t skipped = end == NULL ? size : size + 1;
    struct cs_bytes part = cs_bytes_make(rest->data, size);
    if (skipped > 0) {
        *rest = cs_bytes_make(rest->data + skipped, rest->size - skipped);
    }
    return part;
}

static enum cs_status parse_sealed(struct cs_bytes text, struct sealed *out,
                                   struct cs_problem *problem)
{
    if (text.size == 0) {
        return damaged(problem);
    }
    if (!cs_bytes_equal_text(take_until(&text, '.'), "2")) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the Bitwarden export is encrypted in another way than AES-256-CBC "
                              "with HMAC-SHA-256");
    }
    enum cs_status status = cs_base64_decode(take_until(&text, '|'), &out->iv);
    status = status == CS_OK ? cs_base64_decode(take_until(&text, '|'), &out->ciphertext) : status;
    status = status == CS_OK ? cs_base64_decode(text, &out->mac) : status;
    if (status == CS_NO_MEMORY) {
        return status;
    }
    bool fits =
        status == CS_OK && out->iv.size == CS_AES_BLOCK_SIZE && out->mac.size == CS_SHA256_SIZE;
    return fits ? CS_OK : damaged(problem);
}

/* `wrong` is what a MAC that does not fit means. Nothing is decrypted before it does. */
static enum cs_status open_sealed(const struct keys *keys, struct cs_bytes text,
                                  enum cs_status wrong, struct cs_buffer *out,
                                  struct cs_problem *problem)
{
    struct sealed sealed;
    uint8_t mac[CS_SHA256_SIZE];
    sealed_init(&sealed);
    enum cs_status status = parse_sealed(text, &sealed, problem);
    if (status == CS_OK) {
        const struct cs_bytes parts[] = {cs_buffer_bytes(&sealed.iv),
                                         cs_buffer_bytes(&sealed.ciphertext)};
        cs_hmac_sha256_parts(cs_bytes_of_array(keys->mac), parts, CS_COUNT(parts), mac);
        if (!cs_secret_equal(cs_buffer_bytes(&sealed.mac), cs_bytes_of_array(mac))) {
            status =
                cs_problem_set(problem, wrong,
                               wrong == CS_FORGED ? "the Bitwarden export was changed or is damaged"
                                                  : "wrong password for the Bitwarden export");
        }
    }
    if (status == CS_OK) {
        status = cs_aes_cbc_decrypt(keys->cipher, sealed.iv.data,
                                    cs_buffer_bytes(&sealed.ciphertext), out);
        status = status == CS_FORGED || status == CS_MALFORMED ? damaged(problem) : status;
    }
    sealed_release(&sealed);
    return status;
}

enum cs_status cs_bitwarden_decrypt(const struct cs_json *outer, struct cs_bytes password,
                                    const struct cs_key_derivation_bounds *bounds,
                                    struct cs_buffer *out, struct cs_problem *problem)
{
    bool is_protected = false;
    struct keys keys;
    struct cs_buffer validation;
    if (!cs_json_get_boolean(cs_json_get(outer, "passwordProtected"), &is_protected) ||
        !is_protected) {
        return cs_problem_set(
            problem, CS_UNSUPPORTED,
            "the Bitwarden export is encrypted with the key of its account, which "
            "only that account has: export it anew, protected by a password");
    }
    if (password.data == NULL) {
        return cs_problem_set(problem, CS_USAGE, "the Bitwarden export is protected by a password");
    }
    enum cs_status status = derive(outer, password, bounds, &keys, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&validation, CS_KIBI);
    status = open_sealed(&keys, cs_bitwarden_text(outer, "encKeyValidation_DO_NOT_EDIT"),
                         CS_WRONG_PASSPHRASE, &validation, problem);
    cs_buffer_release(&validation);
    status = status == CS_OK
                 ? open_sealed(&keys, cs_bitwarden_text(outer, "data"), CS_FORGED, out, problem)
                 : status;
    cs_wipe(&keys, sizeof keys);
    return status;
}
