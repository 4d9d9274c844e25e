/* A new laptop with the root key, put together from shares: the same organisation, no root key kept, and no server but the one root has named. */
#include "field-client/replica/meta.h"
#include "tests/unit/field_client_sync/join_fixture.h"

static const struct cs_id before = {{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};

static void begin_returning(struct join_state *j, struct fixture *f)
{
    join_init(j, f);
    j->input.root_key = cs_identity_root_key(f->identity);
    j->input.root_statement = T("statement of shares");
    j->input.person = &before;
}

static struct cs_identity *open_joined(struct fixture *f)
{
    struct cs_identity *identity = NULL;
    assert_ok(cs_identity_unlock(&f->fake.world, f->home, CS_IDENTITY_FILE, T(FIXTURE_PASSPHRASE),
                                 &identity, NULL));
    assert_ok(
        cs_replica_open(&f->fake.world, f->home, cs_registry_core(), identity, &f->replica, NULL));
    return identity;
}

static void the_organisation_is_the_same(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    struct cs_problem problem = {""};
    begin_returning(&j, f);
    assert_ok(cs_join_begin(&j.input, &join, &problem));
    join_take(&j, join);
    uint8_t certificate[CS_HASH_SIZE];
    memcpy(certificate, j.chain.leaf_id, sizeof certificate);
    assert_int_equal(j.decoded.bearer.size, CS_BEARER_SIZE);
    assert_int_equal(j.decoded.server_identity.size, 0); /* root says nothing to a stranger */
    assert_int_equal(j.chain.length, 1);
    assert_int_equal(j.chain.leaf.roles, CS_ROLE(OWNER));
    assert_true(cs_id_equal(&j.chain.leaf.person, &before));
    cs_join_end(join);
    /* The answer is lost: the shares once more, and the same certificate. Without them nothing is made in their place. */
    const struct cs_sign_key *root = j.input.root_key;
    j.input.root_key = NULL;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_DENIED);
    assert_non_null(strstr(problem.text, "--root-shares"));
    j.input.root_key = root;
    assert_ok(cs_join_begin(&j.input, &join, &problem));
    join_take(&j, join);
    assert_memory_equal(j.chain.leaf_id, certificate, sizeof certificate);
    assert_ok(join_answer(&j, join, cs_buffer_bytes(&f->server_identity), &problem));
    cs_join_end(join);
    struct cs_identity *identity = open_joined(f);
    struct cs_buffer kept;
    cs_buffer_init(&kept, CS_KIBI);
    assert_null(cs_identity_root_key(identity));
    assert_memory_equal(cs_identity_organisation(identity), cs_identity_organisation(f->identity),
                        CS_HASH_SIZE);
    assert_true(cs_bytes_equal(cs_identity_server_identity(identity),
                               cs_buffer_bytes(&f->server_identity)));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM person"), 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    assert_ok(cs_replica_meta_bytes(f->replica, CS_META_ROOT_SPLIT, &kept));
    assert_true(cs_bytes_equal(cs_buffer_bytes(&kept), j.input.root_statement));
    cs_buffer_release(&kept);
    cs_identity_destroy(identity);
    join_release(&j);
}

/* Somebody else takes the lost owner's place: a person of its own. */
static void a_new_person_is_recorded(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    begin_returning(&j, f);
    j.input.person = NULL;
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    join_take(&j, join);
    assert_ok(join_answer(&j, join, cs_buffer_bytes(&f->server_identity), NULL));
    struct cs_id person = j.chain.leaf.person;
    cs_join_end(join);
    struct cs_identity *identity = open_joined(f);
    assert_string_equal(fixture_text(f, "person", &person, "name"), "王芳");
    cs_identity_destroy(identity);
    join_release(&j);
}

static void another_server_is_not_believed(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    struct cs_problem problem = {""};
    struct cs_sign_key *foreign = NULL;
    struct cs_buffer statement;
    begin_returning(&j, f);
    cs_buffer_init(&statement, CS_MEBI);
    assert_ok(cs_sign_key_create_random(&f->fake.world, &foreign));
    struct cs_server_identity stated = {.epoch = 1};
    memcpy(stated.organisation, cs_identity_organisation(f->identity), CS_HASH_SIZE);
    memcpy(stated.identity, f->server_public, sizeof stated.identity);
    assert_ok(cs_join_begin(&j.input, &join, &problem));
    for (int i = 0; i < 3; i++) {
        cs_buffer_clear(&statement);
        if (i == 1) { /* by a key that is not root */
            assert_ok(cs_server_identity_encode(&stated, foreign, &statement));
        } else if (i == 2) { /* by root, of another server */
            stated.identity[0] ^= 1;
            assert_ok(cs_server_identity_encode(&stated, j.input.root_key, &statement));
        }
        join_take(&j, join);
        assert_true(join_answer(&j, join, cs_buffer_bytes(&statement), &problem) != CS_OK);
        assert_non_null(strstr(problem.text, "has never named this server"));
    }
    cs_join_end(join);
    assert_status(cs_identity_unlock(&f->fake.world, f->home, CS_IDENTITY_FILE,
                                     T(FIXTURE_PASSPHRASE), &(struct cs_identity *){NULL}, NULL),
                  CS_NOT_FOUND);
    cs_sign_key_destroy(foreign);
    cs_buffer_release(&statement);
    join_release(&j);
}

static void it_takes_the_servers_invite_and_a_name(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_join *join = NULL;
    struct cs_problem problem = {""};
    begin_returning(&j, f);
    j.input.person_name = CS_BYTES_NONE;
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "--person NAME"));
    join_device_invite(&j, f->fake.wall_ms + 1000);
    assert_status(cs_join_begin(&j.input, &join, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "invite-owner"));
    assert_null(join);
    join_release(&j);
}

static enum cs_status join_once(struct join_state *j, struct fixture *f, long failing)
{
    struct cs_join *join = NULL;
    cs_memory_fail_after(failing);
    enum cs_status status = cs_join_begin(&j->input, &join, NULL);
    cs_memory_fail_after(-1);
    if (status == CS_OK) {
        join_take(j, join);
        cs_memory_fail_after(failing);
        status = join_answer(j, join, cs_buffer_bytes(&f->server_identity), NULL);
        cs_memory_fail_after(-1);
    }
    cs_join_end(join);
    return status;
}

/* Whatever fails, trying again goes on, and the root key is never kept. */
static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    long failing = 0;
    begin_returning(&j, f);
    enum cs_status status = CS_NO_MEMORY;
    for (; status != CS_OK; failing += 3) {
        status = join_once(&j, f, failing);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_true(failing < 5000);
    }
    struct cs_identity *identity = open_joined(f);
    assert_null(cs_identity_root_key(identity));
    cs_identity_destroy(identity);
    join_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        join_test(the_organisation_is_the_same),
        join_test(a_new_person_is_recorded),
        join_test(another_server_is_not_believed),
        join_test(it_takes_the_servers_invite_and_a_name),
        join_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
