/* Joining, second half: the exchange, and what is kept of it; see join.h. */
#include "field-client/replica/invite.h"
#include "field-client/replica/meta.h"
#include "field-client/replica/rejoin.h"
#include "field-client/sync/device_request.h"
#include "field-client/sync/join_internal.h"
#include "shared/wire/envelope.h"
#include "shared/wire/messages.h"

#include <stdio.h>
#include <string.h>

enum cs_status cs_join_begin(const struct cs_join_input *input, struct cs_join **out,
                             struct cs_problem *problem)
{
    struct cs_join *join = cs_alloc_zero(1, sizeof *join);
    if (join == NULL) {
        return CS_NO_MEMORY;
    }
    join->input = input;
    cs_arena_init(&join->arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_join_open_former(join, problem);
    if (status == CS_OK) {
        status =
            cs_invite_package_decode(input->invite_text, &join->arena, &join->package, problem);
    }
    if (status == CS_OK) {
        status = cs_join_check_invite(join, problem);
    }
    if (status == CS_OK) {
        status = cs_join_check_former(join, problem);
    }
    if (status == CS_OK) {
        status = cs_join_prepare_identity(join, problem);
    }
    if (status != CS_OK) {
        cs_join_end(join);
        return status;
    }
    *out = join;
    return CS_OK;
}

void cs_join_end(struct cs_join *owned_join)
{
    if (owned_join != NULL) {
        cs_identity_destroy(owned_join->identity);
        cs_identity_destroy(owned_join->former);
        cs_arena_release(&owned_join->arena);
        cs_wipe(&owned_join->package, sizeof owned_join->package);
        cs_free(owned_join);
    }
}

const struct cs_peer *cs_join_peer(const struct cs_join *join)
{
    return cs_identity_peer(join->identity);
}

const struct cs_identity *cs_join_identity(const struct cs_join *join)
{
    return join->identity;
}

bool cs_join_is_first(const struct cs_join *join)
{
    return join->package.first;
}

const char *cs_join_warning(const struct cs_join *join)
{
    return join->warning;
}

enum cs_status cs_join_next(struct cs_join *join, struct cs_buffer *out_request)
{
    const struct cs_world *world = join->input->world;
    const struct cs_identity *identity = join->identity;
    struct cs_join_request request = {.chain = cs_identity_chain(identity)};
    struct cs_request_header header = {.kind = CS_MESSAGE_JOIN, .counter = 0};
    if (join->package.first) {
        request.bearer = cs_bytes_of_array(join->package.token);
        if (!cs_join_returns(join)) {
            request.server_identity = cs_identity_server_identity(identity);
        }
    } else {
        memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    }
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    world->random(world->context, header.nonce, sizeof header.nonce);
    struct cs_buffer body;
    cs_buffer_init(&body, CS_MEBI);
    enum cs_status status = cs_join_request_encode(&request, &body);
    if (status == CS_OK) {
        status = cs_request_seal(
            world, &header, cs_buffer_bytes(&body), cs_identity_sign_key(identity),
            cs_identity_server_statement(identity)->bundle_key, out_request, join->request_hash);
    }
    cs_buffer_release(&body);
    join->awaiting = status == CS_OK;
    return status;
}

/* The server must name itself as the invite did, with root's word for it. */
static enum cs_status check_response(struct cs_join *join, const struct cs_join_response *response,
                                     struct cs_problem *problem)
{
    struct cs_server_identity stated;
    const struct cs_chain *chain = cs_identity_chain_parsed(join->identity);
    enum cs_status status =
        cs_server_identity_verify(response->server_identity, chain->root_key, &stated);
    if (status == CS_OK &&
        memcmp(stated.identity, join->package.server, sizeof stated.identity) != 0) {
        status = CS_WRONG_SERVER;
    }
    bool changed = false;
    if (status != CS_OK && cs_join_returns(join)) {
        return cs_problem_set(problem, status,
                              "the root key has never named this server: it is not that of the "
                              "organisation whose shares these are");
    }
    if (status == CS_OK && cs_join_returns(join)) {
        status = cs_identity_set_server_identity(join->identity, response->server_identity);
    }
    if (status == CS_OK) {
        status =
            cs_identity_set_server_statement(join->identity, response->server_statement, &changed);
    }
    return status == CS_OK ? CS_OK
                           : cs_problem_set(problem, status,
                                            "what the server says of itself does not verify: %s",
                                            cs_status_text(status));
}

static enum cs_status insert_owner(struct cs_join *join, struct cs_replica *replica,
                                   struct cs_problem *problem)
{
    const struct cs_certificate *own = cs_identity_certificate(join->identity);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    enum cs_status status = cs_row_load(cs_replica_tables(replica), cs_bytes_of_text("person"),
                                        &own->person, &arena, &row);
    /* It is there when an earlier attempt got this far. */
    if (status == CS_OK && !row.exists) {
        status = cs_invite_insert_person(replica, &own->person, own->person_name, NULL, problem);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status set_up_replica(struct cs_join *join, const struct cs_join_response *response,
                                     struct cs_problem *problem)
{
    const struct cs_join_input *input = join->input;
    struct cs_replica *replica;
    enum cs_status status = cs_replica_open(input->world, input->home, input->registry,
                                            join->identity, &replica, problem);
    if (status != CS_OK) {
        return status;
    }
    /* Who joins again knows an incarnation already: that another one answers is for the next sync to find. */
    if (join->former == NULL) {
        status = cs_replica_note_server(replica, response->incarnation, response->server_time_ms);
    } else {
        status = cs_rejoin_carried(replica, &join->carried);
    }
    if (status == CS_OK && join->package.first && join->former == NULL && input->person == NULL) {
        status = insert_owner(join, replica, problem);
    }
    if (status == CS_OK && input->root_statement.size > 0) {
        status = cs_replica_meta_set_bytes(replica, CS_META_ROOT_SPLIT, input->root_statement);
    }
    cs_replica_close(replica);
    return status;
}

/*
 * The identity last: as long as it is missing, joining again goes on from here. Where there was
 * one, the new one comes first: the replica is handed over when it is opened with it, now or later.
 */
static enum cs_status keep(struct cs_join *join, const struct cs_join_response *response,
                           struct cs_problem *problem)
{
    const struct cs_join_input *input = join->input;
    const struct cs_world *world = input->world;
    char joining[CS_HOME_PATH_MAX];
    (void)snprintf(joining, sizeof joining, "%s/%s", input->home, CS_IDENTITY_JOINING_FILE);
    enum cs_status status = CS_OK;
    if (join->former != NULL) {
        status = cs_join_replace_former(join, problem);
    }
    if (status == CS_OK) {
        status = set_up_replica(join, response, problem);
    }
    if (status == CS_OK && join->former == NULL) {
        status = cs_identity_save(world, join->identity, input->home, CS_IDENTITY_FILE);
    }
    return status != CS_OK ? status : world->file_replace(world->context, joining, CS_BYTES_NONE);
}

static enum cs_status receive_failure(struct cs_bytes body, struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_failure_response failure;
    enum cs_status status = cs_failure_response_decode(body, &arena, &failure);
    if (status == CS_OK) {
        status = cs_device_request_failed(&failure, problem);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status receive_body(struct cs_join *join, enum cs_message_kind kind,
                                   struct cs_bytes body, struct cs_problem *problem)
{
    if (kind == CS_MESSAGE_FAILURE) {
        return receive_failure(body, problem);
    }
    if (kind != CS_MESSAGE_JOIN) {
        return cs_problem_set(problem, CS_MALFORMED, "the server answered something else");
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_join_response response;
    enum cs_status status = cs_join_response_decode(body, &arena, &response);
    if (status == CS_OK) {
        status = check_response(join, &response, problem);
    }
    if (status == CS_OK) {
        status = keep(join, &response, problem);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_join_receive(struct cs_join *join, struct cs_bytes response,
                               struct cs_problem *problem)
{
    cs_require(join->awaiting);
    join->awaiting = false;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_message_kind kind;
    struct cs_bytes body;
    enum cs_status status =
        cs_response_open(response, cs_identity_seal_key(join->identity), join->package.server,
                         join->request_hash, &plain, &kind, &body);
    if (status == CS_OK) {
        status = receive_body(join, kind, body, problem);
    } else {
        status = cs_problem_set(problem, status, "the server's answer is not acceptable: %s",
                                cs_status_text(status));
    }
    cs_buffer_release(&plain);
    return status;
}

static void fill_result(const struct cs_join *join, struct cs_join_result *out)
{
    const struct cs_certificate *own = cs_identity_certificate(join->identity);
    struct cs_join_result result = {
        .person = own->person,
        .roles = own->roles,
        .first = join->package.first && join->former == NULL && !cs_join_returns(join),
        .returned = cs_join_returns(join),
        .again = join->former != NULL,
        .carried = join->carried,
    };
    cs_certificate_fingerprint(cs_identity_certificate_id(join->identity), result.fingerprint);
    memcpy(result.warning, join->warning, sizeof result.warning);
    *out = result;
}

enum cs_status cs_join_run(const struct cs_join_input *input, struct cs_join_result *out,
                           struct cs_problem *problem)
{
    const struct cs_world *world = input->world;
    struct cs_join *join;
    enum cs_status status = cs_join_begin(input, &join, problem);
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer request;
    struct cs_buffer response;
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    status = cs_join_next(join, &request);
    if (status == CS_OK) {
        status = world->exchange(world->exchange_context, cs_join_peer(join),
                                 cs_buffer_bytes(&request), &response, problem);
    }
    if (status == CS_OK) {
        status = cs_join_receive(join, cs_buffer_bytes(&response), problem);
    }
    if (status == CS_OK) {
        fill_result(join, out);
    }
    cs_buffer_release(&request);
    cs_buffer_release(&response);
    cs_join_end(join);
    return status;
}
