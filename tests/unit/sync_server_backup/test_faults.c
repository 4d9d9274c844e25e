/* Every write and removal fails once, for good, or is the last before the power goes: what was there stays, and the next one goes on. */
#include "tests/unit/sync_server_backup/backup_fixture.h"

#define BLOCKS 24

static uint8_t before[BLOCKS * 4096];

/* A repository with two verified backups, and a third moment to be saved. */
static void fill(void)
{
    while (fixture.memory.count > 0) {
        drop_file(fixture.memory.files[0].name);
    }
    make_repository();
    fill_content(sizeof before);
    (void)save();
    change_block(1);
    (void)save();
    memcpy(before, fixture.content, sizeof before);
    mark_verified(2);
    for (size_t i = 0; i < BLOCKS; i += 2) {
        change_block(i);
    }
}

static enum cs_status try_save(void)
{
    struct cs_repository *repository = open_repository();
    struct cs_backup_saved saved;
    enum cs_status status = save_with(repository, CS_BACKUP_REUSE, &saved);
    cs_repository_close(repository);
    return status;
}

/* As after any interruption: old backups are whole, and the next backup is. */
static void check_goes_on(uint64_t expected_newest, const uint8_t *now)
{
    restart();
    assert_restores(2, before, sizeof before);
    struct cs_repository *repository = open_repository();
    uint64_t newest = cs_repository_newest(repository);
    assert_ok(cs_repository_check_chain(repository, NULL));
    cs_repository_close(repository);
    assert_true(newest == 2 || newest == expected_newest);
    struct cs_backup_saved saved = save();
    assert_int_equal(saved.manifest.sequence, newest + 1);
    assert_restores(newest + 1, now, sizeof before);
    for (size_t i = 0; i < fixture.memory.count; i++) {
        assert_null(strstr(fixture.memory.files[i].name, ".tmp-"));
    }
}

static void test_power_is_lost_while_saving(void **state)
{
    (void)state;
    static const enum fault faults[] = {FAULT_BEFORE, FAULT_BEFORE_NAME, FAULT_AFTER};
    size_t struck = 0;
    for (size_t f = 0; f < CS_COUNT(faults); f++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            fill();
            set_fault(faults[f], n, false);
            done = try_save() == CS_OK;
            struck += done ? 0 : 1;
            check_goes_on(3, fixture.content);
        }
    }
    assert_true(struck >= 3 * 7);
}

/* What an interrupted backup wrote is not written again. */
static void test_goes_on_where_it_stopped(void **state)
{
    (void)state;
    fill();
    set_fault(FAULT_BEFORE, 4, false);
    assert_status(try_save(), CS_IO);
    restart();
    struct cs_backup_saved saved = save();
    assert_true(saved.resumed_blocks >= 4);
    assert_true(saved.new_blocks + saved.resumed_blocks >= BLOCKS / 2);
    assert_restores(3, fixture.content, sizeof before);
}

static void test_full_disk_while_saving(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            fill();
            set_fault(FAULT_FULL, n, persistent != 0);
            enum cs_status status = try_save();
            done = status == CS_OK;
            if (!done) {
                assert_status(status, CS_DISK_FULL);
                assert_problem("the disk is full");
            }
            check_goes_on(3, fixture.content);
        }
    }
}

static void test_power_is_lost_while_pruning(void **state)
{
    (void)state;
    static const enum fault faults[] = {FAULT_BEFORE, FAULT_AFTER, FAULT_FULL};
    for (size_t f = 0; f < CS_COUNT(faults); f++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            fill();
            (void)save();
            set_fault(faults[f], n, false);
            struct cs_repository *repository = open_repository();
            struct cs_backup_pruned pruned;
            done = cs_repository_prune(repository, 1, &pruned, NULL) == CS_OK;
            cs_repository_close(repository);
            restart();
            assert_restores(2, before, sizeof before);
            assert_restores(3, fixture.content, fixture.size);
            repository = open_repository();
            assert_ok(cs_repository_prune(repository, 1, &pruned, NULL));
            cs_repository_close(repository);
            assert_restores(2, before, sizeof before);
            assert_restores(3, fixture.content, fixture.size);
        }
    }
}

static void test_power_is_lost_while_creating(void **state)
{
    (void)state;
    set_fault(FAULT_BEFORE_NAME, 0, false);
    struct cs_bytes key = cs_bytes_of_array(fixture.key);
    assert_status(cs_repository_create(&fixture.disk, &fixture.fake.world, key, NULL), CS_IO);
    restart();
    make_repository();
    fill_content(5000);
    (void)save();
    assert_restores(1, fixture.content, fixture.size);
}

static void test_allocations(void **state)
{
    (void)state;
    bool done = false;
    for (long n = 0; !done; n++) {
        fill();
        struct cs_repository *repository = NULL;
        struct cs_backup_saved saved;
        struct cs_backup_pruned pruned;
        struct taken taken = {.data = NULL};
        cs_memory_fail_after(n);
        enum cs_status status = cs_repository_open(
            &fixture.disk, &fixture.fake.world, cs_bytes_of_array(fixture.key), &repository, NULL);
        if (status == CS_OK) {
            status = save_with(repository, CS_BACKUP_REUSE, &saved);
        }
        if (status == CS_OK) {
            status = take(repository, saved.manifest.sequence, &taken);
        }
        if (status == CS_OK) {
            status = cs_repository_prune(repository, 2, &pruned, NULL);
        }
        cs_memory_fail_after(-1);
        done = status == CS_OK;
        if (!done) {
            assert_status(status, CS_NO_MEMORY);
        }
        free(taken.data);
        cs_repository_close(repository);
        assert_true(n < 10000);
    }
    struct cs_repository *repository = open_repository();
    uint64_t newest = cs_repository_newest(repository);
    cs_repository_close(repository);
    assert_restores(newest, fixture.content, fixture.size);
    assert_restores(2, before, sizeof before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_power_is_lost_while_saving),   TEST(test_goes_on_where_it_stopped),
        TEST(test_full_disk_while_saving),       TEST(test_power_is_lost_while_pruning),
        TEST(test_power_is_lost_while_creating), TEST(test_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
