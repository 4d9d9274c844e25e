/*
 * Vaults with the server (design §10; PROTOCOL.md, chapter "Vault"): sends what waits, takes what is new, and has passwords released.
 *
 * After a sync, and only when there can be something: every record has its leaf in the evidence log, so that with the checkpoint of
 * last time nothing is new; and the server says in every sync whether it has taken anything of vaults. So a sync without news costs nothing more for
 * vaults, and one with news none where no vault has any.
 *
 * Everything that comes is verified again (field-client/vault/receive.h) against the checkpoint, which itself goes on from the last one. What
 * does not hold is not kept, is a finding (vault_records.h), and ends nothing else: other vaults go on.
 */
#ifndef CS_SYNC_VAULT_SYNC_H
#define CS_SYNC_VAULT_SYNC_H

#include "field-client/vault/actions.h"

struct cs_vault_sync_result {
    uint64_t sent;     /* records taken by the server, or known to it */
    uint64_t refused;  /* records that it refused: cs_queued_records */
    uint64_t received; /* records verified and kept */
    uint64_t findings; /* records or vaults that did not verify: cs_vault_findings */
    uint64_t bytes_up;
    uint64_t bytes_down;
    uint64_t round_trips;
};

/* Is there something to send, or can there be something new? */
enum cs_status cs_vault_sync_due(struct cs_replica *replica, bool *out) CS_MUST_USE;
/*
 * The whole exchange. Leases are settled before, so that their returns go with it, and after, by what came. CS_OK also with findings and refusals. CS_BUSY: sync first, the server is another one than at the last sync.
 * CS_REVOKED, CS_UNREACHABLE, CS_OTHER_HISTORY, …: nothing of that page was applied. CS_UNKNOWN_DEVICE: a record is by a device that a
 * sync will bring.
 */
enum cs_status cs_vault_sync_run(struct cs_replica *replica, struct cs_vault_sync_result *out,
                                 struct cs_problem *problem) CS_MUST_USE;
/*
 * For a device that was told that it was revoked: its leases end, and what it did with them is sent, for that is still taken. What cannot be
 * sent now waits for the next time, which is no failure.
 */
enum cs_status cs_vault_last_words(struct cs_replica *replica,
                                   struct cs_vault_sync_result *out) CS_MUST_USE;
/* The root's statement of a new recovery key, sent at once. As the server's answer; CS_EXISTS is no failure and gives CS_OK. */
enum cs_status cs_vault_send_recovery(struct cs_replica *replica, struct cs_bytes statement,
                                      struct cs_problem *problem) CS_MUST_USE;

/*
 * A disclosure: asked for (signed, queued), logged by the server, released. The key that opens the answer is in this object only, so
 * that what a program that ends leaves behind opens nothing; the request counts as a disclosure all the same.
 *
 * Where somebody else has to agree first (four eyes, an export), the answer comes later than a program lives: the key is then kept
 * too, sealed (field-client/vault/waiting_key.h), in the commit that queues the request, until cs_vault_disclosure_spend.
 */
struct cs_vault_disclosure; /* opaque */

enum cs_status cs_vault_disclosure_begin(struct cs_replica *replica, const struct cs_id *vault,
                                         const struct cs_vault_ask *ask,
                                         struct cs_vault_disclosure **out,
                                         struct cs_problem *problem) CS_MUST_USE;
/* Goes on with one that waits, begun by another program of this laptop. CS_NOT_FOUND: nothing waits under this id: it was never asked for
 * here, is opened already, or was given up. CS_FORGED as cs_vault_waiting_key_load. */
enum cs_status cs_vault_disclosure_resume(struct cs_replica *replica,
                                          const uint8_t request[static CS_HASH_SIZE],
                                          struct cs_vault_disclosure **out,
                                          struct cs_problem *problem) CS_MUST_USE;
/* NULL is accepted. Wipes the key in memory; a kept one stays kept. */
void cs_vault_disclosure_end(struct cs_vault_disclosure *disclosure);
/* Id of the request, by which somebody else approves. */
const uint8_t *cs_vault_disclosure_id(const struct cs_vault_disclosure *disclosure);
/* Is its key kept? */
bool cs_vault_disclosure_waits(const struct cs_vault_disclosure *disclosure);
/*
 * The secret of one of the versions asked for, in secret memory. Exchanges with the server if the answer is not here. CS_LOCKED: it waits for
 * an approval: try again later. What the server refused: its status and text. CS_OTHER_HISTORY: the answer is a finding. CS_FORGED, …: the answer does not hold.
 */
enum cs_status cs_vault_disclosure_open(struct cs_vault_disclosure *disclosure,
                                        const struct cs_id *version, struct cs_secret **out,
                                        struct cs_problem *problem) CS_MUST_USE;
/* To be called after opening and before anything is shown, and to give up what waits: a kept key is destroyed on disk, so that the answer
 * opens once. Without a kept one it does nothing. */
enum cs_status cs_vault_disclosure_spend(struct cs_vault_disclosure *disclosure) CS_MUST_USE;

#endif
