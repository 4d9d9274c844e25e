/* Is an invite to be believed, and the keys that a join makes: every part changed, every allocation
 * failed, clocks far off. */
#include "tests/unit/field_client_sync/join_fixture.h"

/* Re-encodes the invite with one part changed. */
static enum cs_status begin_changed(struct join_state *j,
                                    void (*change)(struct join_state *, struct cs_invite_package *))
{
    struct cs_invite_package package;
    struct cs_join *join = NULL;
    assert_ok(cs_invite_package_decode(cs_buffer_bytes(&j->invite), &j->arena, &package, NULL));
    change(j, &package);
    struct cs_buffer text;
    cs_buffer_init(&text, CS_MEBI);
    assert_ok(cs_invite_package_encode(&package, &text));
    struct cs_join_input input = j->input;
    input.invite_text = cs_buffer_bytes(&text);
    enum cs_status status = cs_join_begin(&input, &join, NULL);
    cs_join_end(join);
    cs_buffer_release(&text);
    return status;
}

static struct cs_bytes flipped(struct join_state *j, struct cs_bytes bytes, size_t place)
{
    uint8_t *copy = cs_arena_take(&j->arena, bytes.size);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    copy[place] ^= 1;
    return cs_bytes_make(copy, bytes.size);
}

static void change_token(struct join_state *j, struct cs_invite_package *package)
{
    (void)j;
    package->token[3] ^= 1;
}

static void change_chain(struct join_state *j, struct cs_invite_package *package)
{
    package->chain = flipped(j, package->chain, package->chain.size - 1);
}

static void change_server_identity(struct join_state *j, struct cs_invite_package *package)
{
    package->server_identity =
        flipped(j, package->server_identity, package->server_identity.size - 1);
}

static void change_server(struct join_state *j, struct cs_invite_package *package)
{
    struct cs_sign_key *other = NULL;
    struct cs_buffer statement;
    struct cs_bytes copy;
    struct cs_server_statement stated = {.epoch = 1};
    cs_buffer_init(&statement, CS_MEBI);
    assert_ok(cs_sign_key_create_random(&j->f->fake.world, &other));
    cs_sign_key_public(other, package->server);
    memcpy(stated.identity, package->server, sizeof stated.identity);
    assert_ok(cs_server_statement_encode(&stated, other, &statement));
    assert_ok(cs_arena_copy(&j->arena, cs_buffer_bytes(&statement), &copy));
    package->server_statement = copy;
    cs_buffer_release(&statement);
    cs_sign_key_destroy(other);
}

static void change_invite(struct join_state *j, struct cs_invite_package *package)
{
    package->invite = flipped(j, package->invite, 70);
}

static void changed_invites_are_refused(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    join_init(&j, f);
    join_device_invite(&j, f->fake.wall_ms + 1000);
    assert_status(begin_changed(&j, change_token), CS_FORGED);
    assert_true(begin_changed(&j, change_chain) != CS_OK);
    assert_status(begin_changed(&j, change_server_identity), CS_FORGED);
    assert_status(begin_changed(&j, change_server), CS_WRONG_SERVER);
    assert_true(begin_changed(&j, change_invite) != CS_OK);
    join_release(&j);
}

static enum cs_status begin(struct join_state *j, struct cs_problem *problem)
{
    struct cs_join *join = NULL;
    enum cs_status status = cs_join_begin(&j->input, &join, problem);
    assert_true((status == CS_OK) == (join != NULL));
    cs_join_end(join);
    return status;
}

/* Nothing may have been written to this home. */
static void assert_no_keys(struct fixture *f)
{
    for (size_t i = 0; i < f->fake.file_count; i++) {
        assert_null(strstr(f->fake.files[i].path, f->home));
    }
}

static void names_have_limits(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    struct cs_problem problem = {""};
    char name[CS_PERSON_NAME_MAX + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    join_init(&j, f);
    j.input.person_name = T(name);
    assert_status(begin(&j, &problem), CS_INVALID);
    j.input.person_name = CS_BYTES_NONE;
    assert_status(begin(&j, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "--person"));
    j.input.person_name = T("王芳");
    j.input.device_name = T(name);
    assert_status(begin(&j, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "device"));
    j.input.device_name = T("laptop");
    j.input.kdf_memory_mib = 63;
    assert_status(begin(&j, &problem), CS_INVALID);
    j.input.kdf_memory_mib = UINT32_MAX;
    assert_status(begin(&j, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "MiB"));
    assert_no_keys(f);
    join_release(&j);
}

static void what_is_no_invite_is_refused(void **state)
{
    static const char *const texts[] = {"", "hello", "countersign", "\xff\xfe"};
    struct fixture *f = *state;
    struct join_state j;
    join_init(&j, f);
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        j.input.invite_text = T(texts[i]);
        assert_true(begin(&j, NULL) != CS_OK);
    }
    /* Each cut of a true one. */
    struct cs_bytes whole = cs_buffer_bytes(&j.invite);
    for (size_t size = 0; size + 2 < whole.size; size += 7) {
        j.input.invite_text = cs_bytes_make(whole.data, size);
        assert_true(begin(&j, NULL) != CS_OK);
    }
    assert_no_keys(f);
    join_release(&j);
}

