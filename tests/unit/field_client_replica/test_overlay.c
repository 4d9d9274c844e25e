/* The overlay's tables, the cached transaction, and what the view of a row must be. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/overlay.h"
#include "shared/merge/row_versions.h"

static const struct cs_id row_a = {{0xa}};
static const struct cs_id row_b = {{0xb}};

static bool exists(struct fixture *f, const struct cs_id *id)
{
    bool out = false;
    assert_ok(cs_overlay_exists(f->replica, T("part"), id, &out));
    return out;
}

static bool has(struct fixture *f, const struct cs_id *id, uint64_t counter)
{
    bool out = false;
    assert_ok(cs_overlay_has(f->replica, T("part"), id, counter, &out));
    return out;
}

static void entries_are_by_entity_row_and_counter(void **state)
{
    struct fixture *f = *state;
    bool any = true;
    assert_ok(cs_overlay_any(f->replica, &any));
    assert_false(any);
    assert_ok(cs_overlay_add(f->replica, T("part"), &row_a, 3));
    assert_ok(cs_overlay_add(f->replica, T("part"), &row_a, 3)); /* once is enough */
    assert_ok(cs_overlay_add(f->replica, T("part"), &row_a, 4));
    assert_ok(cs_overlay_add(f->replica, T("customer"), &row_b, 3));
    assert_ok(cs_overlay_any(f->replica, &any));
    assert_true(any);
    assert_true(exists(f, &row_a));
    assert_false(exists(f, &row_b)); /* of another entity */
    assert_true(has(f, &row_a, 4));
    assert_false(has(f, &row_a, 5));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 3);
    assert_ok(cs_overlay_remove(f->replica, T("part"), &row_a, 3));
    assert_ok(cs_overlay_remove(f->replica, T("part"), &row_a, 3));
    assert_true(exists(f, &row_a));
    assert_ok(cs_overlay_remove(f->replica, T("part"), &row_a, 4));
    assert_false(exists(f, &row_a));
    assert_ok(cs_overlay_remove(f->replica, T("customer"), &row_b, 3));
}

/* A part with one unknown field, as confirmed state may be. */
static struct cs_stored_row confirmed(const struct cs_id *id, const char *name,
                                      struct cs_arena *arena)
{
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", name),
                                      TEXT_VALUE("zz_new", "n")};
    struct cs_row_versions versions = {.created = {5, 1}};
    struct cs_stored_row row;
    struct cs_buffer packed;
    cs_buffer_init(&packed, CS_KIBI);
    cs_row_versions_pack(&versions, &packed);
    assert_ok(cs_row_from_fields(cs_registry_core(), T("part"), fields, 3, arena, &row));
    assert_ok(cs_arena_copy(arena, cs_buffer_bytes(&packed), &row.versions));
    cs_buffer_release(&packed);
    row.id = *id;
    row.exists = true;
    return row;
}

static void assert_same(const struct cs_stored_row *a, const struct cs_stored_row *b)
{
    uint8_t first[CS_HASH_SIZE];
    uint8_t second[CS_HASH_SIZE];
    assert_ok(cs_stored_row_hash(a, first));
    assert_ok(cs_stored_row_hash(b, second));
    assert_memory_equal(first, second, CS_HASH_SIZE);
}

static void images_are_kept_whole(void **state)
{
    struct fixture *f = *state;
    static const uint8_t scopes[] = {1, 3};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row = confirmed(&row_a, "a", &arena);
    row.scopes = cs_bytes_of_array(scopes);
    struct cs_stored_row loaded;
    assert_ok(cs_covered_load(f->replica, T("part"), &row_a, &arena, &loaded));
    assert_false(loaded.exists);
    assert_true(cs_id_equal(&loaded.id, &row_a));
    assert_non_null(loaded.entity);
    assert_ok(cs_covered_store(f->replica, &row));
    assert_ok(cs_covered_load(f->replica, T("part"), &row_a, &arena, &loaded));
    assert_true(loaded.exists);
    assert_same(&row, &loaded);
    assert_true(cs_bytes_equal(loaded.scopes, row.scopes));
    row.deleted = true;
    assert_ok(cs_covered_store(f->replica, &row));
    assert_ok(cs_covered_load(f->replica, T("part"), &row_a, &arena, &loaded));
    assert_true(loaded.deleted);
    assert_ok(cs_database_execute(cs_replica_database(f->replica), "UPDATE _covered SET image = "
                                                                   "x'ff'"));
    assert_status(cs_covered_load(f->replica, T("part"), &row_a, &arena, &loaded), CS_CORRUPT);
    assert_ok(cs_covered_remove(f->replica, T("part"), &row_a));
    assert_ok(cs_covered_remove(f->replica, T("part"), &row_a));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 0);
    cs_arena_release(&arena);
}

