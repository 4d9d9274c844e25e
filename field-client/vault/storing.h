/*
 * Storing a credential: its listing data, a new version of a secret, and that this is the one in force, queued together or not at all.
 */
#ifndef CS_FIELD_CLIENT_VAULT_STORING_H
#define CS_FIELD_CLIENT_VAULT_STORING_H

#include "field-client/vault/actions.h"

/* Entry, version, its state, and one state for every version that is in force no more. */
#define CS_VAULT_STORING_RECORDS_MAX ((size_t)8)

struct cs_vault_storing {
    struct cs_id item;                      /* a new one, or one that is there */
    const struct cs_vault_listing *listing; /* NULL: stays as it is */
    struct cs_bytes field;                  /* empty: no secret */
    struct cs_bytes secret;                 /* wiped by its owner */
    bool in_force; /* CONFIRMED at once, and what was confirmed before is archived; else PENDING */
    bool replace;  /* archives also what waits to become in force, in place of refusing */
};
struct cs_vault_stored {
    uint8_t ids[CS_VAULT_STORING_RECORDS_MAX][CS_HASH_SIZE]; /* of the records, in order */
    size_t count;
    struct cs_id version; /* with a secret */
};
/* CS_USED: a version of this field waits to become in force (a rotation that has not ended); as cs_vault_act_entry, _version, _state. */
enum cs_status cs_vault_store(struct cs_vault_book *book, const struct cs_id *vault,
                              const struct cs_vault_storing *wish, struct cs_vault_stored *out,
                              struct cs_problem *problem) CS_MUST_USE;

#endif
