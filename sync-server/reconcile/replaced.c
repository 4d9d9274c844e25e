/* Changes that were replaced while they were away, see replaced.h. */
#include "sync-server/reconcile/replaced.h"

#include "sync-server/reconcile/bases.h"
#include "sync-server/reconcile/held.h"
#include "sync-server/reconcile/units.h"

/* Asked once in a push: nearly always nothing was ever lost. What is held may have been away when a row brought it. */
static enum cs_status is_possible(struct cs_reconcile *reconcile, bool *out)
{
    enum cs_status status = CS_OK;
    if (reconcile->away == CS_AWAY_UNKNOWN) {
        bool any = reconcile->held != NULL && reconcile->held->count > 0;
        if (!any) {
            status = cs_store_lost_any(reconcile->store, &any);
        }
        if (status == CS_OK && !any) {
            status = cs_store_replaced_any(reconcile->store, &any);
        }
        if (status == CS_OK) {
            reconcile->away = any ? CS_AWAY_SOME : CS_AWAY_NONE;
        }
    }
    *out = reconcile->away == CS_AWAY_SOME;
    return status;
}

/* What was not applied here yet was in the row alone. */
static enum cs_status note_bases(struct cs_reconcile *reconcile, const struct cs_row_key *row,
                                 struct cs_bytes unit, struct cs_versions base)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < base.count; i++) {
        enum cs_whereabouts where;
        status = cs_change_whereabouts(reconcile, &base.items[i], &where);
        if (status == CS_OK && where != CS_CHANGE_DECIDED) {
            status = cs_store_put_replaced(reconcile->store, &base.items[i], row, unit);
        }
    }
    return status;
}

static enum cs_status note_operation(struct cs_reconcile *reconcile,
                                     const struct cs_operation *operation)
{
    const struct cs_entity *entity = cs_registry_find(reconcile->registry, operation->entity);
    const struct cs_row_key row = {operation->entity, operation->row};
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        int index = cs_entity_field_index(entity, operation->changes[i].field);
        if (index >= 0) {
            struct cs_unit unit;
            cs_unit_of(entity, (size_t)index, &unit);
            status = note_bases(reconcile, &row, unit.name, operation->changes[i].base);
        }
    }
    return status;
}

enum cs_status cs_replaced_note(struct cs_reconcile *reconcile, const struct cs_edit *edit)
{
    bool possible;
    enum cs_status status = is_possible(reconcile, &possible);
    if (status != CS_OK || !possible) {
        return status;
    }
    status = cs_store_remove_replaced(reconcile->store, &edit->version);
    for (size_t i = 0; status == CS_OK && i < edit->transaction->operation_count; i++) {
        if (edit->transaction->operations[i].kind == CS_OPERATION_UPDATE) {
            status = note_operation(reconcile, &edit->transaction->operations[i]);
        }
    }
    return status;
}

enum cs_status cs_replaced_before(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                  struct cs_bytes unit, const struct cs_version *version, bool *out)
{
    bool possible;
    const struct cs_row_key key = {row->name, row->id};
    *out = false;
    enum cs_status status = is_possible(reconcile, &possible);
    return status != CS_OK || !possible
               ? status
               : cs_store_is_replaced(reconcile->store, version, &key, unit, out);
}
