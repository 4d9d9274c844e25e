/*
 * The vaults of this replica, for reading and signing: chains and logs are verified again each time a book is opened, before anything
 * else of a vault is believed. What was received and does not verify never came in here (receive.h).
 *
 * Used by sync and by the commands: open, look or sign, close. Not over a sync: that changes what is kept. A sync keeps its own open: what a
 * book remembers (chains, logs, the log's state) is changed by none but who speaks with the server.
 */
#ifndef CS_FIELD_CLIENT_VAULT_BOOK_H
#define CS_FIELD_CLIENT_VAULT_BOOK_H

#include "field-client/replica/log_state.h"
#include "field-client/replica/vault_records.h"
#include "field-client/vault/keyring.h"
#include "shared/vault/recovery.h"
#include "shared/vault/rules.h"
#include "shared/vault/version_state.h"

struct cs_vault_book; /* opaque */

enum cs_status cs_vault_book_open(struct cs_replica *replica,
                                  struct cs_vault_book **out) CS_MUST_USE;
/* NULL is accepted. */
void cs_vault_book_close(struct cs_vault_book *book);
struct cs_replica *cs_vault_book_replica(const struct cs_vault_book *book);

/* Whose signatures are believed now. */
const struct cs_vault_directory *cs_vault_book_directory(const struct cs_vault_book *book);
/* The same of all devices, revoked or not: for what is true whoever was revoked since (cs_vault_kind_under_lease). */
const struct cs_vault_directory *cs_vault_book_directory_of_all(const struct cs_vault_book *book);
/* From here on signatures are judged as of this position of the server: what a device signed that was revoked later counts.
 * UINT64_MAX: now. */
void cs_vault_book_judge_at(struct cs_vault_book *book, uint64_t position);
/* The verified chain of a device, revoked or not; borrowed. CS_NOT_FOUND. */
enum cs_status cs_vault_book_chain(struct cs_vault_book *book,
                                   const uint8_t certificate[static CS_HASH_SIZE],
                                   const struct cs_chain **out) CS_MUST_USE;
/* All known devices of the person of this certificate, that one first; the list is in the arena. */
enum cs_status cs_vault_book_person(struct cs_vault_book *book,
                                    const uint8_t certificate[static CS_HASH_SIZE],
                                    struct cs_arena *arena,
                                    struct cs_vault_person *out) CS_MUST_USE;
/* As whom this device signs, now, with the checkpoint it was shown last; borrowed. */
void cs_vault_book_signer(const struct cs_vault_book *book, struct cs_evidence_signer *out);
struct cs_vault_holder cs_vault_book_holder(const struct cs_vault_book *book);

/*
 * The vault's log, verified from its first record, and at least as long as it was; borrowed. An empty one for a vault that is not
 * known. CS_ROLLED_BACK, CS_OTHER_HISTORY, …: what is kept does not verify any more, and nothing of the vault may be used.
 */
enum cs_status cs_vault_book_log(struct cs_vault_book *book, const struct cs_id *vault,
                                 struct cs_vault_log **out, struct cs_problem *problem) CS_MUST_USE;
/* The same as the caller's own, to try records on that are not sent yet (draft.h). */
enum cs_status cs_vault_book_replay(struct cs_vault_book *book, const struct cs_id *vault,
                                    struct cs_vault_log **out,
                                    struct cs_problem *problem) CS_MUST_USE;
/* The keys this device has of it. As cs_vault_keyring_open. */
enum cs_status cs_vault_book_keyring(struct cs_vault_book *book, const struct cs_id *vault,
                                     struct cs_vault_keyring **out,
                                     struct cs_problem *problem) CS_MUST_USE;

/* Verified records; views into the arena. CS_NOT_FOUND. */
enum cs_status cs_vault_book_find(struct cs_vault_book *book, const uint8_t id[static CS_HASH_SIZE],
                                  struct cs_arena *arena, struct cs_vault_record *out) CS_MUST_USE;
enum cs_status cs_vault_book_newest(struct cs_vault_book *book, const struct cs_kept_filter *filter,
                                    struct cs_arena *arena,
                                    struct cs_vault_record *out) CS_MUST_USE;
/* In which state a kept version is, by its newest state alone: `tried` and `confirmed` say of that one only. */
enum cs_status cs_vault_book_state(struct cs_vault_book *book,
                                   const struct cs_vault_record *version,
                                   struct cs_version_state *out) CS_MUST_USE;
/* The newest recovery key that the root has named. CS_NOT_FOUND. */
enum cs_status cs_vault_book_recovery(struct cs_vault_book *book,
                                      struct cs_vault_recovery *out) CS_MUST_USE;

/* A signed record of this device waits to be sent: on disk when this returns. Its id in `out_id`, if that is not NULL. */
enum cs_status cs_vault_book_queue(struct cs_vault_book *book, struct cs_bytes record,
                                   uint8_t *out_id) CS_MUST_USE;

#endif
