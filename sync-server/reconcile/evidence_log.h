/*
 * The evidence log over the store: entering what must stand up later, and proving that it was entered
 * (design §4, shared/evidence/LOG.md).
 *
 * Entered in the commit of what it proves: every certificate at joining, every accepted change-set,
 * every row of evidence. Called by push.c, finish.c and the handlers, inside a batch; proofs are read
 * from a snapshot.
 */
#ifndef CS_SERVER_RECONCILE_EVIDENCE_LOG_H
#define CS_SERVER_RECONCILE_EVIDENCE_LOG_H

#include "shared/evidence/leaf.h"
#include "sync-server/stores/store.h"
#include "sync-server/stores/vault_store.h"

/* Appends the leaf; what stands there already is not entered again. */
enum cs_status cs_evidence_log_enter(struct cs_store *store,
                                     const struct cs_leaf *leaf) CS_MUST_USE;
/* The leaf of a row of evidence as it is; nothing for rows of other kinds. */
enum cs_status cs_evidence_log_enter_row(struct cs_store *store,
                                         const struct cs_stored_row *row) CS_MUST_USE;
/* The leaf of a row of evidence: false for others. */
bool cs_evidence_log_row_leaf(const struct cs_stored_row *row, struct cs_leaf *out);

/* The leaf of a recovery key's statement. */
void cs_evidence_log_recovery_leaf(const struct cs_stored_recovery *recovery, struct cs_leaf *out);

/* Calls visit with the leaf of everything that must be in the log: certificates in order of joining,
 * change-sets, records of vaults, recovery keys, rows. */
typedef enum cs_status cs_evidence_visitor(void *context, const struct cs_leaf *leaf);
enum cs_status cs_evidence_log_sources(struct cs_store *store, cs_evidence_visitor *visit,
                                       void *context) CS_MUST_USE;
/* Enters all of that into an empty log: a database from before there was one. Inside a batch. */
enum cs_status cs_evidence_log_fill(struct cs_store *store) CS_MUST_USE;

/* A cs_merkle_reader; `context` is the store. */
enum cs_status cs_evidence_log_node(void *context, unsigned level, uint64_t number,
                                    uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;
/* Size and root as they are. */
enum cs_status cs_evidence_log_root(struct cs_store *store, uint64_t *out_size,
                                    uint8_t out_root[static CS_HASH_SIZE]) CS_MUST_USE;
/* The root of the first `size` entries. CS_NOT_FOUND: there are not so many. */
enum cs_status cs_evidence_log_root_at(struct cs_store *store, uint64_t size,
                                       uint8_t out_root[static CS_HASH_SIZE]) CS_MUST_USE;
/* CS_NOT_FOUND: not in the log. */
enum cs_status cs_evidence_log_prove(struct cs_store *store, const struct cs_leaf *leaf,
                                     uint64_t size, uint64_t *out_number,
                                     struct cs_merkle_proof *out) CS_MUST_USE;

#endif
