/* Rows that devices bring back, see recovered_rows.h. */
#include "sync-server/reconcile/recovered_rows.h"

#include "shared/base/text.h"
#include "shared/domain/validation.h"
#include "shared/domain/value_text.h"
#include "shared/merge/row_versions.h"
#include "sync-server/reconcile/bases.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"

#include <string.h>

#define KIND "recovered_row"
#define SHOWN_MAX ((size_t)1500)

/* A version of a transaction that the server never saw, or does not see any more. */
static enum cs_status is_lost(struct cs_reconcile *reconcile, const struct cs_version *version,
                              bool *out)
{
    enum cs_whereabouts where;
    enum cs_status status = cs_change_whereabouts(reconcile, version, &where);
    *out = status == CS_OK && where == CS_CHANGE_AWAY;
    return status;
}

/* Which units of an offered row are in a state that the server does not know. */
static enum cs_status list_lost(struct cs_reconcile *reconcile,
                                const struct cs_row_versions *versions, bool *out_units,
                                bool *out_any)
{
    enum cs_status status = CS_OK;
    *out_any = false;
    for (size_t i = 0; status == CS_OK && i < versions->exception_count; i++) {
        struct cs_versions list = versions->exceptions[i].versions;
        for (size_t j = 0; status == CS_OK && !out_units[i] && j < list.count; j++) {
            status = is_lost(reconcile, &list.items[j], &out_units[i]);
        }
        *out_any = *out_any || out_units[i];
    }
    return status;
}

static enum cs_status expect(struct cs_reconcile *reconcile, const struct cs_stored_row *offered,
                             const struct cs_version *version)
{
    const struct cs_row_key key = {offered->name, offered->id};
    bool lost = false;
    enum cs_status status = is_lost(reconcile, version, &lost);
    return status == CS_OK && lost ? cs_store_put_lost_version(reconcile->store, version, &key)
                                   : status;
}

/* What the offered state rests on may still come: until all of it has, the office is told of the row. */
static enum cs_status expect_all(struct cs_reconcile *reconcile,
                                 const struct cs_stored_row *offered,
                                 const struct cs_row_versions *versions)
{
    enum cs_status status = expect(reconcile, offered, &versions->created);
    for (size_t i = 0; status == CS_OK && i < versions->exception_count; i++) {
        struct cs_versions list = versions->exceptions[i].versions;
        for (size_t j = 0; status == CS_OK && j < list.count; j++) {
            status = expect(reconcile, offered, &list.items[j]);
        }
    }
    return status;
}

static enum cs_status report(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                             struct cs_value detail)
{
    struct cs_finding finding = {
        .kind = KIND, .subject = &row->now.row, .holds = true, .detail = detail};
    return cs_exception_set(reconcile, &finding);
}

static bool acceptable(const struct cs_entity *entity, const struct cs_stored_row *offered)
{
    struct cs_problem problem;
    for (size_t i = 0; i < entity->field_count; i++) {
        if (offered->values[i].kind != CS_VALUE_NULL &&
            cs_value_check(entity, &entity->fields[i], &offered->values[i], &problem) != CS_OK) {
            return false;
        }
    }
    return cs_row_complete(entity, offered->values, &problem) == CS_OK;
}

static enum cs_status take(struct cs_reconcile *reconcile, const struct cs_device *device,
                           struct cs_working_row *row, const struct cs_stored_row *offered,
                           const struct cs_row_versions *versions)
{
    struct cs_value detail;
    enum cs_status status = cs_working_set_touch(&reconcile->set, row);
    if (status != CS_OK) {
        return status;
    }
    row->now.row.exists = true;
    row->now.row.values = offered->values;
    row->now.row.extra = offered->extra;
    row->now.row.extra_count = offered->extra_count;
    row->now.row.versions = offered->versions;
    row->now.changed = true;
    row->now.surprising = true;
    row->now.last_author = versions->created;
    status = cs_computed_text(
        reconcile->arena, &detail,
        "the server had lost this when it went back in time; \"%.*s\" of %.*s still had it, as it "
        "was confirmed then. It stands as that device sent it until its author's device syncs",
        (int)device->device_name.size, (const char *)device->device_name.data,
        (int)device->person_name.size, (const char *)device->person_name.data);
    return status != CS_OK ? status : report(reconcile, row, detail);
}

