/* A row as it was before, see revert.h. */
#include "field-client/replica/revert.h"

#include "field-client/replica/replica_internal.h"
#include "shared/domain/validation.h"

/* May this person still write the field of this row? */
static bool may_write(const struct cs_replica *replica, const struct cs_entity *entity,
                      size_t index, const struct cs_value *now)
{
    const struct cs_field *field = &entity->fields[index];
    bool settled = field->policy == CS_MERGE_ONCE && now->kind != CS_VALUE_NULL;
    return !settled && cs_write_permitted(entity, field, CS_WRITE_UPDATE,
                                          cs_identity_roles(replica->identity), NULL) == CS_OK;
}

/* The fields that the edit names, and those that are left. */
static size_t choose(const struct cs_replica *replica, const struct cs_revert *revert,
                     const struct cs_stored_row *now, struct cs_named_value *out,
                     struct cs_reverted *reverted)
{
    size_t count = 0;
    for (size_t i = 0; i < revert->entity->field_count; i++) {
        bool wanted = !revert->named || revert->fields[i];
        if (!wanted || cs_value_equal(&now->values[i], &revert->then[i])) {
            continue;
        }
        if (revert->named || may_write(replica, revert->entity, i, &now->values[i])) {
            out[count++] = (struct cs_named_value){cs_bytes_of_text(revert->entity->fields[i].name),
                                                   revert->then[i]};
        } else {
            reverted->left[i] = true;
            reverted->left_count++;
        }
    }
    return count;
}

static enum cs_status edit_row(struct cs_edit *edit, const struct cs_revert *revert, bool revive,
                               const struct cs_named_value *values, size_t count,
                               struct cs_problem *problem)
{
    struct cs_bytes entity = cs_bytes_of_text(revert->entity->name);
    enum cs_status status = CS_OK;
    if (revive) {
        status = cs_edit_revive(edit, entity, &revert->row, problem);
    }
    if (status == CS_OK && revive) {
        status = cs_edit_next_transaction(edit);
    }
    if (status == CS_OK && count > 0) {
        status = cs_edit_update(edit, entity, &revert->row, values, count, problem);
    }
    return status;
}

static enum cs_status revert_in(struct cs_replica *replica, const struct cs_revert *revert,
                                struct cs_arena *arena, struct cs_reverted *out,
                                struct cs_problem *problem)
{
    struct cs_stored_row now;
    struct cs_named_value values[CS_FIELDS_PER_ENTITY_MAX];
    struct cs_reverted reverted = {.revived = false};
    struct cs_edit *edit = NULL;
    enum cs_status status = cs_row_load(replica->tables, cs_bytes_of_text(revert->entity->name),
                                        &revert->row, arena, &now);
    if (status == CS_OK && !now.exists) {
        return cs_problem_set(problem, CS_NOT_FOUND, "there is no such %s here",
                              revert->entity->name);
    }
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status != CS_OK) {
        return status;
    }
    reverted.revived = now.deleted;
    reverted.changed = choose(replica, revert, &now, values, &reverted);
    status = edit_row(edit, revert, now.deleted, values, reverted.changed, problem);
    if (status != CS_OK) {
        cs_edit_abort(edit);
        return status;
    }
    status = cs_edit_commit(edit);
    if (status == CS_OK) {
        *out = reverted;
    }
    return status;
}

enum cs_status cs_revert_row(struct cs_replica *replica, const struct cs_revert *revert,
                             struct cs_reverted *out, struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = revert_in(replica, revert, &arena, out, problem);
    cs_arena_release(&arena);
    return status;
}
