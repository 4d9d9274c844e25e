/* Requests of this device, see device_request.h. */
#include "field-client/sync/device_request.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"

#include <string.h>

enum cs_status cs_device_request_count(struct cs_replica *replica, uint64_t *out_counter)
{
    struct cs_database *database = cs_replica_database(replica);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    size_t packed = 0;
    int64_t counter = 0;
    status = cs_outbox_pack(replica, &packed);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_REQUEST_COUNTER, &counter);
    }
    if (status == CS_OK) {
        /* A question to the server is no change: whoever asks again when something changed would ask for ever. */
        uint64_t before = cs_replica_changes(replica);
        status = cs_replica_meta_set_number(replica, CS_META_REQUEST_COUNTER, counter + 1);
        cs_replica_pass_over(replica, cs_replica_changes(replica) - before);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    if (status == CS_OK) {
        *out_counter = (uint64_t)counter + 1;
    }
    return status;
}

enum cs_status cs_device_request_seal(struct cs_replica *replica, enum cs_message_kind kind,
                                      uint64_t counter, struct cs_bytes body, struct cs_buffer *out,
                                      uint8_t out_hash[static CS_HASH_SIZE])
{
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_identity *identity = cs_replica_identity(replica);
    struct cs_request_header header = {.kind = kind, .counter = counter};
    struct cs_outbox_head head;
    enum cs_status status = cs_outbox_head(replica, &head);
    if (status != CS_OK) {
        return status;
    }
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    world->random(world->context, header.nonce, sizeof header.nonce);
    header.log_sequence = head.sequence;
    memcpy(header.log_head, head.hash, CS_HASH_SIZE);
    return cs_request_seal(world, &header, body, cs_identity_sign_key(identity),
                           cs_identity_server_statement(identity)->bundle_key, out, out_hash);
}

enum cs_status cs_device_request_failed(const struct cs_failure_response *failure,
                                        struct cs_problem *problem)
{
    enum cs_status status = failure->status == CS_OK ? CS_MALFORMED : failure->status;
    int size =
        (int)(failure->text.size < CS_PROBLEM_TEXT_MAX ? failure->text.size : CS_PROBLEM_TEXT_MAX);
    return cs_problem_set(problem, status, "the server answered: %.*s", size,
                          size == 0 ? "" : (const char *)failure->text.data);
}
