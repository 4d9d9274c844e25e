/* Joining: the first device, invited ones, retries after lost answers, and all refusals. */
#include "tests/unit/field_client_sync/join_fixture.h"

/* Opens the replica with the identity that a join left. */
static struct cs_identity *open_joined(struct fixture *f)
{
    struct cs_identity *identity = NULL;
    assert_ok(cs_identity_unlock(&f->fake.world, f->home, CS_IDENTITY_FILE, T(FIXTURE_PASSPHRASE),
                                 &identity, NULL));
    assert_ok(
        cs_replica_open(&f->fake.world, f->home, cs_registry_core(), identity, &f->replica, NULL));
    return identity;
}

static void the_first_device_makes_the_organisation(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    join_init(&j, f);
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    assert_true(cs_join_is_first(join));
    assert_string_equal(cs_join_warning(join), "");
    assert_string_equal(cs_join_peer(join)->address, "server.example:8443");
    join_take(&j, join);
    assert_int_equal(j.decoded.bearer.size, CS_BEARER_SIZE);
    assert_int_equal(j.decoded.bearer.data[0], 9);
    static const uint8_t zero[CS_HASH_SIZE];
    assert_memory_equal(j.opened.header.organisation, zero, CS_HASH_SIZE);
    struct cs_server_identity stated;
    assert_ok(cs_server_identity_verify(j.decoded.server_identity, j.chain.root_key, &stated));
    assert_memory_equal(stated.identity, f->server_public, sizeof stated.identity);
    assert_int_equal(j.chain.leaf.roles, CS_ROLE(OWNER));
    /* The answer is lost; joining again goes on with the same certificate. */
    uint8_t certificate[CS_HASH_SIZE];
    memcpy(certificate, j.chain.leaf_id, sizeof certificate);
    cs_join_end(join);
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    join_take(&j, join);
    assert_memory_equal(j.chain.leaf_id, certificate, sizeof certificate);
    struct cs_problem problem = {""};
    assert_ok(join_answer(&j, join, j.decoded.server_identity, &problem));
    struct cs_id person = j.chain.leaf.person;
    cs_join_end(join);
    struct cs_identity *identity = open_joined(f);
    assert_non_null(cs_identity_root_key(identity));
    assert_string_equal(fixture_text(f, "person", &person, "name"), "王芳");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 1);
    /* While somebody has the replica open it is not known whether this laptop has to join again. */
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_BUSY);
    cs_replica_close(f->replica);
    f->replica = NULL;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_EXISTS);
    cs_identity_destroy(identity);
    join_release(&j);
}

static void an_interrupted_end_of_a_join_is_finished_by_the_next(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    join_init(&j, f);
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    join_take(&j, join);
    f->fake.fail_file = CS_DISK_FULL;
    assert_status(join_answer(&j, join, j.decoded.server_identity, NULL), CS_DISK_FULL);
    struct cs_id person = j.chain.leaf.person;
    cs_join_end(join);
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    join_take(&j, join);
    assert_true(cs_id_equal(&j.chain.leaf.person, &person));
    assert_ok(join_answer(&j, join, j.decoded.server_identity, NULL));
    cs_join_end(join);
    struct cs_identity *identity = open_joined(f);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM person"), 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 1);
    cs_identity_destroy(identity);
    join_release(&j);
}

static void what_a_first_join_refuses(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    struct cs_problem problem = {""};
    join_init(&j, f);
    struct cs_bytes name = j.input.person_name;
    j.input.person_name = CS_BYTES_NONE;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    j.input.person_name = name;
    char long_name[CS_PERSON_NAME_MAX + 2];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    j.input.device_name = T(long_name);
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    j.input.device_name = T("laptop");
    j.input.kdf_memory_mib = 32;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    j.input.kdf_memory_mib = 1u << 22;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    j.input.kdf_memory_mib = 64;
    j.invite.data[20] ^= 1;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_MALFORMED);
    j.invite.data[20] ^= 1;
    f->statement.data[f->statement.size - 1] ^= 1;
    join_first_invite(&j);
    j.input.invite_text = cs_buffer_bytes(&j.invite);
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_FORGED);
    f->statement.data[f->statement.size - 1] ^= 1;
    join_first_invite(&j);
    f->fake.fail_file = CS_IO;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_IO);
    assert_null(join);
    assert_ok(cs_join_begin(&j.input, &join, &problem));
    join_take(&j, join);
    assert_status(join_answer_failure(&j, join, CS_USED, &problem), CS_USED);
    assert_non_null(strstr(problem.text, "because"));
    join_take(&j, join);
    assert_true(join_answer(&j, join, cs_buffer_bytes(&f->server_identity), &problem) != CS_OK);
    join_take(&j, join);
    j.opened.hash[0] ^= 1;
    assert_status(join_answer(&j, join, j.decoded.server_identity, &problem), CS_FORGED);
    cs_join_end(join);
    cs_join_end(NULL);
    /* Another passphrase, or the root key of another server's organisation, is not thrown away. */
    j.input.passphrase = T("other");
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_WRONG_PASSPHRASE);
    j.input.passphrase = T(FIXTURE_PASSPHRASE);
    struct cs_sign_key *own = f->server;
    struct cs_buffer statement = f->statement;
    assert_ok(cs_sign_key_create_random(&f->fake.world, &f->server));
    cs_sign_key_public(f->server, f->server_public);
    cs_buffer_init(&f->statement, CS_MEBI);
    fixture_statement(f, 1, &f->statement);
    join_first_invite(&j);
    j.input.invite_text = cs_buffer_bytes(&j.invite);
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_EXISTS);
    cs_buffer_release(&f->statement);
    cs_sign_key_destroy(f->server);
    f->statement = statement;
    f->server = own;
    cs_sign_key_public(f->server, f->server_public);
    join_release(&j);
}

