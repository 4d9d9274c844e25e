/* Scopes of confirmed state: numbers for good, rows that leave with a scope, what is saved. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/confirmed.h"
#include "field-client/replica/doctor.h"
#include "shared/merge/row_versions.h"

static const struct cs_scope_name office = {.kind = CS_SCOPE_OFFICE};
static const struct cs_scope_name everyone = {.kind = CS_SCOPE_EVERYONE};
static const uint8_t in_first[] = {1};
static const uint8_t in_second[] = {2};
static const uint8_t in_both[] = {1, 2};

static void begin(struct fixture *f, struct cs_applier *applier)
{
    assert_ok(cs_database_begin(cs_replica_database(f->replica)));
    assert_ok(cs_applier_init(applier, f->replica));
}

static void commit(struct fixture *f, struct cs_applier *applier)
{
    assert_ok(cs_applier_finish(applier));
    cs_applier_release(applier);
    assert_ok(cs_database_commit(cs_replica_database(f->replica)));
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(f->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 0);
}

static size_t scope(struct cs_applier *applier, const struct cs_scope_name *name)
{
    size_t index = 99;
    assert_ok(cs_applier_scope(applier, name, &index));
    applier->scopes[index].subscribed = true;
    return index;
}

static void put(struct fixture *f, struct cs_applier *applier, uint8_t number,
                struct cs_bytes scopes)
{
    struct cs_arena arena;
    struct cs_stored_row before;
    struct cs_stored_row after;
    char code[8];
    (void)snprintf(code, sizeof code, "P-%d", number);
    struct cs_named_value fields[] = {TEXT_VALUE("code", code), TEXT_VALUE("name", code)};
    struct cs_row_versions versions = {.created = {5, number}};
    struct cs_buffer packed;
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&packed, CS_KIBI);
    cs_row_versions_pack(&versions, &packed);
    assert_ok(cs_row_from_fields(cs_registry_core(), T("part"), fields, 2, &arena, &after));
    after.id = (struct cs_id){{number}};
    after.exists = true;
    after.versions = cs_buffer_bytes(&packed);
    after.scopes = scopes;
    assert_ok(cs_confirmed_load(f->replica, T("part"), &after.id, &arena, &before));
    assert_ok(cs_applier_put(applier, &before, &after));
    cs_buffer_release(&packed);
    cs_arena_release(&arena);
}

static bool is_zero(const struct cs_multiset *digest)
{
    static const struct cs_multiset zero;
    return memcmp(digest, &zero, sizeof zero) == 0;
}

static const char *name_of(struct fixture *f, uint8_t number)
{
    struct cs_id id = {{number}};
    return fixture_text(f, "part", &id, "name");
}

/* Three rows: in the first scope, in the second, in both. */
static void fill(struct fixture *f)
{
    struct cs_applier applier;
    begin(f, &applier);
    assert_int_equal(scope(&applier, &office), 0);
    assert_int_equal(scope(&applier, &everyone), 1);
    put(f, &applier, 1, cs_bytes_of_array(in_first));
    put(f, &applier, 2, cs_bytes_of_array(in_second));
    put(f, &applier, 3, cs_bytes_of_array(in_both));
    applier.scopes[0].cursor = 50;
    commit(f, &applier);
}

static void numbers_are_for_good(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_scope_name project = {.kind = CS_SCOPE_PROJECT, .id = {{7}}};
    struct cs_scope_name other = {.kind = CS_SCOPE_PROJECT, .id = {{8}}};
    struct cs_scope_name strange = {.kind = 200};
    fill(f);
    begin(f, &applier);
    assert_int_equal(applier.scope_count, 2);
    assert_int_equal(applier.scopes[0].cursor, 50);
    assert_true(applier.scopes[1].subscribed);
    assert_int_equal(scope(&applier, &project), 2);
    assert_int_equal(scope(&applier, &other), 3);
    assert_int_equal(scope(&applier, &strange), 4); /* kinds of a newer server */
    assert_int_equal(scope(&applier, &everyone), 1);
    assert_int_equal(scope(&applier, &project), 2);
    commit(f, &applier);
    begin(f, &applier);
    assert_int_equal(applier.scope_count, 5);
    assert_int_equal(scope(&applier, &strange), 4);
    commit(f, &applier);
}

static void many_scopes_grow(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    begin(f, &applier);
    for (size_t i = 0; i < 100; i++) {
        struct cs_scope_name name = {.kind = CS_SCOPE_PROJECT, .id = {{(uint8_t)i, 1}}};
        assert_int_equal(scope(&applier, &name), i);
    }
    commit(f, &applier);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _scope"), 100);
    assert_int_equal(fixture_count_sql(f, "SELECT max(number) FROM _scope"), 100);
}