/* The values of the units that the server has in an older state, as people read them. */
static void format_lost(const struct cs_entity *entity, const struct cs_stored_row *offered,
                        const struct cs_row_versions *versions, const bool *lost,
                        struct cs_buffer *out)
{
    for (size_t i = 0; i < versions->exception_count; i++) {
        int index = cs_entity_field_index(entity, versions->exceptions[i].unit);
        if (!lost[i] || index < 0) {
            continue;
        }
        struct cs_buffer text;
        cs_buffer_init(&text, 4 * CS_VALUE_MAX);
        cs_value_format(&entity->fields[index], &offered->values[index], &text);
        cs_buffer_append_format(out, "%s%s=", out->size == 0 ? "" : ", ",
                                entity->fields[index].name);
        if (text.status == CS_OK &&
            text.size <= SHOWN_MAX - (out->size < SHOWN_MAX ? out->size : SHOWN_MAX)) {
            cs_buffer_append_bytes(out, cs_buffer_bytes(&text));
        } else {
            cs_buffer_append_format(out, "…");
        }
        cs_buffer_release(&text);
    }
    if (out->size == 0) {
        cs_buffer_append_format(out, "deleted or kept");
    }
}

static enum cs_status tell(struct cs_reconcile *reconcile, const struct cs_device *device,
                           struct cs_working_row *row, const struct cs_stored_row *offered,
                           const struct cs_row_versions *versions, const bool *lost)
{
    struct cs_buffer values;
    struct cs_value detail;
    cs_buffer_init(&values, 8 * CS_KIBI);
    format_lost(row->now.row.entity, offered, versions, lost, &values);
    enum cs_status status = values.status;
    if (status == CS_OK) {
        status = cs_computed_text(
            reconcile->arena, &detail,
            "the server went back in time; \"%.*s\" of %.*s had this in a newer state: %.*s. It "
            "was not taken over: it comes with its author's next sync, or set it again",
            (int)device->device_name.size, (const char *)device->device_name.data,
            (int)device->person_name.size, (const char *)device->person_name.data, (int)values.size,
            (const char *)values.data);
    }
    cs_buffer_release(&values);
    return status != CS_OK ? status : report(reconcile, row, detail);
}

static enum cs_status judge(struct cs_reconcile *reconcile, const struct cs_device *device,
                            const struct cs_stored_row *offered,
                            const struct cs_row_versions *versions, struct cs_recovered_count *out)
{
    struct cs_working_row *row;
    enum cs_status status = cs_working_set_get(&reconcile->set, offered->name, &offered->id, &row);
    bool lost = false;
    if (status == CS_OK && !row->now.row.exists) {
        status = is_lost(reconcile, &versions->created, &lost);
        if (status != CS_OK || !lost || !acceptable(offered->entity, offered)) {
            return status;
        }
        status = take(reconcile, device, row, offered, versions);
        out->taken += status == CS_OK ? 1 : 0;
        return status != CS_OK ? status : expect_all(reconcile, offered, versions);
    }
    bool *units = cs_arena_take_array(reconcile->arena, versions->exception_count, sizeof *units);
    if (status == CS_OK) {
        status = units == NULL ? CS_NO_MEMORY : list_lost(reconcile, versions, units, &lost);
    }
    if (status == CS_OK && lost) {
        status = tell(reconcile, device, row, offered, versions, units);
        out->older += status == CS_OK ? 1 : 0;
    }
    return status == CS_OK && lost ? expect_all(reconcile, offered, versions) : status;
}

