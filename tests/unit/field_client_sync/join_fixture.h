/*
 * Joining against a server made by hand: an invite, the server's side of the request, its answers.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_SYNC_JOIN_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_SYNC_JOIN_FIXTURE_H

#include "field-client/replica/invite.h"
#include "field-client/sync/join.h"
#include "shared/evidence/invite_text.h"
#include "tests/unit/field_client_sync/server_fixture.h"

struct join_state {
    struct fixture *f;
    struct cs_buffer invite;
    struct cs_buffer request;
    struct cs_buffer plain;
    struct cs_buffer sealed;
    struct cs_arena arena;
    struct cs_opened_request opened;
    struct cs_join_request decoded;
    struct cs_chain chain;
    struct cs_join_input input;
};

static inline void join_first_invite(struct join_state *j)
{
    struct cs_invite_package package = {.first = true,
                                        .address = T("server.example:8443"),
                                        .server_statement = cs_buffer_bytes(&j->f->statement)};
    memcpy(package.server, j->f->server_public, sizeof package.server);
    memset(package.token, 9, sizeof package.token);
    cs_buffer_clear(&j->invite);
    assert_ok(cs_invite_package_encode(&package, &j->invite));
}

static inline void join_init(struct join_state *j, struct fixture *f)
{
    *j = (struct join_state){.f = f};
    cs_buffer_init(&j->invite, CS_MEBI);
    cs_buffer_init(&j->request, CS_REQUEST_MAX);
    cs_buffer_init(&j->plain, CS_REQUEST_MAX);
    cs_buffer_init(&j->sealed, CS_RESPONSE_MAX);
    cs_arena_init(&j->arena, CS_MESSAGE_ARENA_MAX);
    join_first_invite(j);
    j->input = (struct cs_join_input){.world = &f->fake.world,
                                      .home = f->home,
                                      .registry = cs_registry_core(),
                                      .invite_text = cs_buffer_bytes(&j->invite),
                                      .person_name = T("王芳"),
                                      .device_name = T("laptop"),
                                      .passphrase = T(FIXTURE_PASSPHRASE),
                                      .kdf_memory_mib = 64};
}

static inline void join_release(struct join_state *j)
{
    cs_buffer_release(&j->invite);
    cs_buffer_release(&j->request);
    cs_buffer_release(&j->plain);
    cs_buffer_release(&j->sealed);
    cs_arena_release(&j->arena);
}

/* The server's side of a join request. */
static inline void join_take(struct join_state *j, struct cs_join *join)
{
    uint8_t organisation[CS_HASH_SIZE];
    cs_buffer_clear(&j->request);
    cs_buffer_clear(&j->plain);
    assert_ok(cs_join_next(join, &j->request));
    assert_ok(cs_request_open(cs_buffer_bytes(&j->request), j->f->bundle, &j->plain, &j->opened));
    assert_int_equal(j->opened.header.kind, CS_MESSAGE_JOIN);
    assert_int_equal(j->opened.header.counter, 0);
    assert_ok(cs_join_request_decode(j->opened.body, &j->arena, &j->decoded));
    memcpy(organisation, cs_identity_organisation(cs_join_identity(join)), sizeof organisation);
    assert_ok(cs_chain_verify(j->decoded.chain, organisation, &j->chain, NULL));
    assert_ok(cs_request_verify(&j->opened, j->chain.leaf.sign_key));
    assert_memory_equal(j->opened.header.certificate, j->chain.leaf_id, CS_HASH_SIZE);
}

static inline enum cs_status join_answer(struct join_state *j, struct cs_join *join,
                                         struct cs_bytes server_identity,
                                         struct cs_problem *problem)
{
    struct cs_join_response response = {.server_time_ms = 1772413200000,
                                        .server_statement = cs_buffer_bytes(&j->f->statement),
                                        .server_identity = server_identity};
    response.incarnation[0] = 1;
    struct cs_buffer body;
    cs_buffer_init(&body, CS_MEBI);
    cs_buffer_clear(&j->sealed);
    assert_ok(cs_join_response_encode(&response, &body));
    assert_ok(cs_response_seal(&j->f->fake.world, CS_MESSAGE_JOIN, j->opened.hash,
                               cs_buffer_bytes(&body), j->f->server, j->chain.leaf.seal_key,
                               &j->sealed));
    cs_buffer_release(&body);
    return cs_join_receive(join, cs_buffer_bytes(&j->sealed), problem);
}

static inline enum cs_status join_answer_failure(struct join_state *j, struct cs_join *join,
                                                 enum cs_status status, struct cs_problem *problem)
{
    struct cs_failure_response failure = {status, 0, T("because")};
    struct cs_buffer body;
    cs_buffer_init(&body, CS_MEBI);
    cs_buffer_clear(&j->sealed);
    assert_ok(cs_failure_response_encode(&failure, &body));
    assert_ok(cs_response_seal(&j->f->fake.world, CS_MESSAGE_FAILURE, j->opened.hash,
                               cs_buffer_bytes(&body), j->f->server, j->chain.leaf.seal_key,
                               &j->sealed));
    cs_buffer_release(&body);
    return cs_join_receive(join, cs_buffer_bytes(&j->sealed), problem);
}

static inline int join_home_setup(void **state)
{
    struct fixture *f = *state;
    fixture_new_home(f);
    return 0;
}

static inline int join_home_teardown(void **state)
{
    struct fixture *f = *state;
    cs_memory_fail_after(-1);
    cs_replica_close(f->replica);
    f->replica = NULL;
    fake_world_release(&f->fake);
    fixture_remove_home(f->home);
    return 0;
}

#define join_test(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, join_home_setup, join_home_teardown)

/* Makes an invite in the owner's replica, kept in j->invite. */
static inline void join_device_invite(struct join_state *j, int64_t expires_ms)
{
    struct fixture *f = j->f;
    struct cs_problem problem = {""};
    fixture_open(f);
    cs_buffer_clear(&j->invite);
    assert_ok(cs_invite_make(f->replica, T("李雷"), CS_ROLE(TECHNICIAN), expires_ms, &j->invite,
                             NULL, &problem));
    cs_replica_close(f->replica);
    f->replica = NULL;
    fixture_remove_home(f->home);
    fixture_new_home(f);
    j->input.home = f->home;
    j->input.person_name = CS_BYTES_NONE;
    j->input.invite_text = cs_buffer_bytes(&j->invite);
}

#endif
