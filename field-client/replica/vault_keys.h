/*
 * Keys of requests that wait for an answer, sealed by field-client/vault/waiting_key.h: what this laptop has to keep when the answer comes later
 * than the program that asked lives. What they open is not known here.
 *
 * Destroyed for good: overwritten in the database, and the journal with it. What a disk or a copy of it kept elsewhere is beyond a
 * program's reach.
 */
#ifndef CS_REPLICA_VAULT_KEYS_H
#define CS_REPLICA_VAULT_KEYS_H

#include "field-client/replica/replica.h"

struct cs_sealed_key {
    uint8_t record[CS_HASH_SIZE]; /* id of the request, lease or export it was made for */
    struct cs_id vault;
    int64_t kind; /* of that record, of enum cs_vault_kind */
    struct cs_bytes sealed;
};
/* Takes part in the transaction that is open. CS_EXISTS for a second key of one record. */
enum cs_status cs_sealed_key_put(struct cs_replica *replica,
                                 const struct cs_sealed_key *key) CS_MUST_USE;
/* CS_NOT_FOUND: there never was one, or it is destroyed. */
enum cs_status cs_sealed_key_get(struct cs_replica *replica,
                                 const uint8_t record[static CS_HASH_SIZE], struct cs_arena *arena,
                                 struct cs_sealed_key *out) CS_MUST_USE;
/* All of one kind, in the order in which they were kept. */
enum cs_status cs_sealed_keys(struct cs_replica *replica, int64_t kind, struct cs_arena *arena,
                              struct cs_sealed_key **out, size_t *out_count) CS_MUST_USE;
/* In the transaction that is open: its bytes are in the journal until cs_database_cut_log. CS_NOT_FOUND. */
enum cs_status cs_sealed_key_remove(struct cs_replica *replica,
                                    const uint8_t record[static CS_HASH_SIZE]) CS_MUST_USE;
/* Gone and overwritten on disk when this returns CS_OK; no transaction is open. CS_NOT_FOUND. */
enum cs_status cs_sealed_key_destroy(struct cs_replica *replica,
                                     const uint8_t record[static CS_HASH_SIZE]) CS_MUST_USE;

#endif
