/*
 * Leases on a disk that fails from any write or sync on, and a program that ends there: a lease has its key or is not there; a password that
 * was shown has its record; a lease that has ended is over and told, once.
 */
#include "tests/simulation/vault_lease_scene.h"

#include "field-client/replica/vault_keys.h"
#include "tests/support/faulty_vfs.h"

#define STEPS_MAX 200

static struct vault_scene scene;
static uint8_t last_id[CS_HASH_SIZE];

static int teardown(void **state)
{
    (void)state;
    faulty_vfs_reset();
    vault_scene_close(&scene);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    faulty_vfs_install();
    vault_scene_open(&scene, 97, false);
    scene.zhao->fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    laptop_restart(scene.zhao);
    vault_sync(&scene, scene.zhao);
    return 0;
}

struct fault {
    enum faulty_kind kind;
    enum faulty_duration duration;
};
/* The disk that is full from here on; the write that fails once. */
static const struct fault faults[] = {{FAULTY_DISK_FULL, FAULTY_UNTIL_RESET},
                                      {FAULTY_IO_ERROR, FAULTY_ONCE}};

static void fail_at(const struct fault *fault, long step)
{
    faulty_vfs_reset();
    faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, step, fault->kind, fault->duration);
}

/* The program ends while the disk still fails. *out: something had failed. */
static void crash(bool *out)
{
    *out = faulty_vfs_counts().failures > 0;
    cs_replica_close(scene.zhao->replica);
    scene.zhao->replica = NULL;
    faulty_vfs_reset();
    laptop_restart(scene.zhao);
}

static void assert_local(enum cs_status status, bool failed)
{
    if (status != CS_OK && (!failed || cs_status_class(status) != CS_CLASS_LOCAL)) {
        fail_msg("%s", cs_status_name(status));
    }
}

/* Keys, and leases with a record that have not ended: as many of one as of the other. */
static void assert_each_has_its_key(size_t *out_live)
{
    struct cs_arena arena;
    struct cs_sealed_key *keys = NULL;
    struct cs_kept_lease *live = NULL;
    size_t key_count = 0;
    size_t live_count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_sealed_keys(scene.zhao->replica, CS_VAULT_LEASE, &arena, &keys, &key_count));
    assert_ok(cs_kept_leases(scene.zhao->replica, false, &arena, &live, &live_count));
    assert_int_equal(key_count, live_count);
    for (size_t i = 0; i < live_count; i++) {
        struct cs_sealed_key key;
        struct cs_kept_record kept;
        struct cs_queued_record queued;
        assert_ok(cs_sealed_key_get(scene.zhao->replica, live[i].id, &arena, &key));
        if (cs_kept_record_get(scene.zhao->replica, live[i].id, &arena, &kept) != CS_OK) {
            assert_ok(cs_queued_record_get(scene.zhao->replica, live[i].id, &arena, &queued));
        }
    }
    cs_arena_release(&arena);
    *out_live = live_count;
}

static void test_taking(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        bool failed = true;
        size_t before = 0;
        size_t after = 0;
        long step = 0;
        for (; failed && step < STEPS_MAX; step++) {
            assert_each_has_its_key(&before);
            universe_advance(&scene.universe, 30 * 1000);
            fail_at(&faults[i], step);
            enum cs_status status = try_lease(&scene, scene.zhao, NULL);
            crash(&failed);
            assert_local(status, failed);
            assert_each_has_its_key(&after);
            assert_true(after == before || after == before + 1);
            assert_true(status != CS_OK || after == before + 1);
            assert_int_equal(queued_count(scene.zhao, CS_VAULT_LEASE), after);
        }
        assert_true(step > 2 && !failed);
    }
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 0);
}

static void test_showing(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        bool failed = true;
        long step = 0;
        for (; failed && step < STEPS_MAX; step++) {
            struct cs_secret *secret = NULL;
            int64_t before = queued_count(scene.zhao, CS_VAULT_REVEAL);
            universe_advance(&scene.universe, 30 * 1000);
            fail_at(&faults[i], step);
            enum cs_status status = try_reveal(&scene, scene.zhao, &secret);
            crash(&failed);
            assert_local(status, failed);
            assert_true((status == CS_OK) == (secret != NULL));
            int64_t after = queued_count(scene.zhao, CS_VAULT_REVEAL);
            /* Shown: on disk, whatever fails then. A record of what was not shown after all does no harm. */
            assert_true(status == CS_OK ? after == before + 1 : after <= before + 1);
            cs_secret_destroy(secret);
        }
        assert_true(step > 2 && !failed);
    }
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 0);
}