/* Confirmed is the table's row, or under an overlay its image, or then nothing. */
static void where_confirmed_state_stands(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row = confirmed(&row_a, "a", &arena);
    struct cs_stored_row loaded;
    assert_ok(cs_row_store(cs_replica_tables(f->replica), &row));
    assert_ok(cs_confirmed_load(f->replica, T("part"), &row_a, &arena, &loaded));
    assert_same(&row, &loaded);
    fixture_update(f, "part", &row_a, "name", "b");
    assert_ok(cs_confirmed_load(f->replica, T("part"), &row_a, &arena, &loaded));
    assert_same(&row, &loaded);
    struct cs_id mine = fixture_part(f, "P-2", "mine");
    assert_ok(cs_confirmed_load(f->replica, T("part"), &mine, &arena, &loaded));
    assert_false(loaded.exists);
    /* Further edits do not move the image. */
    fixture_update(f, "part", &row_a, "name", "c");
    fixture_delete(f, "part", &row_a);
    assert_ok(cs_confirmed_load(f->replica, T("part"), &row_a, &arena, &loaded));
    assert_same(&row, &loaded);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 1);
    cs_arena_release(&arena);
}

/* What the view must be of a row, beside what it is. */
static void expect_view(struct fixture *f, const struct cs_id *id)
{
    struct cs_pending_cache cache;
    struct cs_arena arena;
    struct cs_stored_row expected;
    struct cs_stored_row view;
    cs_arena_init(&arena, CS_MEBI);
    cs_pending_cache_init(&cache);
    assert_ok(cs_overlay_expected(f->replica, &cache, T("part"), id, &arena, &expected));
    cs_pending_cache_release(&cache); /* nothing of it is borrowed */
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T("part"), id, &arena, &view));
    assert_true(expected.exists && view.exists);
    assert_same(&expected, &view);
    cs_arena_release(&arena);
}

static void the_view_is_confirmed_state_with_every_edit(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row = confirmed(&row_a, "a", &arena);
    assert_ok(cs_row_store(cs_replica_tables(f->replica), &row));
    struct cs_id mine = fixture_part(f, "P-2", "mine");
    fixture_update(f, "part", &row_a, "name", "b");
    fixture_update(f, "part", &row_a, "category", "c");
    fixture_update(f, "part", &mine, "name", "other");
    expect_view(f, &row_a);
    expect_view(f, &mine);
    fixture_delete(f, "part", &mine);
    expect_view(f, &mine);
    /* Many operations in one transaction, each found for its row. */
    struct cs_id ids[40];
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    for (size_t i = 0; i < CS_COUNT(ids); i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "X-%zu", i * 7 % CS_COUNT(ids));
        struct cs_named_value values[] = {TEXT_VALUE("code", code), TEXT_VALUE("name", code)};
        for (size_t j = 0; j < CS_ID_SIZE; j++) {
            ids[i].bytes[j] = (uint8_t)fake_world_next(&f->fake);
        }
        assert_ok(cs_edit_insert(edit, T("part"), &ids[i], values, 2, NULL, NULL));
    }
    assert_ok(cs_edit_commit(edit));
    for (size_t i = 0; i < CS_COUNT(ids); i++) {
        expect_view(f, &ids[i]);
    }
    cs_arena_release(&arena);
}

