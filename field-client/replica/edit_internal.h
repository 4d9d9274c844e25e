/*
 * What edit.c, edit_delete.c and edit_check.c share: an edit, and one operation being drafted.
 */
#ifndef CS_REPLICA_EDIT_INTERNAL_H
#define CS_REPLICA_EDIT_INTERNAL_H

#include "field-client/replica/edit.h"
#include "field-client/replica/edit_transaction.h"
#include "shared/domain/validation.h"

struct cs_edit {
    struct cs_replica *replica;
    enum cs_status failed; /* sticky */
    struct cs_edit_transaction transaction;
};

/*
 * What an operation concludes with: a refusal leaves the edit usable, whatever else went wrong
 * spoils it.
 */
enum cs_status cs_edit_conclude(struct cs_edit *edit, enum cs_status status) CS_MUST_USE;
/* The live row of the view that an update or delete is about: CS_NOT_FOUND. */
enum cs_status cs_edit_target(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              struct cs_arena *arena, struct cs_stored_row *out,
                              struct cs_problem *problem) CS_MUST_USE;
/*
 * Writes what an operation, which the transaction has taken, makes of the view, and that it lies
 * over confirmed state. Any failure spoils the edit, for it would leave half an operation behind.
 */
enum cs_status cs_edit_write(struct cs_edit *edit, const struct cs_operation *operation,
                             struct cs_arena *arena, struct cs_stored_row *row) CS_MUST_USE;

enum cs_draft_mode {
    CS_DRAFT_INSERT,
    CS_DRAFT_UPDATE,
    CS_DRAFT_RESOLUTION, /* an update that may repeat values and settle ONCE fields */
};

/*
 * A row as it will be, and which of its fields the operation names. Lives in the arena of one call.
 */
struct cs_draft {
    struct cs_replica *replica;
    struct cs_arena *arena;
    const struct cs_entity *entity;
    enum cs_draft_mode mode;
    struct cs_id row;              /* of an update */
    const struct cs_value *before; /* entity->field_count; NULL for an insert */
    struct cs_value *values;       /* after; same count */
    bool *given;                   /* named by the operation; same count */
    size_t given_count;
};

/*
 * Places values by name: unknown names, doubles, rights, types. Then drops what changes nothing and
 * completes groups.
 */
enum cs_status cs_draft_fill(struct cs_draft *draft, const struct cs_named_value *values,
                             size_t count, struct cs_problem *problem) CS_MUST_USE;
/* Required fields, rules over the row, references and natural key. Reads the view. */
enum cs_status cs_draft_check(const struct cs_draft *draft, struct cs_problem *problem) CS_MUST_USE;

/* Is there a live row with this id in the view? */
enum cs_status cs_edit_row_alive(struct cs_replica *replica, const char *entity,
                                 const struct cs_id *id, bool *out) CS_MUST_USE;

#endif
