/*
 * What an import would store: each entry of a password file as an item of a vault, before anything is signed. Pure.
 *
 *   name      the title; with the names of its groups before it where several entries have the same title
 *   user      the user name               address   the URL
 *   secrets   password, notes, totp, and every other field under its own name, empty ones left out
 *
 * An address with a password in it would be listed without a disclosure: it becomes a secret, "address". An entry whose values
 * the vault cannot hold is refused as a whole, and the others go on.
 *
 * Ids of items follow from the file, so that a second run finds what the first one stored:
 *
 *   id = first 16 bytes of KEYED(listing key of the vault's first epoch, "countersign vault imported item 1", vault, entry, u32 repeat)
 *
 * entry is the id that the file gives, else groups, title, user name and URL, each length-prefixed; repeat counts entries before it with
 * the same one. Keyed, so that the ids tell the server nothing.
 */
#ifndef CS_FIELD_CLIENT_VAULT_FILES_IMPORT_PLAN_H
#define CS_FIELD_CLIENT_VAULT_FILES_IMPORT_PLAN_H

#include "field-client/password_files/password_list.h"
#include "field-client/vault/listing.h"

struct cs_import_field {
    struct cs_bytes name;
    struct cs_bytes value; /* a view into the list: secret */
    bool here;             /* the vault has it already; set by import_store.h */
};

enum cs_import_remark {
    CS_IMPORT_NAME_CHANGED =
        1 << 0, /* title or user name was too long, or had characters that are not shown */
    CS_IMPORT_ADDRESS_SECRET = 1 << 1, /* the address became a secret */
    CS_IMPORT_FIELD_RENAMED = 1 << 2,  /* a field's name was too long, or was taken */
};

struct cs_import_item {
    const struct cs_password_entry *entry;
    struct cs_id id;
    struct cs_vault_listing listing;
    struct cs_import_field *fields;
    size_t field_count;
    bool here;           /* as above: the item itself */
    unsigned remarks;    /* of enum cs_import_remark */
    const char *refusal; /* why it cannot be stored; NULL: it can. Static. */
};

/* One for each entry, in its order; in the arena, with views into the list. CS_NO_MEMORY. */
enum cs_status cs_import_plan(const struct cs_password_list *list, const struct cs_id *vault,
                              struct cs_bytes listing_key, struct cs_arena *arena,
                              struct cs_import_item **out) CS_MUST_USE;

#endif
