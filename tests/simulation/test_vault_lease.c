/* Leases: passwords without network until an end, and everything that ends them. */
#include "tests/simulation/opened_replica.h"
#include "tests/simulation/vault_lease_scene.h"

#include "field-client/replica/vault_keys.h"
#include "shared/wire/vault_message.h"

#include <stdio.h>
#include <stdlib.h>

static struct vault_scene scene;

static int teardown(void **state)
{
    (void)state;
    vault_scene_close(&scene);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 91, false);
    return 0;
}

static int setup_four_eyes(void **state)
{
    (void)state;
    vault_scene_open(&scene, 92, true);
    return 0;
}

/* ---- using one ---- */

static void test_a_leased_password_is_seen_without_network(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, NULL);
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_USABLE, CS_VAULT_LEASE_LIVE);
    scene.zhao->fault = NETWORK_DOWN;
    laptop_restart(scene.zhao); /* the key is on disk */
    universe_advance(&scene.universe, DAY_MS);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_REVEAL), 1);
    universe_advance(&scene.universe, 1000);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    scene.zhao->fault = NETWORK_FINE;
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.sent, 2);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 2);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_REVEAL), 2);
}

static void test_nothing_is_shown_before_the_answer(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_not_shown(&scene, scene.zhao, CS_NOT_FOUND, "no lease");
    assert_ok(try_lease(&scene, scene.zhao, NULL));
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_QUEUED, CS_VAULT_LEASE_LIVE);
    assert_not_shown(&scene, scene.zhao, CS_LOCKED, "sync first");
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_REVEAL), 0);
    vault_sync(&scene, scene.zhao);
    bool covers = false;
    struct cs_vault_book *book = open_book(scene.zhao);
    assert_ok(cs_vault_lease_covers(book, &scene.vault, &scene.version, &covers));
    cs_vault_book_close(book);
    assert_true(covers);
}

static void test_a_version_that_is_not_in_it(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    store_version(&scene, scene.li); /* the next one */
    vault_sync(&scene, scene.zhao);
    assert_not_shown(&scene, scene.zhao, CS_NOT_FOUND, "no lease of this device has this version");
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_REVEAL), 0);
}

static void test_the_lease_of_another_device(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, NULL);
    vault_sync(&scene, scene.han); /* oversees, so the lease and its release are here */
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_RELEASE), 1);
    assert_not_shown(&scene, scene.han, CS_DENIED, "another device");
    /* Nor with a row of it put into the other's replica: the key opens with the identity that took it alone. */
    struct cs_arena arena;
    struct cs_kept_lease *taken = NULL;
    struct cs_sealed_key key;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_kept_leases(scene.zhao->replica, true, &arena, &taken, &count));
    assert_int_equal(count, 1);
    assert_ok(cs_sealed_key_get(scene.zhao->replica, taken[0].id, &arena, &key));
    memcpy(taken[0].certificate, certificate_of(scene.han), CS_HASH_SIZE);
    assert_ok(cs_kept_lease_put(scene.han->replica, &taken[0]));
    assert_ok(cs_sealed_key_put(scene.han->replica, &key));
    assert_not_shown(&scene, scene.han, CS_FORGED, "another identity");
    cs_arena_release(&arena);
    assert_int_equal(queued_count(scene.han, CS_VAULT_REVEAL), 0);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

static void test_what_is_asked_wrongly(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    /* More days than a lease may last, one without the right, and one that would be over at once. */
    assert_ok(try_lease_until(&scene, scene.zhao, scene.zhao->fake.wall_ms + 40 * DAY_MS, NULL));
    vault_sync(&scene, scene.zhao);
    assert_refused(&scene, scene.zhao, CS_INVALID, "at most 31 days");
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_REFUSED);
    assert_not_shown(&scene, scene.zhao, CS_NOT_FOUND, "no lease");
    vault_sync(&scene, scene.chen);
    assert_status(try_lease(&scene, scene.chen, NULL), CS_DENIED);
    scene.zhao->fake.wall_ms -= HOUR_MS;
    assert_says(&scene, try_lease(&scene, scene.zhao, NULL), CS_EXPIRED, "behind the server's");
    assert_int_equal(stored_count(&scene, CS_VAULT_LEASE), 0);
}

