/* The past goes no earlier than promised, a day at a time, in bounded steps, whatever the clock has said. */
#include "sync-server/history/compaction.h"
#include "tests/unit/sync_server_stores/store_fixture.h"

#define NOW ((int64_t)1000 * CS_DAY_MS)
#define OLDEST (NOW - CS_HISTORY_KEPT_MS)

static void put(struct store_fixture *f, uint64_t position, int64_t at_ms)
{
    struct cs_history_change change = {
        .at_ms = at_ms, .since = position - 1, .before = {.name = T("movement"), .id = id_of(1)}};
    assert_ok(cs_store_put_history(f->store, &change, 1));
    assert_ok(cs_store_put_moment(f->store, position, at_ms));
}

static void step(struct store_fixture *f, int64_t before_ms, size_t limit, uint64_t removed,
                 bool more)
{
    uint64_t got_removed = 99;
    bool got_more = !more;
    assert_ok(cs_compaction_step(f->store, before_ms, limit, &got_removed, &got_more));
    assert_int_equal(got_removed, removed);
    assert_int_equal(got_more, more);
}

static void due(struct store_fixture *f, bool expected, int64_t before_ms)
{
    bool is_due = !expected;
    int64_t before = 0;
    assert_ok(cs_compaction_due(f->store, NOW, &is_due, &before));
    assert_int_equal(is_due, expected);
    assert_int_equal(before, before_ms);
}

static void two_months_are_at_least_62_days(void **state)
{
    (void)state;
    assert_true(CS_HISTORY_KEPT_DAYS >= 62);
    assert_true(CS_HISTORY_KEPT_MS == CS_HISTORY_KEPT_DAYS * INT64_C(86400000));
}

static void it_is_due_beyond_the_period_and_a_day_at_a_time(void **state)
{
    struct store_fixture *f = *state;
    due(f, false, 0); /* nothing was ever noted */
    put(f, 1, OLDEST);
    due(f, false, 0);
    assert_ok(cs_store_set_history_reach(f->store, OLDEST - 5));
    due(f, true, OLDEST);
    assert_ok(cs_store_set_history_reach(f->store, OLDEST - 10 * CS_DAY_MS));
    due(f, true, OLDEST - 9 * CS_DAY_MS);
    /* A clock that has been wrong by years takes a day with it for each run, not the whole past. */
    assert_ok(cs_store_set_history_reach(f->store, OLDEST - 3650 * CS_DAY_MS));
    due(f, true, OLDEST - 3649 * CS_DAY_MS);
    assert_ok(cs_store_set_history_reach(f->store, NOW));
    due(f, false, 0);
}

static void steps_are_bounded_and_go_on_where_they_were(void **state)
{
    struct store_fixture *f = *state;
    for (uint64_t i = 1; i <= 10; i++) {
        put(f, i, (int64_t)i);
    }
    step(f, 8, 3, 3, true);
    int64_t reach = 0;
    assert_ok(cs_store_history_reach(f->store, &reach));
    assert_int_equal(reach, 8); /* nobody relies any more on what is about to go */
    assert_int_equal(query(f, "SELECT min(number) FROM _history"), 4);
    fixture_reopen(f);
    step(f, 8, 3, 3, true);
    step(f, 8, 3, 0, false);
    /* 8 to 10, and one before them from which numbers go on. */
    assert_int_equal(query(f, "SELECT min(number) FROM _history"), 7);
    assert_int_equal(query(f, "SELECT count(*) FROM _history"), 4);
    assert_int_equal(query(f, "SELECT min(position) FROM _moment"), 7);
    int64_t at_ms = 0;
    assert_ok(cs_store_moment(f->store, 3, &at_ms));
    assert_int_equal(at_ms, 7); /* before the reach: long since */
    /* The reach never goes back. */
    step(f, 2, 3, 0, false);
    assert_ok(cs_store_history_reach(f->store, &reach));
    assert_int_equal(reach, 8);
}

static void the_last_change_stays(void **state)
{
    struct store_fixture *f = *state;
    put(f, 1, 1);
    put(f, 2, 2);
    step(f, 100, 10, 1, false);
    assert_int_equal(query(f, "SELECT max(number) FROM _history"), 2);
    put(f, 3, 200);
    assert_int_equal(query(f, "SELECT max(number) FROM _history"), 3);
    uint64_t count = 0;
    assert_ok(cs_store_history_count(f->store, &count));
    assert_int_equal(count, 2);
}

/* A clock that was years behind or ahead for a while: what came behind the first change of the period stays. */
static void a_clock_that_was_wrong_takes_nothing_that_is_promised(void **state)
{
    struct store_fixture *f = *state;
    put(f, 1, 10);
    put(f, 2, 100);
    put(f, 3, 5);
    put(f, 4, 101);
    step(f, 50, 10, 0, false);
    assert_int_equal(query(f, "SELECT count(*) FROM _history"), 4);
    step(f, 101, 10, 2, false);
    assert_int_equal(query(f, "SELECT min(number) FROM _history"), 3);
}

static enum cs_status use(struct store_fixture *f, struct cs_arena *arena)
{
    (void)arena;
    uint64_t removed;
    bool more;
    struct cs_history_change change = {.at_ms = 1,
                                       .before = {.name = T("movement"), .id = id_of(1)}};
    enum cs_status status = cs_store_put_history(f->store, &change, 1);
    return status != CS_OK ? status : cs_compaction_step(f->store, 5, 2, &removed, &more);
}

static void it_survives_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    put(f, 1, 1);
    put(f, 2, 2);
    assert_true(sweep_allocations(f, use) > 3);
    fail_writes(f, use, "SELECT sum(number) FROM _history");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(two_months_are_at_least_62_days),
        STORE_TEST(it_is_due_beyond_the_period_and_a_day_at_a_time),
        STORE_TEST(steps_are_bounded_and_go_on_where_they_were),
        STORE_TEST(the_last_change_stays),
        STORE_TEST(a_clock_that_was_wrong_takes_nothing_that_is_promised),
        STORE_TEST(it_survives_failing_memory_and_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
