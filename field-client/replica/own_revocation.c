/* This device was revoked, see revocation.h. */
#include "field-client/replica/meta.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "field-client/replica/revocation.h"

/* Sent, and not yet known to be taken. */
static enum cs_status count_packed(struct cs_replica *replica, uint64_t sequence, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT count(*) FROM _pending WHERE state = 2 AND change_set <= ?1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)sequence);
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        *out = found ? (uint64_t)cs_column_integer(statement, 0) : 0;
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_own_revocation_note(struct cs_replica *replica,
                                      const struct cs_revoked_response *response,
                                      uint64_t *out_taken)
{
    struct cs_buffer kept;
    uint64_t taken = 0;
    cs_buffer_init(&kept, 4 * CS_REVOKED_TEXT_MAX);
    enum cs_status status = cs_revoked_response_encode(response, &kept);
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(replica, CS_META_REVOKED, cs_buffer_bytes(&kept));
    }
    cs_buffer_release(&kept);
    if (status == CS_OK) {
        status = count_packed(replica, response->log_sequence, &taken);
    }
    _Static_assert(CS_PENDING_PACKED == 2 && CS_PENDING_HELD == 4, "as in the statements");
    if (status == CS_OK) {
        status = cs_replica_run_integer(
            replica, "UPDATE _pending SET state = 4 WHERE state = 2 AND change_set <= ?1",
            (int64_t)response->log_sequence);
    }
    if (status == CS_OK) {
        status =
            cs_replica_run_integer(replica,
                                   "UPDATE _outbox SET acknowledged = 1 WHERE acknowledged = 0 AND "
                                   "sequence <= ?1",
                                   (int64_t)response->log_sequence);
    }
    if (status == CS_OK) {
        *out_taken = taken;
    }
    return status;
}

enum cs_status cs_own_revocation_load(struct cs_replica *replica, struct cs_arena *arena,
                                      struct cs_revoked_response *out)
{
    struct cs_buffer kept;
    cs_buffer_init(&kept, 4 * CS_REVOKED_TEXT_MAX);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_REVOKED, &kept);
    if (status == CS_OK) {
        status = kept.size == 0 ? CS_NOT_FOUND
                                : cs_revoked_response_decode(cs_buffer_bytes(&kept), arena, out);
    }
    cs_buffer_release(&kept);
    return status;
}
