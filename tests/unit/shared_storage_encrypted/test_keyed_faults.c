/*
 * Converting a plain database, and bringing one under another key, with power lost or the disk failing at every write, truncation, sync and
 * removal: the next opening has all of it, and at the end nothing readable is left.
 */
#include "tests/unit/shared_storage_encrypted/keyed_fixture.h"

static const struct {
    bool powersafe;
    size_t sector;
} disks[] = {{true, 512}, {true, 4096}, {false, 512}, {false, 4096}};

static void check_whole(struct keyed_fixture *f, const uint8_t *master)
{
    keyed_must_open(f, master);
    keyed_check_content(f);
    keyed_must_open(f, master);
    keyed_check_content(f);
    assert_false(keyed_exists(DATABASE_NEW));
    cs_keyed_close(f->keyed);
    f->keyed = NULL;
    keyed_check_nothing_readable();
}

static void start_on(struct keyed_fixture *f, size_t disk, uint64_t seed)
{
    keyed_start(f, seed);
    small_disk.powersafe = disks[disk].powersafe;
    small_disk.sector = disks[disk].sector;
    keyed_make_plain(f);
}

/* Power is lost after `cut` operations, and again while that is being put right. */
static bool convert_cut_off(size_t disk, long cut, uint64_t seed)
{
    struct keyed_fixture f;
    start_on(&f, disk, seed);
    small_disk_fail(SMALL_POWER, cut, false, false);
    enum cs_status status = keyed_open_as(&f, keyed_master);
    cs_keyed_close(f.keyed);
    f.keyed = NULL;
    bool lost = small_disk.dead;
    assert_true(lost || status == CS_OK);
    for (int again = 0; lost && again < 2; again++) {
        small_disk_restart();
        small_disk_fail(SMALL_POWER, (long)small_disk_random(60), false, false);
        (void)keyed_open_as(&f, keyed_master);
        cs_keyed_close(f.keyed);
        f.keyed = NULL;
    }
    small_disk_restart();
    check_whole(&f, keyed_master);
    keyed_end(&f);
    return lost;
}

static void test_power_lost_in_converting(void **state)
{
    (void)state;
    long runs = 0;
    for (size_t disk = 0; disk < CS_COUNT(disks); disk++) {
        for (long cut = 0; convert_cut_off(disk, cut, (uint64_t)cut + 1); cut++) {
            runs++;
        }
    }
    print_message("power was lost %ld times\n", runs);
    assert_true(runs > 200);
}

/* The owner's master key is changed as soon as the new file is whole, as an identity is saved. */
static bool renew_cut_off(size_t disk, long cut, uint64_t seed)
{
    struct keyed_fixture f;
    start_on(&f, disk, seed);
    keyed_must_open(&f, keyed_master);
    struct cs_keyed_place place = keyed_place(&f, keyed_master);
    small_disk_fail(SMALL_POWER, cut, false, false);
    enum cs_status status =
        cs_keyed_renew(f.keyed, &place, cs_bytes_of_array(keyed_next), NULL, &f.problem);
    const uint8_t *master = status == CS_OK ? keyed_next : keyed_master;
    if (status == CS_OK) {
        (void)keyed_open_as(&f, master);
    }
    cs_keyed_close(f.keyed);
    f.keyed = NULL;
    bool lost = small_disk.dead;
    small_disk_restart();
    check_whole(&f, master);
    keyed_end(&f);
    return lost;
}

static void test_power_lost_in_renewing(void **state)
{
    (void)state;
    long runs = 0;
    for (size_t disk = 0; disk < CS_COUNT(disks); disk++) {
        for (long cut = 0; renew_cut_off(disk, cut, (uint64_t)cut + 1); cut++) {
            runs++;
        }
    }
    print_message("power was lost %ld times\n", runs);
    assert_true(runs > 200);
}

/* Once, or from then on until the person has made room. */
static void test_a_failing_disk(void **state)
{
    static const enum small_fault faults[] = {SMALL_IO_ERROR, SMALL_DISK_FULL, SMALL_SHORT_WRITE};
    (void)state;
    long failed = 0;
    for (size_t i = 0; i < 2 * CS_COUNT(faults); i++) {
        bool more = true;
        for (long cut = 0; more; cut++) {
            struct keyed_fixture f;
            start_on(&f, 0, (uint64_t)cut + 1);
            /* A plain one that does not even open is closed by SQLite, which takes its log over and away. */
            small_disk.on_given_up = NULL;
            small_disk_fail(faults[i / 2], cut, i % 2 == 1, true);
            enum cs_status status = keyed_open_as(&f, keyed_master);
            more = small_disk.failures > 0;
            failed += status != CS_OK ? 1 : 0;
            assert_true(status == CS_OK || f.problem.text[0] != '\0');
            assert_int_not_equal(status, CS_CORRUPT);
            cs_keyed_close(f.keyed);
            f.keyed = NULL;
            small_disk_heal();
            check_whole(&f, keyed_master);
            keyed_end(&f);
        }
    }
    assert_true(failed > 100);
}

/* Where there is no room nothing has changed, and people are told how much is needed. */
static void test_no_room(void **state)
{
    struct keyed_fixture f;
    (void)state;
    start_on(&f, 0, 1);
    small_disk_fail(SMALL_DISK_FULL, 12, true, false);
    assert_int_equal(keyed_open_as(&f, keyed_master), CS_DISK_FULL);
    assert_non_null(strstr(f.problem.text, "as much room again"));
    small_disk_heal();
    struct small_bytes bytes = small_disk_take(DATABASE);
    assert_memory_equal(bytes.data, "SQLite format 3", 16);
    free(bytes.data);
    check_whole(&f, keyed_master);
    keyed_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_lost_in_converting),
        cmocka_unit_test(test_power_lost_in_renewing),
        cmocka_unit_test(test_a_failing_disk),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