/* ---- ends ---- */

static void test_it_is_over_at_its_end(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    universe_advance(&scene.universe, 3 * DAY_MS - HOUR_MS);
    assert_int_equal(settle(scene.zhao).live, 1);
    universe_advance(&scene.universe, HOUR_MS);
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "has ended");
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_EXPIRED);
    assert_int_equal(settle(scene.zhao).live, 0);
    /* It does not come back with the time. */
    scene.zhao->fake.wall_ms -= 2 * DAY_MS;
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "has ended");
}

static void test_a_clock_that_goes_back_ends_it(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, NULL);
    universe_advance(&scene.universe, DAY_MS);
    assert_int_equal(settle(scene.zhao).live, 1);
    scene.zhao->fake.wall_ms -= 4 * 60 * 1000; /* within the slack: clocks are put right */
    assert_int_equal(settle(scene.zhao).live, 1);
    scene.zhao->fake.wall_ms -= 2 * 60 * 1000;
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "gone back");
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_CLOCK);
    /* Put right it can take the next one. */
    scene.zhao->fake.wall_ms += 10 * 60 * 1000;
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "gone back");
    lease(&scene, scene.zhao, NULL);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

/* The clock was not looked at since the sync, and is set back as far as that: the machine knows how long it has been up. */
static void test_a_clock_that_stands_still_ends_it(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    laptop_sync_equal(scene.zhao);
    int64_t then = scene.zhao->fake.wall_ms;
    universe_advance(&scene.universe, DAY_MS);
    scene.zhao->fake.wall_ms = then;
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "gone back");
}

static void test_a_clock_that_goes_forward_shortens_it(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    /* Within the time of the lease nothing happens, until it is put right: then it has gone back. */
    lease(&scene, scene.zhao, NULL);
    scene.zhao->fake.wall_ms += DAY_MS;
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    scene.zhao->fake.wall_ms -= DAY_MS;
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "gone back");
    /* Past its end it is over, for good. */
    lease(&scene, scene.zhao, NULL);
    scene.zhao->fake.wall_ms += 4 * DAY_MS;
    assert_int_equal(settle(scene.zhao).ended[CS_VAULT_LEASE_EXPIRED], 1);
    scene.zhao->fake.wall_ms -= 4 * DAY_MS;
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "has ended");
    /* The next one does not inherit the mark of a clock that was wrong. */
    lease(&scene, scene.zhao, NULL);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

static void test_a_revoked_device_has_none(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    vault_revoke(&scene, scene.wang, scene.zhao);
    assert_status(laptop_sync(scene.zhao), CS_REVOKED);
    assert_not_shown(&scene, scene.zhao, CS_REVOKED, "its leases are over");
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_REVOKED);
}

static void test_a_right_that_was_withdrawn(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, NULL);
    vault_sync(&scene, scene.li);
    /* Still a member, who may see but not lease any more. */
    grant(&scene, scene.li, scene.zhao, CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL, NULL);
    assert_ok(try_reveal(&scene, scene.zhao, &secret)); /* he cannot know */
    assert_canary(secret);
    vault_sync(&scene, scene.zhao);
    assert_not_shown(&scene, scene.zhao, CS_DENIED, "withdrawn");
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_WITHDRAWN);
}

static void test_a_member_who_was_removed(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    vault_sync(&scene, scene.li);
    withdraw(&scene, scene.li, scene.zhao);
    vault_sync(&scene, scene.zhao);
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_WITHDRAWN); /* by the sync */
    assert_not_shown(&scene, scene.zhao, CS_DENIED, "withdrawn");
}

