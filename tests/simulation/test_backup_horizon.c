/*
 * The backup horizon: what a verified backup of the server has, laptops keep no longer; a server restored from it gets everything later
 * again. Restored from an older one, what was removed is missed loudly, and nothing else is lost.
 */
#include "tests/simulation/backup_scene.h"

#include "field-client/replica/rejoin.h"

#define LAPTOPS 3

static void without_a_backup_nothing_is_removed(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 301);
    static const char *const codes[] = {"A", "B", "C", "D", "E"};
    for (size_t i = 0; i < CS_COUNT(codes); i++) {
        make(scene.office, codes[i]);
        laptop_sync_equal(scene.office);
    }
    assert_int_equal(removed(scene.office), 0);
    assert_int_equal(kept(scene.office), (int64_t)acknowledged(scene.office));
    universe_close(&scene.universe);
}

static void the_horizon_passes(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 302);
    make(scene.office, "BEFORE");
    laptop_sync_equal(scene.office);
    backup(&scene, "backup");
    uint64_t horizon = acknowledged(scene.office);
    make(scene.office, "AFTER");
    laptop_sync_equal(scene.office);
    assert_int_equal(removed(scene.office), horizon);
    assert_int_equal(kept(scene.office), 1);
    /* A sync with nothing new is as small as before. */
    laptop_sync_equal(scene.office);
    assert_int_equal(scene.office->last.round_trips, 1);
    assert_in_range(scene.office->last.bytes_up + scene.office->last.bytes_down, 1, 1024);
    sync_all(&scene);
    assert_int_equal(kept(scene.owner), 0);
    laptop_restart(scene.office);
    assert_int_equal(removed(scene.office), horizon);
    check_equal(&scene);
    universe_close(&scene.universe);
}

static void a_server_restored_from_it_gets_everything_later(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 303);
    make(scene.office, "BEFORE");
    sync_all(&scene);
    backup(&scene, "backup");
    sync_all(&scene);
    assert_true(removed(scene.office) > 0);
    make(scene.office, "AFTER-1");
    laptop_sync_equal(scene.office);
    make(scene.field, "AFTER-2");
    laptop_sync_equal(scene.field);
    sync_all(&scene);
    uint64_t before = removed(scene.office);
    restore(&scene, "backup");
    laptop_sync_equal(scene.office);
    assert_true(scene.office->last.went_back);
    assert_int_equal(scene.office->last.resent, 1);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "BEFORE"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "AFTER-1"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "AFTER-2"), 1);
    /* The horizon was that of the incarnation that ended: it says nothing any more. */
    universe_advance(&scene.universe, CS_HORIZON_AGE_MS_MAX + 1);
    check_equal(&scene);
    assert_int_equal(removed(scene.office), before);
    backup(&scene, "later");
    check_equal(&scene);
    assert_int_equal(removed(scene.office), acknowledged(scene.office));
    universe_close(&scene.universe);
}

/* Removed by one backup, restored from an older one: said aloud; the later one puts it right. */
static void an_older_backup_is_told(void **state)
{
    (void)state;
    struct scene scene;
    enum cs_status reason = CS_OK;
    open_scene(&scene, 304);
    make(scene.office, "LATER");
    sync_all(&scene);
    backup(&scene, "backup");
    sync_all(&scene);
    make(scene.office, "UNSENT");
    restore(&scene, "yesterday");
    for (int i = 0; i < 2; i++) {
        assert_status(laptop_sync(scene.office), CS_ROLLED_BACK);
        assert_non_null(strstr(scene.universe.problem.text, "restored from an older one"));
        assert_non_null(strstr(scene.universe.problem.text, "lacks change-sets"));
    }
    assert_ok(cs_rejoin_reason(scene.office->replica, &reason));
    assert_status(reason, CS_ROLLED_BACK);
    /* Nothing here has changed. */
    assert_int_equal(laptop_count(scene.office, "part", "code", "LATER"), 1);
    restore(&scene, "backup");
    laptop_sync_equal(scene.office);
    assert_ok(cs_rejoin_reason(scene.office->replica, &reason));
    assert_ok(reason);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "LATER"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "UNSENT"), 1);
    universe_close(&scene.universe);
}

