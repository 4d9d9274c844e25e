/*
 * Keys from passphrases without Argon2's work: a laptop unlocks its identity at every start, thousands of times a second. The
 * library's own function has tests of its own. Takes its place by the linker's --wrap, see CMakeLists.txt.
 */
#include "shared/crypto/hash.h"
#include "shared/crypto/passphrase.h"

#include <string.h>

enum cs_status __wrap_cs_kdf_derive(struct cs_bytes passphrase,
                                    const struct cs_kdf_parameters *parameters,
                                    struct cs_secret **out);
enum cs_status __wrap_cs_kdf_derive(struct cs_bytes passphrase,
                                    const struct cs_kdf_parameters *parameters,
                                    struct cs_secret **out)
{
    uint8_t key[CS_HASH_SIZE];
    const struct cs_bytes parts[] = {passphrase, cs_bytes_of_array(parameters->salt)};
    cs_hash_parts("countersign simulated kdf", parts, CS_COUNT(parts), key);
    enum cs_status status = cs_secret_create_copy(cs_bytes_of_array(key), out);
    return status;
}
