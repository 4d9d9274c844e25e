/*
 * What this replica keeps of vaults: records that were verified (field-client/vault), as the bytes their authors signed; how long each
 * vault's log was; what is to be sent; statements of recovery keys; and what was found wrong. What the records say is not known here.
 *
 * Writing takes part in the transaction that is open. Lists and records are in the arena.
 */
#ifndef CS_REPLICA_VAULT_RECORDS_H
#define CS_REPLICA_VAULT_RECORDS_H

#include "field-client/replica/replica.h"
#include "shared/evidence/leaf.h"

/* Kinds below this one are of a vault's log. */
#define CS_VAULT_LOG_KINDS 4

struct cs_kept_record {
    uint8_t id[CS_HASH_SIZE];
    struct cs_id vault;
    uint64_t feed;
    int64_t kind; /* of enum cs_vault_kind */
    struct cs_leaf_moment moment;
    bool own;       /* signed by this device */
    bool confirmed; /* its leaf was seen in the evidence log of the present incarnation */
    struct cs_id item;
    struct cs_bytes field;
    struct cs_id version;
    uint8_t request[CS_HASH_SIZE];
    struct cs_bytes record;
};
/* Replaces one with the same id. */
enum cs_status cs_kept_record_put(struct cs_replica *replica,
                                  const struct cs_kept_record *record) CS_MUST_USE;
/* One that is here has come again from a server that goes on from an older state: at another place and moment. What was worked out of the records
 * of its vault is forgotten. */
enum cs_status cs_kept_record_put_again(struct cs_replica *replica,
                                        const struct cs_kept_record *record) CS_MUST_USE;
enum cs_status cs_kept_record_get(struct cs_replica *replica, const uint8_t id[static CS_HASH_SIZE],
                                  struct cs_arena *arena,
                                  struct cs_kept_record *out) CS_MUST_USE; /* CS_NOT_FOUND */
/* As the server's cs_vault_filter: the newest of this kind that is of this item and field, of this version, or an answer to this record.
 * CS_NOT_FOUND. */
struct cs_kept_filter {
    struct cs_id vault;
    int64_t kind;
    const struct cs_id *item;
    struct cs_bytes field;
    const struct cs_id *version;
    const uint8_t *request;
};
enum cs_status cs_kept_record_newest(struct cs_replica *replica,
                                     const struct cs_kept_filter *filter, struct cs_arena *arena,
                                     struct cs_kept_record *out) CS_MUST_USE;
/* The log record at this position. CS_NOT_FOUND. */
enum cs_status cs_kept_record_of_log(struct cs_replica *replica, const struct cs_id *vault,
                                     uint64_t log_position, struct cs_arena *arena,
                                     struct cs_kept_record *out) CS_MUST_USE;
/* All of one kind in a vault, in the order of the feed; valid during the call. */
typedef enum cs_status cs_kept_record_visitor(void *context, const struct cs_kept_record *record);
enum cs_status cs_kept_records(struct cs_replica *replica, const struct cs_id *vault, int64_t kind,
                               cs_kept_record_visitor *visit, void *context) CS_MUST_USE;
/* Those of one kind, logged after `after_ms`, to which there is no answer of `answer_kind`, in that order. Only kinds that are asked with
 * have the index for it. */
struct cs_kept_unanswered {
    struct cs_id vault;
    int64_t kind;
    int64_t answer_kind;
    int64_t after_ms;
};
enum cs_status cs_kept_unanswered(struct cs_replica *replica,
                                  const struct cs_kept_unanswered *which,
                                  cs_kept_record_visitor *visit, void *context) CS_MUST_USE;

/* Likewise those behind this place in the feed. */
enum cs_status cs_kept_records_after(struct cs_replica *replica, const struct cs_id *vault,
                                     int64_t kind, uint64_t feed, cs_kept_record_visitor *visit,
                                     void *context) CS_MUST_USE;
/* Likewise those of one item, of all its fields. */
enum cs_status cs_kept_records_of_item(struct cs_replica *replica, const struct cs_id *vault,
                                       int64_t kind, const struct cs_id *item,
                                       cs_kept_record_visitor *visit, void *context) CS_MUST_USE;

/* How many there are up to this place in the feed, and the place of the newest of them; 0 for none. */
enum cs_status cs_kept_records_extent(struct cs_replica *replica, const struct cs_id *vault,
                                      int64_t kind, uint64_t through, uint64_t *out_count,
                                      uint64_t *out_newest) CS_MUST_USE;

