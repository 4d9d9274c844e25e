/* Scopes of rows, see scopes.h. */
#include "sync-server/reconcile/scopes.h"

#include "shared/base/planted.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/conflicts.h"

/* Rows that one change may draw after it; beyond, the change-set is refused rather than stalling the server. */
#define REFERRERS_MAX ((size_t)100000)
#define ROUNDS_MAX 64

#define HANDED_ON (CS_FIELD_FOLLOWS | CS_FIELD_CARRIES)

static bool refers_to(const struct cs_field *field, const struct cs_entity *entity)
{
    return field->type == CS_FIELD_REFERENCE &&
           cs_bytes_equal_text(cs_bytes_of_text(field->references), entity->name);
}

bool cs_scopes_are_own(const struct cs_registry *registry, const struct cs_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if ((entity->fields[i].flags & HANDED_ON) != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *other = registry->entities[i];
        for (size_t j = 0; j < other->field_count; j++) {
            if ((other->fields[j].flags & HANDED_ON) != 0 && refers_to(&other->fields[j], entity)) {
                return false;
            }
        }
    }
    /* Conflicts stand where their subject stands. */
    return !cs_bytes_equal_text(cs_bytes_of_text(entity->name), "conflict");
}

static enum cs_status add_scope(struct cs_reconcile *reconcile, enum cs_scope_kind kind,
                                const struct cs_bytes *id, struct cs_bytes *scopes)
{
    struct cs_scope_name name = {.kind = (uint8_t)kind};
    if (id != NULL && !cs_id_from_bytes(*id, &name.id)) {
        return CS_OK;
    }
    uint64_t number;
    enum cs_status status = cs_store_scope_number(reconcile->store, &name, true, &number);
    return status != CS_OK ? status
                           : cs_scope_numbers_with(*scopes, number, reconcile->arena, scopes);
}

enum cs_status cs_scopes_own(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                             struct cs_bytes *out)
{
    struct cs_bytes scopes = CS_BYTES_NONE;
    const struct cs_entity *entity = row->entity;
    enum cs_status status = add_scope(
        reconcile, entity->scope == CS_SCOPE_RULE_EVERYONE ? CS_SCOPE_EVERYONE : CS_SCOPE_OFFICE,
        NULL, &scopes);
    if (status == CS_OK && entity->opens_project_scope) {
        struct cs_bytes id = cs_id_bytes(&row->id);
        status = add_scope(reconcile, CS_SCOPE_PROJECT, &id, &scopes);
    }
    for (size_t i = 0; status == CS_OK && i < entity->field_count; i++) {
        if ((entity->fields[i].flags & CS_FIELD_OWNER) != 0) {
            status = add_scope(reconcile, CS_SCOPE_PERSON, &row->values[i].bytes, &scopes);
        }
        if (status == CS_OK && (entity->fields[i].flags & CS_FIELD_PROJECT) != 0) {
            status = add_scope(reconcile, CS_SCOPE_PROJECT, &row->values[i].bytes, &scopes);
        }
    }
    if (status == CS_OK) {
        *out = scopes;
    }
    return status;
}

/* Adds the personal and project scopes of another row. */
static enum cs_status hand_on(struct cs_reconcile *reconcile, struct cs_bytes from,
                              struct cs_bytes *scopes)
{
    struct cs_reader reader;
    cs_reader_init(&reader, from);
    while (reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        struct cs_scope_name name;
        enum cs_status status = reader.status != CS_OK
                                    ? CS_CORRUPT
                                    : cs_store_scope_name(reconcile->store, number, &name);
        if (status == CS_OK && (name.kind == CS_SCOPE_PERSON || name.kind == CS_SCOPE_PROJECT)) {
            status = cs_scope_numbers_with(*scopes, number, reconcile->arena, scopes);
        }
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

static enum cs_status hand_on_from(struct cs_reconcile *reconcile, const char *entity,
                                   struct cs_bytes id_bytes, struct cs_bytes *scopes)
{
    struct cs_id id;
    if (!cs_id_from_bytes(id_bytes, &id)) {
        return CS_OK;
    }
    struct cs_working_row *row;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text(entity), &id, &row);
    return status != CS_OK ? status : hand_on(reconcile, row->now.row.scopes, scopes);
}

/* What a row that carries this one brings: nothing once it is closed. */
static enum cs_status hand_on_carried(struct cs_reconcile *reconcile, const struct cs_entity *other,
                                      const struct cs_id *id, struct cs_bytes *scopes)
{
    struct cs_working_row *row;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text(other->name), id, &row);
    if (status != CS_OK || cs_entity_is_closed(other, row->now.row.values)) {
        return status;
    }
    return hand_on(reconcile, row->now.row.scopes, scopes);
}

