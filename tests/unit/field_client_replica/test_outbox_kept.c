/* What is kept for a server that may lose it, and what is removed once a verified backup has it. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/doctor.h"
#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"

/* A change-set of one transaction that nobody could open: only its place and size matter. */
static void store(struct fixture *f, uint64_t sequence, int acknowledged)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO _outbox (sequence, first_counter, last_counter, acknowledged, "
                   "hash, \"inner\") VALUES (%d, %d, %d, %d, zeroblob(32), zeroblob(100))",
                   (int)sequence, (int)sequence, (int)sequence, acknowledged);
    assert_ok(cs_database_execute(cs_replica_database(f->replica), sql));
}

/* The horizon is told: the last one removed, and how many are kept. */
static void expect(struct fixture *f, uint64_t horizon, uint64_t removed, int64_t kept)
{
    uint64_t last = 77;
    struct cs_outbox_kept counts;
    assert_ok(cs_outbox_remove(f->replica, horizon));
    assert_ok(cs_outbox_removed(f->replica, &last));
    assert_int_equal(last, removed);
    assert_ok(cs_outbox_kept(f->replica, &counts));
    assert_int_equal(counts.change_sets, kept);
    assert_int_equal(counts.bytes, 100 * kept);
}

static void removed_up_to_the_horizon(void **state)
{
    struct fixture *f = *state;
    expect(f, 9, 0, 0);
    for (uint64_t i = 1; i <= 6; i++) {
        store(f, i, 1);
    }
    expect(f, 0, 0, 6);
    expect(f, 2, 2, 4);
    /* One that goes back removes nothing, and nothing comes back. */
    expect(f, 1, 2, 4);
    expect(f, 5, 5, 1);
    /* What the server never answered for is not removed, whatever it says. */
    expect(f, UINT64_MAX, 6, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _outbox WHERE length(hash) = 32"),
                     6);
}

/* One of a log from before this laptop joined again. */
static void store_former(struct fixture *f, uint64_t sequence, int acknowledged)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO _former_outbox (certificate, sequence, acknowledged, \"inner\") "
                   "VALUES (zeroblob(32), %d, %d, zeroblob(100))",
                   (int)sequence, acknowledged);
    assert_ok(cs_database_execute(cs_replica_database(f->replica), sql));
}

static void closed_logs_go_with_the_first_of_the_present_one(void **state)
{
    struct fixture *f = *state;
    store_former(f, 1, 1);
    store_former(f, 2, 1);
    store_former(f, 3, 0); /* never confirmed: nobody knows that a backup has it */
    store(f, 1, 1);
    expect(f, 0, 0, 4);
    expect(f, 1, 1, 1);
    assert_int_equal(
        fixture_count_sql(f, "SELECT count(*) FROM _former_outbox WHERE acknowledged = 0"), 1);
    for (uint64_t i = 4; i <= 1100; i++) {
        store_former(f, i, 1);
    }
    expect(f, 1, 1, 598); /* not too many at a time */
    expect(f, 1, 1, 98);
    expect(f, 1, 1, 1);
}

static void what_a_server_that_went_back_may_have_lost_stays(void **state)
{
    struct fixture *f = *state;
    store_former(f, 1, 1);
    store(f, 1, 1);
    assert_ok(cs_replica_meta_set_bytes(f->replica, CS_META_LEFT_INCARNATIONS,
                                        cs_bytes_of_text("another incarnation")));
    expect(f, 1, 1, 1);
}

static void only_what_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    store(f, 1, 1);
    store(f, 2, 1);
    store(f, 3, 0);
    store(f, 4, 1);
    expect(f, 4, 2, 2);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _outbox SET acknowledged = 1"));
    expect(f, 4, 4, 0);
}

/* Work per sync does not grow with what there is. */
static void a_part_at_a_time(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 1; i <= 1100; i++) {
        store(f, i, 1);
    }
    expect(f, 1100, 500, 600);
    expect(f, 1100, 1000, 100);
    expect(f, 1100, 1100, 0);
    expect(f, 1100, 1100, 0);
}

static void what_is_removed_is_never_sent(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_outbox_entry *entries = NULL;
    struct cs_outbox_entry entry;
    size_t count = 7;
    bool more = true;
    for (uint64_t i = 1; i <= 4; i++) {
        store(f, i, 1);
    }
    assert_ok(cs_outbox_remove(f->replica, 2));
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_outbox_collect(f->replica, 3, 3, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(count, 2);
    assert_ok(cs_outbox_collect(f->replica, 1, 1, CS_MEBI, &arena, &entries, &count, &more));
    assert_int_equal(entries[0].sequence, 3);
    assert_ok(cs_outbox_load(f->replica, 2, &arena, &entry));
    assert_int_equal(entry.inner.size, 0);
    cs_arena_release(&arena);
}

static size_t findings(struct fixture *f)
{
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(f->replica, NULL, NULL, &report));
    return report.findings;
}

/* The doctor follows the chain over what is removed, and knows what may be. */
static void the_doctor_knows(void **state)
{
    struct fixture *f = *state;
    size_t packed = 0;
    static const char *const codes[] = {"A", "B", "C"};
    for (size_t i = 0; i < CS_COUNT(codes); i++) {
        (void)fixture_part(f, codes[i], "x");
        assert_ok(cs_database_begin(cs_replica_database(f->replica)));
        assert_ok(cs_outbox_pack(f->replica, &packed));
        assert_ok(cs_database_commit(cs_replica_database(f->replica)));
    }
    size_t before = findings(f);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _outbox SET acknowledged = 1 WHERE sequence <= 2"));
    assert_ok(cs_outbox_remove(f->replica, 2));
    assert_int_equal(findings(f), before);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _outbox SET hash = zeroblob(32) WHERE sequence = 2"));
    assert_int_equal(findings(f), before + 1);
    /* Empty though no horizon passed it. */
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _outbox SET \"inner\" = X'' WHERE sequence = 3"));
    assert_int_equal(findings(f), before + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(removed_up_to_the_horizon),
        TEST(only_what_is_acknowledged),
        TEST(a_part_at_a_time),
        TEST(what_is_removed_is_never_sent),
        TEST(the_doctor_knows),
        TEST(closed_logs_go_with_the_first_of_the_present_one),
        TEST(what_a_server_that_went_back_may_have_lost_stays),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
