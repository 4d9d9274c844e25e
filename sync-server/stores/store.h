/*
 * The storage interface of the server: narrow and set-based. The SQLite store implements it (sqlite_*.c); another database is
 * another set of files behind the same functions. The server's core writes no SQL.
 *
 * A store handle belongs to one thread. The committer owns the only writing handle; readers take snapshots beside it.
 * Results live in the arena that is passed in. Writing functions work inside a batch (cs_store_begin … cs_store_commit).
 */
#ifndef CS_SERVER_STORES_STORE_H
#define CS_SERVER_STORES_STORE_H

#include "shared/base/version.h"
#include "shared/base/world.h"
#include "shared/domain/descriptor.h"
#include "shared/rows/row_table.h"
#include "shared/wire/messages.h"

struct cs_store;

enum cs_store_mode { CS_STORE_WRITER, CS_STORE_READER };

/* Creates or migrates the database for WRITER. `path` is a file. CS_UNSUPPORTED for one of a newer program, and for a READER also
 * for one that the writer has yet to upgrade. */
enum cs_status cs_store_open(const struct cs_world *world, const char *path,
                             enum cs_store_mode mode, const struct cs_registry *registry,
                             struct cs_store **out, struct cs_problem *problem) CS_MUST_USE;
void cs_store_close(struct cs_store *store);
const struct cs_registry *cs_store_registry(const struct cs_store *store);
struct cs_row_tables *cs_store_rows(struct cs_store *store);

