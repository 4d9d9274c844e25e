/* Two rows that are one, see merge_rows.h. */
#include "field-client/replica/merge_rows.h"

#include "field-client/replica/query.h"
#include "shared/base/text.h"
#include "shared/domain/validation.h"

#include <stdint.h>

/* A merge while it is made. */
struct merging {
    struct cs_replica *replica;
    const struct cs_merge_rows *merge;
    struct cs_arena *arena;
    struct cs_edit *edit;
    struct cs_merged_rows made;
    struct cs_problem *problem;
};

#define PREFIX_DIGITS_MIN 4

/* Deleted rows whose id begins like this. */
struct search {
    struct cs_bytes text;
    struct cs_id found;
    size_t count;
};

static enum cs_status match(void *context, const struct cs_stored_row *row)
{
    struct search *search = context;
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    struct cs_bytes start = cs_bytes_make((const uint8_t *)id, search->text.size);
    if (row->deleted && cs_bytes_equal(start, search->text)) {
        search->found = row->id;
        search->count++;
    }
    return CS_OK;
}

enum cs_status cs_merge_find_dropped(struct cs_replica *replica, const struct cs_entity *entity,
                                     struct cs_bytes text, struct cs_id *out,
                                     struct cs_problem *problem)
{
    struct cs_problem live = {{0}};
    enum cs_status status =
        cs_query_resolve(replica, cs_bytes_of_text(entity->name), text, out, &live);
    struct search search = {.text = text};
    if (status == CS_NOT_FOUND && text.size >= PREFIX_DIGITS_MIN && text.size < CS_ID_TEXT_SIZE) {
        enum cs_status scanned = cs_row_scan(cs_replica_tables(replica), entity, NULL, 0,
                                             CS_ROWS_WITH_DELETED, match, &search);
        status = scanned != CS_OK ? scanned : status;
    }
    if (status == CS_NOT_FOUND && search.count == 1) {
        *out = search.found;
        return CS_OK;
    }
    if (status == CS_NOT_FOUND && search.count > 1) {
        return cs_problem_set(problem, CS_EXISTS, "%.*s fits several deleted rows: give more of it",
                              (int)text.size, (const char *)text.data);
    }
    return status == CS_OK ? CS_OK : cs_problem_set(problem, status, "%s", live.text);
}

bool cs_merge_differs(const struct cs_merged_rows *merged, size_t field)
{
    return !cs_value_equal(&merged->kept.values[field], &merged->dropped.values[field]);
}

static cs_roles own_roles(const struct merging *merging)
{
    return cs_identity_roles(cs_replica_identity(merging->replica));
}

static enum cs_status load(struct merging *merging)
{
    const struct cs_merge_rows *merge = merging->merge;
    struct cs_bytes entity = cs_bytes_of_text(merge->entity->name);
    if (merge->entity->kind != CS_ENTITY_ORDINARY || merge->entity->deleters == CS_ROLES_NONE) {
        return cs_problem_set(merging->problem, CS_INVALID,
                              "%s: such rows are never deleted, so they cannot be merged",
                              merge->entity->name);
    }
    if (cs_id_equal(&merge->kept, &merge->dropped)) {
        return cs_problem_set(merging->problem, CS_INVALID, "both are the same row");
    }
    enum cs_status status = cs_query_get(merging->replica, entity, &merge->kept, merging->arena,
                                         &merging->made.kept, merging->problem);
    if (status == CS_OK) {
        status = cs_row_load(cs_replica_tables(merging->replica), entity, &merge->dropped,
                             merging->arena, &merging->made.dropped);
    }
    if (status == CS_OK && !merging->made.dropped.exists) {
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&merge->dropped, id);
        status = cs_problem_set(merging->problem, CS_NOT_FOUND, "there is no %s %s",
                                merge->entity->name, id);
    }
    merging->made.was_deleted = merging->made.dropped.deleted;
    return status;
}

/* Is it written down already that the one stands for the other? */
static enum cs_status is_written(struct merging *merging, bool *out)
{
    struct cs_value dropped = cs_value_bytes(cs_id_bytes(&merging->merge->dropped));
    struct cs_bytes name = cs_bytes_of_text("row_merge");
    struct cs_id *ids;
    size_t count = 0;
    *out = false;
    enum cs_status status =
        cs_query_find(merging->replica, name, cs_bytes_of_text("dropped"), &dropped, SIZE_MAX,
                      merging->arena, &ids, &count, merging->problem);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row row;
        status =
            cs_query_get(merging->replica, name, &ids[i], merging->arena, &row, merging->problem);
        int kept =
            status == CS_OK ? cs_entity_field_index(row.entity, cs_bytes_of_text("kept")) : -1;
        *out = *out || (kept >= 0 &&
                        cs_bytes_equal(row.values[kept].bytes, cs_id_bytes(&merging->merge->kept)));
    }
    return status;
}