static void what_did_not_change_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    fill(f);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _scope SET cursor = 60 WHERE number = 1"));
    begin(f, &applier);
    applier.scopes[0].cursor = 99; /* without saying so */
    commit(f, &applier);
    assert_int_equal(fixture_count_sql(f, "SELECT cursor FROM _scope WHERE number = 1"), 60);
}

static void a_lost_scope_takes_its_rows(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    uint64_t departed = 10;
    fill(f);
    begin(f, &applier);
    assert_ok(cs_applier_lose_scope(&applier, 0, &departed));
    assert_int_equal(departed, 11);
    assert_true(is_zero(&applier.scopes[0].digest));
    assert_false(is_zero(&applier.scopes[1].digest));
    assert_false(applier.scopes[0].subscribed);
    commit(f, &applier);
    assert_string_equal(name_of(f, 1), "-");
    assert_string_equal(name_of(f, 2), "P-2");
    assert_string_equal(name_of(f, 3), "P-3");
    assert_int_equal(fixture_count_sql(f, "SELECT cursor FROM _scope WHERE number = 1"), 0);
    /* Again: nothing is left to lose. And back under the same number. */
    begin(f, &applier);
    assert_ok(cs_applier_lose_scope(&applier, 0, &departed));
    assert_int_equal(departed, 11);
    assert_int_equal(scope(&applier, &office), 0);
    put(f, &applier, 1, cs_bytes_of_array(in_first));
    commit(f, &applier);
    assert_string_equal(name_of(f, 1), "P-1");
}

/* Unsent work over rows that leave, and over rows whose view names a scope no longer true. */
static void a_lost_scope_leaves_unsent_work(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_id first = {{1}};
    struct cs_id both = {{3}};
    uint64_t departed = 0;
    fill(f);
    fixture_update(f, "part", &first, "name", "mine");
    fixture_update(f, "part", &both, "name", "mine too");
    struct cs_id fresh = fixture_part(f, "P-9", "fresh");
    begin(f, &applier);
    put(f, &applier, 1, cs_bytes_of_array(in_both)); /* its view still says: in the first only */
    assert_ok(cs_applier_lose_scope(&applier, 0, &departed));
    assert_int_equal(departed, 0);
    commit(f, &applier);
    assert_string_equal(name_of(f, 1), "mine");
    begin(f, &applier);
    assert_ok(cs_applier_lose_scope(&applier, 1, &departed));
    assert_int_equal(departed, 3);
    assert_true(is_zero(&applier.scopes[1].digest));
    commit(f, &applier);
    assert_string_equal(name_of(f, 1), "mine");
    assert_string_equal(name_of(f, 2), "-");
    assert_string_equal(name_of(f, 3), "mine too");
    assert_string_equal(fixture_text(f, "part", &fresh, "name"), "fresh");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 3);
}

static enum cs_status lose(struct fixture *f, uint64_t *departed)
{
    struct cs_applier applier;
    enum cs_status status = cs_applier_init(&applier, f->replica);
    if (status == CS_OK) {
        status = cs_applier_lose_scope(&applier, 0, departed);
    }
    if (status == CS_OK) {
        status = cs_applier_finish(&applier);
    }
    uint8_t digest[CS_HASH_SIZE];
    if (status == CS_OK) {
        status = cs_applier_digest(&applier, digest);
    }
    cs_applier_release(&applier);
    return status;
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct cs_id both = {{3}};
    fill(f);
    fixture_update(f, "part", &both, "name", "mine");
    bool completed = false;
    for (long n = 0; !completed && n < 1000; n++) {
        uint64_t departed = 0;
        assert_ok(cs_database_begin(cs_replica_database(f->replica)));
        cs_memory_fail_after(n);
        enum cs_status status = lose(f, &departed);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        if (completed) {
            assert_ok(cs_database_commit(cs_replica_database(f->replica)));
        } else {
            cs_database_rollback(cs_replica_database(f->replica));
            assert_string_equal(name_of(f, 1), "P-1");
        }
    }
    assert_true(completed);
    assert_string_equal(name_of(f, 1), "-");
    assert_string_equal(name_of(f, 3), "mine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(numbers_are_for_good),
        replica_test(many_scopes_grow),
        replica_test(what_did_not_change_is_not_written),
        replica_test(a_lost_scope_takes_its_rows),
        replica_test(a_lost_scope_leaves_unsent_work),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
