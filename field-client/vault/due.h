/*
 * What an officer has to do about a vault's members: devices that were revoked and still have a grant, a key that is due, members that
 * lack the newest key.
 */
#ifndef CS_FIELD_CLIENT_VAULT_DUE_H
#define CS_FIELD_CLIENT_VAULT_DUE_H

#include "field-client/vault/book.h"

struct cs_vault_due {
    bool no_key;       /* it was created, and has no epoch yet */
    bool removed;      /* a member was removed since the last epoch: nothing may be stored */
    bool new_recovery; /* its key is sealed to a recovery key that is not the newest */
    size_t revoked;    /* grants in force of devices that were revoked */
    size_t lacking;    /* grants in force, of devices in force, of an earlier epoch */
};
enum cs_status cs_vault_due_of(struct cs_vault_book *book, const struct cs_vault_log *log,
                               struct cs_vault_due *out) CS_MUST_USE;
/* Is a new epoch due, or anything at all? */
bool cs_vault_due_epoch(const struct cs_vault_due *due);
bool cs_vault_due_any(const struct cs_vault_due *due);

/* The grants in force at the end of the log as a list, in the arena, with how each device stands. */
struct cs_vault_standing_grant {
    struct cs_vault_grant grant;
    bool revoked; /* the device */
    bool expired; /* the grant, by the own clock */
    bool lacks;   /* of an earlier epoch */
};
enum cs_status cs_vault_due_grants(struct cs_vault_book *book, const struct cs_vault_log *log,
                                   struct cs_arena *arena, struct cs_vault_standing_grant **out,
                                   size_t *out_count) CS_MUST_USE;

#endif
