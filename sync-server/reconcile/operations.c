/* Applying one transaction, see operations.h. */
#include "sync-server/reconcile/operations.h"

#include "shared/base/planted.h"
#include "shared/domain/validation.h"
#include "shared/merge/row_versions.h"
#include "sync-server/reconcile/bases.h"
#include "sync-server/reconcile/conflicts.h"
#include "sync-server/reconcile/held.h"
#include "sync-server/reconcile/recovered_rows.h"
#include "sync-server/reconcile/review.h"
#include "sync-server/reconcile/revocation.h"
#include "sync-server/reconcile/units.h"

#include <string.h>

/* Marks the verdict and gives CS_REFUSED: the one way out of an operation that is not applied. */
static enum cs_status refuse(struct cs_verdict *verdict, enum cs_outcome outcome,
                             enum cs_status status)
{
    verdict->outcome = outcome;
    verdict->status = status;
    return CS_REFUSED;
}

/* Statuses of validation become a refusal; failures of this machine pass through. */
static enum cs_status judge(struct cs_verdict *verdict, enum cs_status status)
{
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    return refuse(verdict, CS_OUTCOME_REFUSED, status);
}

/* A row that a held change makes: what needs it waits with it. CS_OK: there is no such change. */
static enum cs_status wait_for_row(struct cs_reconcile *reconcile, const struct cs_id *id,
                                   struct cs_verdict *verdict)
{
    enum cs_status why;
    enum cs_status status = cs_held_row(reconcile, id, &why);
    if (status == CS_OK && why == CS_OK) {
        bool in_review;
        status = cs_store_review_row(reconcile->store, id, &in_review);
        why = status == CS_OK && in_review ? CS_GAP : CS_OK;
    }
    if (status == CS_OK && why != CS_OK) {
        (void)cs_problem_set(&verdict->problem, why,
                             "the change that makes the row it needs is held itself");
        return refuse(verdict, CS_OUTCOME_HELD, why);
    }
    return status;
}

/* As long as the server waits for what it lost, a row that is missing may still come. CS_OK: it does not wait. */
static enum cs_status wait_for_recovery(struct cs_reconcile *reconcile, struct cs_verdict *verdict)
{
    bool awaits = false;
    enum cs_status status = cs_store_awaits_any(reconcile->store, &awaits);
    if (status == CS_OK && awaits && !CS_PLANTED(REFUSE_EARLY)) {
        (void)cs_problem_set(&verdict->problem, CS_GAP,
                             "the server went back in time, and the row it needs has not come back "
                             "yet");
        return refuse(verdict, CS_OUTCOME_HELD, CS_GAP);
    }
    return status;
}

/* A reference must name a row that is or was there. */
static enum cs_status check_reference(struct cs_reconcile *reconcile,
                                      const struct cs_entity *entity, const struct cs_field *field,
                                      const struct cs_value *value, struct cs_verdict *verdict)
{
    if (field->type != CS_FIELD_REFERENCE || value->kind == CS_VALUE_NULL) {
        return CS_OK;
    }
    struct cs_id id;
    cs_require(cs_id_from_bytes(value->bytes, &id));
    struct cs_working_row *row;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text(field->references), &id, &row);
    if (status == CS_OK && !row->now.row.exists) {
        status = wait_for_row(reconcile, &id, verdict);
        if (status == CS_OK) {
            status = wait_for_recovery(reconcile, verdict);
        }
    }
    if (status != CS_OK || row->now.row.exists) {
        return status;
    }
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&id, text);
    return judge(verdict,
                 cs_problem_set(&verdict->problem, CS_MISSING_REFERENCE, "%s.%s: there is no %s %s",
                                entity->name, field->name, field->references, text));
}

