/*
 * Joining (design §9): a certificate chain that leads to the organisation's root makes its device known.
 *
 * The very first device shows the bearer token of the server's own invite and pins its root, once. An invite works for one
 * device; the same certificate again is the same answer again, so that a lost response costs nothing.
 */
#include "shared/base/text.h"
#include "shared/evidence/certificate.h"
#include "shared/evidence/server_statement.h"
#include "sync-server/handlers/owner_return.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/recovery.h"

#include <string.h>

/* Before the first join whatever root is shown, afterwards the pinned one. A second first device shows a root of its own:
 * it is heard, so that commit can tell it why not. */
static enum cs_status expected_organisation(const struct cs_server_request *request,
                                            struct cs_store *store,
                                            uint8_t out[static CS_HASH_SIZE])
{
    if (request->join.bearer.size > 0) {
        return cs_chain_organisation(request->join.chain, out);
    }
    enum cs_status status = cs_fact_fixed(store, CS_FACT_ORGANISATION, out, CS_HASH_SIZE);
    return status == CS_NOT_FOUND ? cs_chain_organisation(request->join.chain, out) : status;
}

static void describe_device(struct cs_server_request *request)
{
    const struct cs_certificate *leaf = &request->chain.leaf;
    struct cs_device *device = &request->device;
    memcpy(device->certificate, request->chain.leaf_id, CS_HASH_SIZE);
    device->log = cs_certificate_log(request->chain.leaf_id);
    if (request->chain.length > 1) {
        memcpy(device->invite, request->chain.invite_id, CS_HASH_SIZE);
    }
    device->person = leaf->person;
    device->person_name = leaf->person_name;
    device->device_name = leaf->device_name;
    device->roles = leaf->roles;
    memcpy(device->sign_key, leaf->sign_key, sizeof device->sign_key);
    memcpy(device->seal_key, leaf->seal_key, sizeof device->seal_key);
    device->chain = request->join.chain;
    device->state = CS_DEVICE_ACTIVE;
}

enum cs_status cs_join_open(struct cs_server *server, struct cs_server_request *request,
                            struct cs_store *reader)
{
    (void)server;
    uint8_t organisation[CS_HASH_SIZE];
    enum cs_status status =
        cs_join_request_decode(request->opened.body, &request->arena, &request->join);
    if (status == CS_OK) {
        status = expected_organisation(request, reader, organisation);
    }
    if (status != CS_OK) {
        return status;
    }
    /* The keys to answer to stand in the chain: it is read before anything is believed, and the request is only
     * taken when its signature is by the key that the chain vouches for. */
    status = cs_chain_verify(request->join.chain, organisation, &request->chain, &request->problem);
    if (status != CS_OK) {
        return status;
    }
    describe_device(request);
    if (memcmp(request->opened.header.certificate, request->chain.leaf_id, CS_HASH_SIZE) != 0) {
        return CS_FORGED;
    }
    return cs_request_verify(&request->opened, request->device.sign_key);
}

/* Pins the root of the first device: once, with the token of the server's own invite. */
static enum cs_status pin_root(struct cs_server *server, struct cs_server_request *request,
                               int64_t now_ms)
{
    uint8_t expected[CS_HASH_SIZE];
    uint8_t shown[CS_HASH_SIZE];
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    enum cs_status status =
        cs_fact_fixed(server->writer, CS_FACT_BEARER, expected, sizeof expected);
    if (status != CS_OK) {
        return status;
    }
    cs_hash("countersign bearer", request->join.bearer, shown);
    if (!cs_secret_equal(cs_bytes_of_array(shown), cs_bytes_of_array(expected))) {
        return cs_request_fail(request, CS_DENIED,
                               "this is not the invite that the server gave for its first device");
    }
    if (request->chain.length != 1) {
        return cs_request_fail(request, CS_DENIED,
                               "the first device must be certified by the root key itself");
    }
    if (request->join.server_identity.size == 0) {
        return cs_request_fail(request, CS_WRONG_SERVER,
                               "no organisation is on this server: a root key comes back with its "
                               "shares to its own server only, or to one restored from its backup");
    }
    struct cs_server_identity statement;
    cs_sign_key_public(cs_server_keys_identity(server->keys), identity);
    cs_organisation_id(request->chain.root_key, organisation);
    status = cs_server_identity_verify(request->join.server_identity, request->chain.root_key,
                                       &statement);
    if (status != CS_OK || memcmp(statement.identity, identity, sizeof identity) != 0 ||
        memcmp(statement.organisation, organisation, sizeof organisation) != 0) {
        return cs_request_fail(request, CS_WRONG_SERVER,
                               "the root key's statement is not about this server");
    }
    struct cs_buffer since;
    cs_buffer_init(&since, 8);
    cs_buffer_append_u64(&since, (uint64_t)now_ms);
    status = since.status;
    if (status == CS_OK) {
        status =
            cs_store_put(server->writer, CS_FACT_ORGANISATION, cs_bytes_of_array(organisation));
    }
    if (status == CS_OK) {
        status = cs_store_put(server->writer, CS_FACT_ORGANISATION_SINCE, cs_buffer_bytes(&since));
    }
    if (status == CS_OK) {
        status =
            cs_store_put(server->writer, CS_FACT_SERVER_IDENTITY, request->join.server_identity);
    }
    cs_buffer_release(&since);
    return status;
}

