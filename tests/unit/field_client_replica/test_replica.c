/* Opening a replica, whose it is, and the small facts it keeps. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/meta.h"

static void facts_are_kept(void **state)
{
    struct fixture *f = *state;
    int64_t number = 9;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    assert_ok(cs_replica_meta_number(f->replica, "commands.x", &number));
    assert_int_equal(number, 0);
    assert_ok(cs_replica_meta_bytes(f->replica, "commands.x", &bytes));
    assert_int_equal(bytes.size, 0);
    assert_ok(cs_replica_meta_set_number(f->replica, "commands.x", -5));
    assert_ok(cs_replica_meta_set_bytes(f->replica, "commands.y", T("{}")));
    fixture_reopen(f);
    assert_ok(cs_replica_meta_number(f->replica, "commands.x", &number));
    assert_int_equal(number, -5);
    assert_ok(cs_replica_meta_bytes(f->replica, "commands.y", &bytes));
    assert_string_equal(cs_buffer_text(&bytes), "{}");
    assert_status(cs_replica_meta_number(f->replica, "commands.y", &number), CS_CORRUPT);
    assert_int_equal(number, -5);
    cs_buffer_release(&bytes);
}

static void getters(void **state)
{
    struct fixture *f = *state;
    assert_ptr_equal(cs_replica_world(f->replica), &f->fake.world);
    assert_ptr_equal(cs_replica_registry(f->replica), cs_registry_core());
    assert_ptr_equal(cs_replica_identity(f->replica), f->identity);
    assert_string_equal(cs_replica_home(f->replica), f->home);
    assert_ptr_equal(cs_row_tables_database(cs_replica_tables(f->replica)),
                     cs_replica_database(f->replica));
    struct cs_id a = cs_replica_draw_id(f->replica);
    struct cs_id b = cs_replica_draw_id(f->replica);
    assert_true(cs_id_compare(&a, &b) < 0);
}

static void what_only_counts_is_no_change(void **state)
{
    struct fixture *f = *state;
    uint64_t before = cs_replica_changes(f->replica);
    assert_ok(cs_replica_meta_set_number(f->replica, "commands.x", 1));
    uint64_t after = cs_replica_changes(f->replica);
    assert_true(after > before);
    cs_replica_pass_over(f->replica, after - before);
    assert_int_equal(cs_replica_changes(f->replica), before);
    fixture_part(f, "P-1", "a");
    assert_true(cs_replica_changes(f->replica) > before);
}

static enum cs_status open_again(struct fixture *f, struct cs_identity *identity, const char *home,
                                 struct cs_problem *problem)
{
    struct cs_replica *second = NULL;
    enum cs_status status =
        cs_replica_open(&f->fake.world, home, cs_registry_core(), identity, &second, problem);
    assert_true(status == CS_OK || second == NULL);
    cs_replica_close(second);
    return status;
}

static void one_process_owns_it(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    assert_status(open_again(f, f->identity, f->home, &problem), CS_BUSY);
}

static void it_belongs_to_one_device(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    cs_replica_close(f->replica);
    f->replica = NULL;
    struct cs_identity *second = fixture_identity(f, CS_ROLE(OFFICE));
    assert_status(open_again(f, second, f->home, &problem), CS_CORRUPT);
    assert_non_null(strstr(problem.text, "belongs to another identity"));
    assert_ok(open_again(f, f->identity, f->home, &problem));
    /* Its key is not enough: the replica must have been told whose it will be. */
    fixture_open(f);
    assert_ok(cs_replica_renew(f->replica, second, NULL, &problem));
    fixture_reopen(f);
    assert_ok(cs_replica_renew(f->replica, second, NULL, &problem));
    cs_replica_close(f->replica);
    f->replica = NULL;
    assert_status(open_again(f, second, f->home, &problem), CS_EXISTS);
    assert_status(open_again(f, f->identity, f->home, &problem), CS_CORRUPT);
    cs_identity_destroy(second);
    fixture_remove_home(f->home);
    fixture_new_home(f);
    /* The same by organisation: as if the folder had come from elsewhere. */
    fixture_open(f);
    uint8_t other[CS_HASH_SIZE] = {1};
    assert_ok(
        cs_replica_meta_set_bytes(f->replica, CS_META_ORGANISATION, cs_bytes_of_array(other)));
    cs_replica_close(f->replica);
    f->replica = NULL;
    assert_status(open_again(f, f->identity, f->home, &problem), CS_WRONG_ORGANISATION);
}

