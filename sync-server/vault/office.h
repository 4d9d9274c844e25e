/*
 * What the committer remembers between requests about vaults: the verified chains of devices, and the logs of vaults. Both follow from
 * the store and are made anew whenever they do not agree with it, so that nothing depends on what a batch that failed has left here.
 */
#ifndef CS_SERVER_VAULT_OFFICE_H
#define CS_SERVER_VAULT_OFFICE_H

#include "shared/vault/log.h"
#include "sync-server/stores/vault_store.h"

struct cs_vault_office; /* opaque; one thread */

enum cs_status cs_vault_office_create(const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                      struct cs_vault_office **out) CS_MUST_USE;
/* NULL is accepted. */
void cs_vault_office_destroy(struct cs_vault_office *office);

/* Begins a request: what is borrowed from here holds until the next one. */
void cs_vault_office_begin(struct cs_vault_office *office, struct cs_store *store,
                           const uint8_t organisation[static CS_HASH_SIZE]);
/* Whose signatures are believed now: of devices that are not revoked. */
const struct cs_vault_directory *cs_vault_office_directory(const struct cs_vault_office *office);
/* The same of all devices, revoked or not: for what is true whoever was revoked since (cs_vault_kind_under_lease). */
const struct cs_vault_directory *
cs_vault_office_directory_of_all(const struct cs_vault_office *office);
/* The verified chain of a device, revoked or not. CS_NOT_FOUND. */
enum cs_status cs_vault_office_chain(struct cs_vault_office *office,
                                     const uint8_t certificate[static CS_HASH_SIZE],
                                     const struct cs_chain **out) CS_MUST_USE;
/* All devices of a person, the one with this certificate first; in the arena. */
enum cs_status cs_vault_office_person(struct cs_vault_office *office,
                                      const uint8_t certificate[static CS_HASH_SIZE],
                                      struct cs_arena *arena, const struct cs_chain *const **out,
                                      size_t *out_count) CS_MUST_USE;
/* The vault's log as the store has it; empty for a vault that is not known. Borrowed; the caller may append to it. */
enum cs_status cs_vault_office_log(struct cs_vault_office *office, const struct cs_id *vault,
                                   struct cs_vault_log **out,
                                   struct cs_problem *problem) CS_MUST_USE;

#endif
