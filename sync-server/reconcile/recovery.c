/* A server that went back in time, see recovery.h. */
#include "sync-server/reconcile/recovery.h"

#include "shared/base/planted.h"
#include "shared/base/text.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"
#include "sync-server/reconcile/push.h"

#include <string.h>

#define KIND "server_went_back"

static enum cs_status begin(struct cs_reconcile *reconcile, struct cs_store *store,
                            const struct cs_push_clock *clock, struct cs_arena *arena)
{
    *reconcile = (struct cs_reconcile){
        .store = store, .registry = cs_store_registry(store), .arena = arena, .clock = clock};
    enum cs_status status = cs_store_position(store, &reconcile->position);
    return status != CS_OK ? status : cs_working_set_init(&reconcile->set, store, arena, 1);
}

/* What became of the change-sets that the server had lost of this device. */
static enum cs_status describe(struct cs_reconcile *reconcile, const struct cs_device *device,
                               const struct cs_returning *returning, struct cs_value *out)
{
    struct cs_bytes how;
    enum cs_status status =
        cs_store_get(reconcile->store, CS_FACT_WENT_BACK, reconcile->arena, &how);
    if (status != CS_OK) {
        return status;
    }
    const char *text = (const char *)how.data;
    int size = (int)how.size;
    unsigned long long first = (unsigned long long)returning->sequence + 1;
    unsigned long long last = (unsigned long long)returning->named;
    unsigned long long lost = last < first ? 0 : last - first + 1;
    unsigned long long next = (unsigned long long)device->sequence + 1;
    if (lost == 0) {
        return cs_computed_text(
            reconcile->arena, out,
            returning->awaited
                ? "the server went back in time (%.*s): this device has not synced since; what it "
                  "had sent after change-set %llu is not here, and comes back when it syncs"
                : "the server went back in time (%.*s): nothing that this device had sent after "
                  "change-set %llu is missing",
            size, text, first - 1);
    }
    if (next > last) {
        return cs_computed_text(reconcile->arena, out,
                                "the server went back in time (%.*s): all %llu change-sets that it "
                                "had lost of this device were sent again (%llu to %llu)",
                                size, text, lost, first, last);
    }
    return cs_computed_text(reconcile->arena, out,
                            "the server went back in time (%.*s): %llu of %llu change-sets that it "
                            "had lost of this device were sent again; still missing: %llu to %llu",
                            size, text, next - first, lost, next, last);
}

/* What was lost stays in view until the office has taken note; where nothing was, the exception closes by itself. */
static enum cs_status report(struct cs_reconcile *reconcile, const struct cs_device *device,
                             const struct cs_returning *returning)
{
    struct cs_id id;
    struct cs_working_row *row;
    cs_directory_row_id(device->certificate, &id);
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text("device"), &id, &row);
    if (status != CS_OK || CS_PLANTED(HUSH_LOSS)) {
        return status;
    }
    struct cs_finding finding = {.kind = KIND,
                                 .subject = &row->now.row,
                                 .holds =
                                     returning->awaited || returning->named > returning->sequence};
    status = describe(reconcile, device, returning, &finding.detail);
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

static enum cs_status put_number(struct cs_store *store, const char *key, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    return cs_store_put(store, key, cs_bytes_of_array(bytes));
}

static enum cs_status put_open(struct cs_store *store, uint8_t open)
{
    return cs_store_put(store, CS_FACT_RECOVERY_OPEN, cs_bytes_make(&open, sizeof open));
}

static enum cs_status put_how(struct cs_store *store, const struct cs_push_clock *clock,
                              struct cs_arena *arena, const struct cs_witness *witness)
{
    char at[CS_TIME_TEXT_MAX];
    struct cs_value text;
    cs_instant_format(cs_instant_make(clock->now_ms, 0), at);
    const struct cs_device *device = witness->device;
    enum cs_status status =
        device == NULL
            ? cs_computed_text(arena, &text, "restored from a backup by its administrator at %s",
                               at)
            : cs_computed_text(
                  arena, &text, "noticed at %s: \"%.*s\" of %.*s showed what it had signed later",
                  at, (int)device->device_name.size, (const char *)device->device_name.data,
                  (int)device->person_name.size, (const char *)device->person_name.data);
    if (status == CS_OK) {
        status = cs_store_put(store, CS_FACT_WENT_BACK, text.bytes);
    }
    return status != CS_OK ? status
                           : put_number(store, CS_FACT_WENT_BACK_MS, (uint64_t)clock->now_ms);
}

