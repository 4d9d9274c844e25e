/* Making invites: whom, with which roles, and what stands in them. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/invite.h"
#include "shared/evidence/invite_text.h"

static enum cs_status make(struct fixture *f, const char *person, cs_roles roles, int64_t after_ms,
                           struct cs_buffer *text, struct cs_invite_made *made,
                           struct cs_problem *problem)
{
    cs_buffer_clear(text);
    return cs_invite_make(f->replica, T(person), roles, f->fake.wall_ms + after_ms, text, made,
                          problem);
}

static void an_invite_holds_what_a_device_needs(void **state)
{
    struct fixture *f = *state;
    struct cs_buffer text;
    struct cs_invite_made made;
    struct cs_arena arena;
    struct cs_invite_package package;
    struct cs_invite invite;
    struct cs_chain chain;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&text, CS_MEBI);
    assert_ok(make(f, "李雷", CS_ROLE(TECHNICIAN), 1000, &text, &made, NULL));
    assert_true(made.person_is_new);
    assert_string_equal(fixture_text(f, "person", &made.person, "name"), "李雷");
    assert_ok(cs_invite_package_decode(cs_buffer_bytes(&text), &arena, &package, NULL));
    assert_false(package.first);
    assert_true(cs_bytes_equal_text(package.address, "server.example:8443"));
    assert_true(cs_bytes_equal(package.server_statement, cs_buffer_bytes(&f->statement)));
    assert_true(cs_bytes_equal(package.server_identity, cs_buffer_bytes(&f->server_identity)));
    assert_memory_equal(package.server, f->server_public, sizeof package.server);
    assert_ok(cs_chain_verify(package.chain, cs_identity_organisation(f->identity), &chain, NULL));
    assert_ok(cs_invite_decode(package.invite, &invite));
    assert_true(cs_id_equal(&invite.person, &made.person));
    assert_true(cs_bytes_equal_text(invite.person_name, "李雷"));
    assert_int_equal(invite.roles, CS_ROLE(TECHNICIAN));
    assert_int_equal(invite.expires_ms, f->fake.wall_ms + 1000);
    assert_memory_equal(invite.inviter, cs_identity_certificate_id(f->identity), CS_HASH_SIZE);
    struct cs_sign_key *key = NULL;
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    assert_ok(cs_sign_key_create(cs_bytes_of_array(package.token), &key));
    cs_sign_key_public(key, public_key);
    assert_memory_equal(public_key, invite.invite_key, sizeof public_key);
    cs_sign_key_destroy(key);
    /* A second device of the same person: found by name, and by id; each with a key of its own. */
    struct cs_id person = made.person;
    uint8_t token[32];
    memcpy(token, package.token, sizeof token);
    assert_ok(make(f, "李雷", CS_ROLE(TECHNICIAN), 1000, &text, &made, NULL));
    assert_false(made.person_is_new);
    assert_true(cs_id_equal(&made.person, &person));
    assert_ok(cs_invite_package_decode(cs_buffer_bytes(&text), &arena, &package, NULL));
    assert_memory_not_equal(token, package.token, sizeof token);
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&person, id);
    assert_ok(make(f, id, CS_ROLE(TECHNICIAN), 1000, &text, NULL, NULL));
    cs_buffer_release(&text);
    cs_arena_release(&arena);
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_buffer text;
    struct cs_problem problem = {""};
    cs_buffer_init(&text, CS_MEBI);
    assert_status(make(f, "李雷", CS_ROLES_NONE, 1000, &text, NULL, &problem), CS_INVALID);
    assert_status(make(f, "李雷", ~CS_ROLES_ALL, 1000, &text, NULL, &problem), CS_INVALID);
    assert_status(make(f, "李雷", CS_ROLE(TECHNICIAN), 0, &text, NULL, &problem), CS_INVALID);
    assert_status(make(f, "", CS_ROLE(TECHNICIAN), 1000, &text, NULL, &problem), CS_INVALID);
    char name[CS_PERSON_NAME_MAX + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_status(make(f, name, CS_ROLE(TECHNICIAN), 1000, &text, NULL, &problem), CS_INVALID);
    assert_status(make(f, "00000000-0000-0000-0000-000000000001", CS_ROLE(TECHNICIAN), 1000, &text,
                       NULL, &problem),
                  CS_NOT_FOUND);
    struct cs_named_value person = TEXT_VALUE("name", "韩梅");
    (void)fixture_insert(f, "person", &person, 1);
    (void)fixture_insert(f, "person", &person, 1);
    assert_status(make(f, "韩梅", CS_ROLE(TECHNICIAN), 1000, &text, NULL, &problem), CS_EXISTS);
    assert_non_null(strstr(problem.text, "id"));
    assert_int_equal(text.size, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM person"), 2);
    cs_buffer_release(&text);
}

static void roles_that_may_not_be_given(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *owner = f->identity;
    cs_replica_close(f->replica);
    fixture_remove_home(f->home);
    fixture_new_home(f);
    f->identity = fixture_identity(f, CS_ROLE(TECHNICIAN));
    fixture_open(f);
    struct cs_buffer text;
    struct cs_problem problem = {""};
    cs_buffer_init(&text, CS_MEBI);
    assert_status(make(f, "李雷", CS_ROLE(OWNER), 1000, &text, NULL, &problem), CS_DENIED);
    assert_status(make(f, "李雷", CS_ROLE(OFFICE), 1000, &text, NULL, &problem), CS_DENIED);
    assert_int_equal(text.size, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM person"), 0);
    cs_replica_close(f->replica);
    f->replica = NULL;
    cs_identity_destroy(f->identity);
    f->identity = owner;
    cs_buffer_release(&text);
}

static void a_person_is_inserted_once_under_one_id(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = {{5}};
    struct cs_id out;
    struct cs_problem problem = {""};
    assert_ok(cs_invite_insert_person(f->replica, &id, T("王芳"), &out, &problem));
    assert_true(cs_id_equal(&id, &out));
    assert_status(cs_invite_insert_person(f->replica, &id, T("王芳"), &out, &problem), CS_EXISTS);
    assert_status(cs_invite_insert_person(f->replica, NULL, T("\xff"), &out, &problem), CS_INVALID);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 1);
}

/* Out of memory at any place: no text, and at most the person, who is found again the next time. */
static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct cs_buffer text;
    bool completed = false;
    for (long n = 0; !completed && n < 1000; n++) {
        struct cs_invite_made made = {.person_is_new = true};
        cs_buffer_init(&text, CS_MEBI);
        cs_memory_fail_after(n);
        enum cs_status status = make(f, "李雷", CS_ROLE(TECHNICIAN), 1000, &text, &made, NULL);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_true(completed == !cs_id_equal(&made.person, &(struct cs_id){{0}}));
        assert_false(cs_database_in_transaction(cs_replica_database(f->replica)));
        assert_true(fixture_count_sql(f, "SELECT count(*) FROM person") <= 1);
        cs_buffer_release(&text);
    }
    assert_true(completed);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM person"), 1);
}

/* Laptops with a clock far off still invite; the server's clock judges. */
static void wrong_clocks_do_not_stop_invites(void **state)
{
    static const int64_t clocks[] = {0, 4070908800000}; /* 1970, 2099 */
    struct fixture *f = *state;
    int64_t right = f->fake.wall_ms;
    struct cs_buffer text;
    cs_buffer_init(&text, CS_MEBI);
    for (size_t i = 0; i < CS_COUNT(clocks); i++) {
        f->fake.wall_ms = clocks[i];
        assert_ok(make(f, "李雷", CS_ROLE(TECHNICIAN), 1000, &text, NULL, NULL));
        assert_true(text.size > 0);
    }
    f->fake.wall_ms = right;
    cs_buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(an_invite_holds_what_a_device_needs),
        replica_test(what_is_refused),
        replica_test(roles_that_may_not_be_given),
        replica_test(a_person_is_inserted_once_under_one_id),
        replica_test(memory_may_run_out_anywhere),
        replica_test(wrong_clocks_do_not_stop_invites),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