static void open_plain(struct fixture *f, struct cs_database **out)
{
    char path[CS_HOME_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/replica.db", f->home);
    assert_ok(cs_database_open(&f->fake.world, path, CS_DATABASE_REPLICA, out, NULL));
}

/* Of before replicas were encrypted, and somebody is on it. */
static void a_plain_one_is_converted_when_nobody_uses_it(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    struct cs_database *plain = NULL;
    int64_t number = 0;
    cs_replica_close(f->replica);
    f->replica = NULL;
    fixture_remove_home(f->home);
    fixture_new_home(f);
    open_plain(f, &plain);
    assert_ok(cs_database_execute(plain, "CREATE TABLE _mine(v); INSERT INTO _mine VALUES(42)"));
    assert_status(open_again(f, f->identity, f->home, &problem), CS_BUSY);
    cs_database_close(plain);
    fixture_open(f);
    struct cs_statement *statement = NULL;
    assert_ok(cs_statement_get(cs_replica_database(f->replica), "SELECT v FROM _mine", &statement));
    assert_ok(cs_statement_one(statement));
    number = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    assert_int_equal(number, 42);
    fixture_reopen(f);
}

static void newer_and_foreign_files_are_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    assert_ok(cs_database_execute(cs_replica_database(f->replica), "PRAGMA user_version = 99"));
    cs_replica_close(f->replica);
    f->replica = NULL;
    assert_status(open_again(f, f->identity, f->home, &problem), CS_UNSUPPORTED);
    char home[CS_HOME_PATH_MAX + 8];
    memset(home, 'x', sizeof home - 1);
    home[sizeof home - 1] = '\0';
    assert_status(open_again(f, f->identity, home, &problem), CS_INVALID);
    char path[CS_HOME_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/replica.db", f->home);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        (void)fputs("not a database ", file);
    }
    (void)fclose(file);
    assert_status(open_again(f, f->identity, f->home, &problem), CS_CORRUPT);
}

/* Fields and entities that a newer program brings come alive without losing anything. */
static void a_newer_schema_opens_an_older_replica(void **state)
{
    struct fixture *f = *state;
    static const struct cs_field fewer_fields[] = {
        {.name = "code", .type = CS_FIELD_TEXT, .writers = CS_ROLES_ALL},
        {.name = "name", .type = CS_FIELD_TEXT, .writers = CS_ROLES_ALL}};
    static const struct cs_entity fewer = {.name = "part",
                                           .label_en = "part",
                                           .label_zh = "部件",
                                           .creators = CS_ROLES_ALL,
                                           .fields = fewer_fields,
                                           .field_count = 2};
    static const struct cs_entity *const entities[] = {&fewer};
    static const struct cs_registry older = {entities, 1};
    cs_replica_close(f->replica);
    fixture_remove_home(f->home);
    fixture_new_home(f);
    assert_ok(cs_replica_open(&f->fake.world, f->home, &older, f->identity, &f->replica, NULL));
    struct cs_id id = fixture_part(f, "P-1", "a");
    fixture_reopen(f);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a");
    fixture_update(f, "part", &id, "category", "c");
    assert_string_equal(fixture_text(f, "part", &id, "category"), "c");
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    cs_replica_close(f->replica);
    f->replica = NULL;
    bool completed = false;
    for (long n = 0; !completed && n < 3000; n++) {
        cs_memory_fail_after(n);
        enum cs_status status = open_again(f, f->identity, f->home, NULL);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
    }
    assert_true(completed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(facts_are_kept),
        replica_test(getters),
        replica_test(what_only_counts_is_no_change),
        replica_test(one_process_owns_it),
        replica_test(it_belongs_to_one_device),
        replica_test(a_plain_one_is_converted_when_nobody_uses_it),
        replica_test(newer_and_foreign_files_are_refused),
        replica_test(a_newer_schema_opens_an_older_replica),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