static enum cs_status put_history(struct cs_store *store, const struct cs_push_clock *clock,
                                  struct cs_arena *arena, const uint8_t incarnation[static 16],
                                  const struct cs_witness *witness)
{
    struct cs_bytes present;
    struct cs_incarnation ended = {.ended_ms = clock->now_ms,
                                   .witness = witness->device == NULL ? 0 : witness->device->log,
                                   .witness_position = witness->position};
    enum cs_status status = cs_store_get(store, "incarnation", arena, &present);
    if (status == CS_OK && present.size != sizeof ended.id) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK) {
        status = cs_store_position(store, &ended.position);
    }
    if (status != CS_OK) {
        return status;
    }
    memcpy(ended.id, present.data, sizeof ended.id);
    status = cs_store_put_incarnation(store, &ended);
    /* One that this store never heard of, but that the server has signed: it was ended by going back. */
    if (status == CS_OK && witness->device != NULL &&
        memcmp(witness->incarnation, ended.id, sizeof ended.id) != 0) {
        memcpy(ended.id, witness->incarnation, sizeof ended.id);
        status = cs_store_put_incarnation(store, &ended);
    }
    return status != CS_OK ? status
                           : cs_store_put(store, "incarnation", cs_bytes_make(incarnation, 16));
}

/* What was missing already when the server went back once more is missing still. */
static enum cs_status await(struct cs_reconcile *reconcile, const struct cs_device *device)
{
    struct cs_returning returning;
    enum cs_status status = cs_store_returning(reconcile->store, device->log, &returning);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    bool missing = status == CS_OK && returning.named > device->sequence;
    returning = (struct cs_returning){.log = device->log,
                                      .sequence = device->sequence,
                                      .named = missing ? returning.named : 0,
                                      .awaited = true};
    status = cs_store_put_returning(reconcile->store, &returning);
    return status != CS_OK ? status : report(reconcile, device, &returning);
}

enum cs_status cs_recovery_begin(struct cs_store *store, const struct cs_push_clock *clock,
                                 struct cs_arena *arena, const uint8_t incarnation[static 16],
                                 const struct cs_witness *witness)
{
    struct cs_reconcile reconcile;
    struct cs_device *devices;
    size_t count;
    enum cs_status status = put_history(store, clock, arena, incarnation, witness);
    if (status == CS_OK) {
        status = put_how(store, clock, arena, witness);
    }
    if (status == CS_OK) {
        status = put_open(store, 1);
    }
    if (status == CS_OK) {
        status = cs_store_devices(store, arena, &devices, &count);
    }
    if (status == CS_OK) {
        status = begin(&reconcile, store, clock, arena);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (devices[i].state == CS_DEVICE_ACTIVE) {
            status = await(&reconcile, &devices[i]);
        }
    }
    return status != CS_OK ? status : cs_reconcile_finish(&reconcile);
}

static enum cs_status note(struct cs_store *store, const struct cs_push_clock *clock,
                           struct cs_arena *arena, const struct cs_device *device,
                           struct cs_returning *returning)
{
    struct cs_reconcile reconcile;
    returning->awaited = returning->awaited && returning->named > device->sequence;
    enum cs_status status = cs_store_put_returning(store, returning);
    if (status == CS_OK) {
        status = begin(&reconcile, store, clock, arena);
    }
    if (status == CS_OK) {
        status = report(&reconcile, device, returning);
    }
    return status != CS_OK ? status : cs_reconcile_finish(&reconcile);
}