/* Rows of `other` whose reference `field` names this row. */
static enum cs_status referrers(struct cs_reconcile *reconcile, const struct cs_entity *other,
                                size_t field, const struct cs_id *id,
                                enum cs_row_filter_flags flags, struct cs_id **out_ids,
                                size_t *out_count)
{
    struct cs_value value = cs_value_bytes(cs_id_bytes(id));
    enum cs_status status =
        cs_row_find_flagged(cs_store_rows(reconcile->store), other, field, &value, flags,
                            REFERRERS_MAX, reconcile->arena, out_ids, out_count);
    return status == CS_OK && *out_count == REFERRERS_MAX ? CS_LIMIT : status;
}

/* Scopes of all rows that carry this one. */
static enum cs_status carried_scopes(struct cs_reconcile *reconcile,
                                     const struct cs_stored_row *row, struct cs_bytes *scopes)
{
    for (size_t i = 0; i < reconcile->registry->entity_count; i++) {
        const struct cs_entity *other = reconcile->registry->entities[i];
        for (size_t j = 0; j < other->field_count; j++) {
            if ((other->fields[j].flags & CS_FIELD_CARRIES) == 0 ||
                !refers_to(&other->fields[j], row->entity)) {
                continue;
            }
            struct cs_id *ids;
            size_t count;
            enum cs_status status =
                referrers(reconcile, other, j, &row->id, CS_ROWS_LIVE, &ids, &count);
            for (size_t k = 0; status == CS_OK && k < count; k++) {
                status = hand_on_carried(reconcile, other, &ids[k], scopes);
            }
            if (status != CS_OK) {
                return status;
            }
        }
    }
    return CS_OK;
}

static enum cs_status derive(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                             struct cs_bytes *out)
{
    enum cs_status status = cs_scopes_own(reconcile, row, out);
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        const struct cs_field *field = &row->entity->fields[i];
        if ((field->flags & CS_FIELD_FOLLOWS) != 0) {
            status = hand_on_from(reconcile, field->references, row->values[i].bytes, out);
        }
    }
    if (status == CS_OK && cs_bytes_equal_text(row->name, "conflict") &&
        cs_bytes_equal_text(cs_stored_value(row, "state").bytes, "open")) {
        struct cs_bytes subject = cs_stored_value(row, "entity").bytes;
        char *name = cs_arena_text(reconcile->arena, subject);
        status = name == NULL
                     ? CS_NO_MEMORY
                     : hand_on_from(reconcile, name, cs_stored_value(row, "row").bytes, out);
    }
    return status != CS_OK ? status : carried_scopes(reconcile, row, out);
}

/* Looks at one row again; *out_changed tells whether its scopes are others now. */
static enum cs_status rescope(struct cs_reconcile *reconcile, struct cs_working_row *row,
                              bool *out_changed)
{
    struct cs_bytes scopes;
    *out_changed = false;
    if (!row->now.row.exists || row->now.row.entity == NULL) {
        return CS_OK;
    }
    enum cs_status status = derive(reconcile, &row->now.row, &scopes);
    if (status == CS_OK && !cs_bytes_equal(scopes, row->now.row.scopes)) {
        status = cs_working_set_touch(&reconcile->set, row);
        row->now.row.scopes = scopes;
        row->now.changed = true;
        *out_changed = true;
    }
    return status;
}

/* A list of rows to look at again; each stands in it once, however many rows it depends on. */
struct agenda {
    unsigned number;
    struct cs_working_row **rows;
    size_t count;
    size_t capacity;
};

