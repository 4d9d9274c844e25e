/*
 * What the store keeps of vaults, beside store.h and by its rules: the signed records in the order they were taken (the feed), how
 * long the log of each vault is, who is a member, and the statements of recovery keys. What the records say is not known here.
 */
#ifndef CS_SERVER_STORES_VAULT_STORE_H
#define CS_SERVER_STORES_VAULT_STORE_H

#include "shared/evidence/leaf.h"
#include "sync-server/stores/store.h"

struct cs_vault_row {
    uint64_t feed;            /* set by cs_store_append_vault_record */
    uint8_t id[CS_HASH_SIZE]; /* of the record */
    struct cs_id vault;
    int64_t kind; /* of enum cs_vault_kind */
    struct cs_leaf_moment moment;
    struct cs_id about;    /* the person it concerns, who sees it in any case; zero: nobody */
    struct cs_id item;     /* zero: none */
    struct cs_bytes field; /* empty: none */
    struct cs_id version;  /* zero: none */
    uint8_t request[CS_HASH_SIZE]; /* what it answers; zero: nothing */
    struct cs_bytes record;
};

/* Gives it the next position in the feed. CS_EXISTS: there is a record with this id, or (of kind 0, a creation) of this item, its project. */
enum cs_status cs_store_append_vault_record(struct cs_store *store,
                                            struct cs_vault_row *row) CS_MUST_USE;
/* CS_NOT_FOUND. */
enum cs_status cs_store_vault_record(struct cs_store *store, const uint8_t id[static CS_HASH_SIZE],
                                     struct cs_arena *arena, struct cs_vault_row *out) CS_MUST_USE;

/* The newest record of this kind in the vault that is of this item and field, of this version, or an answer to this record. NULL or empty
 * (field): does not matter. CS_NOT_FOUND. */
struct cs_vault_filter {
    struct cs_id vault;
    int64_t kind;
    const struct cs_id *item; /* with `field` */
    struct cs_bytes field;
    const struct cs_id *version;
    const uint8_t *request;
};
enum cs_status cs_store_vault_newest(struct cs_store *store, const struct cs_vault_filter *filter,
                                     struct cs_arena *arena, struct cs_vault_row *out) CS_MUST_USE;

/* What a reader of a vault's feed is given. */
struct cs_vault_view {
    struct cs_id vault;
    int64_t kind_max;   /* records of kinds up to this … */
    struct cs_id about; /* … and all that concern this person, beyond `shared_max` */
    int64_t shared_max; /* kinds above it only where they concern `about` */
    uint64_t after;     /* behind this position of the feed … */
    uint64_t until;     /* … up to this one */
};
/* In the order of the feed, at most `limit`; records in the arena. */
enum cs_status cs_store_vault_feed(struct cs_store *store, const struct cs_vault_view *view,
                                   size_t limit, struct cs_arena *arena, struct cs_vault_row **out,
                                   size_t *out_count) CS_MUST_USE;
/* Is there a record of this vault that was logged at this moment and has this leaf? */
enum cs_status cs_store_vault_has_leaf(struct cs_store *store, const struct cs_id *vault,
                                       int64_t logged_ms, struct cs_bytes leaf,
                                       bool *out) CS_MUST_USE;
/* All records of all vaults, in the order of the feed; valid during the call. */
typedef enum cs_status cs_vault_row_visitor(void *context, const struct cs_vault_row *row);
enum cs_status cs_store_vault_records(struct cs_store *store, cs_vault_row_visitor *visit,
                                      void *context) CS_MUST_USE;

/* Per vault. */
struct cs_stored_vault {
    struct cs_id vault;
    uint64_t length;            /* records of its log */
    uint8_t head[CS_HASH_SIZE]; /* id of the last of them */
    uint64_t newest;            /* position of its last record in the feed */
};
enum cs_status cs_store_vault(struct cs_store *store, const struct cs_id *vault,
                              struct cs_stored_vault *out) CS_MUST_USE; /* CS_NOT_FOUND */
enum cs_status cs_store_put_vault(struct cs_store *store,
                                  const struct cs_stored_vault *vault) CS_MUST_USE;

/* A person's device with a grant. */
struct cs_vault_member {
    struct cs_id person;
    struct cs_id vault;
    uint8_t certificate[CS_HASH_SIZE];
    int64_t rights;
    int64_t expires_ms; /* 0: never */
    uint64_t ended;     /* position in the feed of its withdrawal; 0: in force */
};
enum cs_status cs_store_put_vault_member(struct cs_store *store,
                                         const struct cs_vault_member *member) CS_MUST_USE;
/* All of a person, ascending by vault. */
enum cs_status cs_store_vault_members(struct cs_store *store, const struct cs_id *person,
                                      struct cs_arena *arena, struct cs_vault_member **out,
                                      size_t *out_count) CS_MUST_USE;

/* Statements of recovery keys. */
struct cs_stored_recovery {
    uint64_t number;
    uint8_t id[CS_HASH_SIZE];
    struct cs_bytes statement;
};
enum cs_status cs_store_put_recovery(struct cs_store *store,
                                     const struct cs_stored_recovery *recovery) CS_MUST_USE;
/* With a number above `above`, ascending, at most `limit`. */
enum cs_status cs_store_recoveries(struct cs_store *store, uint64_t above, size_t limit,
                                   struct cs_arena *arena, struct cs_stored_recovery **out,
                                   size_t *out_count) CS_MUST_USE;
/* CS_NOT_FOUND. */
enum cs_status cs_store_recovery(struct cs_store *store, const uint8_t id[static CS_HASH_SIZE],
                                 struct cs_arena *arena,
                                 struct cs_stored_recovery *out) CS_MUST_USE;
enum cs_status cs_store_newest_recovery(struct cs_store *store, struct cs_arena *arena,
                                        struct cs_stored_recovery *out) CS_MUST_USE;

/* Rises with every record and every recovery key that is stored; 0: there is none. */
enum cs_status cs_store_vault_news(struct cs_store *store, uint64_t *out) CS_MUST_USE;

#endif
