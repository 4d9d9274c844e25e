/* Rows of devices, see directory.h. */
#include "sync-server/reconcile/directory.h"

#include "shared/base/text.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"

void cs_directory_row_id(const uint8_t certificate[static CS_HASH_SIZE], struct cs_id *out)
{
    struct cs_bytes part = cs_bytes_make(certificate, CS_HASH_SIZE);
    cs_computed_id("countersign device", &part, 1, out);
}

static const char *state_name(enum cs_device_state state)
{
    switch (state) {
    case CS_DEVICE_ACTIVE:
        return "active";
    case CS_DEVICE_SUSPENDED:
    case CS_DEVICE_FORKED:
        break;
    }
    return "suspended";
}

static enum cs_status put_row(struct cs_reconcile *reconcile, const struct cs_device *device)
{
    struct cs_buffer roles;
    cs_buffer_init(&roles, 512);
    cs_roles_format(device->roles, &roles);
    struct cs_bytes roles_text;
    struct cs_buffer log;
    cs_buffer_init(&log, 8);
    cs_buffer_append_u64(&log, device->log);
    struct cs_bytes log_bytes;
    enum cs_status status = roles.status != CS_OK ? roles.status : log.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&roles), &roles_text);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&log), &log_bytes);
    }
    if (status == CS_OK) {
        struct cs_id id;
        cs_directory_row_id(device->certificate, &id);
        const struct cs_computed_value values[] = {
            {"person", cs_value_bytes(cs_id_bytes(&device->person))},
            {"person_name", cs_value_text(device->person_name)},
            {"roles", cs_value_text(roles_text)},
            {"device_name", cs_value_text(device->device_name)},
            {"chain", cs_value_bytes(device->chain)},
            {"log_id", cs_value_bytes(log_bytes)},
            {"joined_at", cs_value_integer(cs_instant_make(device->joined_ms, 0))},
            {"state", cs_value_text(cs_bytes_of_text(state_name(device->state)))},
        };
        status = cs_computed_put(reconcile, "device", &id, values, CS_COUNT(values));
    }
    cs_buffer_release(&roles);
    cs_buffer_release(&log);
    return status;
}

/* A set of its own for a change that no push makes. */
static enum cs_status begin(struct cs_reconcile *reconcile, struct cs_store *store,
                            const struct cs_push_clock *clock, struct cs_arena *arena)
{
    *reconcile = (struct cs_reconcile){
        .store = store, .registry = cs_store_registry(store), .arena = arena, .clock = clock};
    enum cs_status status = cs_store_position(store, &reconcile->position);
    return status != CS_OK ? status : cs_working_set_init(&reconcile->set, store, arena, 1);
}

enum cs_status cs_directory_put(struct cs_store *store, const struct cs_push_clock *clock,
                                const struct cs_device *device, struct cs_arena *arena)
{
    struct cs_reconcile reconcile;
    enum cs_status status = begin(&reconcile, store, clock, arena);
    if (status == CS_OK) {
        status = put_row(&reconcile, device);
    }
    return status != CS_OK ? status : cs_reconcile_finish(&reconcile);
}

enum cs_status cs_directory_report_fork(struct cs_store *store, const struct cs_push_clock *clock,
                                        const struct cs_device *device, struct cs_arena *arena)
{
    struct cs_reconcile reconcile;
    struct cs_working_row *row = NULL;
    struct cs_id id;
    cs_directory_row_id(device->certificate, &id);
    enum cs_status status = begin(&reconcile, store, clock, arena);
    if (status == CS_OK) {
        status = cs_working_set_get(&reconcile.set, cs_bytes_of_text("device"), &id, &row);
    }
    struct cs_finding finding = {.kind = "forked_device", .holds = true};
    if (status == CS_OK) {
        finding.subject = &row->now.row;
        status = cs_computed_text(
            arena, &finding.detail,
            "this device was copied or restored from an old copy; give it a new invite and "
            "let it send what it holds");
    }
    if (status == CS_OK) {
        status = cs_exception_set(&reconcile, &finding);
    }
    return status != CS_OK ? status : cs_reconcile_finish(&reconcile);
}