static enum cs_status put_on(struct cs_reconcile *reconcile, struct agenda *agenda,
                             struct cs_bytes entity, struct cs_bytes id_bytes)
{
    struct cs_id id;
    struct cs_working_row *row;
    if (!cs_id_from_bytes(id_bytes, &id)) {
        return CS_OK;
    }
    enum cs_status status = cs_working_set_get(&reconcile->set, entity, &id, &row);
    if (status != CS_OK || row->agenda == agenda->number) {
        return status;
    }
    row->agenda = agenda->number;
    if (agenda->count == agenda->capacity) {
        size_t capacity = agenda->capacity == 0 ? 64 : agenda->capacity * 2;
        struct cs_working_row **rows =
            cs_arena_take_array(reconcile->arena, capacity, sizeof(struct cs_working_row *));
        if (rows == NULL) {
            return CS_NO_MEMORY;
        }
        for (size_t i = 0; i < agenda->count; i++) {
            rows[i] = agenda->rows[i];
        }
        agenda->rows = rows;
        agenda->capacity = capacity;
    }
    agenda->rows[agenda->count++] = row;
    return CS_OK;
}

/* Open conflicts stand where their subject stands. */
static enum cs_status put_conflicts(struct cs_reconcile *reconcile, struct agenda *agenda,
                                    const struct cs_working_row *row)
{
    struct cs_id *ids;
    size_t count;
    enum cs_status status = cs_conflicts_of(reconcile, row, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = put_on(reconcile, agenda, cs_bytes_of_text("conflict"), cs_id_bytes(&ids[i]));
    }
    return status;
}

/* Rows whose scopes rest on this one: those it carries, now and before, those that follow it, and its conflicts. */
static enum cs_status put_dependents(struct cs_reconcile *reconcile, struct agenda *agenda,
                                     const struct cs_working_row *row)
{
    const struct cs_entity *entity = row->now.row.entity;
    enum cs_status status =
        row->now.head_count == 0 ? CS_OK : put_conflicts(reconcile, agenda, row);
    for (size_t i = 0; status == CS_OK && i < entity->field_count; i++) {
        if ((entity->fields[i].flags & CS_FIELD_CARRIES) == 0) {
            continue;
        }
        struct cs_bytes target = cs_bytes_of_text(entity->fields[i].references);
        status = put_on(reconcile, agenda, target, row->now.row.values[i].bytes);
        if (status == CS_OK && row->before.exists) {
            status = put_on(reconcile, agenda, target, row->before.values[i].bytes);
        }
    }
    for (size_t i = 0; status == CS_OK && i < reconcile->registry->entity_count; i++) {
        const struct cs_entity *other = reconcile->registry->entities[i];
        for (size_t j = 0; status == CS_OK && j < other->field_count; j++) {
            if ((other->fields[j].flags & CS_FIELD_FOLLOWS) == 0 || CS_PLANTED(FORGET_SCOPE) ||
                !refers_to(&other->fields[j], entity)) {
                continue;
            }
            struct cs_id *ids;
            size_t count;
            /* A deleted row follows as well: who loses the row it is about loses it too. */
            status = referrers(reconcile, other, j, &row->now.row.id, CS_ROWS_WITH_DELETED, &ids,
                               &count);
            for (size_t k = 0; status == CS_OK && k < count; k++) {
                status =
                    put_on(reconcile, agenda, cs_bytes_of_text(other->name), cs_id_bytes(&ids[k]));
            }
        }
    }
    return status;
}

enum cs_status cs_scopes_update(struct cs_reconcile *reconcile)
{
    struct agenda agenda = {.number = ++reconcile->agenda};
    enum cs_status status = CS_OK;
    for (struct cs_working_row *row = reconcile->set.first; status == CS_OK && row != NULL;
         row = row->next) {
        if (!row->now.changed || row->saved || row->now.row.entity == NULL) {
            continue;
        }
        status = put_on(reconcile, &agenda, row->now.row.name, cs_id_bytes(&row->now.row.id));
        if (status == CS_OK) {
            status = put_dependents(reconcile, &agenda, row);
        }
    }
    for (unsigned round = 0; status == CS_OK && agenda.count > 0; round++) {
        if (round == ROUNDS_MAX) {
            return CS_LIMIT;
        }
        struct agenda next = {.number = ++reconcile->agenda};
        for (size_t i = 0; status == CS_OK && i < agenda.count; i++) {
            bool changed;
            status = rescope(reconcile, agenda.rows[i], &changed);
            if (status == CS_OK && changed) {
                status = put_dependents(reconcile, &next, agenda.rows[i]);
            }
        }
        agenda = next;
    }
    return status;
}
