/*
 * A laptop's replica: HOME/replica.db (encrypted), its entity tables and its engine tables.
 *
 * Opened by every command once the identity is unlocked; one process owns it. Local edits go
 * through edit.h, reading through query.h, sync through field-client/sync.
 *
 * What must stay true: the view (entity tables) = confirmed server state ⊕ pending transactions in
 * counter order. Confirmed state of a row is its image in _covered if the row has entries in
 * _overlay (absent if it has no image), else the row in its table. Only confirmed state enters the
 * digests of scopes.
 */
#ifndef CS_REPLICA_REPLICA_H
#define CS_REPLICA_REPLICA_H

#include "field-client/replica/identity.h"
#include "shared/rows/row_table.h"
#include "shared/storage/copy_rows.h"

#define CS_REPLICA_FILE "replica.db"
#define CS_HOME_PATH_MAX ((size_t)1024)

struct cs_replica; /* opaque */

/*
 * Opens HOME/replica.db, encrypted under the identity's master key (shared/storage/encrypted/keyed.h), creating or migrating it; one of
 * before it was encrypted is converted first. Everything passed in is borrowed until close; `identity` is changed by sync when the
 * server's keys change. CS_BUSY: another process owns it; CS_UNSUPPORTED: written by a newer version; CS_CORRUPT: damaged,
 * or not this identity's.
 */
enum cs_status cs_replica_open(const struct cs_world *world, const char *home,
                               const struct cs_registry *registry, struct cs_identity *identity,
                               struct cs_replica **out, struct cs_problem *problem) CS_MUST_USE;
/* The same; `progress` hears of a conversion. */
enum cs_status cs_replica_open_telling(const struct cs_world *world, const char *home,
                                       const struct cs_registry *registry,
                                       struct cs_identity *identity,
                                       const struct cs_progress *progress, struct cs_replica **out,
                                       struct cs_problem *problem) CS_MUST_USE;
/*
 * Writes the replica anew under the master key of `next`, in the next key epoch, beside the one that is open. Which of them counts is decided
 * by the identity that is saved while this one is still open: opened with `next` the replica is the new one, and what is under
 * the old key is destroyed; opened with the present identity the new one is thrown away. CS_DISK_FULL and others: nothing has changed.
 */
enum cs_status cs_replica_renew(struct cs_replica *replica, const struct cs_identity *next,
                                const struct cs_progress *progress,
                                struct cs_problem *problem) CS_MUST_USE;
/* NULL is accepted; an open edit or session must be ended first. */
void cs_replica_close(struct cs_replica *replica);

const struct cs_world *cs_replica_world(const struct cs_replica *replica);
const char *cs_replica_home(const struct cs_replica *replica);
const struct cs_registry *cs_replica_registry(const struct cs_replica *replica);
struct cs_identity *cs_replica_identity(const struct cs_replica *replica);
struct cs_database *cs_replica_database(const struct cs_replica *replica);
/* Changes of the database since it was opened that people could see the effect of: all but those passed over. */
uint64_t cs_replica_changes(const struct cs_replica *replica);
/* Of what only counts requests, by which nothing looks different. */
void cs_replica_pass_over(struct cs_replica *replica, uint64_t changes);
/* The view, for reading through shared/rows. Never written but by this folder. */
struct cs_row_tables *cs_replica_tables(const struct cs_replica *replica);
/* A fresh row id of this device. */
struct cs_id cs_replica_draw_id(struct cs_replica *replica);

/*
 * Small facts kept in _meta. A missing number reads as 0, missing bytes as empty (appended to
 * `out`). Setting needs no transaction of the caller but takes part in one that is open. Keys of
 * this folder and of sync are listed in meta.h; other folders prefix theirs with their name and a
 * dot, e.g. "commands.last_sync".
 */
enum cs_status cs_replica_meta_number(struct cs_replica *replica, const char *key,
                                      int64_t *out) CS_MUST_USE;
enum cs_status cs_replica_meta_set_number(struct cs_replica *replica, const char *key,
                                          int64_t value) CS_MUST_USE;
enum cs_status cs_replica_meta_bytes(struct cs_replica *replica, const char *key,
                                     struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_replica_meta_set_bytes(struct cs_replica *replica, const char *key,
                                         struct cs_bytes value) CS_MUST_USE;

#endif
