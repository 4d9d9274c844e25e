/*
 * The transaction that an edit is gathering: its operations in memory until it ends and becomes a
 * row of _pending. Used by edit.c and edit_delete.c only.
 */
#ifndef CS_REPLICA_EDIT_TRANSACTION_H
#define CS_REPLICA_EDIT_TRANSACTION_H

#include "field-client/replica/replica.h"
#include "shared/wire/change_set.h"

struct cs_edit_transaction {
    struct cs_replica *replica;
    struct cs_arena arena; /* of the operations */
    struct cs_operation *operations;
    size_t operation_count;
    size_t operation_capacity;
    size_t size;      /* estimate of its encoded bytes */
    uint64_t counter; /* of this transaction, and version of its edits */
    size_t ended_count;
    struct cs_buffer body;       /* reused */
    int64_t server_time_ms;      /* last server time seen, 0 = none */
    int64_t server_monotonic_ms; /* own clock then; -1: another boot */
    uint8_t id_start[12];        /* of the ids of this commit's transactions, random */
};

/* Reads the next counter and the last server time. */
enum cs_status cs_edit_transaction_init(struct cs_edit_transaction *transaction,
                                        struct cs_replica *replica) CS_MUST_USE;
void cs_edit_transaction_release(struct cs_edit_transaction *transaction);
/* The operation of this transaction on that row, or NULL. */
enum cs_status cs_edit_transaction_find(const struct cs_edit_transaction *transaction,
                                        struct cs_bytes entity, const struct cs_id *row,
                                        struct cs_operation **out) CS_MUST_USE;
/*
 * Takes a deep copy. An update of a row that this transaction touched already is folded into the
 * operation that did. CS_TOO_LARGE (nothing was taken) when the transaction would pass what one
 * change-set holds; CS_USAGE for a keep of a row that it changes, or the other way round.
 */
enum cs_status cs_edit_transaction_add(struct cs_edit_transaction *transaction,
                                       const struct cs_operation *operation,
                                       struct cs_problem *problem) CS_MUST_USE;
/* Does the operation keep a row that somebody wanted to delete (cs_edit_keep), and nothing else? */
bool cs_edit_is_keep(const struct cs_operation *operation);
/* Stores it as waiting and starts the next; nothing if it is empty. CS_TOO_LARGE. */
enum cs_status cs_edit_transaction_end(struct cs_edit_transaction *transaction) CS_MUST_USE;
/* Writes the next counter. */
enum cs_status cs_edit_transaction_save(struct cs_edit_transaction *transaction) CS_MUST_USE;

/* Sorted union without doubles, in the arena; `base` itself when there is nothing to add. */
enum cs_status cs_edit_union(struct cs_versions base, struct cs_versions more,
                             struct cs_arena *arena, struct cs_versions *out) CS_MUST_USE;

#endif
