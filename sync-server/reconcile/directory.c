/* Rows of devices, see directory.h. */
#include "sync-server/reconcile/directory.h"

#include "shared/base/text.h"
#include "shared/evidence/certificate.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"

void cs_directory_row_id(const uint8_t certificate[static CS_HASH_SIZE], struct cs_id *out)
{
    cs_certificate_row_id(certificate, out);
}

static const char *state_name(enum cs_device_state state)
{
    switch (state) {
    case CS_DEVICE_ACTIVE:
        return "active";
    case CS_DEVICE_REVOKED:
        return "revoked";
    case CS_DEVICE_SUSPENDED:
    case CS_DEVICE_FORKED:
        break;
    }
    return "suspended";
}

/* What was fixed when it was revoked; nothing as long as it was not. */
static enum cs_status put_revoked(struct cs_reconcile *reconcile, const struct cs_id *id,
                                  const struct cs_device *device)
{
    const struct cs_device_revoked *revoked = &device->revoked;
    struct cs_bytes head;
    struct cs_bytes row;
    if (revoked->position == 0) {
        return CS_OK;
    }
    enum cs_status status =
        cs_arena_copy(reconcile->arena, cs_bytes_of_array(revoked->head), &head);
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_id_bytes(&revoked->row), &row);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_computed_value values[] = {
        {"revoked_position", cs_value_integer((int64_t)revoked->position)},
        {"revoked_sequence", cs_value_integer((int64_t)revoked->sequence)},
        {"revoked_head", cs_value_bytes(head)},
        {"revoked_counter", cs_value_integer((int64_t)revoked->counter)},
        {"revoked_at", cs_value_integer(cs_instant_make(revoked->at_ms, 0))},
        {"revocation", cs_value_bytes(row)},
    };
    return cs_computed_put(reconcile, "device", id, values, CS_COUNT(values));
}

static enum cs_status copy_bytes(struct cs_reconcile *reconcile, struct cs_bytes bytes,
                                 struct cs_value *out)
{
    struct cs_bytes copy = CS_BYTES_NONE;
    enum cs_status status = cs_arena_copy(reconcile->arena, bytes, &copy);
    *out = cs_value_bytes(copy);
    return status;
}

enum cs_status cs_directory_show(struct cs_reconcile *reconcile, const struct cs_device *device)
{
    struct cs_buffer roles;
    cs_buffer_init(&roles, 512);
    cs_roles_format(device->roles, &roles);
    struct cs_bytes roles_text;
    struct cs_buffer log;
    cs_buffer_init(&log, 8);
    cs_buffer_append_u64(&log, device->log);
    struct cs_bytes log_bytes;
    struct cs_value person;
    struct cs_value chain;
    enum cs_status status = roles.status != CS_OK ? roles.status : log.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&roles), &roles_text);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&log), &log_bytes);
    }
    if (status == CS_OK) {
        status = copy_bytes(reconcile, cs_id_bytes(&device->person), &person);
    }
    if (status == CS_OK) {
        status = copy_bytes(reconcile, device->chain, &chain);
    }
    if (status == CS_OK) {
        struct cs_id id;
        cs_directory_row_id(device->certificate, &id);
        struct cs_value joined = device->joined_position == 0
                                     ? CS_NULL
                                     : cs_value_integer((int64_t)device->joined_position);
        const struct cs_computed_value values[] = {
            {"person", person},
            {"person_name", cs_value_text(device->person_name)},
            {"roles", cs_value_text(roles_text)},
            {"device_name", cs_value_text(device->device_name)},
            {"chain", chain},
            {"log_id", cs_value_bytes(log_bytes)},
            {"joined_at", cs_value_integer(cs_instant_make(device->joined_ms, 0))},
            {"state", cs_value_text(cs_bytes_of_text(state_name(device->state)))},
            {"joined_position", joined},
        };
        status = cs_computed_put(reconcile, "device", &id, values, CS_COUNT(values));
        if (status == CS_OK) {
            status = put_revoked(reconcile, &id, device);
        }
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
        status = cs_directory_show(&reconcile, device);
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
