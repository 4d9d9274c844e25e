/* What is kept for a server that may lose it, and until when; see outbox.h. */
#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/replica_internal.h"

/* So many are removed with one sync; the next one goes on. */
#define REMOVED_AT_ONCE_MAX 500

enum cs_status cs_outbox_removed(struct cs_replica *replica, uint64_t *out)
{
    int64_t sequence = 0;
    enum cs_status status = cs_replica_meta_number(replica, CS_META_OUTBOX_REMOVED, &sequence);
    if (status == CS_OK) {
        *out = sequence < 0 ? 0 : (uint64_t)sequence;
    }
    return status;
}

/* The last one of which all before it are acknowledged too. */
static enum cs_status settled(struct cs_replica *replica, uint64_t *out)
{
    int64_t sequence = 0;
    enum cs_status status = cs_replica_ask_integer(
        replica,
        "SELECT ifnull((SELECT min(sequence) - 1 FROM _outbox WHERE acknowledged = 0), "
        "ifnull((SELECT max(sequence) FROM _outbox), 0))",
        &sequence);
    if (status == CS_OK) {
        *out = (uint64_t)sequence;
    }
    return status;
}

static enum cs_status remove_range(struct cs_replica *replica, uint64_t after, uint64_t last)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(replica->database,
                         "UPDATE _outbox SET \"inner\" = X'' WHERE sequence > ?1 AND "
                         "sequence <= ?2 AND acknowledged = 1",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)after);
    cs_bind_integer(statement, 2, (int64_t)last);
    status = cs_statement_run(statement);
    return status != CS_OK
               ? status
               : cs_replica_meta_set_number(replica, CS_META_OUTBOX_REMOVED, (int64_t)last);
}

/*
 * Logs from before this laptop joined again are closed: a backup that has a change-set of the present log was made after all that the server had
 * confirmed of them. Not where the server ever went back: what it lost of a closed log nobody sends again, so it is kept for good, as is
 * what was never confirmed.
 */
static enum cs_status remove_former(struct cs_replica *replica)
{
    struct cs_buffer left;
    struct cs_statement *statement;
    cs_buffer_init(&left, SIZE_MAX);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_LEFT_INCARNATIONS, &left);
    bool went_back = left.size > 0;
    cs_buffer_release(&left);
    if (status != CS_OK || went_back) {
        return status;
    }
    status = cs_statement_get(replica->database,
                              "DELETE FROM _former_outbox WHERE rowid IN (SELECT rowid FROM "
                              "_former_outbox WHERE acknowledged = 1 LIMIT ?1)",
                              &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, REMOVED_AT_ONCE_MAX);
    return cs_statement_run(statement);
}

enum cs_status cs_outbox_remove(struct cs_replica *replica, uint64_t horizon)
{
    uint64_t removed = 0;
    uint64_t last = 0;
    enum cs_status status = horizon == 0 ? CS_OK : remove_former(replica);
    if (status == CS_OK) {
        status = cs_outbox_removed(replica, &removed);
    }
    if (status != CS_OK || horizon <= removed) {
        return status;
    }
    status = settled(replica, &last);
    last = last < horizon ? last : horizon;
    last = last <= removed + REMOVED_AT_ONCE_MAX ? last : removed + REMOVED_AT_ONCE_MAX;
    return status != CS_OK || last <= removed ? status : remove_range(replica, removed, last);
}

enum cs_status cs_outbox_kept(struct cs_replica *replica, struct cs_outbox_kept *out)
{
    struct cs_outbox_kept kept;
    enum cs_status status = cs_replica_ask_integer(
        replica,
        "SELECT (SELECT count(*) FROM _outbox WHERE length(\"inner\") > 0) + "
        "(SELECT count(*) FROM _former_outbox)",
        &kept.change_sets);
    if (status == CS_OK) {
        status = cs_replica_ask_integer(
            replica,
            "SELECT (SELECT ifnull(sum(length(\"inner\")), 0) FROM _outbox) + "
            "(SELECT ifnull(sum(length(\"inner\")), 0) FROM _former_outbox)",
            &kept.bytes);
    }
    if (status == CS_OK) {
        *out = kept;
    }
    return status;
}
