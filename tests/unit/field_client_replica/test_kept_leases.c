/* Leases as the replica keeps them: keys that are taken away, ends that stay. */
#include "field-client/replica/kept_leases.h"
#include "field-client/replica/vault_keys.h"
#include "tests/unit/field_client_replica/client_fixture.h"

static struct cs_kept_lease made(uint8_t which)
{
    struct cs_kept_lease lease = {.taken_ms = 100 + which, .expires_ms = 900};
    lease.id[0] = which;
    lease.vault.bytes[0] = 7;
    lease.certificate[0] = 8;
    return lease;
}

/* With its key. */
static void put(struct fixture *f, const struct cs_kept_lease *lease)
{
    struct cs_sealed_key key = {.vault = lease->vault, .kind = 1, .sealed = T("key")};
    memcpy(key.record, lease->id, CS_HASH_SIZE);
    assert_ok(cs_sealed_key_put(f->replica, &key));
    assert_ok(cs_kept_lease_put(f->replica, lease));
}

static size_t count(struct fixture *f, bool all, struct cs_arena *arena, struct cs_kept_lease **out)
{
    size_t found = 99;
    assert_ok(cs_kept_leases(f->replica, all, arena, out, &found));
    return found;
}

static void what_is_put_comes_back(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_kept_lease *list = NULL;
    cs_arena_init(&arena, CS_MEBI);
    assert_int_equal(count(f, true, &arena, &list), 0);
    struct cs_kept_lease first = made(1);
    struct cs_kept_lease second = made(2);
    assert_ok(cs_kept_lease_put(f->replica, &first));
    assert_ok(cs_kept_lease_put(f->replica, &second));
    assert_int_equal(count(f, false, &arena, &list), 2);
    assert_memory_equal(list[1].id, second.id, CS_HASH_SIZE);
    assert_memory_equal(list[1].certificate, second.certificate, CS_HASH_SIZE);
    assert_true(cs_id_equal(&list[1].vault, &second.vault));
    assert_int_equal(list[1].taken_ms, 102);
    assert_int_equal(list[1].expires_ms, 900);
    assert_int_equal(list[1].end, 0);
    assert_true(cs_kept_lease_put(f->replica, &first) != CS_OK); /* once */
    cs_arena_release(&arena);
}

static void an_end_takes_the_key_and_stays(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_kept_lease *list = NULL;
    struct cs_kept_lease lease = made(1);
    cs_arena_init(&arena, CS_MEBI);
    put(f, &lease);
    assert_ok(cs_kept_lease_end(f->replica, lease.id, 3, 555));
    assert_ok(cs_kept_lease_end(f->replica, lease.id, 2, 777)); /* it had ended already */
    assert_int_equal(count(f, false, &arena, &list), 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _vault_key"), 0);
    assert_int_equal(list[0].end, 3);
    assert_int_equal(list[0].ended_ms, 555);
    assert_ok(cs_kept_lease_reported(f->replica, lease.id));
    assert_int_equal(count(f, false, &arena, &list), 0);
    assert_int_equal(count(f, true, &arena, &list), 1);
    assert_true(list[0].reported);
    cs_arena_release(&arena);
}

static void what_was_taken_away_is_cleared_once(void **state)
{
    struct fixture *f = *state;
    struct cs_kept_lease lease = made(1);
    static const char unclear[] = "SELECT count(*) FROM _vault_lease WHERE cleared = 0";
    assert_ok(cs_kept_leases_clear(f->replica));
    put(f, &lease);
    assert_int_equal(fixture_count_sql(f, unclear), 0);
    assert_ok(cs_kept_lease_end(f->replica, lease.id, 3, 555));
    assert_int_equal(fixture_count_sql(f, unclear), 1);
    assert_ok(cs_kept_leases_clear(f->replica));
    assert_int_equal(fixture_count_sql(f, unclear), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_comes_back),
        TEST(an_end_takes_the_key_and_stays),
        TEST(what_was_taken_away_is_cleared_once),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
