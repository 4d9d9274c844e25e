/* A server whose disk is full: what is in the vaults can still be read, and what is sent waits on the laptop. */
#include "tests/simulation/vault_scene.h"
#include "tests/support/faulty_vfs.h"

static struct vault_scene scene;

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 951, false);
    faulty_vfs_install();
    scene.universe.fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    universe_restart_server(&scene.universe);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    faulty_vfs_reset();
    vault_scene_close(&scene);
    return 0;
}

static void fill_the_disk(void)
{
    faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, 0, FAULTY_DISK_FULL, FAULTY_UNTIL_RESET);
}

static void test_reading_writes_nothing(void **state)
{
    (void)state;
    fill_the_disk();
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 1);
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    struct faulty_counts counts = faulty_vfs_counts();
    assert_int_equal(counts.failures, 0);
    assert_int_equal(counts.writes, 0);
    assert_int_equal(counts.syncs, 0);
}

/* What is sent is not taken, and not lost; and others read on. */
static void test_what_is_sent_waits(void **state)
{
    (void)state;
    fill_the_disk();
    assert_ok(try_store(&scene, scene.li, cs_replica_draw_id(scene.li->replica)));
    assert_status(vault_try_sync(&scene, scene.li), CS_UNAVAILABLE);
    assert_true(faulty_vfs_counts().failures > 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 1);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 1);
    faulty_vfs_reset();
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 1);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 2);
}

/* Reading is not counted; a copy of a laptop that reads is found all the same, by its log. */
static void test_a_copy_that_reads_is_found(void **state)
{
    (void)state;
    vault_sync(&scene, scene.sun);
    struct laptop *copy = universe_clone(scene.sun);
    vault_sync(&scene, copy);
    (void)laptop_new(scene.sun, "project", "code=X-1", "name=x", NULL);
    laptop_sync_equal(scene.sun);
    assert_status(vault_try_sync(&scene, copy), CS_FORKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reading_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_sent_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_copy_that_reads_is_found, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
