/*
 * A row as it was before (design §12): what a person brings back is a new edit like any other, made on what the row shows now, with the
 * rights of that person. Used by the command `revert`.
 */
#ifndef CS_REPLICA_REVERT_H
#define CS_REPLICA_REVERT_H

#include "field-client/replica/edit.h"

struct cs_revert {
    const struct cs_entity *entity;
    struct cs_id row;
    const struct cs_value *then; /* entity->field_count values that the row had */
    bool named; /* only the fields that follow: what may not be written is a refusal */
    bool fields[CS_FIELDS_PER_ENTITY_MAX];
};

struct cs_reverted {
    bool revived; /* the row was deleted */
    size_t changed;
    /* Differ still: written once, computed by the server, or not for this person to write. Empty with `named`. */
    bool left[CS_FIELDS_PER_ENTITY_MAX];
    size_t left_count;
};

/*
 * On disk when it returns CS_OK; with nothing to change nothing is. A row that was deleted lives again first, in a transaction of its own.
 * CS_NOT_FOUND: the row is not here; what cs_edit_update and cs_edit_revive refuse.
 */
enum cs_status cs_revert_row(struct cs_replica *replica, const struct cs_revert *revert,
                             struct cs_reverted *out, struct cs_problem *problem) CS_MUST_USE;

#endif
