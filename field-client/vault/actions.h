/*
 * What people do with vaults, each signed and put into the queue; field-client/sync/vault_sync.h sends it and says what became of it.
 * What goes into a vault's log (create, epoch, grant, withdraw) is signed at the head that is known here, so only one of them may
 * wait at a time: sync in between. All return as the functions they sign with, and CS_BUSY if something of that log waits.
 * `out_id`: the record's id, or NULL.
 */
#ifndef CS_FIELD_CLIENT_VAULT_ACTIONS_H
#define CS_FIELD_CLIENT_VAULT_ACTIONS_H

#include "field-client/vault/asking.h"
#include "field-client/vault/book.h"
#include "field-client/vault/fields.h"
#include "field-client/vault/listing.h"
#include "field-client/vault/officer.h"
#include "field-client/vault/version.h"

/* A vault with a new id for a project. */
enum cs_status cs_vault_act_create(struct cs_vault_book *book, const struct cs_id *project,
                                   struct cs_id *out_vault, uint8_t *out_id,
                                   struct cs_problem *problem) CS_MUST_USE;
/* The next epoch, sealed to the newest recovery key. The new key is the caller's: it is needed for the grants that follow, the own one first,
 * and is then nowhere else. */
enum cs_status cs_vault_act_epoch(struct cs_vault_book *book, const struct cs_id *vault,
                                  bool four_eyes, uint8_t *out_id, struct cs_secret **out_key,
                                  struct cs_problem *problem) CS_MUST_USE;
/* `key`: of the current epoch; empty: the one this device has. */
struct cs_vault_grant_wish {
    const uint8_t *recipient; /* certificate id */
    int64_t rights;
    int64_t expires_ms; /* 0: never */
    struct cs_bytes key;
};
enum cs_status cs_vault_act_grant(struct cs_vault_book *book, const struct cs_id *vault,
                                  const struct cs_vault_grant_wish *wish, uint8_t *out_id,
                                  struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_vault_act_withdraw(struct cs_vault_book *book, const struct cs_id *vault,
                                     const uint8_t recipient[static CS_HASH_SIZE],
                                     struct cs_bytes reason, uint8_t *out_id,
                                     struct cs_problem *problem) CS_MUST_USE;

/* Listing data of an item: of a new one, or changed. */
enum cs_status cs_vault_act_entry(struct cs_vault_book *book, const struct cs_id *vault,
                                  const struct cs_id *item, const struct cs_vault_listing *listing,
                                  uint8_t *out_id, struct cs_problem *problem) CS_MUST_USE;
/* A new version of a secret, PENDING. `version` is new and random; `secret` is wiped by its owner. With four eyes it is for all devices
 * that may approve. */
struct cs_vault_secret_wish {
    struct cs_id item;
    struct cs_bytes field;
    struct cs_id version;
    struct cs_bytes secret;
};
enum cs_status cs_vault_act_version(struct cs_vault_book *book, const struct cs_id *vault,
                                    const struct cs_vault_secret_wish *wish, uint8_t *out_id,
                                    struct cs_problem *problem) CS_MUST_USE;
/* A version comes into this state, after the one it is in here: the signed ones that wait to be sent count, so that several can
 * follow each other without network. CS_NOT_FOUND. */
enum cs_status cs_vault_act_state(struct cs_vault_book *book, const struct cs_id *vault,
                                  const struct cs_id *version, enum cs_vault_state state,
                                  uint8_t *out_id, struct cs_problem *problem) CS_MUST_USE;
/* A campaign of rotation begins, by the customer's consent, or (`previous`) the one with this id ends. campaign.h asks for it. */
enum cs_status cs_vault_act_campaign(struct cs_vault_book *book, const struct cs_id *vault,
                                     const uint8_t *previous, struct cs_bytes reason,
                                     uint8_t *out_id, struct cs_problem *problem) CS_MUST_USE;

/* Before asking: nothing is asked for that could not be opened then, for it would count as disclosed for nothing.
 * *out_four_eyes: one of them has parts for approvers. CS_LOCKED; CS_NOT_FOUND. */
enum cs_status cs_vault_act_check_openable(struct cs_vault_book *book, const struct cs_id *vault,
                                           struct cs_bytes versions, bool *out_four_eyes,
                                           struct cs_problem *problem) CS_MUST_USE;

/* Declares that a version is known to somebody it should not be known to. */
enum cs_status cs_vault_act_leak(struct cs_vault_book *book, const struct cs_id *vault,
                                 const struct cs_id *version, struct cs_bytes reason,
                                 uint8_t *out_id, struct cs_problem *problem) CS_MUST_USE;

/* Asks to be shown versions; the key opens the answer and is nowhere else. */
enum cs_status cs_vault_act_ask(struct cs_vault_book *book, const struct cs_id *vault,
                                const struct cs_vault_ask *ask, uint8_t *out_id,
                                struct cs_seal_key **out_key,
                                struct cs_problem *problem) CS_MUST_USE;
/* Agrees to a request, lease or export of somebody else. CS_EXPIRED: it is over (waiting.h). */
enum cs_status cs_vault_act_approve(struct cs_vault_book *book,
                                    const uint8_t request[static CS_HASH_SIZE], uint8_t *out_id,
                                    struct cs_problem *problem) CS_MUST_USE;

#endif
