/*
 * What would be taken along for a work order: of every credential of its project's vault the versions that may be in force, or come into force
 * (design §10). Shown to the person before the lease is taken, since all of them count as disclosed then. Reads only.
 */
#ifndef CS_FIELD_CLIENT_VAULT_LEASE_OFFER_H
#define CS_FIELD_CLIENT_VAULT_LEASE_OFFER_H

#include "field-client/vault/catalog.h"
#include "field-client/vault/lease.h"

/* Why there is nothing to take along. */
enum cs_vault_lease_lack {
    CS_VAULT_LEASE_LACKS_NOTHING,
    CS_VAULT_LEASE_LACKS_VAULT, /* the project has none that this device knows */
    CS_VAULT_LEASE_LACKS_RIGHT,
    CS_VAULT_LEASE_LACKS_PASSWORDS, /* the vault is empty */
    CS_VAULT_LEASE_LACKS_NEWS,      /* all of it is leased already, for as long but a few hours */
};

struct cs_vault_lease_choice {
    struct cs_id item;
    struct cs_bytes name;
    struct cs_bytes user;
    struct cs_bytes address;
    struct cs_bytes field;
    struct cs_id version;
    enum cs_vault_state state;
    bool four_eyes;
};
struct cs_vault_lease_offer {
    struct cs_id work_order;
    struct cs_id project;
    struct cs_id vault;
    enum cs_vault_lease_lack lack;
    struct cs_vault_lease_choice *choices; /* item by item, as the vault lists them; in the arena */
    size_t count;
    size_t leased; /* left out: leased for this work order already, for as long but a few hours */
    bool four_eyes;
};
/*
 * Of each field the last confirmed version and all that came later and were not archived; all that were not, where none was confirmed. So a
 * password that is changed at the site is there before, and after. As cs_vault_catalog_items.
 */
enum cs_status cs_vault_lease_offer(struct cs_vault_book *book, const struct cs_id *work_order,
                                    const struct cs_id *project, int64_t expires_ms,
                                    struct cs_arena *arena, struct cs_vault_lease_offer *out,
                                    struct cs_problem *problem) CS_MUST_USE;

/*
 * Takes all of an offer: one lease for each CS_VAULT_VERSIONS_MAX versions of it, each in a commit of its own. Ids of the leases in the arena. As
 * cs_vault_lease_take; on failure those before it stand.
 */
enum cs_status cs_vault_lease_accept(struct cs_vault_book *book,
                                     const struct cs_vault_lease_offer *offer,
                                     struct cs_bytes reason, int64_t expires_ms,
                                     struct cs_arena *arena, uint8_t (**out_ids)[CS_HASH_SIZE],
                                     size_t *out_count, struct cs_problem *problem) CS_MUST_USE;

#endif
