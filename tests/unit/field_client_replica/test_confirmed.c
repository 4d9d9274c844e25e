/* Confirmed state, overlay and scopes, without a server around them. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/confirmed.h"
#include "shared/merge/row_versions.h"

static const uint8_t first[] = {1};
static const uint8_t both[] = {1, 2};
static const uint8_t unknown[] = {9};

/* An applier inside a transaction, with two scopes. */
static void begin(struct fixture *f, struct cs_applier *applier)
{
    struct cs_scope_name names[] = {{.kind = CS_SCOPE_OFFICE}, {.kind = CS_SCOPE_EVERYONE}};
    assert_ok(cs_database_begin(cs_replica_database(f->replica)));
    assert_ok(cs_applier_init(applier, f->replica));
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        size_t index = 9;
        assert_ok(cs_applier_scope(applier, &names[i], &index));
        assert_int_equal(index, i);
        applier->scopes[i].subscribed = true;
    }
}

static void commit(struct fixture *f, struct cs_applier *applier)
{
    assert_ok(cs_applier_finish(applier));
    cs_applier_release(applier);
    assert_ok(cs_database_commit(cs_replica_database(f->replica)));
}

static void abandon(struct fixture *f, struct cs_applier *applier)
{
    cs_applier_release(applier);
    cs_database_rollback(cs_replica_database(f->replica));
}

static enum cs_status put(struct fixture *f, struct cs_applier *applier, const struct cs_id *id,
                          const char *name, struct cs_bytes scopes)
{
    struct cs_arena arena;
    struct cs_stored_row before;
    struct cs_stored_row after;
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", name)};
    struct cs_row_versions versions = {.created = {5, 1}};
    struct cs_buffer packed;
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&packed, CS_MEBI);
    cs_row_versions_pack(&versions, &packed);
    assert_ok(cs_row_from_fields(cs_registry_core(), T("part"), fields, 2, &arena, &after));
    after.id = *id;
    after.exists = true;
    after.versions = cs_buffer_bytes(&packed);
    after.scopes = scopes;
    assert_ok(cs_confirmed_load(f->replica, T("part"), id, &arena, &before));
    enum cs_status status = cs_applier_put(applier, &before, &after);
    cs_buffer_release(&packed);
    cs_arena_release(&arena);
    return status;
}

static bool digest_is_zero(const struct cs_scope_state *scope)
{
    static const uint8_t zero[CS_HASH_SIZE];
    return memcmp(scope->digest.sum, zero, sizeof zero) == 0;
}

static void digests_follow_rows_in_and_out(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_id id = {{1}};
    bool departed = false;
    begin(f, &applier);
    assert_ok(put(f, &applier, &id, "a", cs_bytes_of_array(both)));
    assert_false(digest_is_zero(&applier.scopes[0]));
    assert_memory_equal(&applier.scopes[0].digest, &applier.scopes[1].digest, CS_HASH_SIZE);
    assert_ok(put(f, &applier, &id, "b", cs_bytes_of_array(first)));
    assert_true(digest_is_zero(&applier.scopes[1]));
    struct cs_multiset digest = applier.scopes[0].digest;
    commit(f, &applier);
    begin(f, &applier); /* the scopes come back under the same numbers */
    assert_int_equal(applier.scope_count, 2);
    assert_memory_equal(&applier.scopes[0].digest, &digest, sizeof digest);
    assert_int_equal(applier.scopes[0].name.kind, CS_SCOPE_OFFICE);
    assert_ok(cs_applier_depart(&applier, T("part"), &id, &departed));
    assert_true(departed);
    assert_true(digest_is_zero(&applier.scopes[0]));
    assert_ok(cs_applier_depart(&applier, T("part"), &id, &departed));
    assert_false(departed);
    commit(f, &applier);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
}