/* What holds for every change of every kind: known field, permitted, right value, existing reference. */
static enum cs_status check_change(struct cs_reconcile *reconcile, const struct cs_entity *entity,
                                   const struct cs_field_change *change, enum cs_write_kind kind,
                                   cs_roles roles, struct cs_verdict *verdict)
{
    verdict->field = change->field;
    int index = cs_entity_field_index(entity, change->field);
    if (index < 0 && change->field.size > 0 && change->field.data[0] == '_') {
        /* Such names are the engine's own, in every version. */
        return judge(verdict, cs_problem_set(&verdict->problem, CS_MALFORMED,
                                             "%s has no such field", entity->name));
    }
    if (index < 0) {
        (void)cs_problem_set(
            &verdict->problem, CS_UNSUPPORTED,
            "%s has a field this server does not know yet; kept until it is upgraded",
            entity->name);
        return refuse(verdict, CS_OUTCOME_HELD, CS_UNSUPPORTED);
    }
    const struct cs_field *field = &entity->fields[index];
    enum cs_status status = cs_write_permitted(entity, field, kind, roles, &verdict->problem);
    if (status == CS_OK && cs_value_is_newer_choice(field, &change->value)) {
        (void)cs_problem_set(&verdict->problem, CS_UNSUPPORTED,
                             "%s.%s has a value this server does not know yet; kept until it is "
                             "upgraded",
                             entity->name, field->name);
        return refuse(verdict, CS_OUTCOME_HELD, CS_UNSUPPORTED);
    }
    if (status == CS_OK) {
        status = cs_value_check(entity, field, &change->value, &verdict->problem);
    }
    if (status == CS_OK && kind == CS_WRITE_UPDATE && (field->flags & CS_FIELD_REQUIRED) != 0 &&
        change->value.kind == CS_VALUE_NULL) {
        status = cs_problem_set(&verdict->problem, CS_INVALID, "%s.%s is required (%s)",
                                entity->name, field->name, field->label_zh);
    }
    status = judge(verdict, status);
    return status != CS_OK ? status
                           : check_reference(reconcile, entity, field, &change->value, verdict);
}

static bool writes_newer_field(const struct cs_operation *operation, const struct cs_entity *entity)
{
    bool newer = false;
    for (size_t i = 0; i < operation->change_count; i++) {
        struct cs_bytes field = operation->changes[i].field;
        newer = newer || (cs_entity_field_index(entity, field) < 0 && field.size > 0 &&
                          field.data[0] != '_');
    }
    return newer;
}

static enum cs_status check_changes(struct cs_reconcile *reconcile,
                                    const struct cs_operation *operation,
                                    const struct cs_entity *entity, enum cs_write_kind kind,
                                    cs_roles roles, struct cs_verdict *verdict)
{
    enum cs_status status = CS_OK;
    /* Who may write none of the fields known here may write one that is not. */
    if (kind != CS_WRITE_UPDATE || !writes_newer_field(operation, entity)) {
        status = judge(verdict, cs_write_permitted(entity, NULL, kind, roles, &verdict->problem));
    }
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        status = check_change(reconcile, entity, &operation->changes[i], kind, roles, verdict);
    }
    if (status == CS_OK) {
        verdict->field = CS_BYTES_NONE;
    }
    return status;
}

