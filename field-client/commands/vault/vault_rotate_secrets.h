/*
 * The two secrets that a helper needs: under a lease of this device where it has both, else by two requests that are logged first. With four eyes
 * those wait for somebody else, and the same command goes on with them later.
 */
#ifndef CS_COMMANDS_VAULT_ROTATE_SECRETS_H
#define CS_COMMANDS_VAULT_ROTATE_SECRETS_H

#include "field-client/commands/vault/vault_rotate.h"

struct cs_rotate_pair {
    const struct cs_vault_field_version *old_version;
    const struct cs_vault_field_version *new_version;
    struct cs_secret *old_secret;
    struct cs_secret *new_secret;
    uint8_t requests[2][CS_HASH_SIZE]; /* those that wait for an approval */
    size_t waiting_count;
};
/* Wipes. */
void cs_rotate_pair_release(struct cs_rotate_pair *pair);

/* Are both leased here? */
enum cs_status cs_rotate_pair_leased(struct cs_rotate *rotate, const struct cs_rotate_pair *pair,
                                     bool *out) CS_MUST_USE;
struct cs_rotate_why {
    struct cs_bytes reason;
    struct cs_bytes work_order; /* id, or empty */
};
/* Sets both secrets. Under a lease: the reveals are signed and on disk. CS_EXPIRED, …: as cs_vault_lease_reveal. */
enum cs_status cs_rotate_pair_reveal(struct cs_rotate *rotate, const struct cs_rotate_why *why,
                                     struct cs_rotate_pair *pair) CS_MUST_USE;
/* By requests. CS_LOCKED with waiting_count above 0: the requests wait; else as the server says. The book is another one afterwards. */
enum cs_status cs_rotate_pair_ask(struct cs_rotate *rotate, const struct cs_rotate_why *why,
                                  struct cs_rotate_pair *pair) CS_MUST_USE;

#endif
