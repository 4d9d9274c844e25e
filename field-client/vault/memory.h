/*
 * What this device has verified or opened of a vault, remembered across programs (FORMAT.md, Memory). Inside field-client/vault.
 *
 * Why that is safe: the replica's files are not to be believed (anybody who has the disk can write them), so nothing is remembered that
 * the files alone could say. It is sealed under the identity's master key, which only the passphrase gives, for this device, vault, kind
 * and program version and the rules it was worked out by (`as_of`); and it names what it follows from: the bytes, by their digest, or the entries, by
 * number and place. So it opens only where this device itself came to this result from these inputs, which a second look would only repeat. Whoever
 * puts an older state of the file back gets what he got before: inputs and result of then.
 *
 * What it never holds: keys, secrets, rights. Whether this device may look is judged from the log each time.
 */
#ifndef CS_FIELD_CLIENT_VAULT_MEMORY_H
#define CS_FIELD_CLIENT_VAULT_MEMORY_H

#include "field-client/replica/replica.h"

enum cs_vault_memory {
    CS_VAULT_MEMORY_LOG = 1,     /* how much of the vault's log was verified */
    CS_VAULT_MEMORY_LISTING = 2, /* listing data of all items */
};

/*
 * Kept for the next time, where that can be: never inside of a transaction, whose failure it would be; and a failure here is
 * none, for what is not remembered is worked out again.
 */
void cs_vault_remember(struct cs_replica *replica, const struct cs_id *vault,
                       enum cs_vault_memory kind, struct cs_bytes as_of, struct cs_bytes content);
/* Appends what was remembered as of exactly this. CS_NOT_FOUND: nothing, or not by this device, program or state. CS_NO_MEMORY, CS_IO. */
enum cs_status cs_vault_recall(struct cs_replica *replica, const struct cs_id *vault,
                               enum cs_vault_memory kind, struct cs_bytes as_of,
                               struct cs_buffer *out) CS_MUST_USE;

#endif
