/*
 * What an operation makes of a row, as its author saw it: the same code makes the view of a local
 * edit, recomputes it over changed confirmed state, and confirms it when the server says that the
 * row ended exactly so.
 */
#include "field-client/replica/edit_transaction.h"
#include "field-client/replica/overlay.h"
#include "shared/merge/row_versions.h"

#include <string.h>

/* Packs `versions` into the row. */
static enum cs_status put_versions(const struct cs_row_versions *versions, struct cs_arena *arena,
                                   struct cs_stored_row *row)
{
    struct cs_buffer packed;
    cs_buffer_init(&packed, CS_PAGE_BYTES_MAX);
    cs_row_versions_pack(versions, &packed);
    enum cs_status status = packed.status;
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_buffer_bytes(&packed), &row->versions);
    }
    cs_buffer_release(&packed);
    return status;
}

/* A field that this schema does not know is kept among the extra ones, ascending by name. */
static enum cs_status set_extra(struct cs_stored_row *row, const struct cs_field_change *change,
                                struct cs_arena *arena)
{
    size_t place = 0;
    while (place < row->extra_count &&
           cs_bytes_compare(row->extra[place].name, change->field) < 0) {
        place++;
    }
    if (place < row->extra_count && cs_bytes_equal(row->extra[place].name, change->field)) {
        row->extra[place].value = change->value;
        return CS_OK;
    }
    struct cs_named_value *grown =
        cs_arena_take_array(arena, row->extra_count + 1, sizeof *row->extra);
    if (grown == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < row->extra_count; i++) {
        grown[i < place ? i : i + 1] = row->extra[i];
    }
    grown[place] = (struct cs_named_value){change->field, change->value};
    row->extra = grown;
    row->extra_count++;
    return CS_OK;
}

static enum cs_status set_fields(const struct cs_operation *operation, struct cs_arena *arena,
                                 struct cs_stored_row *row)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        const struct cs_field_change *change = &operation->changes[i];
        int index = row->entity == NULL ? -1 : cs_entity_field_index(row->entity, change->field);
        if (index >= 0) {
            row->values[index] = change->value;
            continue;
        }
        enum cs_status status = set_extra(row, change, arena);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

/* Name of the unit of merging that a field belongs to. */
static struct cs_bytes unit_name(const struct cs_entity *entity, struct cs_bytes field)
{
    int index = entity == NULL ? -1 : cs_entity_field_index(entity, field);
    return index < 0 ? field
                     : cs_bytes_of_text(entity->fields[cs_entity_unit(entity, (size_t)index)].name);
}

static enum cs_status set_unit(struct cs_row_versions *versions, struct cs_bytes unit,
                               struct cs_versions list, struct cs_arena *arena)
{
    return cs_row_versions_set(versions, unit, list, arena, versions);
}

static enum cs_status predict_insert(const struct cs_operation *operation,
                                     struct cs_version version, struct cs_arena *arena,
                                     struct cs_stored_row *row)
{
    struct cs_row_versions versions = {.created = version};
    if (row->exists) {
        return CS_OK;
    }
    if (row->entity != NULL && row->values == NULL) {
        row->values = cs_arena_take_array(arena, row->entity->field_count, sizeof *row->values);
        if (row->values == NULL) {
            return CS_NO_MEMORY;
        }
    }
    row->exists = true;
    row->deleted = false;
    row->scopes = CS_BYTES_NONE;
    enum cs_status status = set_fields(operation, arena, row);
    return status != CS_OK ? status : put_versions(&versions, arena, row);
}

static enum cs_status predict_update(const struct cs_operation *operation,
                                     struct cs_version version, struct cs_arena *arena,
                                     struct cs_stored_row *row)
{
    struct cs_row_versions versions;
    struct cs_version *copy = cs_arena_take(arena, sizeof *copy);
    enum cs_status status =
        copy == NULL ? CS_NO_MEMORY : cs_row_versions_unpack(row->versions, arena, &versions);
    if (status != CS_OK) {
        return status;
    }
    *copy = version;
    struct cs_versions list = {copy, 1};
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        status =
            set_unit(&versions, unit_name(row->entity, operation->changes[i].field), list, arena);
    }
    if (status == CS_OK && row->deleted) {
        row->deleted = false;
        status = set_unit(&versions, cs_bytes_of_text(CS_UNIT_DELETED),
                          (struct cs_versions){NULL, 0}, arena);
    }
    if (status == CS_OK) {
        status = set_fields(operation, arena, row);
    }
    return status != CS_OK ? status : put_versions(&versions, arena, row);
}

/* Whoever names all deletes that the row shows has it back; of a live row nothing changes that is shown. */
static enum cs_status predict_keep(const struct cs_operation *operation, struct cs_arena *arena,
                                   struct cs_stored_row *row)
{
    struct cs_row_versions versions;
    struct cs_bytes unit = cs_bytes_of_text(CS_UNIT_DELETED);
    if (!row->deleted) {
        return CS_OK;
    }
    enum cs_status status = cs_row_versions_unpack(row->versions, arena, &versions);
    if (status != CS_OK) {
        return status;
    }
    struct cs_versions shown = cs_row_versions_of(&versions, unit);
    if (shown.count == 0) {
        return CS_OK;
    }
    for (size_t i = 0; i < shown.count; i++) {
        if (!cs_versions_contain(operation->changes[0].base, &shown.items[i])) {
            return CS_OK;
        }
    }
    status = set_unit(&versions, unit, (struct cs_versions){NULL, 0}, arena);
    if (status == CS_OK) {
        row->deleted = false;
        status = put_versions(&versions, arena, row);
    }
    return status;
}

static enum cs_status predict_delete(struct cs_version version, struct cs_arena *arena,
                                     struct cs_stored_row *row)
{
    struct cs_row_versions versions;
    enum cs_status status = cs_row_versions_unpack(row->versions, arena, &versions);
    if (status == CS_OK) {
        status = set_unit(&versions, cs_bytes_of_text(CS_UNIT_DELETED),
                          (struct cs_versions){&version, 1}, arena);
    }
    if (status == CS_OK) {
        row->deleted = true;
        status = put_versions(&versions, arena, row);
    }
    return status;
}

enum cs_status cs_overlay_predict(const struct cs_operation *operation, struct cs_version version,
                                  struct cs_arena *arena, struct cs_stored_row *row)
{
    if (operation->kind == CS_OPERATION_INSERT) {
        return predict_insert(operation, version, arena, row);
    }
    if (!row->exists) {
        return CS_OK;
    }
    if (operation->kind == CS_OPERATION_UPDATE) {
        return cs_edit_is_keep(operation) ? predict_keep(operation, arena, row)
                                          : predict_update(operation, version, arena, row);
    }
    return predict_delete(version, arena, row);
}
