/* Keys of a KeePass database, see kdbx_format.h. */
#include "field-client/password_files/kdbx_format.h"

#include "shared/crypto/hash.h"

/* SHA-256 over the hash of the password and what the key file stands for, of those that there are. */
static enum cs_status compose(const struct cs_kdbx_key *key, uint8_t out[static CS_SHA256_SIZE],
                              struct cs_problem *problem)
{
    uint8_t halves[2][CS_SHA256_SIZE];
    struct cs_bytes parts[2];
    size_t count = 0;
    enum cs_status status = CS_OK;
    if (key->password.data != NULL) {
        cs_sha256(key->password, halves[0]);
        parts[count++] = cs_bytes_of_array(halves[0]);
    }
    if (key->key_file.data != NULL) {
        status = cs_kdbx_key_file_read(key->key_file, halves[1], problem);
        parts[count++] = cs_bytes_of_array(halves[1]);
    }
    if (status == CS_OK && count == 0) {
        status = cs_problem_set(problem, CS_USAGE, "a KeePass file needs a password or a key file");
    }
    if (status == CS_OK) {
        cs_sha256_parts(parts, count, out);
    }
    cs_wipe(halves, sizeof halves);
    return status;
}

enum cs_status cs_kdbx_keys_derive(const struct cs_kdbx_key *key,
                                   const struct cs_key_derivation *derivation,
                                   struct cs_bytes master_seed, struct cs_kdbx_keys *out,
                                   struct cs_problem *problem)
{
    static const uint8_t one[1] = {1};
    uint8_t composite[CS_SHA256_SIZE];
    uint8_t transformed[CS_DERIVED_KEY_SIZE];
    enum cs_status status = compose(key, composite, problem);
    if (status == CS_OK) {
        status = cs_key_derive(derivation, cs_bytes_of_array(composite), transformed);
    }
    if (status == CS_OK) {
        const struct cs_bytes parts[] = {master_seed, cs_bytes_of_array(transformed),
                                         cs_bytes_of_array(one)};
        cs_sha256_parts(parts, 2, out->cipher);
        cs_sha512_parts(parts, 3, out->hmac);
    }
    cs_wipe(composite, sizeof composite);
    cs_wipe(transformed, sizeof transformed);
    return status;
}
