/* Records signed by a copied device, see copied_device.h. */
#include "sync-server/reconcile/copied_device.h"

#include "shared/evidence/record.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/exceptions.h"

static enum cs_status report(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                             const struct cs_device *device, bool verifies)
{
    struct cs_finding finding = {.kind = "signed_on_copied_device", .subject = row, .holds = true};
    enum cs_status status = cs_computed_text(
        reconcile->arena, &finding.detail,
        "this was signed on \"%.*s\" of %.*s, a device that was copied or set back%s: %s",
        (int)device->device_name.size, (const char *)device->device_name.data,
        (int)device->person_name.size, (const char *)device->person_name.data,
        device->state == CS_DEVICE_REVOKED ? ", and revoked" : "",
        verifies ? "the signature holds, but a copy of the disk could have made it too; ask the "
                   "person, and compare the receipt numbers"
                 : "and the signature does NOT hold");
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

/* Of a revoked device its own log is reviewed by a person; what another log brings was carried over from a copy. */
static bool is_copied(const struct cs_device *device, const struct cs_working_row *row)
{
    return device->state == CS_DEVICE_FORKED ||
           (device->state == CS_DEVICE_REVOKED && row->now.last_author.log != device->log);
}

enum cs_status cs_rule_copied_device(struct cs_reconcile *reconcile,
                                     const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    struct cs_bytes bytes = cs_stored_value(now, "record").bytes;
    struct cs_record record;
    struct cs_device device;
    if (row->before.exists || bytes.size == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_record_decode(bytes, reconcile->arena, &record);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
    }
    status = cs_store_device(reconcile->store, record.certificate, reconcile->arena, &device);
    if (status != CS_OK || !is_copied(&device, row)) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    return report(reconcile, now, &device, cs_record_verify(bytes, device.sign_key) == CS_OK);
}
