/*
 * How the secrets of a vault stand: every field of its items with its versions and their states, as far as this device knows: by the
 * verified records, and by what it has signed itself and not sent yet, so that work without network goes on from where it is.
 *
 * What people do next follows from this (actions.h, campaign.h). Nothing here comes near a secret.
 */
#ifndef CS_FIELD_CLIENT_VAULT_FIELDS_H
#define CS_FIELD_CLIENT_VAULT_FIELDS_H

#include "field-client/vault/book.h"

struct cs_vault_field_version {
    struct cs_id id;
    enum cs_vault_state state;
    uint8_t current
        [CS_HASH_SIZE]; /* id of the record by which it is in this state: what the next one follows */
    uint8_t author[CS_HASH_SIZE]; /* certificate id of who signed that record */
    uint64_t feed;     /* order in which versions were logged; those not logged yet come last */
    int64_t logged_ms; /* 0: not logged yet */
    int64_t state_ms;  /* when the state was logged; 0: not yet */
    bool
        acknowledged; /* the version stands in the server's log, of its present incarnation: durable there */
    bool state_waits; /* its state is signed here and not sent yet */
};

struct cs_vault_field {
    struct cs_id vault;
    struct cs_id item;
    struct cs_bytes name;
    const struct cs_vault_field_version *versions; /* the newest first; at least one */
    size_t version_count;
};

/* All fields with a version, of one item or (NULL) of all, by item and name; in the arena. A signed record in the queue counts only if it
 * goes on from what stands: one that will be refused says nothing. */
enum cs_status cs_vault_fields_load(struct cs_vault_book *book, const struct cs_id *vault,
                                    const struct cs_id *item, struct cs_arena *arena,
                                    struct cs_vault_field **out, size_t *out_count) CS_MUST_USE;
/* The field of this item and name; NULL. */
const struct cs_vault_field *cs_vault_fields_find(const struct cs_vault_field *list, size_t count,
                                                  const struct cs_id *item, struct cs_bytes name);
/* What is in force as far as is known: the newest that is confirmed. NULL: none is. */
const struct cs_vault_field_version *cs_vault_field_confirmed(const struct cs_vault_field *field);
/* What is to come, and may be in force already: the newest that is pending, applied or verified. NULL: there is none. */
const struct cs_vault_field_version *cs_vault_field_coming(const struct cs_vault_field *field);

#endif
