/* The outbox towards sync: which change-sets go into a request, and which count as answered. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/outbox.h"

/* A change-set of `count` transactions that nobody could open: only its place and size matter. */
static void store(struct fixture *f, uint64_t sequence, uint64_t first, uint64_t count, size_t size)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO _outbox (sequence, first_counter, last_counter, acknowledged, "
                   "hash, \"inner\") VALUES (%d, %d, %d, 0, zeroblob(32), zeroblob(%zu))",
                   (int)sequence, (int)first, (int)(first + count - 1), size);
    assert_ok(cs_database_execute(cs_replica_database(f->replica), sql));
}

struct collected {
    struct cs_arena arena;
    struct cs_outbox_entry *entries;
    size_t count;
    bool more;
};

static struct collected collect(struct fixture *f, uint64_t from, uint64_t resend, size_t size_max)
{
    struct collected c = {.count = 77};
    cs_arena_init(&c.arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_outbox_collect(f->replica, from, resend, size_max, &c.arena, &c.entries, &c.count,
                                &c.more));
    return c;
}

/* Number of change-sets in a request, and the first of them. */
static void expect(struct fixture *f, uint64_t from, uint64_t resend, size_t size_max, size_t count,
                   uint64_t first, bool more)
{
    struct collected c = collect(f, from, resend, size_max);
    assert_int_equal(c.count, count);
    assert_int_equal(c.more, more);
    for (size_t i = 0; i < c.count; i++) {
        assert_int_equal(c.entries[i].sequence, first + i);
    }
    cs_arena_release(&c.arena);
}

static bool acknowledged(struct fixture *f, uint64_t sequence)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT acknowledged FROM _outbox WHERE sequence = %d",
                   (int)sequence);
    return fixture_count_sql(f, sql) != 0;
}

static void sizes_limit_a_request(void **state)
{
    struct fixture *f = *state;
    expect(f, 1, 0, CS_REQUEST_MAX, 0, 0, false);
    for (uint64_t i = 1; i <= 4; i++) {
        store(f, i, i, 1, 1000);
    }
    expect(f, 1, 0, 4000, 4, 1, false);
    expect(f, 1, 0, 3999, 3, 1, true);
    expect(f, 1, 0, 1000, 1, 1, true);
    expect(f, 1, 0, 1, 1, 1, true); /* always one, or nothing would ever be sent */
    expect(f, 4, 0, 0, 1, 4, false);
    expect(f, 5, 0, 4000, 0, 0, false);
    struct collected c = collect(f, 3, 0, 4000);
    assert_int_equal(c.entries[0].inner.size, 1000);
    assert_int_equal(c.entries[0].first_counter, 3);
    assert_int_equal(c.entries[0].last_counter, 3);
    assert_false(c.entries[0].acknowledged);
    cs_arena_release(&c.arena);
}

static void numbers_limit_a_request(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 1; i <= CS_CHANGE_SETS_PER_REQUEST_MAX + 1; i++) {
        store(f, i, i, 1, 1);
    }
    expect(f, 1, 0, CS_REQUEST_MAX, CS_CHANGE_SETS_PER_REQUEST_MAX, 1, true);
    expect(f, 2, 0, CS_REQUEST_MAX, CS_CHANGE_SETS_PER_REQUEST_MAX, 2, false);
}

/* Outcomes are counted on from the first counter sent: a request is a run without gaps. */
static void requests_have_no_gaps(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 1; i <= 5; i++) {
        store(f, i, i, 1, 10);
    }
    assert_ok(cs_outbox_acknowledge(f->replica, 5, 1, 1));
    assert_ok(cs_outbox_acknowledge(f->replica, 5, 4, 4));
    expect(f, 1, 0, CS_REQUEST_MAX, 2, 2, true);  /* 2 and 3 */
    expect(f, 4, 0, CS_REQUEST_MAX, 1, 5, false); /* then 5 */
    expect(f, 1, 3, CS_REQUEST_MAX, 4, 2, false); /* asked for again from 3 on */
    expect(f, 1, 1, CS_REQUEST_MAX, 5, 1, false);
    expect(f, 3, 1, CS_REQUEST_MAX, 3, 3, false);
}

