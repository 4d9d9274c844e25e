/* The latest moment that a device has known, by the server, by how long it has been up, and by its own clock. */
#include "field-client/replica/clock_mark.h"
#include "field-client/replica/meta.h"
#include "tests/unit/field_client_replica/client_fixture.h"

static int64_t seen(struct fixture *f)
{
    int64_t ms = -1;
    assert_ok(cs_clock_seen_ms(f->replica, &ms));
    return ms;
}

static int64_t server(struct fixture *f)
{
    int64_t ms = -1;
    assert_ok(cs_clock_server_ms(f->replica, &ms));
    return ms;
}

static void note_server(struct fixture *f, int64_t ms)
{
    static const uint8_t incarnation[16] = {1};
    assert_ok(cs_replica_note_server(f->replica, incarnation, ms));
}

static void nothing_is_known_at_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(server(f), 0);
    assert_int_equal(seen(f), 0);
}

static void the_server_and_the_time_since(void **state)
{
    struct fixture *f = *state;
    note_server(f, 5000);
    assert_int_equal(server(f), 5000);
    f->fake.monotonic_ms += 700;
    assert_int_equal(server(f), 5700);
    f->fake.wall_ms -= 1000000; /* the own clock has no part in it */
    assert_int_equal(server(f), 5700);
    f->fake.boot_id[0] ^= 1; /* started anew: how long it was off is not known */
    assert_int_equal(server(f), 5000);
    assert_int_equal(seen(f), 5000);
}

static void the_own_clock_leaves_a_mark(void **state)
{
    struct fixture *f = *state;
    int64_t start = f->fake.wall_ms;
    assert_ok(cs_clock_mark_begin(f->replica));
    assert_int_equal(seen(f), start);
    f->fake.wall_ms = start + 3600000;
    assert_ok(cs_clock_mark_raise(f->replica));
    assert_int_equal(seen(f), start + 3600000);
    f->fake.wall_ms = start;
    assert_ok(cs_clock_mark_raise(f->replica)); /* never back */
    assert_int_equal(seen(f), start + 3600000);
    assert_ok(cs_clock_mark_begin(f->replica)); /* but by beginning anew */
    assert_int_equal(seen(f), start);
}

static void the_later_of_both_counts(void **state)
{
    struct fixture *f = *state;
    assert_ok(cs_clock_mark_begin(f->replica));
    note_server(f, f->fake.wall_ms + 60000);
    assert_int_equal(seen(f), f->fake.wall_ms + 60000);
    note_server(f, INT64_MAX);
    f->fake.monotonic_ms += 10;
    assert_true(server(f) == INT64_MAX);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_at_first),
        TEST(the_server_and_the_time_since),
        TEST(the_own_clock_leaves_a_mark),
        TEST(the_later_of_both_counts),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
