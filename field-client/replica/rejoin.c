/* Joining again, see rejoin.h: what is noted, and the order of handing the replica over. */
#include "field-client/replica/rejoin.h"

#include "field-client/replica/confirmed.h"
#include "field-client/replica/recertify.h"
#include "field-client/replica/replica_internal.h"

#include <string.h>

enum cs_status cs_rejoin_note(struct cs_replica *replica, enum cs_status status)
{
    return status != CS_FORKED
               ? CS_OK
               : cs_replica_meta_set_bytes(replica, CS_META_LEFT,
                                           cs_bytes_of_text(cs_status_name(status)));
}

enum cs_status cs_rejoin_note_lost(struct cs_replica *replica)
{
    enum cs_status reason = CS_OK;
    enum cs_status status = cs_rejoin_reason(replica, &reason);
    return status != CS_OK || reason != CS_OK
               ? status
               : cs_replica_meta_set_bytes(replica, CS_META_LEFT,
                                           cs_bytes_of_text(cs_status_name(CS_ROLLED_BACK)));
}

enum cs_status cs_rejoin_excuse(struct cs_replica *replica)
{
    enum cs_status reason = CS_OK;
    enum cs_status status = cs_rejoin_reason(replica, &reason);
    return status != CS_OK || reason != CS_ROLLED_BACK
               ? status
               : cs_replica_meta_set_bytes(replica, CS_META_LEFT, CS_BYTES_NONE);
}

enum cs_status cs_rejoin_reason(struct cs_replica *replica, enum cs_status *out)
{
    struct cs_buffer name;
    cs_buffer_init(&name, CS_NAME_MAX);
    enum cs_status reason = CS_OK;
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_LEFT, &name);
    if (status == CS_OK && name.size > 0) {
        const char *text = cs_buffer_text(&name);
        status = text == NULL                          ? name.status
                 : !cs_status_from_name(text, &reason) ? CS_CORRUPT
                                                       : CS_OK;
    }
    cs_buffer_release(&name);
    if (status == CS_OK) {
        *out = reason;
    }
    return status;
}

enum cs_status cs_rejoin_announce(struct cs_replica *replica,
                                  const uint8_t certificate[static CS_HASH_SIZE])
{
    return cs_replica_meta_set_bytes(replica, CS_META_REJOIN_TO,
                                     cs_bytes_make(certificate, CS_HASH_SIZE));
}

enum cs_status cs_rejoin_carried(struct cs_replica *replica, uint64_t *out)
{
    int64_t carried = 0;
    enum cs_status status = cs_replica_meta_number(replica, CS_META_CARRIED, &carried);
    if (status == CS_OK) {
        *out = (uint64_t)carried;
    }
    return status;
}

static enum cs_status is_announced(struct cs_replica *replica, bool *out)
{
    struct cs_buffer announced;
    cs_buffer_init(&announced, 64);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_REJOIN_TO, &announced);
    if (status == CS_OK) {
        struct cs_bytes own =
            cs_bytes_make(cs_identity_certificate_id(replica->identity), CS_HASH_SIZE);
        *out = cs_bytes_equal(cs_buffer_bytes(&announced), own);
    }
    cs_buffer_release(&announced);
    return status;
}

static enum cs_status load_former(struct cs_replica *replica, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_buffer former;
    cs_buffer_init(&former, 64);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_CERTIFICATE, &former);
    if (status == CS_OK && former.size != CS_HASH_SIZE) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK) {
        memcpy(out, former.data, CS_HASH_SIZE);
    }
    cs_buffer_release(&former);
    return status;
}

/* The new log starts empty; what the old one sent is kept, for a server that may lose it. */
static enum cs_status put_outbox_aside(struct cs_replica *replica,
                                       const uint8_t former[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "INSERT INTO _former_outbox (certificate, sequence, acknowledged, \"inner\") "
        "SELECT ?1, sequence, acknowledged, \"inner\" FROM _outbox WHERE length(\"inner\") > 0",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(former, CS_HASH_SIZE));
    status = cs_statement_run(statement);
    return status != CS_OK
               ? status
               : cs_database_execute(replica->database,
                                     "DELETE FROM _outbox; DELETE FROM _staged; DELETE FROM _meta "
                                     "WHERE key = '" CS_META_OUTBOX_REMOVED "'");
}

/* Predictions name versions of the old log: they are made again. */
static enum cs_status renew_view(struct cs_replica *replica)
{
    struct cs_applier applier;
    enum cs_status status =
        cs_database_execute(replica->database, "INSERT OR IGNORE INTO _dirty (entity, row) "
                                               "SELECT DISTINCT entity, row FROM _overlay");
    if (status != CS_OK) {
        return status;
    }
    status = cs_applier_init(&applier, replica);
    if (status == CS_OK) {
        status = cs_applier_recompute(&applier);
    }
    cs_applier_release(&applier);
    return status;
}

static enum cs_status note_done(struct cs_replica *replica, uint64_t carried)
{
    enum cs_status status = cs_replica_meta_set_bytes(
        replica, CS_META_CERTIFICATE,
        cs_bytes_make(cs_identity_certificate_id(replica->identity), CS_HASH_SIZE));
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, CS_META_NEXT_COUNTER, (int64_t)carried + 1);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, CS_META_CARRIED, (int64_t)carried);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(replica, CS_META_REJOIN_TO, CS_BYTES_NONE);
    }
    /* It was the old certificate that was revoked, if it was. */
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(replica, CS_META_REVOKED, CS_BYTES_NONE);
    }
    return status != CS_OK ? status
                           : cs_replica_meta_set_bytes(replica, CS_META_LEFT, CS_BYTES_NONE);
}

enum cs_status cs_rejoin_take_over(struct cs_replica *replica, bool *out_done)
{
    uint8_t former[CS_HASH_SIZE];
    uint64_t carried = 0;
    bool announced = false;
    enum cs_status status = is_announced(replica, &announced);
    if (status != CS_OK || !announced) {
        *out_done = false;
        return status;
    }
    status = load_former(replica, former);
    if (status == CS_OK) {
        status = put_outbox_aside(replica, former);
    }
    if (status == CS_OK) {
        status = cs_recertify(replica, cs_certificate_log(former), &carried);
    }
    if (status == CS_OK) {
        status = renew_view(replica);
    }
    if (status == CS_OK) {
        status = note_done(replica, carried);
    }
    *out_done = status == CS_OK;
    return status;
}