/* There is no later one: the laptop joins again, and what it still shows comes back as rows. */
static int64_t former_kept(struct laptop *laptop)
{
    int64_t count = -1;
    struct cs_statement *statement;
    assert_ok(cs_statement_get(cs_replica_database(laptop->replica),
                               "SELECT count(*) FROM _former_outbox", &statement));
    assert_ok(cs_statement_one(statement));
    count = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return count;
}

/* A laptop that was set back joins again: a backup that has something of its new log has all that was confirmed of the old one. */
static void logs_of_before_are_removed_too(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 307);
    make(scene.office, "A");
    sync_all(&scene);
    laptop_save(scene.office, "office");
    make(scene.office, "B");
    sync_all(&scene);
    laptop_set_back(scene.office, "office");
    make(scene.office, "C");
    assert_status(laptop_sync(scene.office), CS_FORKED);
    assert_ok(laptop_join_again(scene.office, scene.owner));
    int64_t before = former_kept(scene.office);
    assert_true(before > 0);
    backup(&scene, "before its first change-set");
    sync_all(&scene);
    assert_int_equal(former_kept(scene.office), before);
    backup(&scene, "after");
    sync_all(&scene);
    assert_true(former_kept(scene.office) < before);
    check_equal(&scene);
    universe_close(&scene.universe);
}

static void without_the_later_backup_it_joins_again(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 305);
    make(scene.office, "LATER");
    sync_all(&scene);
    backup(&scene, "backup");
    laptop_sync_equal(scene.office);
    make(scene.office, "UNSENT");
    restore(&scene, "yesterday");
    assert_status(laptop_sync(scene.office), CS_ROLLED_BACK);
    laptop_sync_equal(scene.owner);
    assert_ok(laptop_join_again(scene.office, scene.owner));
    assert_int_equal(removed(scene.office), 0);
    for (int i = 0; i < 4; i++) {
        sync_all(&scene);
    }
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "UNSENT"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "LATER"), 1);
    /* What it had sent under its former keys, and that server lost, is here alone: no backup made since has it. */
    int64_t former = former_kept(scene.office);
    assert_true(former > 0);
    backup(&scene, "later");
    sync_all(&scene);
    assert_true(removed(scene.office) > 0);
    assert_int_equal(former_kept(scene.office), former);
    universe_close(&scene.universe);
}

/* A damaged file of the server's says nothing. */
static void a_damaged_horizon_removes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    char path[512];
    open_scene(&scene, 306);
    backup(&scene, "backup");
    horizon_path(&scene, path);
    assert_ok(scene.universe.fake.world.file_replace(scene.universe.fake.world.context, path,
                                                     cs_bytes_of_text("CSBH, or not")));
    sync_all(&scene);
    assert_int_equal(removed(scene.office), 0);
    universe_close(&scene.universe);
}

/* Whatever is backed up and restored, from the last verified backup each time: nothing acknowledged is lost. */
static void any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct scene scene;
        open_scene(&scene, 7000 + seed);
        struct laptop *const laptops[LAPTOPS] = {scene.owner, scene.office, scene.field};
        struct fake_world *random = &scene.universe.fake;
        int made = 0;
        backup(&scene, "backup");
        for (int step = 0; step < 40; step++) {
            struct laptop *laptop = laptops[fake_world_next(random) % LAPTOPS];
            uint64_t what = fake_world_next(random) % 10;
            char code[32];
            (void)snprintf(code, sizeof code, "P-%d", made);
            if (what < 4) {
                make(laptop, code);
                made++;
            } else if (what < 8) {
                assert_ok(laptop_sync(laptop));
            } else if (what == 8) {
                backup(&scene, "backup");
            } else {
                restore(&scene, "backup");
            }
        }
        check_equal(&scene);
        for (int i = 0; i < made; i++) {
            char code[32];
            (void)snprintf(code, sizeof code, "P-%d", i);
            assert_int_equal(laptop_count(scene.owner, "part", "code", code), 1);
        }
        universe_close(&scene.universe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_backup_nothing_is_removed),
        cmocka_unit_test(the_horizon_passes),
        cmocka_unit_test(a_server_restored_from_it_gets_everything_later),
        cmocka_unit_test(an_older_backup_is_told),
        cmocka_unit_test(logs_of_before_are_removed_too),
        cmocka_unit_test(without_the_later_backup_it_joins_again),
        cmocka_unit_test(a_damaged_horizon_removes_nothing),
        cmocka_unit_test(any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
