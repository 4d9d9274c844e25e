/*
 * What the subcommands of `vault` share: the book, what was typed found in it, the exchange with the server, secrets from people.
 *
 * A subcommand: options and arguments (wrong use before anything is unlocked), cs_vault_work_begin, do it, answer,
 * cs_vault_work_end. What must stay true: no secret reaches an argument, a problem's text or ordinary memory.
 */
#ifndef CS_COMMANDS_VAULT_COMMAND_H
#define CS_COMMANDS_VAULT_COMMAND_H

#include "field-client/console/command.h"
#include "field-client/sync/vault_sync.h"
#include "field-client/vault/catalog.h"

/* The command itself: which of its subcommands. */
enum cs_status cs_command_vault(struct cs_command *command) CS_MUST_USE;
/* What the help says of each of them: two texts, since a literal is at most 4,095 bytes. */
extern const char cs_vault_details[];
extern const char cs_vault_details_of_rotation[];

cs_command_function cs_vault_command_list;
cs_command_function cs_vault_command_create;
cs_command_function cs_vault_command_members;
cs_command_function cs_vault_command_grant;
cs_command_function cs_vault_command_revoke;
cs_command_function cs_vault_command_rekey;
cs_command_function cs_vault_command_recovery;
cs_command_function cs_vault_command_add;
cs_command_function cs_vault_command_edit;
cs_command_function cs_vault_command_set;
cs_command_function cs_vault_command_show;
cs_command_function cs_vault_command_refused;
cs_command_function cs_vault_command_findings;
cs_command_function cs_vault_command_reveal;
cs_command_function cs_vault_command_lease;
cs_command_function cs_vault_command_leases;
cs_command_function cs_vault_command_return;
cs_command_function cs_vault_command_code;
cs_command_function cs_vault_command_waiting;
cs_command_function cs_vault_command_approve;
cs_command_function cs_vault_command_import;
cs_command_function cs_vault_command_export;
/* Reports (report.h). */
cs_command_function cs_vault_command_access;
cs_command_function cs_vault_command_audit;
cs_command_function cs_vault_command_exposed;
cs_command_function cs_vault_command_due;
cs_command_function cs_vault_command_leak;

/* ---- work ---- */

struct cs_vault_work {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_vault_book *book; /* another one after each sync */
    struct cs_arena arena;      /* of the work */
};
/* Asks for the passphrase, unlocks, opens the book. To be ended in any case. */
enum cs_status cs_vault_work_begin(struct cs_command *command,
                                   struct cs_vault_work *work) CS_MUST_USE;
void cs_vault_work_end(struct cs_vault_work *work);

/*
 * Sends what waits and fetches what is new of vaults; a whole sync first where that has to come before. The book is another one
 * afterwards, so logs and keyrings of the one before are gone. Findings are told on standard error. CS_UNREACHABLE, …: what was queued is on disk
 * and goes with the next sync.
 */
enum cs_status cs_vault_work_sync(struct cs_vault_work *work) CS_MUST_USE;
/* A whole sync, then the vaults: devices, people and projects as the server has them now. */
enum cs_status cs_vault_work_sync_all(struct cs_vault_work *work) CS_MUST_USE;
/* What became of a record that was queued: CS_OK: taken. CS_BUSY: it waits. Else the server's refusal, with its text as the problem; it
 * is put aside then, since the person has read it. */
enum cs_status cs_vault_work_outcome(struct cs_vault_work *work,
                                     const uint8_t id[static CS_HASH_SIZE]) CS_MUST_USE;
/* Takes what waits out of the queue: it can never be taken. CS_NOT_FOUND. */
enum cs_status cs_vault_work_put_aside(struct cs_vault_work *work,
                                       const uint8_t id[static CS_HASH_SIZE]) CS_MUST_USE;
/* Sync and outcome, for a single record. */
enum cs_status cs_vault_work_send(struct cs_vault_work *work,
                                  const uint8_t id[static CS_HASH_SIZE]) CS_MUST_USE;

/* ---- what was typed ---- */

/* PROJECT as a row: id, beginning of an id, natural key. Its vault may be still to be made. */
enum cs_status cs_vault_work_project(struct cs_vault_work *work, struct cs_bytes text,
                                     struct cs_id *out) CS_MUST_USE;
/* PROJECT as its vault. Who has the vault but not the project's row names it by the beginning of either's id. CS_NOT_FOUND: no vault. */
enum cs_status cs_vault_work_vault(struct cs_vault_work *work, struct cs_bytes text,
                                   struct cs_vault_of_project *out) CS_MUST_USE;

struct cs_vault_credential {
    struct cs_vault_of_project vault;
    struct cs_id item;
    struct cs_vault_listing listing; /* in the work's arena */
};
/* CREDENTIAL: id, unique beginning of one (4 digits or more), or exact name; `project` narrows it, NULL: all vaults. CS_NOT_FOUND;
 * CS_EXISTS: it fits several, which are named. */
enum cs_status cs_vault_work_credential(struct cs_vault_work *work, struct cs_bytes text,
                                        const char *project,
                                        struct cs_vault_credential *out) CS_MUST_USE;

struct cs_vault_person_found {
    struct cs_id person;
    struct cs_bytes name;                  /* as in the row, or the certificate */
    const struct cs_chain *const *devices; /* verified, not revoked; of the book */
    size_t count;                          /* 0: nobody joined yet */
};
/* PERSON: the name, if it is one person's; id or the beginning of one. With all devices that are in force. */
enum cs_status cs_vault_work_person(struct cs_vault_work *work, struct cs_bytes text,
                                    struct cs_vault_person_found *out) CS_MUST_USE;

/* ---- words ---- */

/* The project's label, or the id; in the arena. */
enum cs_status cs_vault_work_project_name(struct cs_vault_work *work, const struct cs_id *project,
                                          struct cs_bytes *out) CS_MUST_USE;
/* Of the project of a vault, likewise. Empty: the vault is not here any more. */
enum cs_status cs_vault_work_vault_name(struct cs_vault_work *work, const struct cs_id *vault,
                                        struct cs_bytes *out) CS_MUST_USE;
/* What the item of a version is listed as; its id where this device has no listing key; in the arena. */
enum cs_status cs_vault_work_item_name(struct cs_vault_work *work,
                                       const struct cs_vault_record *version,
                                       struct cs_bytes *out) CS_MUST_USE;
/* For people: "pending", "待生效". For programs: cs_vault_state_name. */
const char *cs_vault_state_words(const struct cs_command *command, enum cs_vault_state state);
/* Instants of the server's clock as text, in UTC. */
struct cs_json *cs_vault_time_json(int64_t ms);

#endif
