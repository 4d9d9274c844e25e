/* Refusals corrected or put aside, see refusals.h. */
#include "field-client/commands/assignments.h"
#include "field-client/commands/refusals.h"

static enum cs_status conclude(struct cs_edit *owned_edit, enum cs_status status)
{
    if (status == CS_OK) {
        return cs_edit_commit(owned_edit);
    }
    cs_edit_abort(owned_edit);
    return status;
}

enum cs_status cs_refused_correct(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_refusal_unit *unit, size_t first)
{
    const struct cs_operation *faulty = cs_refused_operation(&unit->items[0]);
    const struct cs_entity *entity;
    struct cs_named_value *corrections = NULL;
    size_t count = 0;
    struct cs_edit *edit = NULL;
    struct cs_arena arena;
    if (faulty == NULL) {
        return cs_problem_set(&command->problem, CS_INVALID,
                              "the refusal holds nothing to correct");
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_command_entity(command, faulty->entity, &entity);
    if (status == CS_OK) {
        status = cs_assignments_check(command, entity, first);
    }
    if (status == CS_OK) {
        status =
            cs_assignments_parse(command, replica, entity, first, &arena, &corrections, &count);
    }
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status == CS_OK) {
        status = conclude(
            edit, cs_refusal_unit_correct(edit, unit, corrections, count, &command->problem));
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_refused_dismiss(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_refusal_unit *unit)
{
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    return status != CS_OK ? status
                           : conclude(edit, cs_refusal_unit_dismiss(edit, unit, &command->problem));
}