struct cs_kept_vault {
    struct cs_id vault;
    int64_t level; /* of enum cs_vault_level */
    uint64_t through;
    uint64_t length; /* of the verified log, and its head: never less, never another one */
    uint8_t head[CS_HASH_SIZE];
};
enum cs_status cs_kept_vault_put(struct cs_replica *replica,
                                 const struct cs_kept_vault *vault) CS_MUST_USE;
enum cs_status cs_kept_vault_get(struct cs_replica *replica, const struct cs_id *vault,
                                 struct cs_kept_vault *out) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_kept_vaults(struct cs_replica *replica, struct cs_arena *arena,
                              struct cs_kept_vault **out, size_t *out_count) CS_MUST_USE;
/* What is stored in a vault goes when this person may no longer see it; its log and what this device signed stay. */
enum cs_status cs_kept_vault_empty(struct cs_replica *replica,
                                   const struct cs_id *vault) CS_MUST_USE;
/* Another incarnation of the server: everything is fetched again, and what this device signed is sent again. */
enum cs_status cs_kept_vaults_begin_anew(struct cs_replica *replica) CS_MUST_USE;

/* What is to be sent, in order. What was refused stays, with the reason, until it is put aside. */
struct cs_queued_record {
    int64_t number;
    uint8_t id[CS_HASH_SIZE];
    struct cs_bytes record;
    enum cs_status status; /* CS_OK: waits; otherwise refused */
    struct cs_bytes text;
};
enum cs_status cs_queued_record_put(struct cs_replica *replica,
                                    const uint8_t id[static CS_HASH_SIZE],
                                    struct cs_bytes record) CS_MUST_USE;
enum cs_status cs_queued_record_get(struct cs_replica *replica,
                                    const uint8_t id[static CS_HASH_SIZE], struct cs_arena *arena,
                                    struct cs_queued_record *out) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_queued_records(struct cs_replica *replica, bool refused, size_t limit,
                                 struct cs_arena *arena, struct cs_queued_record **out,
                                 size_t *out_count) CS_MUST_USE;
/* What a server that went back refused of what it had once taken waits again: it follows something that another device has to send again first. */
enum cs_status cs_queued_records_try_again(struct cs_replica *replica) CS_MUST_USE;
/* It was taken, or is put aside. By its id: the number of one that went may be that of the next. One that went already makes no difference. */
enum cs_status cs_queued_record_remove(struct cs_replica *replica,
                                       const uint8_t id[static CS_HASH_SIZE]) CS_MUST_USE;
enum cs_status cs_queued_record_refuse(struct cs_replica *replica,
                                       const uint8_t id[static CS_HASH_SIZE], enum cs_status status,
                                       struct cs_bytes text) CS_MUST_USE;

struct cs_kept_recovery {
    uint64_t number;
    uint8_t id[CS_HASH_SIZE];
    struct cs_bytes statement;
};
enum cs_status cs_kept_recovery_put(struct cs_replica *replica,
                                    const struct cs_kept_recovery *recovery) CS_MUST_USE;
/* By id; NULL: the newest. CS_NOT_FOUND. */
enum cs_status cs_kept_recovery_get(struct cs_replica *replica, const uint8_t *id,
                                    struct cs_arena *arena,
                                    struct cs_kept_recovery *out) CS_MUST_USE;

/* What was wrong with a vault as the server showed it, or has to be known to people. Told once each, and kept until a person has read it. */
struct cs_vault_finding {
    int64_t number;
    int64_t at_ms;
    struct cs_id vault; /* zero: recovery keys */
    enum cs_status status;
    struct cs_bytes text;
    bool
        alarm; /* nothing is wrong with the vault: what happened is in this record (field-client/vault/alarm.h), not in the text */
    uint8_t record[CS_HASH_SIZE];
};
enum cs_status cs_vault_finding_put(struct cs_replica *replica, const struct cs_id *vault,
                                    enum cs_status status, struct cs_bytes text) CS_MUST_USE;
enum cs_status cs_vault_alarm_put(struct cs_replica *replica, const struct cs_id *vault,
                                  const uint8_t record[static CS_HASH_SIZE]) CS_MUST_USE;
enum cs_status cs_vault_findings(struct cs_replica *replica, struct cs_arena *arena,
                                 struct cs_vault_finding **out, size_t *out_count) CS_MUST_USE;
enum cs_status cs_vault_finding_remove(struct cs_replica *replica, int64_t number) CS_MUST_USE;

#endif