static void test_a_laptop_that_joined_again_has_none(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    struct laptop *copy = universe_clone(scene.zhao);
    (void)laptop_new(scene.zhao, "visit", "note=一", NULL);
    laptop_sync_equal(scene.zhao);
    (void)laptop_new(copy, "visit", "note=二", NULL);
    assert_status(laptop_sync(copy), CS_FORKED);
    assert_ok(laptop_join_again(copy, scene.li));
    assert_not_shown(&scene, copy, CS_DENIED, "another device");
    assert_lease(copy, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_REPLACED);
}

/* ---- four eyes ---- */

static void test_four_eyes_need_an_approval_before(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, id);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_WAITING, CS_VAULT_LEASE_LIVE);
    assert_not_shown(&scene, scene.zhao, CS_LOCKED, "approval");
    vault_sync(&scene, scene.han);
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_act_approve(book, id, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    assert_not_shown(&scene, scene.zhao, CS_LOCKED, "approval"); /* it has not come yet */
    vault_sync(&scene, scene.zhao);
    scene.zhao->fault = NETWORK_DOWN;
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

static void test_an_approval_after_the_end_gives_nothing(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    (void)state;
    lease(&scene, scene.zhao, id);
    vault_sync(&scene, scene.han);
    universe_advance(&scene.universe, 4 * DAY_MS);
    struct cs_vault_book *book = open_book(scene.han);
    assert_says(&scene, cs_vault_act_approve(book, id, NULL, &scene.universe.problem), CS_EXPIRED,
                "the lease has ended");
    /* A clock that is behind deceives only its own device. */
    scene.han->fake.wall_ms -= 2 * DAY_MS;
    assert_ok(cs_vault_act_approve(book, id, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_EXPIRED, "ended");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
}

/* ---- at rest ---- */

static bool file_has(const char *path, struct cs_bytes needle)
{
    bool found = false;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    char *bytes = malloc(64 * CS_MEBI);
    assert_non_null(bytes);
    size_t size = fread(bytes, 1, 64 * CS_MEBI, file);
    for (size_t i = 0; !found && i + needle.size <= size; i++) {
        found = memcmp(bytes + i, needle.data, needle.size) == 0;
    }
    free(bytes);
    (void)fclose(file);
    return found;
}

/* As the files are, and as whoever knows the passphrase can read them. */
static bool home_has(const struct laptop *laptop, struct cs_bytes needle)
{
    char path[512];
    bool found = false;
    static const char *const files[] = {"replica.db", "replica.db-wal", "identity"};
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", laptop->home, files[i]);
        found = found || file_has(path, needle);
    }
    return found || opened_replica_has(laptop, needle);
}

static void test_the_key_is_nowhere_after_the_end(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_arena arena;
    struct cs_sealed_key key;
    (void)state;
    lease(&scene, scene.zhao, id);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_sealed_key_get(scene.zhao->replica, id, &arena, &key));
    assert_true(home_has(scene.zhao, key.sealed)); /* so the search would find it */
    universe_advance(&scene.universe, 4 * DAY_MS);
    assert_int_equal(settle(scene.zhao).ended[CS_VAULT_LEASE_EXPIRED], 1);
    assert_false(home_has(scene.zhao, key.sealed));
    assert_false(home_has(scene.zhao, cs_bytes_make(key.sealed.data, 32)));
    cs_arena_release(&arena);
}

static void test_the_key_is_never_there_in_clear(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    lease(&scene, scene.zhao, NULL);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    assert_false(home_has(scene.zhao, cs_bytes_of_text(CANARY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_leased_password_is_seen_without_network, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_shown_before_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_version_that_is_not_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_lease_of_another_device, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_asked_wrongly, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_is_over_at_its_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_goes_back_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_stands_still_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_goes_forward_shortens_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_revoked_device_has_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_right_that_was_withdrawn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_member_who_was_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_laptop_that_joined_again_has_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes_need_an_approval_before, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_approval_after_the_end_gives_nothing,
                                        setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_the_key_is_nowhere_after_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_key_is_never_there_in_clear, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
