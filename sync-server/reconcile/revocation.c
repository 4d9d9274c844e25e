/* Revoking a device, see revocation.h. */
#include "sync-server/reconcile/revocation.h"

#include "shared/evidence/revocation.h"
#include "sync-server/reconcile/directory.h"

#include <string.h>

static bool is_revocation(const struct cs_operation *operation)
{
    return operation->kind == CS_OPERATION_INSERT &&
           cs_bytes_equal_text(operation->entity, "revocation");
}

enum cs_status cs_operation_values(struct cs_reconcile *reconcile,
                                   const struct cs_operation *operation,
                                   struct cs_named_value **out)
{
    struct cs_named_value *values =
        cs_arena_take_array(reconcile->arena, operation->change_count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < operation->change_count; i++) {
        values[i] =
            (struct cs_named_value){operation->changes[i].field, operation->changes[i].value};
    }
    *out = values;
    return CS_OK;
}

enum cs_status cs_reconcile_organisation(struct cs_reconcile *reconcile,
                                         uint8_t out[static CS_HASH_SIZE])
{
    struct cs_bytes bytes;
    enum cs_status status =
        cs_store_get(reconcile->store, "organisation", reconcile->arena, &bytes);
    if (status == CS_OK && bytes.size != CS_HASH_SIZE) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK) {
        memcpy(out, bytes.data, CS_HASH_SIZE);
    }
    /* Devices push, so a root was pinned. */
    return status == CS_NOT_FOUND ? CS_CORRUPT : status;
}

enum cs_status cs_signer_check(struct cs_reconcile *reconcile,
                               const uint8_t certificate[static CS_HASH_SIZE],
                               struct cs_problem *problem)
{
    struct cs_device device;
    enum cs_status status =
        cs_store_device(reconcile->store, certificate, reconcile->arena, &device);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, CS_UNKNOWN_DEVICE,
                              "the device that signed this has never joined");
    }
    return status == CS_OK && device.state == CS_DEVICE_REVOKED
               ? cs_problem_set(problem, CS_DENIED,
                                "the device that signed this was revoked before: it decides "
                                "nothing any more")
               : status;
}

/* Without an owner's device nobody could be let in or put out any more. */
static enum cs_status check_owner_left(struct cs_reconcile *reconcile,
                                       const struct cs_device *subject, struct cs_problem *problem)
{
    struct cs_device *devices;
    size_t count;
    if ((subject->roles & CS_ROLE(OWNER)) == 0 || subject->state == CS_DEVICE_REVOKED) {
        return CS_OK;
    }
    enum cs_status status = cs_store_devices(reconcile->store, reconcile->arena, &devices, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if ((devices[i].roles & CS_ROLE(OWNER)) != 0 && devices[i].state == CS_DEVICE_ACTIVE &&
            devices[i].log != subject->log) {
            return CS_OK;
        }
    }
    return status != CS_OK
               ? status
               : cs_problem_set(problem, CS_DENIED,
                                "this is the last device of an owner: let another one join first");
}

/* The reference beside the certificate is for people: it must lead to the same device. */
static enum cs_status check_reference(const struct cs_operation *operation,
                                      const struct cs_revocation *revocation,
                                      struct cs_problem *problem)
{
    struct cs_id id;
    cs_directory_row_id(revocation->subject.leaf_id, &id);
    for (size_t i = 0; i < operation->change_count; i++) {
        if (cs_bytes_equal_text(operation->changes[i].field, "device") &&
            cs_bytes_equal(operation->changes[i].value.bytes, cs_id_bytes(&id))) {
            return CS_OK;
        }
    }
    return cs_problem_set(problem, CS_FORGED, "its device is not the one of the certificate");
}

enum cs_status cs_revocation_check(struct cs_reconcile *reconcile,
                                   const struct cs_operation *operation, const struct cs_edit *edit,
                                   struct cs_problem *problem)
{
    if (!is_revocation(operation)) {
        return CS_OK;
    }
    if (edit->transaction->operation_count != 1) {
        return cs_problem_set(problem, CS_MALFORMED,
                              "a revocation stands alone in its transaction");
    }
    uint8_t organisation[CS_HASH_SIZE];
    struct cs_named_value *values;
    struct cs_revocation revocation;
    struct cs_device subject;
    enum cs_status status = cs_reconcile_organisation(reconcile, organisation);
    if (status == CS_OK) {
        status = cs_operation_values(reconcile, operation, &values);
    }
    if (status == CS_OK) {
        status = cs_revocation_verify(values, operation->change_count, organisation,
                                      reconcile->arena, &revocation, problem);
    }
    if (status == CS_OK) {
        status = cs_signer_check(reconcile, revocation.revoker.leaf_id, problem);
    }
    if (status == CS_OK) {
        status = check_reference(operation, &revocation, problem);
    }
    if (status == CS_OK) {
        status = cs_store_device(reconcile->store, revocation.subject.leaf_id, reconcile->arena,
                                 &subject);
    }
    return status != CS_OK ? status : check_owner_left(reconcile, &subject, problem);
}

/* Certificate id of the device that an applied revocation names. */
static bool subject_of(const struct cs_operation *operation, const uint8_t **out)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        if (cs_bytes_equal_text(operation->changes[i].field, "certificate") &&
            operation->changes[i].value.bytes.size == CS_HASH_SIZE) {
            *out = operation->changes[i].value.bytes.data;
            return true;
        }
    }
    return false;
}

enum cs_status cs_revocation_take(struct cs_reconcile *reconcile,
                                  const struct cs_operation *operation)
{
    const uint8_t *certificate = NULL;
    if (!is_revocation(operation) || !subject_of(operation, &certificate)) {
        return CS_OK;
    }
    struct cs_device device;
    struct cs_device *pushing = reconcile->device;
    enum cs_status status =
        cs_store_device(reconcile->store, certificate, reconcile->arena, &device);
    if (status != CS_OK || device.state == CS_DEVICE_REVOKED) {
        return status;
    }
    bool is_pushing =
        pushing != NULL && memcmp(pushing->certificate, certificate, CS_HASH_SIZE) == 0;
    if (is_pushing) {
        device = *pushing; /* its log has come further than the store knows */
    }
    device.state = CS_DEVICE_REVOKED;
    device.revoked = (struct cs_device_revoked){.position = reconcile->position + 1,
                                                .at_ms = reconcile->clock->now_ms,
                                                .sequence = device.sequence,
                                                .counter = device.counter,
                                                .row = operation->row};
    memcpy(device.revoked.head, device.head, CS_HASH_SIZE);
    if (is_pushing) {
        *pushing = device;
    }
    status = cs_store_put_device(reconcile->store, &device);
    return status != CS_OK ? status : cs_directory_show(reconcile, &device);
}