static void only_whole_ranges_are_acknowledged(void **state)
{
    struct fixture *f = *state;
    store(f, 1, 1, 3, 10);
    store(f, 2, 4, 2, 10);
    store(f, 3, 6, 1, 10);
    uint64_t sequence = 77;
    assert_ok(cs_outbox_acknowledge(f->replica, 3, 2, 5)); /* the first began before */
    assert_false(acknowledged(f, 1));
    assert_true(acknowledged(f, 2));
    assert_ok(cs_outbox_acknowledge(f->replica, 0, 1, 6)); /* not on the server's disk */
    assert_false(acknowledged(f, 1));
    assert_ok(cs_outbox_acknowledge(f->replica, 1, 1, 6));
    assert_true(acknowledged(f, 1));
    assert_false(acknowledged(f, 3));
    assert_ok(cs_outbox_acknowledged(f->replica, &sequence));
    assert_int_equal(sequence, 2);
    assert_ok(cs_outbox_answered(f->replica, 3, 1, 5, &sequence));
    assert_int_equal(sequence, 2);
    assert_ok(cs_outbox_answered(f->replica, 3, 1, 4, &sequence)); /* half of the second */
    assert_int_equal(sequence, 1);
    assert_ok(cs_outbox_answered(f->replica, 3, 2, 3, &sequence));
    assert_int_equal(sequence, 0);
    assert_ok(cs_outbox_acknowledge(f->replica, 3, 6, 6));
    assert_true(acknowledged(f, 3));
    expect(f, 1, 0, CS_REQUEST_MAX, 0, 0, false);
}

/* A held outcome is none: the change-set stays to be sent until its last transaction is settled. */
static void held_transactions_keep_their_change_set_open(void **state)
{
    struct fixture *f = *state;
    struct cs_database *database = cs_replica_database(f->replica);
    (void)fixture_part(f, "P-1", "a");
    (void)fixture_part(f, "P-2", "b");
    (void)fixture_part(f, "P-3", "c");
    store(f, 1, 1, 2, 10);
    store(f, 2, 3, 1, 10);
    assert_ok(cs_database_execute(database, "UPDATE _pending SET state = 4 WHERE counter = 2"));
    assert_ok(cs_outbox_acknowledge(f->replica, 2, 1, 3));
    assert_false(acknowledged(f, 1));
    assert_true(acknowledged(f, 2));
    assert_ok(cs_database_execute(database, "UPDATE _pending SET state = 3 WHERE counter = 2"));
    assert_ok(cs_outbox_acknowledge(f->replica, 2, 1, 2));
    assert_true(acknowledged(f, 1));
}

static void what_is_missing_or_damaged(void **state)
{
    struct fixture *f = *state;
    struct cs_outbox_entry entry = {.sequence = 77};
    struct cs_arena arena;
    uint8_t hash[CS_HASH_SIZE];
    cs_arena_init(&arena, CS_MEBI);
    assert_status(cs_outbox_load(f->replica, 1, &arena, &entry), CS_NOT_FOUND);
    assert_status(cs_outbox_load_counter(f->replica, 1, &arena, &entry), CS_NOT_FOUND);
    assert_status(cs_outbox_hash(f->replica, 1, hash), CS_NOT_FOUND);
    store(f, 1, 1, 2, 10);
    assert_ok(cs_outbox_load_counter(f->replica, 2, &arena, &entry));
    assert_int_equal(entry.sequence, 1);
    assert_ok(cs_database_execute(cs_replica_database(f->replica), "UPDATE _outbox SET hash = "
                                                                   "x'00'"));
    assert_status(cs_outbox_load(f->replica, 1, &arena, &entry), CS_CORRUPT);
    assert_status(cs_outbox_hash(f->replica, 1, hash), CS_CORRUPT);
    struct cs_outbox_entry *entries = NULL;
    size_t count = 77;
    bool more = false;
    assert_status(cs_outbox_collect(f->replica, 1, 0, CS_MEBI, &arena, &entries, &count, &more),
                  CS_CORRUPT);
    assert_int_equal(count, 77);
    assert_null(entries);
    cs_arena_release(&arena);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    store(f, 1, 1, 1, 100000);
    store(f, 2, 2, 1, 100000);
    bool completed = false;
    for (long n = 0; !completed && n < 100; n++) {
        struct collected c = {.count = 77};
        cs_arena_init(&c.arena, CS_MESSAGE_ARENA_MAX);
        cs_memory_fail_after(n);
        enum cs_status status = cs_outbox_collect(f->replica, 1, 0, CS_REQUEST_MAX, &c.arena,
                                                  &c.entries, &c.count, &c.more);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_int_equal(c.count, completed ? 2 : 77);
        cs_arena_release(&c.arena);
    }
    assert_true(completed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(sizes_limit_a_request),
        replica_test(numbers_limit_a_request),
        replica_test(requests_have_no_gaps),
        replica_test(only_whole_ranges_are_acknowledged),
        replica_test(held_transactions_keep_their_change_set_open),
        replica_test(what_is_missing_or_damaged),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