static void an_invited_device_joins(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    struct cs_problem problem = {""};
    join_init(&j, f);
    join_device_invite(&j, f->fake.wall_ms + 1000);
    j.input.person_name = T("somebody else");
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    j.input.person_name = CS_BYTES_NONE;
    assert_ok(cs_join_begin(&j.input, &join, &problem));
    assert_false(cs_join_is_first(join));
    join_take(&j, join);
    assert_int_equal(j.decoded.bearer.size, 0);
    assert_int_equal(j.decoded.server_identity.size, 0);
    assert_memory_equal(j.opened.header.organisation, cs_identity_organisation(f->identity),
                        CS_HASH_SIZE);
    assert_int_equal(j.chain.length, 2);
    assert_int_equal(j.chain.leaf.roles, CS_ROLE(TECHNICIAN));
    assert_true(cs_bytes_equal_text(j.chain.leaf.person_name, "李雷"));
    cs_join_end(join);
    assert_ok(cs_join_begin(&j.input, &join, &problem));
    uint8_t certificate[CS_HASH_SIZE];
    memcpy(certificate, j.chain.leaf_id, sizeof certificate);
    join_take(&j, join);
    assert_memory_equal(j.chain.leaf_id, certificate, sizeof certificate);
    assert_ok(join_answer(&j, join, cs_buffer_bytes(&f->server_identity), &problem));
    cs_join_end(join);
    struct cs_identity *identity = open_joined(f);
    assert_null(cs_identity_root_key(identity));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    cs_identity_destroy(identity);
    join_release(&j);
}

static void another_invite_starts_anew(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    join_init(&j, f);
    join_device_invite(&j, f->fake.wall_ms + 1000);
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    join_take(&j, join);
    uint8_t certificate[CS_HASH_SIZE];
    memcpy(certificate, j.chain.leaf_id, sizeof certificate);
    cs_join_end(join);
    char first_home[CS_HOME_PATH_MAX];
    memcpy(first_home, f->home, sizeof first_home);
    fixture_new_home(f);
    join_device_invite(&j, f->fake.wall_ms + 2000);
    char second_home[CS_HOME_PATH_MAX];
    memcpy(second_home, f->home, sizeof second_home);
    j.input.home = first_home;
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    join_take(&j, join);
    assert_memory_not_equal(j.chain.leaf_id, certificate, sizeof certificate);
    cs_join_end(join);
    fixture_remove_home(first_home);
    join_release(&j);
}

static void an_expired_invite_is_warned_about_only(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    join_init(&j, f);
    join_device_invite(&j, f->fake.wall_ms + 1000);
    fake_world_advance(&f->fake, 5000);
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    assert_non_null(strstr(cs_join_warning(join), "expired"));
    join_take(&j, join);
    struct cs_problem problem = {""};
    assert_status(join_answer_failure(&j, join, CS_EXPIRED, &problem), CS_EXPIRED);
    cs_join_end(join);
    join_release(&j);
}

static enum cs_status exchange_first(void *context, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem)
{
    struct join_state *j = context;
    (void)peer;
    (void)problem;
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t root[CS_SIGN_PUBLIC_SIZE];
    cs_buffer_clear(&j->plain);
    assert_ok(cs_request_open(request, j->f->bundle, &j->plain, &j->opened));
    assert_ok(cs_join_request_decode(j->opened.body, &j->arena, &j->decoded));
    memcpy(root, j->decoded.chain.data + 3, sizeof root);
    cs_organisation_id(root, organisation);
    assert_ok(cs_chain_verify(j->decoded.chain, organisation, &j->chain, NULL));
    struct cs_join_response answered = {.server_statement = cs_buffer_bytes(&j->f->statement),
                                        .server_identity = j->decoded.server_identity};
    answered.incarnation[0] = 1;
    struct cs_buffer body;
    cs_buffer_init(&body, CS_MEBI);
    assert_ok(cs_join_response_encode(&answered, &body));
    assert_ok(cs_response_seal(&j->f->fake.world, CS_MESSAGE_JOIN, j->opened.hash,
                               cs_buffer_bytes(&body), j->f->server, j->chain.leaf.seal_key,
                               response));
    cs_buffer_release(&body);
    return CS_OK;
}

static void a_whole_join_in_one_call(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join_result result;
    struct cs_problem problem = {""};
    join_init(&j, f);
    f->fake.world.exchange = exchange_first;
    f->fake.world.exchange_context = &j;
    assert_ok(cs_join_run(&j.input, &result, &problem));
    assert_true(result.first);
    assert_int_equal(result.roles, CS_ROLE(OWNER));
    assert_int_equal(strlen(result.fingerprint), 23);
    assert_true(cs_id_equal(&result.person, &j.chain.leaf.person));
    assert_status(cs_join_run(&j.input, &result, &problem), CS_EXISTS);
    f->fake.world.exchange = NULL;
    join_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        join_test(the_first_device_makes_the_organisation),
        join_test(an_interrupted_end_of_a_join_is_finished_by_the_next),
        join_test(what_a_first_join_refuses),
        join_test(an_invited_device_joins),
        join_test(another_invite_starts_anew),
        join_test(an_expired_invite_is_warned_about_only),
        join_test(a_whole_join_in_one_call),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