enum cs_status cs_recovery_heard(struct cs_store *store, const struct cs_push_clock *clock,
                                 struct cs_arena *arena, const struct cs_device *device,
                                 uint64_t acknowledged)
{
    int64_t since_ms;
    struct cs_returning returning;
    enum cs_status status = cs_recovery_since(store, &since_ms);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    status = cs_store_returning(store, device->log, &returning);
    if (status == CS_NOT_FOUND) {
        /* It joined after the backup: the server learned of it again since. */
        returning = (struct cs_returning){.log = device->log, .sequence = device->sequence};
        status = CS_OK;
    }
    if (status != CS_OK) {
        return status;
    }
    if (acknowledged > returning.named) {
        returning.named = acknowledged;
        returning.awaited = true;
    }
    return note(store, clock, arena, device, &returning);
}

enum cs_status cs_recovery_pushed(struct cs_store *store, const struct cs_push_clock *clock,
                                  struct cs_arena *arena, const struct cs_device *device,
                                  uint64_t sequence_before)
{
    struct cs_returning returning;
    if (device->sequence == sequence_before) {
        return CS_OK;
    }
    enum cs_status status = cs_store_returning(store, device->log, &returning);
    if (status != CS_OK || sequence_before >= returning.named) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    return note(store, clock, arena, device, &returning);
}

enum cs_status cs_recovery_synced(struct cs_store *store, const struct cs_push_clock *clock,
                                  struct cs_arena *arena, const struct cs_device *device,
                                  uint64_t own_sequence, bool *out_told)
{
    struct cs_returning returning;
    enum cs_status status = cs_store_returning(store, device->log, &returning);
    bool all_here =
        status == CS_OK && own_sequence <= device->sequence && returning.named <= device->sequence;
    *out_told = all_here && returning.awaited;
    return status == CS_NOT_FOUND          ? CS_OK
           : status != CS_OK || !*out_told ? status
                                           : note(store, clock, arena, device, &returning);
}

enum cs_status cs_recovery_given_up(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *exception)
{
    struct cs_id id;
    struct cs_working_row *device;
    struct cs_returning returning;
    if (!cs_bytes_equal_text(cs_working_value(exception, "kind").bytes, KIND) ||
        !cs_id_from_bytes(cs_working_value(exception, "row").bytes, &id)) {
        return CS_OK;
    }
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text("device"), &id, &device);
    if (status != CS_OK) {
        return status;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, cs_working_value(device, "log_id").bytes);
    uint64_t log = cs_read_u64(&reader);
    status = reader.status != CS_OK ? CS_NOT_FOUND
                                    : cs_store_returning(reconcile->store, log, &returning);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    returning.awaited = false;
    return cs_store_put_returning(reconcile->store, &returning);
}

enum cs_status cs_recovery_close(struct cs_store *store, const struct cs_push_clock *clock,
                                 struct cs_arena *arena)
{
    struct cs_bytes open;
    bool awaits = true;
    enum cs_status status = cs_store_get(store, CS_FACT_RECOVERY_OPEN, arena, &open);
    if (status != CS_OK || open.size != 1 || open.data[0] == 0) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    status = cs_store_awaits_any(store, &awaits);
    if (status == CS_OK && !awaits) {
        status = put_open(store, 0);
    }
    return status == CS_OK && !awaits ? cs_push_wake(store, clock, arena) : status;
}

enum cs_status cs_recovery_since(struct cs_store *store, int64_t *out_ms)
{
    struct cs_arena arena;
    struct cs_bytes bytes;
    cs_arena_init(&arena, 64 * CS_KIBI);
    enum cs_status status = cs_store_get(store, CS_FACT_WENT_BACK_MS, &arena, &bytes);
    if (status == CS_OK) {
        struct cs_reader reader;
        cs_reader_init(&reader, bytes);
        uint64_t ms = cs_read_u64(&reader);
        status = cs_reader_finish(&reader) == CS_OK ? CS_OK : CS_CORRUPT;
        if (status == CS_OK) {
            *out_ms = (int64_t)ms;
        }
    }
    cs_arena_release(&arena);
    return status;
}