static enum cs_status offer_one(struct cs_reconcile *reconcile, const struct cs_device *device,
                                const struct cs_row *row, struct cs_recovered_count *out)
{
    const struct cs_entity *entity = cs_registry_find(reconcile->registry, row->entity);
    struct cs_stored_row offered;
    struct cs_row_versions versions;
    if (entity == NULL || entity->kind == CS_ENTITY_COMPUTED || row->deleted) {
        return CS_OK;
    }
    enum cs_status status = cs_row_versions_unpack(row->versions, reconcile->arena, &versions);
    if (status == CS_OK) {
        status = cs_row_from_fields(reconcile->registry, row->entity, row->fields, row->field_count,
                                    reconcile->arena, &offered);
    }
    if (status != CS_OK) {
        return status;
    }
    offered.id = row->id;
    offered.versions = row->versions;
    return judge(reconcile, device, &offered, &versions, out);
}

enum cs_status cs_recovered_rows_offer(struct cs_store *store, const struct cs_push_clock *clock,
                                       struct cs_arena *arena, const struct cs_device *device,
                                       const struct cs_row *rows, size_t count,
                                       struct cs_recovered_count *out)
{
    struct cs_reconcile reconcile = {
        .store = store, .registry = cs_store_registry(store), .arena = arena, .clock = clock};
    struct cs_recovered_count counted = {0, 0};
    enum cs_status status = cs_store_position(store, &reconcile.position);
    if (status == CS_OK) {
        status = cs_working_set_init(&reconcile.set, store, arena, count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = offer_one(&reconcile, device, &rows[i], &counted);
    }
    if (status == CS_OK && counted.taken + counted.older > 0) {
        status = cs_reconcile_finish(&reconcile);
    }
    if (status == CS_OK) {
        *out = counted;
    }
    return status;
}

enum cs_status cs_recovered_row_insert(struct cs_reconcile *reconcile, struct cs_working_row *row,
                                       const struct cs_operation *operation,
                                       const struct cs_edit *edit, bool *out_taken)
{
    struct cs_row_versions versions;
    const struct cs_entity *entity = row->now.row.entity;
    enum cs_status status =
        cs_row_versions_unpack(row->now.row.versions, reconcile->arena, &versions);
    *out_taken = false;
    if (status != CS_OK || !cs_version_equal(&versions.created, &edit->version)) {
        return status;
    }
    struct cs_value *values =
        cs_arena_take_array(reconcile->arena, entity->field_count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(values, row->now.row.values, entity->field_count * sizeof *values);
    for (size_t i = 0; i < operation->change_count; i++) {
        size_t index = (size_t)cs_entity_field_index(entity, operation->changes[i].field);
        struct cs_versions shown = cs_row_versions_of(
            &versions, cs_bytes_of_text(entity->fields[cs_entity_unit(entity, index)].name));
        if (shown.count == 1 && cs_version_equal(&shown.items[0], &edit->version)) {
            values[index] = operation->changes[i].value;
        }
    }
    status = cs_working_set_touch(&reconcile->set, row);
    if (status == CS_OK) {
        row->now.row.values = values;
        row->now.changed = true;
        row->now.surprising = true;
        *out_taken = true;
    }
    return status;
}

static enum cs_status returned(struct cs_reconcile *reconcile, const struct cs_row_key *key)
{
    struct cs_working_row *row;
    bool lacks = false;
    enum cs_status status = cs_store_row_lacks(reconcile->store, key, &lacks);
    if (status != CS_OK || lacks) {
        return status;
    }
    status = cs_working_set_get(&reconcile->set, key->entity, &key->id, &row);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_finding finding = {.kind = KIND, .subject = &row->now.row, .holds = false};
    return cs_exception_set(reconcile, &finding);
}

enum cs_status cs_recovered_rows_returned(struct cs_reconcile *reconcile, uint64_t log,
                                          const struct cs_transactions *transactions)
{
    bool any = false;
    enum cs_status status = cs_store_lost_any(reconcile->store, &any);
    for (size_t i = 0; status == CS_OK && any && i < transactions->count; i++) {
        const struct cs_version version = {log, transactions->items[i].counter};
        struct cs_row_key *rows;
        size_t count;
        status =
            cs_store_take_lost_version(reconcile->store, &version, reconcile->arena, &rows, &count);
        for (size_t j = 0; status == CS_OK && j < count; j++) {
            status = returned(reconcile, &rows[j]);
        }
    }
    return status;
}