/* One id in two entities: the operations of one transaction fall on the right rows. */
static void one_id_in_two_entities(void **state)
{
    struct fixture *f = *state;
    struct cs_edit *edit = NULL;
    struct cs_named_value part[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a part")};
    struct cs_named_value customer = TEXT_VALUE("name", "a customer");
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("customer"), &row_a, &customer, 1, NULL, NULL));
    assert_ok(cs_edit_insert(edit, T("part"), &row_a, part, 2, NULL, NULL));
    assert_ok(cs_edit_commit(edit));
    expect_view(f, &row_a);
    assert_string_equal(fixture_text(f, "part", &row_a, "name"), "a part");
    assert_string_equal(fixture_text(f, "customer", &row_a, "name"), "a customer");
}

static void updates_of_nothing_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct cs_pending_cache cache;
    struct cs_arena arena;
    struct cs_stored_row expected;
    cs_arena_init(&arena, CS_MEBI);
    cs_pending_cache_init(&cache);
    struct cs_stored_row row = confirmed(&row_a, "a", &arena);
    assert_ok(cs_row_store(cs_replica_tables(f->replica), &row));
    fixture_update(f, "part", &row_a, "name", "b");
    assert_ok(cs_covered_remove(f->replica, T("part"), &row_a)); /* it departed */
    assert_ok(cs_overlay_expected(f->replica, &cache, T("part"), &row_a, &arena, &expected));
    assert_false(expected.exists);
    /* An entry without a transaction is damage. */
    assert_ok(cs_overlay_add(f->replica, T("part"), &row_a, 77));
    assert_status(cs_overlay_expected(f->replica, &cache, T("part"), &row_a, &arena, &expected),
                  CS_CORRUPT);
    cs_pending_cache_release(&cache);
    cs_arena_release(&arena);
}

static void the_cache_forgets_when_told(void **state)
{
    struct fixture *f = *state;
    struct cs_database *database = cs_replica_database(f->replica);
    struct cs_pending_cache cache;
    cs_pending_cache_init(&cache);
    (void)fixture_part(f, "P-1", "a");
    assert_ok(cs_pending_load(f->replica, 1, &cache));
    assert_true(cache.found);
    assert_int_equal(cache.state, CS_PENDING_WAITING);
    assert_ok(cs_database_execute(database, "UPDATE _pending SET state = 4"));
    assert_ok(cs_pending_load(f->replica, 1, &cache));
    assert_int_equal(cache.state, CS_PENDING_WAITING);
    cs_pending_cache_forget(&cache);
    assert_ok(cs_pending_load(f->replica, 1, &cache));
    assert_int_equal(cache.state, CS_PENDING_HELD);
    assert_ok(cs_database_execute(database, "DELETE FROM _pending"));
    cs_pending_cache_forget(&cache);
    assert_ok(cs_pending_load(f->replica, 1, &cache));
    assert_false(cache.found);
    cs_pending_cache_release(&cache);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row = confirmed(&row_a, "a", &arena);
    assert_ok(cs_row_store(cs_replica_tables(f->replica), &row));
    fixture_update(f, "part", &row_a, "name", "b");
    fixture_update(f, "part", &row_a, "category", "c");
    bool completed = false;
    for (long n = 0; !completed && n < 300; n++) {
        struct cs_pending_cache cache;
        struct cs_stored_row expected = {.exists = false};
        struct cs_arena own;
        cs_pending_cache_init(&cache);
        cs_arena_init(&own, CS_MEBI);
        cs_memory_fail_after(n);
        enum cs_status status =
            cs_overlay_expected(f->replica, &cache, T("part"), &row_a, &own, &expected);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_int_equal(expected.exists, completed);
        cs_pending_cache_release(&cache);
        cs_arena_release(&own);
    }
    assert_true(completed);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(entries_are_by_entity_row_and_counter),
        replica_test(images_are_kept_whole),
        replica_test(where_confirmed_state_stands),
        replica_test(the_view_is_confirmed_state_with_every_edit),
        replica_test(one_id_in_two_entities),
        replica_test(updates_of_nothing_leave_nothing),
        replica_test(the_cache_forgets_when_told),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