/*
 * A device that joined after the backup that this server was restored from: its chain holds, but neither it nor perhaps its
 * inviter is known here any more. Then its certificate is believed about when it was made: before it was noticed that the server
 * went back, and (as the chain says) before its invite expired. An inviter that is known must not have been stopped.
 */
static enum cs_status may_return(struct cs_server *server, struct cs_server_request *request,
                                 bool *out)
{
    int64_t since_ms;
    struct cs_device inviter;
    *out = false;
    enum cs_status status = cs_recovery_since(server->writer, &since_ms);
    if (status != CS_OK || request->chain.leaf.created_ms > since_ms) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    status =
        cs_store_device(server->writer, request->chain.invite.inviter, &request->arena, &inviter);
    *out = status == CS_NOT_FOUND || (status == CS_OK && inviter.state == CS_DEVICE_ACTIVE);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* An invite makes one device. The same certificate again is not a second one. */
static enum cs_status check_invite(struct cs_server *server, struct cs_server_request *request,
                                   int64_t now_ms, bool *out_known)
{
    struct cs_device found;
    enum cs_status status =
        cs_store_device(server->writer, request->device.certificate, &request->arena, &found);
    *out_known = status == CS_OK;
    if (status != CS_NOT_FOUND) {
        return status;
    }
    if (request->chain.length == 1) {
        bool owner_returns = false;
        status = cs_owner_returns(server, request, &owner_returns);
        return status != CS_OK || owner_returns
                   ? status
                   : cs_request_fail(
                         request, CS_USED,
                         "this server's first device has joined already: ask it for an invite. An "
                         "invite for its return works once, and only the last one made");
    }
    status =
        cs_store_device_by_invite(server->writer, request->device.invite, &request->arena, &found);
    if (status == CS_OK) {
        cs_log_event(server->log, CS_LOG_WARNING, "invite_used_twice",
                     CS_LOG_NUMBER("log", found.log));
        return cs_request_fail(
            request, CS_USED,
            "this invite has made a device already: ask for a new one, and tell the office if that "
            "device is not yours");
    }
    if (status != CS_NOT_FOUND) {
        return status;
    }
    status = cs_revoked_check_chain(server, request);
    if (status != CS_OK || request->failure.status != CS_OK) {
        return status;
    }
    bool returns = false;
    status = may_return(server, request, &returns);
    if (status != CS_OK || returns) {
        return status;
    }
    if (now_ms >= request->chain.invite.expires_ms) {
        return cs_request_fail(request, CS_EXPIRED, "this invite has expired: ask for a new one");
    }
    status =
        cs_store_device(server->writer, request->chain.invite.inviter, &request->arena, &found);
    if (status == CS_NOT_FOUND || (status == CS_OK && found.state != CS_DEVICE_ACTIVE)) {
        return cs_request_fail(request, CS_DENIED,
                               "the device that made this invite is not active here");
    }
    return status;
}

static enum cs_status refuse_other_root(struct cs_server *server, struct cs_server_request *request)
{
    cs_log_event(server->log, CS_LOG_WARNING, "other_root_key_refused",
                 CS_LOG_NUMBER("log", request->device.log));
    return cs_request_fail(request, CS_USED,
                           "this server belongs to another organisation: another root key was "
                           "pinned to it already");
}

enum cs_status cs_join_commit(struct cs_server *server, struct cs_server_request *request)
{
    int64_t now_ms = server->world->wall_ms(server->world->context);
    uint8_t organisation[CS_HASH_SIZE];
    bool known = false;
    enum cs_status status =
        cs_fact_fixed(server->writer, CS_FACT_ORGANISATION, organisation, sizeof organisation);
    if (status == CS_NOT_FOUND) {
        status = pin_root(server, request, now_ms);
    } else if (status == CS_OK) {
        uint8_t shown[CS_HASH_SIZE];
        cs_organisation_id(request->chain.root_key, shown);
        status = memcmp(shown, organisation, sizeof shown) == 0
                     ? check_invite(server, request, now_ms, &known)
                     : refuse_other_root(server, request);
    }
    if (status != CS_OK || known || request->failure.status != CS_OK) {
        return status;
    }
    uint64_t position = 0;
    status = cs_store_position(server->writer, &position);
    if (status != CS_OK) {
        return status;
    }
    request->device.joined_position = position + 1;
    request->device.joined_ms = now_ms;
    request->device.seen_ms = now_ms;
    status = cs_store_put_device(server->writer, &request->device);
    struct cs_push_clock clock = {.now_ms = now_ms};
    if (status == CS_OK) {
        status = cs_directory_put(server->writer, &clock, &request->device, &request->arena);
    }
    struct cs_leaf leaf;
    cs_leaf_certificate(request->device.certificate, &leaf);
    if (status == CS_OK) {
        status = cs_evidence_log_enter(server->writer, &leaf);
    }
    cs_log_event(server->log, CS_LOG_INFO, "device_joined",
                 CS_LOG_NUMBER("log", request->device.log));
    return status;
}

enum cs_status cs_join_reply(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader, struct cs_buffer *body)
{
    struct cs_join_response response = {
        .server_time_ms = server->world->wall_ms(server->world->context),
        .server_statement = cs_server_keys_statement(server->keys),
    };
    enum cs_status status = cs_fact_fixed(reader, CS_FACT_INCARNATION, response.incarnation,
                                          sizeof response.incarnation);
    if (status == CS_OK) {
        status = cs_store_get(reader, CS_FACT_SERVER_IDENTITY, &request->arena,
                              &response.server_identity);
    }
    return status != CS_OK ? status : cs_join_response_encode(&response, body);
}
