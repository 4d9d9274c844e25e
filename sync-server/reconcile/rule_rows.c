/* What the rules look up, see rules.h. */
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/rules.h"

#include <string.h>

bool cs_rule_is_about(const struct cs_stored_row *row, const char *entity)
{
    return cs_bytes_equal_text(row->name, entity);
}

const struct cs_entity *cs_rule_entity(struct cs_reconcile *reconcile, const char *name)
{
    return cs_registry_find(reconcile->registry, cs_bytes_of_text(name));
}

enum cs_status cs_rule_find(struct cs_reconcile *reconcile, const char *entity, const char *field,
                            const struct cs_value *value, size_t limit, struct cs_id **out_ids,
                            size_t *out_count)
{
    *out_ids = NULL;
    *out_count = 0;
    const struct cs_entity *descriptor = cs_rule_entity(reconcile, entity);
    int index =
        descriptor == NULL ? -1 : cs_entity_field_index(descriptor, cs_bytes_of_text(field));
    if (index < 0 || value->kind == CS_VALUE_NULL) {
        return CS_OK;
    }
    return cs_row_find(cs_store_rows(reconcile->store), descriptor, (size_t)index, value, limit,
                       reconcile->arena, out_ids, out_count);
}

enum cs_status cs_rule_load_id(struct cs_reconcile *reconcile, const char *entity,
                               const struct cs_id *id, struct cs_stored_row *out)
{
    return cs_row_load(cs_store_rows(reconcile->store), cs_bytes_of_text(entity), id,
                       reconcile->arena, out);
}

enum cs_status cs_rule_load(struct cs_reconcile *reconcile, const char *entity,
                            const struct cs_value *reference, struct cs_stored_row *out)
{
    struct cs_id id;
    *out = (struct cs_stored_row){.name = cs_bytes_of_text(entity)};
    return cs_id_from_bytes(reference->bytes, &id) ? cs_rule_load_id(reconcile, entity, &id, out)
                                                   : CS_OK;
}

/* Merges that name the row as `field` (kept, dropped); of that entity only. */
static enum cs_status find_merges(struct cs_reconcile *reconcile, struct cs_bytes entity,
                                  const char *field, const struct cs_id *id,
                                  struct cs_stored_row **out, size_t *out_count)
{
    struct cs_value value = cs_value_bytes(cs_id_bytes(id));
    struct cs_id *ids;
    size_t count;
    enum cs_status status =
        cs_rule_find(reconcile, "row_merge", field, &value, CS_RULE_SUBJECTS_MAX, &ids, &count);
    struct cs_stored_row *rows = cs_arena_take_array(reconcile->arena, count, sizeof *rows);
    if (status == CS_OK && rows == NULL) {
        status = CS_NO_MEMORY;
    }
    size_t found = 0;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = cs_rule_load_id(reconcile, "row_merge", &ids[i], &rows[found]);
        if (status == CS_OK &&
            cs_bytes_equal(cs_stored_value(&rows[found], "entity").bytes, entity)) {
            found++;
        }
    }
    if (status == CS_OK) {
        *out = rows;
        *out_count = found;
    }
    return status;
}

/* A row merged into one that was merged and so on: longer chains, and circles, end here. */
#define MERGE_STEPS_MAX 16

enum cs_status cs_rule_stands_for(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                  struct cs_id *out)
{
    struct cs_stored_row current = *row;
    enum cs_status status = CS_OK;
    for (int step = 0; step < MERGE_STEPS_MAX && current.exists && current.deleted; step++) {
        struct cs_stored_row *merges;
        size_t count;
        status = find_merges(reconcile, current.name, "dropped", &current.id, &merges, &count);
        if (status != CS_OK || count == 0) {
            break;
        }
        struct cs_id kept;
        if (!cs_id_from_bytes(cs_stored_value(&merges[0], "kept").bytes, &kept)) {
            break;
        }
        status = cs_row_load(cs_store_rows(reconcile->store), row->name, &kept, reconcile->arena,
                             &current);
    }
    if (status == CS_OK) {
        *out = current.id;
    }
    return status;
}

static bool contains(const struct cs_id *ids, size_t count, const struct cs_id *id)
{
    bool found = false;
    for (size_t i = 0; !found && i < count; i++) {
        found = cs_id_equal(&ids[i], id);
    }
    return found;
}

/* Adds the rows that were merged into this one and stand for nothing else now. */
static enum cs_status add_merged(struct cs_reconcile *reconcile, const char *entity,
                                 const struct cs_id *root, const struct cs_id *into,
                                 struct cs_id *ids, size_t *count)
{
    struct cs_stored_row *merges;
    size_t merge_count = 0;
    enum cs_status status =
        find_merges(reconcile, cs_bytes_of_text(entity), "kept", into, &merges, &merge_count);
    for (size_t i = 0; status == CS_OK && i < merge_count; i++) {
        struct cs_value reference = cs_stored_value(&merges[i], "dropped");
        struct cs_stored_row dropped;
        struct cs_id stands;
        status = cs_rule_load(reconcile, entity, &reference, &dropped);
        if (status == CS_OK && dropped.exists) {
            status = cs_rule_stands_for(reconcile, &dropped, &stands);
            if (status == CS_OK && cs_id_equal(&stands, root) && *count < CS_RULE_SUBJECTS_MAX &&
                !contains(ids, *count, &dropped.id)) {
                ids[(*count)++] = dropped.id;
            }
        }
    }
    return status;
}

enum cs_status cs_rule_merged_rows(struct cs_reconcile *reconcile, const char *entity,
                                   const struct cs_id *id, struct cs_id **out_ids,
                                   size_t *out_count)
{
    struct cs_value value = cs_value_bytes(cs_id_bytes(id));
    struct cs_id *merges;
    size_t count;
    enum cs_status status =
        cs_rule_find(reconcile, "row_merge", "kept", &value, 1, &merges, &count);
    if (status != CS_OK) {
        return status;
    }
    size_t capacity = count == 0 ? 1 : CS_RULE_SUBJECTS_MAX;
    struct cs_id *ids = cs_arena_take_array(reconcile->arena, capacity, sizeof *ids);
    if (ids == NULL) {
        return CS_NO_MEMORY;
    }
    bool merged = count > 0;
    ids[0] = *id;
    count = 1;
    for (size_t i = 0; merged && status == CS_OK && i < count; i++) {
        status = add_merged(reconcile, entity, id, &ids[i], ids, &count);
    }
    if (status == CS_OK) {
        *out_ids = ids;
        *out_count = count;
    }
    return status;
}

void cs_rule_key(struct cs_bytes text, struct cs_id *out)
{
    cs_computed_id("countersign exception key", &text, 1, out);
}