static enum cs_status insert(struct cs_reconcile *reconcile, const struct cs_operation *operation,
                             const struct cs_entity *entity, const struct cs_edit *edit,
                             struct cs_verdict *verdict)
{
    enum cs_status status =
        check_changes(reconcile, operation, entity, CS_WRITE_INSERT, edit->roles, verdict);
    struct cs_working_row *row;
    if (status == CS_OK) {
        status = judge(verdict, cs_revocation_check(reconcile, operation, edit, &verdict->problem));
    }
    if (status == CS_OK) {
        status = judge(verdict, cs_review_check(reconcile, operation, edit, &verdict->problem));
    }
    if (status == CS_OK) {
        status = cs_working_set_get(&reconcile->set, operation->entity, &operation->row, &row);
    }
    if (status != CS_OK) {
        return status;
    }
    bool recovered = false;
    if (row->now.row.exists) {
        status = cs_recovered_row_insert(reconcile, row, operation, edit, &recovered);
    }
    if (status != CS_OK || recovered) {
        return status;
    }
    if (row->now.row.exists) {
        return judge(verdict,
                     cs_problem_set(&verdict->problem, CS_EXISTS,
                                    "%s: there is a row with this id already", entity->name));
    }
    struct cs_value *values =
        cs_arena_take_array(reconcile->arena, entity->field_count, sizeof *values);
    struct cs_buffer packed;
    cs_buffer_init(&packed, 64);
    cs_row_versions_pack(&(struct cs_row_versions){.created = edit->version}, &packed);
    struct cs_bytes versions;
    status = values == NULL ? CS_NO_MEMORY : packed.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&packed), &versions);
    }
    cs_buffer_release(&packed);
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = 0; i < operation->change_count; i++) {
        values[cs_entity_field_index(entity, operation->changes[i].field)] =
            operation->changes[i].value;
    }
    status = judge(verdict, cs_row_complete_for_older(entity, values, &verdict->problem));
    if (status == CS_OK) {
        status = cs_working_set_touch(&reconcile->set, row);
    }
    if (status == CS_OK) {
        row->now.row.exists = true;
        row->now.row.values = values;
        row->now.row.versions = versions;
        row->now.changed = true;
        row->now.last_author = edit->version;
    }
    return status;
}

/* All fields of the unit that a change belongs to, in the unit's order. CS_REFUSED when the operation leaves one out. */
static enum cs_status unit_values(const struct cs_operation *operation,
                                  const struct cs_entity *entity, const struct cs_unit *unit,
                                  struct cs_versions base, struct cs_value *out,
                                  struct cs_verdict *verdict)
{
    for (size_t i = 0; i < unit->count; i++) {
        const struct cs_field *field = &entity->fields[unit->fields[i]];
        const struct cs_field_change *found = NULL;
        for (size_t j = 0; j < operation->change_count && found == NULL; j++) {
            found = cs_bytes_equal_text(operation->changes[j].field, field->name)
                        ? &operation->changes[j]
                        : NULL;
        }
        if (found == NULL || !cs_versions_equal(found->base, base)) {
            verdict->field = cs_bytes_of_text(field->name);
            return judge(
                verdict,
                cs_problem_set(&verdict->problem, CS_MALFORMED,
                               "%s.%s moves together with its group and must be sent with it",
                               entity->name, field->name));
        }
        out[i] = found->value;
    }
    return CS_OK;
}

/*
 * A field that is set once was set in what the author had seen. Two first writes, or choosing between them, are not that: who
 * names a value that lost chooses, and may choose again as long as the decision has not come back to that laptop.
 */
static enum cs_status check_once(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                                 const struct cs_unit *unit, struct cs_versions base,
                                 struct cs_verdict *verdict)
{
    const struct cs_stored_row *stored = &row->now.row;
    const struct cs_field *field = &stored->entity->fields[unit->fields[0]];
    if (field->policy != CS_MERGE_ONCE || stored->values[unit->fields[0]].kind == CS_VALUE_NULL) {
        return CS_OK;
    }
    struct cs_row_versions versions;
    enum cs_status status = cs_row_versions_unpack(stored->versions, reconcile->arena, &versions);
    if (status != CS_OK) {
        return status;
    }
    struct cs_versions shown = cs_row_versions_of(&versions, unit->name);
    bool again = false;
    bool chooses = false;
    for (size_t i = 0; i < shown.count; i++) {
        again = again || cs_versions_contain(base, &shown.items[i]);
    }
    for (size_t i = 0; status == CS_OK && again && !chooses && i < base.count; i++) {
        status = cs_conflict_was(reconcile, row, unit->name, &base.items[i], &chooses);
    }
    if (status != CS_OK || !again || chooses) {
        return status;
    }
    return judge(verdict, cs_problem_set(&verdict->problem, CS_DENIED,
                                         "%s.%s is set once and cannot be changed",
                                         stored->entity->name, field->name));
}

