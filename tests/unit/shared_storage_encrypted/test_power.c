/*
 * Power lost at every write and sync, on disks that keep, lose or tear what was not synced: what was committed is there, nothing else is
 * half there, and the file opens.
 */
#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

/* What a run does; after each commit it tells how many there are. */
struct scenario {
    const char *name;
    const char *settings;
    const char *step; /* a transaction; table n counts them */
    int steps;
    int cut_every;       /* the log is emptied after so many; 0: never */
    int roll_back_every; /* it is done, undone, and done again in so many; 0: none */
};

static const struct scenario scenarios[] = {
    {"small commits", "PRAGMA wal_autocheckpoint=8",
     "UPDATE n SET v = v + 1; INSERT INTO t(v) VALUES(randomblob(300))", 10, 0, 0},
    {"large commits", "PRAGMA wal_autocheckpoint=1000",
     "UPDATE n SET v = v + 1; INSERT INTO t(v) VALUES(randomblob(30000))", 5, 2, 0},
    {"spilled commits", "PRAGMA cache_size=5; PRAGMA cache_spill=5; PRAGMA wal_autocheckpoint=40",
     "UPDATE n SET v = v + 1; INSERT INTO t(v) VALUES(randomblob(40000));"
     "UPDATE t SET v = randomblob(2000) WHERE id % 2; UPDATE n SET w = w + 1",
     4, 3, 0},
    {"shrinking", "PRAGMA wal_autocheckpoint=12",
     "UPDATE n SET v = v + 1; INSERT INTO t(v) VALUES(randomblob(20000));"
     "DELETE FROM t WHERE id < (SELECT max(id) - 1 FROM t)",
     6, 4, 0},
    /* The same frames once more at the same place: only their nonces tell the two apart. */
    {"the same again", "PRAGMA cache_size=5; PRAGMA cache_spill=5; PRAGMA wal_autocheckpoint=60",
     "UPDATE n SET v = v + 1; INSERT INTO t(v) SELECT hex(zeroblob(9000 + v)) FROM n;"
     "UPDATE t SET k = id; UPDATE n SET w = w + 1",
     6, 0, 2},
    {"many logs", "PRAGMA wal_autocheckpoint=0",
     "UPDATE n SET v = v + 1; INSERT INTO t(v) VALUES(randomblob(100))", 6, 1, 0},
};

static const struct {
    bool powersafe;
    size_t sector;
} disks[] = {{true, 512}, {true, 4096}, {false, 512}, {false, 4096}};

static enum cs_status make_tables(struct encrypted_fixture *fixture)
{
    return fixture_try(
        fixture, "BEGIN; CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                 "CREATE TABLE IF NOT EXISTS n(v INTEGER, w INTEGER);"
                 "INSERT INTO n SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM n); COMMIT");
}

static enum cs_status one_step(struct encrypted_fixture *fixture, const struct scenario *scenario,
                               int step)
{
    enum cs_status status = cs_database_begin(fixture->database);
    if (status == CS_OK && scenario->roll_back_every > 0 && step % scenario->roll_back_every == 0) {
        status = fixture_try(fixture, scenario->step);
        cs_database_rollback(fixture->database);
        if (status == CS_OK) {
            status = cs_database_begin(fixture->database);
        }
    }
    if (status == CS_OK) {
        status = fixture_try(fixture, scenario->step);
    }
    if (status == CS_OK) {
        return cs_database_commit(fixture->database);
    }
    cs_database_rollback(fixture->database);
    return status;
}

/* Until something fails. *out_committed: commits that were acknowledged; -1: not even the tables are. */
static bool run(struct encrypted_fixture *fixture, const struct scenario *scenario,
                int *out_committed)
{
    *out_committed = -1;
    if (fixture_open(fixture) != CS_OK || fixture_try(fixture, scenario->settings) != CS_OK ||
        make_tables(fixture) != CS_OK) {
        return false;
    }
    *out_committed = 0;
    for (int step = 1; step <= scenario->steps; step++) {
        if (one_step(fixture, scenario, step) != CS_OK) {
            return false;
        }
        *out_committed = step;
        if (scenario->cut_every > 0 && step % scenario->cut_every == 0 &&
            cs_database_cut_log(fixture->database) != CS_OK) {
            return false;
        }
    }
    return true;
}

static void check_survivor(struct encrypted_fixture *fixture, const struct scenario *scenario,
                           int committed, long cut)
{
    enum cs_status status = fixture_open(fixture);
    if (status != CS_OK) {
        fail_msg("%s, power lost at %ld: %s", scenario->name, cut, fixture->problem.text);
    }
    fixture_assert_good(fixture);
    int64_t found = -1;
    if (fixture_number(fixture, "SELECT count(*) FROM sqlite_schema WHERE name = 'n'") == 1) {
        found = fixture_number(fixture, "SELECT v FROM n");
    }
    /* The one in the making may be there, whole. */
    if (found != committed && found != committed + 1) {
        fail_msg("%s, power lost at %ld: %d committed, %d found", scenario->name, cut, committed,
                 (int)found);
    }
    /* And it goes on. */
    assert_int_equal(make_tables(fixture), CS_OK);
    assert_int_equal(one_step(fixture, scenario, 1), CS_OK);
    fixture_close(fixture);
    assert_int_equal(fixture_open(fixture), CS_OK);
    assert_int_equal(fixture_number(fixture, "SELECT v FROM n"), (found < 0 ? 0 : found) + 1);
    fixture_assert_good(fixture);
    fixture_close(fixture);
}

