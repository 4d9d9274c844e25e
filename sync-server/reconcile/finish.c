/*
 * The end of a change-set, see finish.h.
 *
 * Rows whose scopes follow from their own fields are saved once; the others are saved first as they are, so that look-ups
 * by reference find them, and again with their scopes.
 */
#include "sync-server/reconcile/finish.h"

#include "sync-server/reconcile/conflicts.h"
#include "sync-server/reconcile/digests.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/history.h"
#include "sync-server/reconcile/scopes.h"

static bool is_due(const struct cs_working_row *row)
{
    return row->now.changed && !row->saved && row->now.row.exists;
}

/* A scope that the row was not in before: it may have been there earlier, and then its departure ends. */
static enum cs_status enter_scope(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                                  uint64_t number, const struct cs_scope_entry *entry)
{
    struct cs_row_key key = {entry->entity, entry->row};
    uint64_t position = 0;
    enum cs_status status = !row->before.exists
                                ? CS_NOT_FOUND
                                : cs_store_take_departed(reconcile->store, number, &key, &position);
    return status == CS_OK ? cs_store_move_scope_entry(reconcile->store, number, position, entry)
           : status == CS_NOT_FOUND ? cs_store_put_scope_entry(reconcile->store, number, entry)
                                    : status;
}

/* Moves the row to its new place in the order of each scope; in scopes it left it stands as a departure. */
static enum cs_status change_entries(struct cs_reconcile *reconcile,
                                     const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    struct cs_scope_entry entry = {
        .position = now->position, .entered = now->position, .entity = now->name, .row = now->id};
    enum cs_status status = CS_OK;
    struct cs_reader reader;
    cs_reader_init(&reader, row->before.scopes);
    while (status == CS_OK && reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        entry.departed = !cs_scope_numbers_contain(now->scopes, number);
        status = cs_store_move_scope_entry(reconcile->store, number, row->before.position, &entry);
    }
    entry.departed = false;
    cs_reader_init(&reader, now->scopes);
    while (status == CS_OK && reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        if (!cs_scope_numbers_contain(row->before.scopes, number)) {
            status = enter_scope(reconcile, row, number, &entry);
        }
    }
    return status;
}

/* Whoever sees a project in a personal scope is subscribed to the project's scope. */
static enum cs_status change_opened(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (now->entity == NULL || !now->entity->opens_project_scope) {
        return CS_OK;
    }
    enum cs_status status = CS_OK;
    struct cs_reader reader;
    for (cs_reader_init(&reader, row->before.scopes); status == CS_OK && reader.rest.size > 0;) {
        status = cs_store_remove_opened(reconcile->store, cs_read_varint(&reader), &now->id);
    }
    for (cs_reader_init(&reader, now->scopes); status == CS_OK && reader.rest.size > 0;) {
        uint64_t number = cs_read_varint(&reader);
        struct cs_scope_name name;
        status = cs_store_scope_name(reconcile->store, number, &name);
        if (status == CS_OK && name.kind == CS_SCOPE_PERSON && !now->deleted) {
            status = cs_store_put_opened(reconcile->store, number, &now->id);
        }
    }
    return status;
}

static enum cs_status save_final(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    row->now.row.position = ++reconcile->position;
    enum cs_status status = cs_history_note(reconcile, row);
    if (status == CS_OK && row->before.exists) {
        status = cs_digests_subtract(reconcile, &row->before);
    }
    if (status == CS_OK) {
        status = cs_digests_add(reconcile, &row->now.row);
    }
    if (status == CS_OK) {
        status = change_entries(reconcile, row);
    }
    if (status == CS_OK) {
        status = change_opened(reconcile, row);
    }
    if (status == CS_OK) {
        status = cs_store_save_rows(reconcile->store, &row->now.row, 1);
    }
    if (status == CS_OK) {
        status = cs_evidence_log_enter_row(reconcile->store, &row->now.row);
    }
    if (status == CS_OK && row->now.heads_changed) {
        struct cs_row_key key = {row->now.row.name, row->now.row.id};
        status = cs_store_put_heads(reconcile->store, &key, row->now.heads, row->now.head_count);
    }
    if (status == CS_OK) {
        row->before = row->now.row;
        row->before_heads = row->now.heads;
        row->before_head_count = row->now.head_count;
        row->now.changed = false;
        row->now.heads_changed = false;
        row->saved = true;
    }
    return status;
}

static enum cs_status save_early(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    if (!cs_scopes_are_own(reconcile->registry, row->now.row.entity)) {
        return cs_store_save_rows(reconcile->store, &row->now.row, 1);
    }
    enum cs_status status = cs_scopes_own(reconcile, &row->now.row, &row->now.row.scopes);
    return status != CS_OK ? status : save_final(reconcile, row);
}

/* Calls `step` for every due row, those added meanwhile too. */
static enum cs_status each_due(struct cs_reconcile *reconcile,
                               enum cs_status (*step)(struct cs_reconcile *,
                                                      struct cs_working_row *))
{
    enum cs_status status = CS_OK;
    for (struct cs_working_row *row = reconcile->set.first; status == CS_OK && row != NULL;
         row = row->next) {
        if (is_due(row)) {
            status = step(reconcile, row);
        }
    }
    return status;
}

/* A row to ask the rules about, and what it was: saving forgets that. */
struct changed {
    struct cs_working_row *row;
    struct cs_stored_row before;
    struct cs_stored_head *before_heads;
    size_t before_head_count;
};

/* Asks about the rows that this change-set changed, as they are after saving. */
static enum cs_status judge(struct cs_reconcile *reconcile, const struct changed *changed,
                            size_t count)
{
    enum cs_status status = CS_OK;
    reconcile->judged = NULL;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_working_row view = *changed[i].row;
        view.before = changed[i].before;
        view.before_heads = changed[i].before_heads;
        view.before_head_count = changed[i].before_head_count;
        status = cs_exceptions_update(reconcile, &view);
    }
    return status;
}

static enum cs_status list_due(struct cs_reconcile *reconcile, struct changed **out,
                               size_t *out_count)
{
    struct changed *changed =
        cs_arena_take_array(reconcile->arena, reconcile->set.count, sizeof *changed);
    if (changed == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (struct cs_working_row *row = reconcile->set.first; row != NULL; row = row->next) {
        if (is_due(row)) {
            changed[count++] =
                (struct changed){row, row->before, row->before_heads, row->before_head_count};
        }
    }
    *out = changed;
    *out_count = count;
    return CS_OK;
}

static enum cs_status update_conflicts(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    return row->now.heads_changed ? cs_conflicts_update(reconcile, row) : CS_OK;
}

enum cs_status cs_reconcile_finish(struct cs_reconcile *reconcile)
{
    uint64_t before = reconcile->position;
    enum cs_status status = each_due(reconcile, update_conflicts);
    struct changed *changed;
    size_t count;
    if (status == CS_OK) {
        status = list_due(reconcile, &changed, &count);
    }
    if (status == CS_OK) {
        status = each_due(reconcile, save_early);
    }
    if (status == CS_OK) {
        status = judge(reconcile, changed, count);
    }
    if (status == CS_OK) {
        status = each_due(reconcile, save_early);
    }
    if (status == CS_OK) {
        status = cs_scopes_update(reconcile);
    }
    if (status == CS_OK) {
        status = each_due(reconcile, save_final);
    }
    if (status == CS_OK) {
        status = cs_digests_save(reconcile);
    }
    if (status == CS_OK) {
        status = cs_history_note_moment(reconcile, before);
    }
    return status != CS_OK ? status : cs_store_set_position(reconcile->store, reconcile->position);
}