/* Batch: everything between becomes durable together, or nothing. A reader's begin takes a snapshot. */
enum cs_status cs_store_begin(struct cs_store *store) CS_MUST_USE;
enum cs_status cs_store_commit(struct cs_store *store) CS_MUST_USE;
void cs_store_rollback(struct cs_store *store);
/* One request inside a batch: on failure only it is undone. */
enum cs_status cs_store_savepoint(struct cs_store *store) CS_MUST_USE;
enum cs_status cs_store_release(struct cs_store *store) CS_MUST_USE;
void cs_store_undo(struct cs_store *store);
/* Checks the file and copies it (a consistent state) to a new file. */
enum cs_status cs_store_check(struct cs_store *store, struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_store_copy(struct cs_store *store, const char *path,
                             struct cs_problem *problem) CS_MUST_USE;

/* Small named values: "incarnation", "organisation", …  CS_NOT_FOUND. */
enum cs_status cs_store_get(struct cs_store *store, const char *key, struct cs_arena *arena,
                            struct cs_bytes *out) CS_MUST_USE;
enum cs_status cs_store_put(struct cs_store *store, const char *key,
                            struct cs_bytes value) CS_MUST_USE;
/* The last position given to a change; 0 at first. */
enum cs_status cs_store_position(struct cs_store *store, uint64_t *out) CS_MUST_USE;
enum cs_status cs_store_set_position(struct cs_store *store, uint64_t position) CS_MUST_USE;

/* Devices. */
enum cs_device_state {
    CS_DEVICE_ACTIVE = 1,
    CS_DEVICE_SUSPENDED = 2,
    CS_DEVICE_FORKED = 3,
    CS_DEVICE_REVOKED = 4, /* for good: no other state follows */
};
/* What was fixed when a device's revocation was taken. Later change-sets of it are held for review. */
struct cs_device_revoked {
    uint64_t position; /* 0: it was not */
    int64_t at_ms;
    uint64_t sequence; /* last change-set before, its hash, its last transaction */
    uint8_t head[CS_HASH_SIZE];
    uint64_t counter;
    struct cs_id row; /* of entity `revocation` */
};
struct cs_device {
    uint8_t certificate[CS_HASH_SIZE]; /* id */
    uint64_t log;
    uint8_t invite[CS_HASH_SIZE]; /* id of the invite it was made with; zero: the first device */
    struct cs_id person;
    struct cs_bytes person_name;
    struct cs_bytes device_name;
    cs_roles roles;
    uint8_t sign_key[CS_SIGN_PUBLIC_SIZE];
    uint8_t seal_key[CS_SIGN_PUBLIC_SIZE];
    struct cs_bytes chain;
    enum cs_device_state state;
    int64_t joined_ms;
    int64_t seen_ms;
    uint64_t sequence;          /* last change-set on disk */
    uint8_t head[CS_HASH_SIZE]; /* hash of it */
    uint64_t counter;           /* last transaction */
    uint64_t request_counter;   /* last request */
    uint64_t joined_position;   /* 0: before positions of joining were kept */
    struct cs_device_revoked revoked;
};
enum cs_status cs_store_device(struct cs_store *store,
                               const uint8_t certificate[static CS_HASH_SIZE],
                               struct cs_arena *arena,
                               struct cs_device *out) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_store_device_by_log(struct cs_store *store, uint64_t log, struct cs_arena *arena,
                                      struct cs_device *out) CS_MUST_USE;
enum cs_status cs_store_device_by_invite(struct cs_store *store,
                                         const uint8_t invite[static CS_HASH_SIZE],
                                         struct cs_arena *arena, struct cs_device *out) CS_MUST_USE;
enum cs_status cs_store_devices(struct cs_store *store, struct cs_arena *arena,
                                struct cs_device **out, size_t *out_count) CS_MUST_USE;
enum cs_status cs_store_put_device(struct cs_store *store,
                                   const struct cs_device *device) CS_MUST_USE;

/* Requests: the hash of the request with this counter, for telling a repetition from a clone. CS_NOT_FOUND. */
enum cs_status cs_store_request(struct cs_store *store, uint64_t log, uint64_t counter,
                                uint8_t out_hash[static CS_HASH_SIZE]) CS_MUST_USE;
/* Remembers it; only the last `keep` counters of a device are kept. */
enum cs_status cs_store_put_request(struct cs_store *store, uint64_t log, uint64_t counter,
                                    const uint8_t hash[static CS_HASH_SIZE],
                                    uint64_t keep) CS_MUST_USE;

/* Incarnations that have ended: the server went back in time, see reconcile/recovery.h. */
struct cs_incarnation {
    uint8_t id[16];
    uint64_t position; /* of the server when it ended */
    int64_t ended_ms;
    uint64_t witness; /* log of the device that showed it; 0: restored by command */
    uint64_t witness_position;
};
enum cs_status cs_store_put_incarnation(struct cs_store *store,
                                        const struct cs_incarnation *incarnation) CS_MUST_USE;
enum cs_status cs_store_incarnation(struct cs_store *store, const uint8_t id[static 16],
                                    struct cs_incarnation *out) CS_MUST_USE; /* CS_NOT_FOUND */
/* How far a device has brought back what the server lost. */
struct cs_returning {
    uint64_t log;
    uint64_t sequence; /* last change-set that the server had when it began anew */
    uint64_t named;    /* last one that had been confirmed to the device, as it says */
    bool awaited; /* it has not synced since, or not all of it is back, and it was not given up */
};
enum cs_status cs_store_put_returning(struct cs_store *store,
                                      const struct cs_returning *returning) CS_MUST_USE;
enum cs_status cs_store_returning(struct cs_store *store, uint64_t log,
                                  struct cs_returning *out) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_store_awaits_any(struct cs_store *store, bool *out) CS_MUST_USE;
/* Change-sets, verbatim. */
enum cs_status cs_store_append_change_set(struct cs_store *store, uint64_t log, uint64_t sequence,
                                          const uint8_t hash[static CS_HASH_SIZE],
                                          struct cs_bytes inner) CS_MUST_USE;
enum cs_status
cs_store_change_set_hash(struct cs_store *store, uint64_t log, uint64_t sequence,
                         uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE; /* CS_NOT_FOUND */
/* Calls visit for all change-sets by log and sequence. */
typedef enum cs_status cs_change_set_visitor(void *context, uint64_t log, uint64_t sequence,
                                             const uint8_t hash[static CS_HASH_SIZE],
                                             struct cs_bytes inner);
enum cs_status cs_store_change_sets(struct cs_store *store, cs_change_set_visitor *visit,
                                    void *context) CS_MUST_USE;

/* Transactions: what became of every one. */
struct cs_logged_transaction {
    struct cs_version version;
    uint8_t id[16];
    int64_t claimed; /* instant */
    int64_t received_ms;
    int64_t effective_ms;
    bool fact;
    enum cs_outcome outcome;
    enum cs_status status; /* REFUSED, HELD: why */
    uint32_t operation;    /* REFUSED: which */
    struct cs_bytes field;
    struct cs_bytes text;
    struct cs_bytes body; /* HELD: cs_transaction_encode; otherwise empty */
};
enum cs_status
cs_store_put_transaction(struct cs_store *store,
                         const struct cs_logged_transaction *transaction) CS_MUST_USE;
/* CS_NOT_FOUND. */
enum cs_status cs_store_transaction(struct cs_store *store, const struct cs_version *version,
                                    struct cs_arena *arena,
                                    struct cs_logged_transaction *out) CS_MUST_USE;
/* Was a transaction with this id applied or held already? */
enum cs_status cs_store_transaction_known(struct cs_store *store, const uint8_t id[static 16],
                                          bool *out) CS_MUST_USE;
/* The applied or held transaction with this id: what a DUPLICATE is a duplicate of. CS_NOT_FOUND. */
enum cs_status cs_store_transaction_taken(struct cs_store *store, const uint8_t id[static 16],
                                          struct cs_arena *arena,
                                          struct cs_logged_transaction *out) CS_MUST_USE;
/* One with this id that was refused; of several the last to arrive. CS_NOT_FOUND. */
enum cs_status cs_store_transaction_refused(struct cs_store *store, const uint8_t id[static 16],
                                            struct cs_arena *arena,
                                            struct cs_logged_transaction *out) CS_MUST_USE;
/*
 * The versions under which a transaction with this id was applied or is a duplicate: all its names, ascending, at most `limit` of
 * them; none: *out_count 0. More than one when its author joined again and sent it under a new log.
 */
enum cs_status cs_store_transaction_names(struct cs_store *store, const uint8_t id[static 16],
                                          size_t limit, struct cs_arena *arena,
                                          struct cs_version **out, size_t *out_count) CS_MUST_USE;
/* All held ones but those held for review, in order of arrival. */
enum cs_status cs_store_held(struct cs_store *store, struct cs_arena *arena,
                             struct cs_logged_transaction **out, size_t *out_count) CS_MUST_USE;

/*
 * Work held for review: transactions with outcome HELD and status CS_REVOKED. Only a person's decision ends that, so they are
 * kept out of what is tried again.
 */
struct cs_store_review {
    uint64_t count;
    uint64_t bytes; /* of bodies */
};
enum cs_status cs_store_review_load(struct cs_store *store, uint64_t log,
                                    struct cs_store_review *out) CS_MUST_USE;
/* Does a transaction that is held for review make this row? Its rows are entered with it, and leave with the decision. */
enum cs_status cs_store_put_review_row(struct cs_store *store, const struct cs_id *row,
                                       const struct cs_version *version) CS_MUST_USE;
enum cs_status cs_store_remove_review_rows(struct cs_store *store,
                                           const struct cs_version *version) CS_MUST_USE;
enum cs_status cs_store_review_row(struct cs_store *store, const struct cs_id *row,
                                   bool *out) CS_MUST_USE;

/* Rows. */
struct cs_row_key {
    struct cs_bytes entity;
    struct cs_id id;
};
/* Rows that devices still had, in a state that rests on changes the server has lost; until those come. */
enum cs_status cs_store_put_lost_version(struct cs_store *store, const struct cs_version *version,
                                         const struct cs_row_key *row) CS_MUST_USE;
enum cs_status cs_store_lost_any(struct cs_store *store, bool *out) CS_MUST_USE;
/* This change has come: the rows that rest on it, in the arena, rest on it no longer. */
enum cs_status cs_store_take_lost_version(struct cs_store *store, const struct cs_version *version,
                                          struct cs_arena *arena, struct cs_row_key **out_rows,
                                          size_t *out_count) CS_MUST_USE;
/* Does this row rest on a change that has not come? */
enum cs_status cs_store_row_lacks(struct cs_store *store, const struct cs_row_key *row,
                                  bool *out) CS_MUST_USE;

/* Versions that an edit replaced before their own change had come; until it comes. */
enum cs_status cs_store_put_replaced(struct cs_store *store, const struct cs_version *version,
                                     const struct cs_row_key *row,
                                     struct cs_bytes unit) CS_MUST_USE;
enum cs_status cs_store_replaced_any(struct cs_store *store, bool *out) CS_MUST_USE;
enum cs_status cs_store_is_replaced(struct cs_store *store, const struct cs_version *version,
                                    const struct cs_row_key *row, struct cs_bytes unit,
                                    bool *out) CS_MUST_USE;
/* All of one change, in whatever rows. */
enum cs_status cs_store_remove_replaced(struct cs_store *store,
                                        const struct cs_version *version) CS_MUST_USE;

/* Loads many at once, out[i] for keys[i]; missing ones have exists = false. */
enum cs_status cs_store_load_rows(struct cs_store *store, const struct cs_row_key *keys,
                                  size_t count, struct cs_arena *arena,
                                  struct cs_stored_row *out) CS_MUST_USE;
enum cs_status cs_store_save_rows(struct cs_store *store, const struct cs_stored_row *rows,
                                  size_t count) CS_MUST_USE;

/* Heads that are not the shown ones; for CS_UNIT_DELETED all deletes, whose value is what they had seen. */
struct cs_stored_head {
    struct cs_bytes unit;
    struct cs_version version;
    struct cs_bytes value;
};
/* Ascending by unit, then version (cs_version_compare). */
enum cs_status cs_store_heads(struct cs_store *store, const struct cs_row_key *row,
                              struct cs_arena *arena, struct cs_stored_head **out,
                              size_t *out_count) CS_MUST_USE;
/* Replaces all heads of a row. */
enum cs_status cs_store_put_heads(struct cs_store *store, const struct cs_row_key *row,
                                  const struct cs_stored_head *heads, size_t count) CS_MUST_USE;

/* Scopes: interned numbers, the order of changes in each, and their digests. */
enum cs_status cs_store_scope_number(struct cs_store *store, const struct cs_scope_name *name,
                                     bool create,
                                     uint64_t *out) CS_MUST_USE; /* CS_NOT_FOUND without create */
enum cs_status cs_store_scope_name(struct cs_store *store, uint64_t number,
                                   struct cs_scope_name *out) CS_MUST_USE;
enum cs_status cs_store_scope_digest(struct cs_store *store, uint64_t number,
                                     struct cs_multiset *out) CS_MUST_USE;
enum cs_status
cs_store_put_scope_digest(struct cs_store *store, uint64_t number,
                          const struct cs_multiset *digest) CS_MUST_USE; /* CS_NOT_FOUND */

struct cs_scope_entry {
    uint64_t position;
    bool departed;
    uint64_t
        entered; /* position at which the row first came into the scope; 0: before that was noted */
    struct cs_bytes entity;
    struct cs_id row;
};
enum cs_status cs_store_put_scope_entry(struct cs_store *store, uint64_t scope,
                                        const struct cs_scope_entry *entry) CS_MUST_USE;
/* The row's entry at position `from` of this scope goes to entry->position, present or departed; when it entered stays as it
 * was. One that is not there is made. */
enum cs_status cs_store_move_scope_entry(struct cs_store *store, uint64_t scope, uint64_t from,
                                         const struct cs_scope_entry *entry) CS_MUST_USE;
/* Where the departure of a row from this scope stands, which is forgotten: the caller moves that entry. CS_NOT_FOUND. */
enum cs_status cs_store_take_departed(struct cs_store *store, uint64_t scope,
                                      const struct cs_row_key *row, uint64_t *out) CS_MUST_USE;
enum cs_status cs_store_remove_scope_entry(struct cs_store *store, uint64_t scope,
                                           uint64_t position) CS_MUST_USE;
/* Entries with position > after, ascending, at most `limit`. */
enum cs_status cs_store_scope_entries(struct cs_store *store, uint64_t scope, uint64_t after,
                                      size_t limit, struct cs_arena *arena,
                                      struct cs_scope_entry **out, size_t *out_count) CS_MUST_USE;

/*
 * Calls `visit` for every entry of the scope that is not a departure, ascending, with its row: exists = false where there is none
 * or what stands there cannot be read. Both are valid during the call only.
 */
typedef enum cs_status cs_scope_row_visitor(void *context, const struct cs_scope_entry *entry,
                                            const struct cs_stored_row *row);
enum cs_status cs_store_scope_rows(struct cs_store *store, uint64_t scope,
                                   cs_scope_row_visitor *visit, void *context) CS_MUST_USE;

/* Projects that stand open to a person: rows of entities that open a project scope, as long as they are in the person's scope. */
enum cs_status cs_store_put_opened(struct cs_store *store, uint64_t person_scope,
                                   const struct cs_id *project) CS_MUST_USE;
enum cs_status cs_store_remove_opened(struct cs_store *store, uint64_t person_scope,
                                      const struct cs_id *project) CS_MUST_USE;
/* Ascending; at most `limit`. */
enum cs_status cs_store_opened(struct cs_store *store, uint64_t person_scope, size_t limit,
                               struct cs_arena *arena, struct cs_id **out,
                               size_t *out_count) CS_MUST_USE;

/* The evidence log (shared/evidence/LOG.md): leaves by number, and the whole nodes above them by level (≥ 1) and number.
 * Nothing is ever replaced: a second one of the same name, or the same leaf again, is CS_EXISTS. */
enum cs_status cs_store_log_size(struct cs_store *store, uint64_t *out) CS_MUST_USE;
enum cs_status cs_store_put_leaf(struct cs_store *store, uint64_t number,
                                 struct cs_bytes leaf) CS_MUST_USE;
/* Appended to `out`. CS_NOT_FOUND. */
enum cs_status cs_store_leaf(struct cs_store *store, uint64_t number,
                             struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_store_leaf_number(struct cs_store *store, struct cs_bytes leaf,
                                    uint64_t *out) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_store_put_log_node(struct cs_store *store, unsigned level, uint64_t number,
                                     const uint8_t hash[static CS_HASH_SIZE]) CS_MUST_USE;
enum cs_status cs_store_log_node(struct cs_store *store, unsigned level, uint64_t number,
                                 uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_store_log_node_count(struct cs_store *store, uint64_t *out) CS_MUST_USE;
/* Calls visit for all leaves, ascending by number. */
typedef enum cs_status cs_leaf_visitor(void *context, uint64_t number, struct cs_bytes leaf);
enum cs_status cs_store_leaves(struct cs_store *store, cs_leaf_visitor *visit,
                               void *context) CS_MUST_USE;

/* Sum of an integer field over live rows that match. CS_TOO_LARGE if it passes 64 bits. */
enum cs_status cs_store_sum(struct cs_store *store, const struct cs_entity *entity,
                            size_t sum_field, const struct cs_row_filter *filters,
                            size_t filter_count, int64_t *out) CS_MUST_USE;

/* A time span in two integer fields of a row. */
struct cs_row_span {
    size_t start_field;
    size_t end_field;
};
/*
 * Ids of live rows that match the filter and whose span has start < `before` and end > `after`, both set; ascending, at most
 * `limit`, in the arena.
 */
enum cs_status cs_store_find_span(struct cs_store *store, const struct cs_entity *entity,
                                  const struct cs_row_filter *filter, struct cs_row_span span,
                                  int64_t before, int64_t after, size_t limit,
                                  struct cs_arena *arena, struct cs_id **out_ids,
                                  size_t *out_count) CS_MUST_USE;

enum cs_store_direction { CS_STORE_BELOW, CS_STORE_ABOVE };
/*
 * The text of live rows' `field` that is nearest to `text` in byte order, below or above it, among those that begin with `prefix`
 * and have as many bytes as `text`; in the arena. CS_NOT_FOUND.
 */
enum cs_status cs_store_nearest(struct cs_store *store, const struct cs_entity *entity,
                                size_t field, struct cs_bytes prefix, struct cs_bytes text,
                                enum cs_store_direction direction, struct cs_arena *arena,
                                struct cs_bytes *out) CS_MUST_USE;

#endif