/* So many edits that have not seen each other that a person could not settle them any more. */
static enum cs_status check_room(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                                 struct cs_bytes unit, struct cs_versions base,
                                 struct cs_verdict *verdict)
{
    return !cs_unit_is_full(reconcile, row, unit, base)
               ? CS_OK
               : judge(verdict, cs_problem_set(&verdict->problem, CS_LIMIT,
                                               "too many changes of this wait for a decision: "
                                               "settle its conflicts first"));
}

/* One change of an existing row; of a group only the first field acts, for all of them. */
static enum cs_status update_unit(struct cs_reconcile *reconcile, struct cs_working_row *row,
                                  const struct cs_operation *operation,
                                  const struct cs_field_change *change, const struct cs_edit *edit,
                                  struct cs_verdict *verdict)
{
    const struct cs_entity *entity = row->now.row.entity;
    size_t index = (size_t)cs_entity_field_index(entity, change->field);
    struct cs_unit unit;
    cs_unit_of(entity, index, &unit);
    if (unit.count > 1 && unit.fields[0] != index) {
        bool led = false;
        for (size_t i = 0; i < operation->change_count; i++) {
            led = led || cs_bytes_equal(operation->changes[i].field, unit.name);
        }
        if (led) {
            return CS_OK;
        }
    }
    verdict->field = change->field;
    struct cs_versions base = change->base;
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    enum cs_status status = unit_values(operation, entity, &unit, change->base, values, verdict);
    if (status == CS_OK) {
        status = cs_bases_check(reconcile, row, unit.name, change->base, edit, verdict, &base);
    }
    if (status == CS_OK) {
        status = check_room(reconcile, row, unit.name, base, verdict);
    }
    if (status == CS_OK) {
        status = check_once(reconcile, row, &unit, base, verdict);
    }
    return status != CS_OK ? status : cs_unit_edit(reconcile, row, &unit, values, base, edit);
}

/* "_deleted" = 0 is the one change that is not a field: a person keeps a row that somebody wanted to delete. */
static bool is_keep(const struct cs_operation *operation)
{
    return operation->change_count == 1 &&
           cs_bytes_equal_text(operation->changes[0].field, CS_UNIT_DELETED) &&
           operation->changes[0].value.kind == CS_VALUE_INTEGER &&
           operation->changes[0].value.integer == 0;
}

static enum cs_status keep(struct cs_reconcile *reconcile, struct cs_working_row *row,
                           const struct cs_operation *operation, const struct cs_edit *edit,
                           struct cs_verdict *verdict)
{
    enum cs_status status =
        judge(verdict, cs_write_permitted(row->now.row.entity, NULL, CS_WRITE_DELETE, edit->roles,
                                          &verdict->problem));
    struct cs_versions base = operation->changes[0].base;
    if (status == CS_OK) {
        status = cs_bases_check(reconcile, row, cs_bytes_of_text(CS_UNIT_DELETED), base, edit,
                                verdict, &base);
    }
    if (status == CS_OK) {
        status = cs_working_set_touch(&reconcile->set, row);
    }
    if (status == CS_OK) {
        row->now.last_author = edit->version;
        row->now.surprising = true;
        status = cs_delete_dismiss(reconcile, row, base);
    }
    return status;
}

/* The row an operation is about; one that was never heard of is held until its base arrives, or refused with it. */
static enum cs_status find_row(struct cs_reconcile *reconcile, const struct cs_operation *operation,
                               const struct cs_edit *edit, struct cs_verdict *verdict,
                               struct cs_working_row **out)
{
    enum cs_status status =
        cs_working_set_get(&reconcile->set, operation->entity, &operation->row, out);
    if (status != CS_OK || (*out)->now.row.exists) {
        return status;
    }
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        struct cs_versions base;
        status = cs_bases_check(reconcile, *out, operation->changes[i].field,
                                operation->changes[i].base, edit, verdict, &base);
    }
    if (status == CS_OK) {
        status = wait_for_row(reconcile, &operation->row, verdict);
    }
    if (status == CS_OK) {
        status = wait_for_recovery(reconcile, verdict);
    }
    if (status == CS_OK) {
        status = judge(verdict, cs_problem_set(&verdict->problem, CS_MISSING_REFERENCE,
                                               "the row to be changed does not exist"));
    }
    return status;
}

