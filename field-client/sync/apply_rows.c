/* Rows and departures of one page, see apply.h. */
#include "field-client/sync/apply.h"
#include "shared/merge/row_versions.h"

/*
 * The row as it will stand here. Later edits build on its versions, so they must be in order now.
 */
static enum cs_status make_row(struct cs_apply *apply, const struct cs_row *row,
                               struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_row_versions versions;
    if (row->scope_set >= apply->page->scope_set_count) {
        return CS_MALFORMED;
    }
    enum cs_status status = cs_row_versions_unpack(row->versions, arena, &versions);
    struct cs_stored_row made;
    if (status == CS_OK) {
        status = cs_row_from_fields(cs_replica_registry(apply->replica), row->entity, row->fields,
                                    row->field_count, arena, &made);
    }
    if (status != CS_OK) {
        return status;
    }
    made.id = row->id;
    made.exists = true;
    made.deleted = row->deleted;
    made.versions = row->versions;
    made.scopes = apply->scopes[row->scope_set];
    *out = made;
    return CS_OK;
}

static enum cs_status apply_row(struct cs_apply *apply, const struct cs_row *row,
                                struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row before;
    struct cs_stored_row after;
    enum cs_status status = cs_apply_check_trust(apply->replica, row, problem);
    if (status == CS_OK) {
        status = make_row(apply, row, &arena, &after);
    }
    if (status == CS_OK) {
        status = cs_applier_settle(&apply->applier, &after);
    }
    if (status == CS_OK) {
        status = cs_confirmed_load(apply->replica, row->entity, &row->id, &arena, &before);
    }
    if (status == CS_OK) {
        status = cs_applier_put(&apply->applier, &before, &after);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_apply_rows(struct cs_apply *apply, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < apply->page->row_count; i++) {
        status = apply_row(apply, &apply->page->rows[i], problem);
    }
    apply->result->pulled += apply->page->row_count;
    return status;
}

enum cs_status cs_apply_departures(struct cs_apply *apply)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < apply->page->departure_count; i++) {
        const struct cs_departure *departure = &apply->page->departures[i];
        bool departed = false;
        status = cs_applier_depart(&apply->applier, departure->entity, &departure->row, &departed);
        apply->result->departed += departed ? 1 : 0;
    }
    return status;
}
