/*
 * Local edits: what people (and visit, import) change, durable on this laptop before the call
 * returns.
 *
 * cs_edit_begin → any number of insert / update / delete → cs_edit_commit        (or cs_edit_abort)
 *
 * One edit is one SQLite commit. Its operations form one transaction (they appear everywhere whole
 * or not at all); cs_edit_next_transaction starts a further transaction in the same commit: an
 * import makes one per row.
 *
 * A refusal (class CALLER) of one operation changes nothing and the edit may go on; any other
 * failure spoils the edit: every further call returns that status and commit rolls back. All
 * refusals name entity, field and what to do in `problem`.
 */
#ifndef CS_REPLICA_EDIT_H
#define CS_REPLICA_EDIT_H

#include "field-client/replica/query.h"
#include "shared/base/version.h"

struct cs_edit; /* opaque */

/* Takes the database's write lock; at most one edit or sync application at a time. */
enum cs_status cs_edit_begin(struct cs_replica *replica, struct cs_edit **out) CS_MUST_USE;

/*
 * A field and its value as people typed them: unknown entity or field is CS_NOT_FOUND listing near
 * names; the value goes through cs_value_parse; a reference may also be given as a unique id prefix
 * or natural key of the row it means. Works outside an edit too. *out borrows from `text` and the
 * arena.
 */
enum cs_status cs_edit_parse(struct cs_replica *replica, struct cs_bytes entity,
                             struct cs_bytes field, struct cs_bytes text, struct cs_arena *arena,
                             struct cs_named_value *out, struct cs_problem *problem) CS_MUST_USE;
/* The entity with this name: CS_NOT_FOUND naming it and near names. */
enum cs_status cs_edit_entity(const struct cs_replica *replica, struct cs_bytes name,
                              const struct cs_entity **out, struct cs_problem *problem) CS_MUST_USE;
/* Index of the entity's field with this name: CS_NOT_FOUND naming it and near names. */
enum cs_status cs_edit_field(const struct cs_entity *entity, struct cs_bytes name,
                             size_t *out_index, struct cs_problem *problem) CS_MUST_USE;

/*
 * A new row; `id` NULL draws one; *out_id may be NULL. Values that are NULL are left out.
 * CS_NOT_FOUND (unknown name), CS_DENIED, CS_INVALID, CS_MISSING_REFERENCE (the row referred to
 * must be alive in the view), CS_EXISTS (id or natural key taken: names the row), CS_TOO_LARGE (the
 * transaction would pass what a change-set may hold). A field named twice is CS_INVALID.
 */
enum cs_status cs_edit_insert(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              const struct cs_named_value *values, size_t count,
                              struct cs_id *out_id, struct cs_problem *problem) CS_MUST_USE;
/*
 * Changes fields of a row. NULL clears. Fields that have this value already are dropped, an update
 * with nothing left does nothing (CS_OK). Fields of a group are sent together. Same refusals as
 * insert; CS_NOT_FOUND also for a row that is not there or was deleted; CS_DENIED for a ONCE field
 * that is set and for COMPUTED fields. Rows changed twice in one transaction end up as one
 * operation.
 */
enum cs_status cs_edit_update(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              const struct cs_named_value *values, size_t count,
                              struct cs_problem *problem) CS_MUST_USE;
/*
 * A resolution: as update, but it replaces `seen` too, the versions of the alternatives its author
 * looked at (any order, doubles allowed), the values may equal what is shown, and a set ONCE field
 * may be settled.
 */
enum cs_status cs_edit_update_seeing(struct cs_edit *edit, struct cs_bytes entity,
                                     const struct cs_id *id, const struct cs_named_value *values,
                                     size_t count, struct cs_versions seen,
                                     struct cs_problem *problem) CS_MUST_USE;
/*
 * A resolution: the live row stays, and the deletes that did not see all of it (`seen`, their
 * versions, in any order) are gone. Nothing changes that is shown. CS_NOT_FOUND, CS_DENIED;
 * CS_USAGE if the row was changed in this same transaction, as for an update of a row that was kept in it.
 */
enum cs_status cs_edit_keep(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                            struct cs_versions seen, struct cs_problem *problem) CS_MUST_USE;
/*
 * A deleted row lives again, as it was: all deletes of it that are known here are gone. What is changed of it besides goes into a further
 * transaction. CS_NOT_FOUND if it is not here, CS_INVALID if it lives, CS_DENIED (as for deleting).
 */
enum cs_status cs_edit_revive(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              struct cs_problem *problem) CS_MUST_USE;
/* CS_NOT_FOUND, CS_DENIED; CS_USAGE if the row was changed in this same transaction. */
enum cs_status cs_edit_delete(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              struct cs_problem *problem) CS_MUST_USE;
/*
 * Takes a refused transaction off the refusal list: with its correction in the same edit, or dismissed
 * (CS_PENDING_CORRECTED, CS_PENDING_DISMISSED). It stays readable (cs_query_settled). CS_NOT_FOUND.
 */
enum cs_status cs_edit_settle_refusal(struct cs_edit *edit, uint64_t counter,
                                      enum cs_pending_state state,
                                      struct cs_problem *problem) CS_MUST_USE;

/* Ends the current transaction and starts a further one. Nothing happens if it is empty. */
enum cs_status cs_edit_next_transaction(struct cs_edit *edit) CS_MUST_USE;
/* Transactions with at least one operation so far. */
size_t cs_edit_transaction_count(const struct cs_edit *edit);

/* CS_OK: on disk. Otherwise nothing of the edit was kept. The edit is gone either way. */
enum cs_status cs_edit_commit(struct cs_edit *owned_edit) CS_MUST_USE;
/* NULL is accepted. */
void cs_edit_abort(struct cs_edit *owned_edit);

#endif