static void the_root_digest_sorts_its_scopes(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_id id = {{1}};
    uint8_t digest[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    begin(f, &applier);
    assert_ok(put(f, &applier, &id, "a", cs_bytes_of_array(first)));
    assert_ok(cs_applier_digest(&applier, digest));
    struct cs_scope_digest sorted[] = {{applier.scopes[1].name, applier.scopes[1].digest},
                                       {applier.scopes[0].name, applier.scopes[0].digest}};
    cs_scopes_digest(sorted, 2, expected);
    assert_memory_equal(digest, expected, sizeof digest);
    applier.scopes[1].subscribed = false;
    assert_ok(cs_applier_digest(&applier, digest));
    cs_scopes_digest(sorted + 1, 1, expected);
    assert_memory_equal(digest, expected, sizeof digest);
    abandon(f, &applier);
}

static void scopes_that_are_unknown_are_damage(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_id id = {{1}};
    begin(f, &applier);
    assert_status(put(f, &applier, &id, "a", cs_bytes_of_array(unknown)), CS_CORRUPT);
    abandon(f, &applier);
    begin(f, &applier);
    commit(f, &applier);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _scope SET digest = x'00' WHERE number = 2"));
    assert_status(cs_applier_init(&applier, f->replica), CS_CORRUPT);
    cs_applier_release(&applier);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "DELETE FROM _scope WHERE number = 1"));
    assert_status(cs_applier_init(&applier, f->replica), CS_CORRUPT);
    cs_applier_release(&applier);
}

static void lifting_what_is_not_there_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_id id = {{1}};
    begin(f, &applier);
    assert_ok(put(f, &applier, &id, "a", cs_bytes_of_array(first)));
    assert_ok(cs_applier_lift(&applier, T("part"), &id, 4));
    commit(f, &applier);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a");
}

static void confirmed_state_moves_under_the_overlay(void **state)
{
    struct fixture *f = *state;
    struct cs_applier applier;
    struct cs_id id = {{1}};
    uint64_t departed = 0;
    begin(f, &applier);
    assert_ok(put(f, &applier, &id, "a", cs_bytes_of_array(both)));
    commit(f, &applier);
    fixture_update(f, "part", &id, "category", "mine");
    begin(f, &applier);
    assert_ok(put(f, &applier, &id, "b", cs_bytes_of_array(both)));
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a"); /* not before finish */
    commit(f, &applier);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    assert_string_equal(fixture_text(f, "part", &id, "category"), "mine");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _dirty"), 0);
    begin(f, &applier);
    assert_ok(cs_applier_lose_scope(&applier, 1, &departed));
    assert_int_equal(departed, 0);
    assert_true(digest_is_zero(&applier.scopes[1]));
    assert_false(digest_is_zero(&applier.scopes[0]));
    assert_ok(cs_applier_lose_scope(&applier, 0, &departed));
    assert_int_equal(departed, 1);
    commit(f, &applier);
    assert_string_equal(fixture_text(f, "part", &id, "category"), "mine");
    begin(f, &applier);
    assert_ok(cs_applier_lift(&applier, T("part"), &id, 1));
    assert_ok(cs_database_execute(cs_replica_database(f->replica), "DELETE FROM _pending"));
    commit(f, &applier);
    assert_string_equal(fixture_text(f, "part", &id, "category"), "-");
}

static void the_cache_holds_one_transaction(void **state)
{
    struct fixture *f = *state;
    struct cs_pending_cache cache;
    (void)fixture_part(f, "P-1", "a");
    (void)fixture_part(f, "P-2", "b");
    cs_pending_cache_init(&cache);
    assert_ok(cs_pending_load(f->replica, 2, &cache));
    assert_true(cache.found);
    assert_int_equal(cache.transaction.counter, 2);
    assert_int_equal(cache.state, CS_PENDING_WAITING);
    assert_ok(cs_pending_load(f->replica, 9, &cache));
    assert_false(cache.found);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _pending SET body = x'01' WHERE counter = 1"));
    assert_status(cs_pending_load(f->replica, 1, &cache), CS_CORRUPT);
    cs_pending_cache_release(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(digests_follow_rows_in_and_out),
        replica_test(the_root_digest_sorts_its_scopes),
        replica_test(scopes_that_are_unknown_are_damage),
        replica_test(lifting_what_is_not_there_changes_nothing),
        replica_test(confirmed_state_moves_under_the_overlay),
        replica_test(the_cache_holds_one_transaction),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
