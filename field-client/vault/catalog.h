/*
 * What there is in the vaults of this replica: which project a vault is of, and its items by name. Read over the book, so everything is of
 * verified records. Listing is no disclosure; nothing here comes near a secret.
 */
#ifndef CS_FIELD_CLIENT_VAULT_CATALOG_H
#define CS_FIELD_CLIENT_VAULT_CATALOG_H

#include "field-client/vault/book.h"
#include "field-client/vault/listing.h"

struct cs_vault_of_project {
    struct cs_id vault;
    struct cs_id project;
    int64_t level; /* of enum cs_vault_level: what the server shows of it */
};
/* Vaults whose log is here, ascending by id, in the arena. One whose log does not verify is left out: it is a finding. */
enum cs_status cs_vault_catalog_vaults(struct cs_vault_book *book, struct cs_arena *arena,
                                       struct cs_vault_of_project **out,
                                       size_t *out_count) CS_MUST_USE;
/* The vault of this project. CS_NOT_FOUND: none is known here. */
enum cs_status cs_vault_catalog_find(struct cs_vault_book *book, const struct cs_id *project,
                                     struct cs_id *out_vault) CS_MUST_USE;

struct cs_vault_listed {
    struct cs_id vault;
    struct cs_id item;
    uint8_t entry[CS_HASH_SIZE];     /* id of the entry that counts: the newest */
    uint8_t author[CS_HASH_SIZE];    /* certificate id of who wrote it */
    struct cs_vault_listing listing; /* valid during the call */
};
typedef enum cs_status cs_vault_listed_visitor(void *context, const struct cs_vault_listed *listed);
/* Every item of a vault, in the order in which they were first stored. The visitor may read the book. As cs_vault_keyring_open for who has no listing key; the
 * visitor's status other than CS_OK ends it and is returned. */
enum cs_status cs_vault_catalog_items(struct cs_vault_book *book, const struct cs_id *vault,
                                      cs_vault_listed_visitor *visit, void *context,
                                      struct cs_problem *problem) CS_MUST_USE;

struct cs_vault_kept_version {
    struct cs_vault_record version; /* views into the arena */
    int64_t logged_ms;              /* by the server's clock */
    enum cs_vault_state state;
};
/* All versions of an item, of all its fields, in the order in which they were stored; in the arena. */
enum cs_status cs_vault_catalog_versions(struct cs_vault_book *book, const struct cs_id *vault,
                                         const struct cs_id *item, struct cs_arena *arena,
                                         struct cs_vault_kept_version **out,
                                         size_t *out_count) CS_MUST_USE;

#endif