/* One run with power lost after `cut` writes and syncs; false: it was over before. */
static bool lose_power(const struct scenario *scenario, size_t disk, long cut, uint64_t seed)
{
    struct encrypted_fixture fixture;
    int committed = -1;
    fixture_start(&fixture, seed);
    small_disk.powersafe = disks[disk].powersafe;
    small_disk.sector = disks[disk].sector;
    small_disk_fail(SMALL_POWER, cut, false, false);
    bool done = run(&fixture, scenario, &committed);
    fixture_close(&fixture);
    bool lost = small_disk.dead;
    assert_true(done || lost);
    if (lost) {
        small_disk_restart();
        check_survivor(&fixture, scenario, committed, cut);
    }
    fixture_end(&fixture);
    return lost;
}

/* Every write and sync on the harshest disk, every third on the others. */
static void test_power_lost_at_every_write(void **state)
{
    (void)state;
    long runs = 0;
    for (size_t disk = 0; disk < CS_COUNT(disks); disk++) {
        long stride = disk == CS_COUNT(disks) - 1 ? 1 : 3;
        for (size_t i = 0; i < CS_COUNT(scenarios); i++) {
            for (long cut = 0; lose_power(&scenarios[i], disk, cut, (uint64_t)cut * 31 + disk);
                 cut += stride) {
                runs++;
            }
        }
    }
    assert_true(runs > 1000);
}

/* Power fails again while the database is recovered. */
static void test_power_lost_again_in_recovery(void **state)
{
    (void)state;
    const struct scenario *scenario = &scenarios[1];
    long runs = 0;
    for (long cut = 20; cut < 90; cut += 7) {
        for (long again = 0; again < 40; again += 3) {
            struct encrypted_fixture fixture;
            int committed = -1;
            int more = -1;
            fixture_start(&fixture, (uint64_t)(cut * 1000 + again));
            small_disk_fail(SMALL_POWER, cut, false, false);
            assert_false(run(&fixture, scenario, &committed));
            fixture_close(&fixture);
            small_disk_restart();
            small_disk_fail(SMALL_POWER, again, false, false);
            (void)run(&fixture, scenario, &more);
            fixture_close(&fixture);
            small_disk_restart();
            assert_int_equal(fixture_open(&fixture), CS_OK);
            fixture_assert_good(&fixture);
            if (committed >= 0) {
                assert_true(fixture_number(&fixture, "SELECT v FROM n") >= committed);
            }
            fixture_end(&fixture);
            runs++;
        }
    }
    assert_true(runs > 100);
}

/*
 * A commit that could not be synced is done again, word for word: the same frames at the same places, told apart by their nonces alone.
 * Power fails in the second.
 */
static void test_power_lost_in_the_same_commit_again(void **state)
{
    (void)state;
    static const char commit[] = "UPDATE t SET v = hex(zeroblob(9000)), k = 8";
    long mixed = 0;
    for (long failing = 1; failing < 14; failing++) {
        for (long cut = 0; cut < 14; cut++) {
            struct encrypted_fixture fixture;
            fixture_start(&fixture, (uint64_t)(failing * 100 + cut));
            /* Where slots share no sector, so that the two can mix. */
            small_disk.powersafe = false;
            small_disk.sector = 4096;
            assert_int_equal(fixture_open(&fixture), CS_OK);
            fixture_run(&fixture, "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                                  "INSERT INTO t(k, v) VALUES(7, hex(zeroblob(9000)))");
            fixture_run(&fixture, "UPDATE t SET v = hex(randomblob(9000))");
            small_disk_fail(SMALL_IO_ERROR, failing, false, false);
            enum cs_status first = fixture_try(&fixture, commit);
            /* The system wrote out what there is, unasked. */
            struct small_bytes log = small_disk_take(DATABASE_LOG);
            small_disk_put(DATABASE_LOG, &log);
            free(log.data);
            small_disk_fail(SMALL_POWER, cut, false, false);
            enum cs_status second = fixture_try(&fixture, commit);
            bool lost = small_disk.dead;
            fixture_close(&fixture);
            small_disk_restart();
            assert_int_equal(fixture_open(&fixture), CS_OK);
            fixture_assert_good(&fixture);
            int64_t found = fixture_number(&fixture, "SELECT k FROM t");
            assert_true(found == 8 || (found == 7 && second != CS_OK));
            mixed += lost && first != CS_OK ? 1 : 0;
            fixture_end(&fixture);
        }
    }
    assert_true(mixed > 20);
}

/* The checks themselves: a disk that says "synced" and keeps nothing is found out, not believed. */
static void test_a_disk_that_lies_is_found_out(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 3);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    fixture_run(&fixture, "PRAGMA wal_autocheckpoint=0; CREATE TABLE t(v BLOB)");
    for (int i = 0; i < 5; i++) {
        fixture_run(&fixture, "INSERT INTO t VALUES(randomblob(3000))");
    }
    struct fixture_image image = fixture_take();
    fixture_close(&fixture);
    /* A sector of an early commit never reached the disk, later ones did. */
    memset(image.log.data + 4608, 0, 512);
    fixture_put(&image);
    assert_int_equal(fixture_open(&fixture), CS_CORRUPT);
    fixture_image_release(&image);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_lost_at_every_write),
        cmocka_unit_test(test_power_lost_again_in_recovery),
        cmocka_unit_test(test_power_lost_in_the_same_commit_again),
        cmocka_unit_test(test_a_disk_that_lies_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