enum way { BY_TIME, BY_HAND };

static enum cs_status end_one(enum way way, const uint8_t *id)
{
    struct cs_vault_settled settled;
    if (way == BY_TIME) {
        universe_advance(&scene.universe, 4 * DAY_MS);
        return cs_vault_leases_settle(scene.zhao->replica, &settled);
    }
    struct cs_vault_book *book = open_book(scene.zhao);
    enum cs_status status = cs_vault_lease_return(book, id, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

/* Whatever failed: after the next command the key is gone, from the files too, and its end is told once. */
static void assert_over(const uint8_t *id, int64_t returns)
{
    struct cs_arena arena;
    struct cs_sealed_key key;
    struct cs_kept_lease *open = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    (void)settle(scene.zhao);
    assert_status(cs_sealed_key_get(scene.zhao->replica, id, &arena, &key), CS_NOT_FOUND);
    assert_ok(cs_kept_leases(scene.zhao->replica, false, &arena, &open, &count));
    assert_int_equal(count, 0);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), returns);
    cs_arena_release(&arena);
}

static void sweep_ends(enum way way)
{
    int64_t returns = 0;
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        bool failed = true;
        long step = 0;
        for (; failed && step < STEPS_MAX; step++) {
            uint8_t id[CS_HASH_SIZE];
            lease(&scene, scene.zhao, id);
            fail_at(&faults[i], step);
            enum cs_status status = end_one(way, id);
            crash(&failed);
            assert_local(status, failed);
            if (way == BY_HAND) {
                /* A person does it again. */
                enum cs_status again = end_one(way, id);
                assert_true(again == CS_OK || again == CS_USED);
            }
            assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "");
            assert_over(id, ++returns);
        }
        assert_true(step > 2 && !failed);
    }
}

static void test_ending_by_time(void **state)
{
    (void)state;
    sweep_ends(BY_TIME);
}

static void test_giving_back(void **state)
{
    (void)state;
    sweep_ends(BY_HAND);
}

/* ---- memory ---- */

static enum cs_status reveal_once(void)
{
    struct cs_secret *secret = NULL;
    enum cs_status status = try_reveal(&scene, scene.zhao, &secret);
    assert_true((status == CS_OK) == (secret != NULL));
    cs_secret_destroy(secret);
    return status;
}

/* There are none at first. */
static enum cs_status take_once(void)
{
    size_t live = 0;
    enum cs_status status = try_lease(&scene, scene.zhao, NULL);
    cs_memory_fail_after(-1);
    assert_each_has_its_key(&live);
    assert_int_equal(live, status == CS_OK ? 1 : 0);
    return status;
}

static enum cs_status return_once(void)
{
    struct cs_vault_book *book = NULL;
    enum cs_status status = cs_vault_book_open(scene.zhao->replica, &book);
    if (status == CS_OK) {
        status = cs_vault_lease_return(book, last_id, &scene.universe.problem);
    }
    cs_vault_book_close(book);
    return status == CS_USED ? CS_OK : status; /* it had been done when memory ended */
}

static long sweep_memory(enum cs_status (*once)(void))
{
    enum cs_status status = CS_NO_MEMORY;
    long step = 0;
    for (; status != CS_OK && step < 10 * STEPS_MAX; step++) {
        universe_advance(&scene.universe, 30 * 1000);
        cs_memory_fail_after(step);
        status = once();
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
    }
    assert_int_equal(status, CS_OK);
    return step;
}

static void test_without_memory(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, last_id);
    assert_true(sweep_memory(reveal_once) > 5);
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_REVEAL), 1);
    assert_true(sweep_memory(return_once) > 5);
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_RETURN), 1);
    assert_true(sweep_memory(take_once) > 5);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_showing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ending_by_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_giving_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
