/* Reading rows by field name, small edits; see visit_internal.h. */
#include "field-client/visit/visit_internal.h"

#include "shared/base/text.h"

static const struct cs_value nothing = {CS_VALUE_NULL, 0, {NULL, 0}};

const struct cs_value *cs_visit_value(const struct cs_stored_row *row, const char *field)
{
    if (row->entity == NULL || !row->exists) {
        return &nothing;
    }
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(field));
    return index < 0 ? &nothing : &row->values[index];
}

struct cs_bytes cs_visit_text(const struct cs_stored_row *row, const char *field)
{
    const struct cs_value *value = cs_visit_value(row, field);
    return value->kind == CS_VALUE_TEXT ? value->bytes : CS_BYTES_NONE;
}

bool cs_visit_reference(const struct cs_stored_row *row, const char *field, struct cs_id *out)
{
    const struct cs_value *value = cs_visit_value(row, field);
    return value->kind == CS_VALUE_BYTES && cs_id_from_bytes(value->bytes, out);
}

enum cs_status cs_visit_load(struct cs_replica *replica, const char *entity, const struct cs_id *id,
                             struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_stored_row row;
    enum cs_status status =
        cs_row_load(cs_replica_tables(replica), cs_bytes_of_text(entity), id, arena, &row);
    if (status == CS_OK) {
        row.exists = row.exists && !row.deleted;
        *out = row;
    }
    return status;
}

enum cs_status cs_visit_follow(struct cs_replica *replica, const struct cs_stored_row *row,
                               const char *field, const char *entity, struct cs_arena *arena,
                               struct cs_stored_row *out)
{
    struct cs_id id;
    if (!cs_visit_reference(row, field, &id)) {
        *out = (struct cs_stored_row){.exists = false};
        return CS_OK;
    }
    return cs_visit_load(replica, entity, &id, arena, out);
}

struct cs_named_value cs_visit_named(const char *field, struct cs_value value)
{
    return (struct cs_named_value){cs_bytes_of_text(field), value};
}

struct cs_value cs_visit_id_value(const struct cs_id *id)
{
    return cs_value_bytes(cs_id_bytes(id));
}

int64_t cs_visit_now(const struct cs_replica *replica)
{
    const struct cs_world *world = cs_replica_world(replica);
    return cs_instant_make(world->wall_ms(world->context), world->offset_minutes(world->context));
}

const struct cs_id *cs_visit_self(const struct cs_replica *replica)
{
    return &cs_identity_certificate(cs_replica_identity(replica))->person;
}

enum cs_status cs_visit_end_edit(struct cs_edit *owned_edit, enum cs_status status)
{
    if (status == CS_OK) {
        return cs_edit_commit(owned_edit);
    }
    cs_edit_abort(owned_edit);
    return status;
}

enum cs_status cs_visit_update(struct cs_replica *replica, const char *entity,
                               const struct cs_id *id, const struct cs_named_value *values,
                               size_t count, struct cs_problem *problem)
{
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_update(edit, cs_bytes_of_text(entity), id, values, count, problem);
    return cs_visit_end_edit(edit, status);
}