/* The chain of a join made at any hour is one that the organisation's devices verify. */
static void wrong_clocks_do_not_stop_a_join(void **state)
{
    static const int64_t clocks[] = {0, 4070908800000}; /* 1970, 2099 */
    struct fixture *f = *state;
    int64_t right = f->fake.wall_ms;
    for (size_t i = 0; i < CS_COUNT(clocks); i++) {
        struct join_state j;
        struct cs_join *join = NULL;
        struct cs_problem problem = {""};
        join_init(&j, f);
        join_device_invite(&j, right + 1000);
        f->fake.wall_ms = clocks[i];
        assert_ok(cs_join_begin(&j.input, &join, &problem));
        assert_int_equal(strlen(cs_join_warning(join)) > 0, clocks[i] > right);
        join_take(&j, join); /* verifies chain and request */
        assert_true(j.chain.leaf.created_ms < right + 1000);
        assert_int_equal(j.chain.length, 2);
        cs_join_end(join);
        f->fake.wall_ms = right;
        join_release(&j);
        fake_world_release(&f->fake);
        fixture_remove_home(f->home);
        fixture_new_home(f);
    }
}

/*
 * Allocations fail in turn: no join and no leak. Deriving a key from the passphrase takes long, so
 * that what comes after it is sampled.
 */
static void memory_may_run_out_while_keys_are_made(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    join_init(&j, f);
    join_device_invite(&j, f->fake.wall_ms + 1000);
    bool completed = false;
    long n = 0;
    while (!completed && n < 2000) {
        cs_memory_fail_after(n);
        enum cs_status status = begin(&j, NULL);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        n += n < 60 ? 1 : 7;
        /* A true disk keeps nothing of a file that was not written whole. */
        if (!completed) {
            fake_world_release(&f->fake);
        }
    }
    assert_true(completed);
    assert_ok(begin(&j, NULL)); /* found again */
    join_release(&j);
}

static void memory_may_run_out_at_the_end_of_a_join(void **state)
{
    struct fixture *f = *state;
    struct join_state j;
    join_init(&j, f);
    bool completed = false;
    struct cs_join *join = NULL;
    assert_ok(cs_join_begin(&j.input, &join, NULL));
    for (long n = 0; !completed && n < 4000; n += n < 200 ? 1 : 13) {
        join_take(&j, join);
        cs_memory_fail_after(-1);
        struct cs_join_response response = {.server_time_ms = 1772413200000,
                                            .server_statement = cs_buffer_bytes(&f->statement),
                                            .server_identity = j.decoded.server_identity};
        response.incarnation[0] = 1;
        struct cs_buffer body;
        cs_buffer_init(&body, CS_MEBI);
        cs_buffer_clear(&j.sealed);
        assert_ok(cs_join_response_encode(&response, &body));
        assert_ok(cs_response_seal(&f->fake.world, CS_MESSAGE_JOIN, j.opened.hash,
                                   cs_buffer_bytes(&body), f->server, j.chain.leaf.seal_key,
                                   &j.sealed));
        cs_memory_fail_after(n);
        enum cs_status status = cs_join_receive(join, cs_buffer_bytes(&j.sealed), NULL);
        cs_memory_fail_after(-1);
        cs_buffer_release(&body);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
    }
    assert_true(completed);
    cs_join_end(join);
    assert_status(begin(&j, NULL), CS_EXISTS);
    struct cs_identity *identity = NULL;
    assert_ok(cs_identity_unlock(&f->fake.world, f->home, CS_IDENTITY_FILE, T(FIXTURE_PASSPHRASE),
                                 &identity, NULL));
    assert_ok(
        cs_replica_open(&f->fake.world, f->home, cs_registry_core(), identity, &f->replica, NULL));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM person"), 1);
    cs_replica_close(f->replica);
    f->replica = NULL;
    cs_identity_destroy(identity);
    join_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        join_test(changed_invites_are_refused),
        join_test(names_have_limits),
        join_test(what_is_no_invite_is_refused),
        join_test(wrong_clocks_do_not_stop_a_join),
        join_test(memory_may_run_out_while_keys_are_made),
        join_test(memory_may_run_out_at_the_end_of_a_join),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