static enum cs_status write_down(struct merging *merging)
{
    const struct cs_merge_rows *merge = merging->merge;
    bool written = false;
    enum cs_status status = is_written(merging, &written);
    struct cs_named_value values[] = {
        {cs_bytes_of_text("entity"), cs_value_text(cs_bytes_of_text(merge->entity->name))},
        {cs_bytes_of_text("kept"), cs_value_bytes(cs_id_bytes(&merge->kept))},
        {cs_bytes_of_text("dropped"), cs_value_bytes(cs_id_bytes(&merge->dropped))},
    };
    return status != CS_OK || written
               ? status
               : cs_edit_insert(merging->edit, cs_bytes_of_text("row_merge"), NULL, values,
                                CS_COUNT(values), NULL, merging->problem);
}

static bool may_rewrite(const struct merging *merging, const struct cs_entity *other,
                        const struct cs_field *field)
{
    return other->kind == CS_ENTITY_ORDINARY && field->policy != CS_MERGE_ONCE &&
           field->policy != CS_MERGE_COMPUTED &&
           cs_write_permitted(other, NULL, CS_WRITE_UPDATE, own_roles(merging), NULL) == CS_OK &&
           cs_write_permitted(other, field, CS_WRITE_UPDATE, own_roles(merging), NULL) == CS_OK;
}

static enum cs_status rewrite_field(struct merging *merging, const struct cs_entity *other,
                                    const struct cs_field *field)
{
    struct cs_value dropped = cs_value_bytes(cs_id_bytes(&merging->merge->dropped));
    struct cs_named_value kept = {cs_bytes_of_text(field->name),
                                  cs_value_bytes(cs_id_bytes(&merging->merge->kept))};
    struct cs_bytes name = cs_bytes_of_text(other->name);
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status = cs_query_find(merging->replica, name, kept.name, &dropped, SIZE_MAX,
                                          merging->arena, &ids, &count, merging->problem);
    if (status == CS_OK && !may_rewrite(merging, other, field)) {
        merging->made.left += count;
        return CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (!cs_id_equal(&ids[i], &merging->merge->dropped)) {
            status = cs_edit_update(merging->edit, name, &ids[i], &kept, 1, merging->problem);
            merging->made.rewritten += status == CS_OK ? 1 : 0;
        }
    }
    return status;
}

static enum cs_status rewrite_references(struct merging *merging)
{
    const struct cs_registry *registry = cs_replica_registry(merging->replica);
    struct cs_bytes name = cs_bytes_of_text(merging->merge->entity->name);
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *other = registry->entities[i];
        for (size_t j = 0; status == CS_OK && j < other->field_count; j++) {
            if (other->fields[j].type == CS_FIELD_REFERENCE &&
                cs_bytes_equal_text(name, other->fields[j].references)) {
                status = rewrite_field(merging, other, &other->fields[j]);
            }
        }
    }
    return status;
}

static enum cs_status take_values(struct merging *merging)
{
    const struct cs_entity *entity = merging->merge->entity;
    struct cs_named_value values[CS_FIELDS_PER_ENTITY_MAX];
    size_t count = 0;
    for (size_t i = 0; i < entity->field_count; i++) {
        if (merging->merge->take[i]) {
            values[count++] = (struct cs_named_value){cs_bytes_of_text(entity->fields[i].name),
                                                      merging->made.dropped.values[i]};
        }
    }
    return count == 0 ? CS_OK
                      : cs_edit_update(merging->edit, cs_bytes_of_text(entity->name),
                                       &merging->merge->kept, values, count, merging->problem);
}

/* The dropped row goes first, so that its natural key is free to take. */
static enum cs_status make(struct merging *merging)
{
    enum cs_status status =
        merging->made.was_deleted
            ? CS_OK
            : cs_edit_delete(merging->edit, cs_bytes_of_text(merging->merge->entity->name),
                             &merging->merge->dropped, merging->problem);
    if (status == CS_OK) {
        status = write_down(merging);
    }
    if (status == CS_OK) {
        status = rewrite_references(merging);
    }
    return status != CS_OK ? status : take_values(merging);
}

enum cs_status cs_merge_rows(struct cs_replica *replica, const struct cs_merge_rows *merge,
                             struct cs_arena *arena, struct cs_merged_rows *out,
                             struct cs_problem *problem)
{
    struct merging merging = {
        .replica = replica, .merge = merge, .arena = arena, .problem = problem};
    enum cs_status status = load(&merging);
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &merging.edit);
    }
    if (status != CS_OK) {
        return status;
    }
    status = make(&merging);
    if (status != CS_OK) {
        cs_edit_abort(merging.edit);
        return status;
    }
    status = cs_edit_commit(merging.edit);
    if (status == CS_OK) {
        *out = merging.made;
    }
    return status;
}