static enum cs_status update(struct cs_reconcile *reconcile, const struct cs_operation *operation,
                             const struct cs_entity *entity, const struct cs_edit *edit,
                             struct cs_verdict *verdict)
{
    struct cs_working_row *row;
    enum cs_status status = find_row(reconcile, operation, edit, verdict, &row);
    if (status == CS_OK && is_keep(operation)) {
        return keep(reconcile, row, operation, edit, verdict);
    }
    if (status == CS_OK) {
        status = check_changes(reconcile, operation, entity, CS_WRITE_UPDATE, edit->roles, verdict);
    }
    if (status == CS_OK) {
        status = cs_working_set_touch(&reconcile->set, row);
    }
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        status = update_unit(reconcile, row, operation, &operation->changes[i], edit, verdict);
    }
    return status != CS_OK ? status : cs_delete_settle(reconcile, row);
}

static enum cs_status delete_row(struct cs_reconcile *reconcile,
                                 const struct cs_operation *operation,
                                 const struct cs_entity *entity, const struct cs_edit *edit,
                                 struct cs_verdict *verdict)
{
    struct cs_working_row *row;
    enum cs_status status = find_row(reconcile, operation, edit, verdict, &row);
    if (status == CS_OK) {
        status = judge(verdict, cs_write_permitted(entity, NULL, CS_WRITE_DELETE, edit->roles,
                                                   &verdict->problem));
    }
    if (status == CS_OK) {
        status = check_room(reconcile, row, cs_bytes_of_text(CS_UNIT_DELETED),
                            (struct cs_versions){NULL, 0}, verdict);
    }
    if (status == CS_OK) {
        status = cs_working_set_touch(&reconcile->set, row);
    }
    return status != CS_OK ? status : cs_delete_edit(reconcile, row, operation->seen, edit);
}

static enum cs_status apply_operation(struct cs_reconcile *reconcile,
                                      const struct cs_operation *operation,
                                      const struct cs_edit *edit, struct cs_verdict *verdict)
{
    const struct cs_entity *entity = cs_registry_find(reconcile->registry, operation->entity);
    if (entity == NULL) {
        (void)cs_problem_set(
            &verdict->problem, CS_UNSUPPORTED,
            "a kind of record this server does not know yet; kept until it is upgraded");
        return refuse(verdict, CS_OUTCOME_HELD, CS_UNSUPPORTED);
    }
    switch (operation->kind) {
    case CS_OPERATION_INSERT:
        return insert(reconcile, operation, entity, edit, verdict);
    case CS_OPERATION_UPDATE:
        return update(reconcile, operation, entity, edit, verdict);
    case CS_OPERATION_DELETE:
        return delete_row(reconcile, operation, entity, edit, verdict);
    }
    return refuse(verdict, CS_OUTCOME_REFUSED, CS_MALFORMED);
}

enum cs_status cs_transaction_apply(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                    struct cs_verdict *out)
{
    *out = (struct cs_verdict){.outcome = CS_OUTCOME_APPLIED};
    cs_working_set_mark(&reconcile->set);
    enum cs_status status = CS_OK;
    size_t count = edit->transaction->operation_count;
    count = CS_PLANTED(HALF_TRANSACTION) ? (count + 1) / 2 : count;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        out->operation = (uint32_t)i;
        status = apply_operation(reconcile, &edit->transaction->operations[i], edit, out);
    }
    if (status == CS_OK) {
        return cs_working_set_keep(&reconcile->set);
    }
    cs_working_set_undo(&reconcile->set);
    return status == CS_REFUSED ? CS_OK : status;
}
