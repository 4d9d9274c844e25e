/* What the files about leases share: lease.c (taking, listing), lease_settle.c (ending), lease_reveal.c. */
#ifndef CS_FIELD_CLIENT_VAULT_LEASE_INTERNAL_H
#define CS_FIELD_CLIENT_VAULT_LEASE_INTERNAL_H

#include "field-client/replica/kept_leases.h"
#include "field-client/vault/lease.h"

/* The record of a lease, and how far it has come. CS_NOT_FOUND: neither kept nor queued. Views into the arena. */
struct cs_vault_lease_found {
    struct cs_vault_record record;
    bool logged;                /* the server has it */
    enum cs_status refused;     /* CS_OK: it was not */
    struct cs_bytes refused_by; /* its text */
};
enum cs_status cs_vault_lease_find(struct cs_replica *replica,
                                   const uint8_t id[static CS_HASH_SIZE], struct cs_arena *arena,
                                   struct cs_vault_lease_found *out) CS_MUST_USE;

/*
 * The signed return of a lease, request or export, into the queue. It names the log as it was verified last: that the key is gone has to be
 * said also where the vault does not verify any more. Takes part in the transaction that is open.
 */
enum cs_status cs_vault_queue_return(struct cs_vault_book *book, const struct cs_id *vault,
                                     const uint8_t request[static CS_HASH_SIZE],
                                     const char *reason) CS_MUST_USE;
/* As cs_vault_leases_settle, in a book that is open. */
enum cs_status cs_vault_lease_settle(struct cs_vault_book *book,
                                     struct cs_vault_settled *out) CS_MUST_USE;
/* As cs_vault_leases; or only those that have not ended, or whose end is still to be reported. */
enum cs_status cs_vault_lease_list(struct cs_vault_book *book, bool all, struct cs_arena *arena,
                                   struct cs_vault_lease **out, size_t *out_count) CS_MUST_USE;

#endif
