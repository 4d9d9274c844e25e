/* Returns of leases, and what a device did with its leases before it was revoked or joined again: taken in any case. */
#include "tests/simulation/vault_lease_scene.h"

#include "field-client/vault/waiting.h"

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
    vault_scene_open(&scene, 93, false);
    return 0;
}

static int setup_four_eyes(void **state)
{
    (void)state;
    vault_scene_open(&scene, 94, true);
    return 0;
}

static void assert_revealed(struct laptop *laptop)
{
    struct cs_secret *secret = NULL;
    assert_ok(try_reveal(&scene, laptop, &secret));
    assert_canary(secret);
}

static enum cs_status give_back(struct laptop *laptop, const uint8_t *id)
{
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_lease_return(book, id, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

/* What the newest return that this laptop has says. */
static void assert_returned(struct laptop *laptop, const uint8_t *lease, const char *reason)
{
    struct cs_arena arena;
    struct cs_vault_record record;
    const struct cs_kept_filter filter = {
        .vault = scene.vault, .kind = CS_VAULT_RETURN, .request = lease};
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_vault_book_newest(book, &filter, &arena, &record));
    assert_true(cs_bytes_equal_text(record.reason, reason));
    cs_arena_release(&arena);
    cs_vault_book_close(book);
}

static size_t waiting_count(struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_vault_waiting *list = NULL;
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_vault_waiting_list(book, &arena, &list, &count));
    cs_arena_release(&arena);
    cs_vault_book_close(book);
    return count;
}

/* ---- returns ---- */

static void test_a_lease_is_given_back(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE] = {9};
    (void)state;
    lease(&scene, scene.zhao, id);
    assert_status(give_back(scene.zhao, other), CS_NOT_FOUND);
    assert_ok(give_back(scene.zhao, id));
    assert_says(&scene, give_back(scene.zhao, id), CS_USED, "returned");
    assert_not_shown(&scene, scene.zhao, CS_EXPIRED, "returned");
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_RETURN), 1);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
    vault_sync(&scene, scene.han);
    assert_returned(scene.han, id, "returned");
}

static void test_every_end_is_reported_once(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    (void)state;
    lease(&scene, scene.zhao, id);
    universe_advance(&scene.universe, 4 * DAY_MS);
    assert_int_equal(settle(scene.zhao).ended[CS_VAULT_LEASE_EXPIRED], 1);
    (void)settle(scene.zhao);
    laptop_restart(scene.zhao);
    (void)settle(scene.zhao);
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_RETURN), 1);
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    assert_returned(scene.han, id, "expired");
    lease(&scene, scene.zhao, id);
    scene.zhao->fake.wall_ms -= HOUR_MS;
    assert_int_equal(settle(scene.zhao).ended[CS_VAULT_LEASE_CLOCK], 1);
    scene.zhao->fake.wall_ms += HOUR_MS;
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    assert_returned(scene.han, id, "clock went back");
}

/* Refused by the server, it never was a lease: there is nothing to return. */
static void test_what_was_refused_is_not_returned(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(try_lease_until(&scene, scene.zhao, scene.zhao->fake.wall_ms + 40 * DAY_MS, NULL));
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 1);
    assert_lease(scene.zhao, 1, CS_VAULT_LEASE_OVER, CS_VAULT_LEASE_REFUSED);
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_RETURN), 0);
}

/* Given back before it was answered, its halves do not leave any more. */
static void test_a_returned_lease_is_not_approved(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    (void)state;
    lease(&scene, scene.zhao, id);
    vault_sync(&scene, scene.han);
    assert_ok(give_back(scene.zhao, id));
    vault_sync(&scene, scene.zhao);
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_act_approve(book, id, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_EXPIRED, "returned");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
}

/* What nobody can use any more waits for nobody. */
static void test_an_ended_lease_waits_for_nobody(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    (void)state;
    lease(&scene, scene.zhao, id);
    vault_sync(&scene, scene.han);
    assert_int_equal(waiting_count(scene.han), 1);
    assert_ok(give_back(scene.zhao, id));
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    assert_int_equal(waiting_count(scene.han), 0);
    lease(&scene, scene.zhao, id);
    vault_sync(&scene, scene.han);
    assert_int_equal(waiting_count(scene.han), 1);
    universe_advance(&scene.universe, 4 * DAY_MS);
    assert_int_equal(waiting_count(scene.han), 0);
}

/* The lease is sent again, and answered anew: that is no second history. It works before and after. */
static void test_a_server_that_went_back_answers_again(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    (void)state;
    vault_sync(&scene, scene.zhao);
    universe_save_server(&scene.universe, "yesterday");
    lease(&scene, scene.zhao, id);
    laptop_sync_equal(scene.zhao);
    universe_set_server_back(&scene.universe, "yesterday");
    laptop_sync_equal(scene.zhao);
    assert_true(scene.zhao->last.went_back);
    universe_advance(&scene.universe, 1000);
    assert_revealed(scene.zhao);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(stored_count(&scene, CS_VAULT_LEASE), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 1);
    vault_sync(&scene, scene.zhao);
    universe_advance(&scene.universe, 1000);
    assert_revealed(scene.zhao);
}

/* ---- last words ---- */

static void test_a_revoked_device_still_tells_what_was_seen(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_vault_disclosure *asked = NULL;
    (void)state;
    lease(&scene, scene.zhao, id);
    universe_advance(&scene.universe, 1000);
    assert_revealed(scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &asked));
    vault_revoke(&scene, scene.wang, scene.zhao);
    universe_advance(&scene.universe, 1000);
    assert_revealed(scene.zhao); /* he does not know yet */
    assert_status(laptop_sync(scene.zhao), CS_REVOKED);
    scene.zhao->fault = NETWORK_RESPONSE_LOST;
    assert_status(vault_try_sync(&scene, scene.zhao), CS_TIMEOUT);
    scene.zhao->fault = NETWORK_FINE;
    struct cs_vault_sync_result words;
    assert_ok(cs_vault_last_words(scene.zhao->replica, &words));
    scene.last = words;
    assert_int_equal(scene.last.sent, 3);
    assert_int_equal(scene.last.refused, 1); /* what he asked for */
    assert_int_equal(scene.last.received, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 2);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    assert_int_equal(queued_count(scene.zhao, CS_VAULT_REVEAL), 0);
    assert_ok(cs_vault_last_words(scene.zhao->replica, &words)); /* there is nothing more to tell */
    assert_int_equal(words.round_trips, 0);
    assert_status(vault_try_sync(&scene, scene.zhao), CS_REVOKED);
    assert_int_equal(scene.last.sent, 0);
    cs_vault_disclosure_end(asked);
    /* Others take it too, though they know of the revocation. */
    laptop_sync_equal(scene.han);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_REVEAL), 2);
    assert_returned(scene.han, id, "revoked");
}

/* A clock that was set back does not make it a lease again, and a late word is heard: as an alarm. */
static void test_a_reveal_after_the_end_is_kept_as_an_alarm(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record reveal;
    struct cs_buffer bytes;
    (void)state;
    lease(&scene, scene.zhao, id);
    universe_advance(&scene.universe, 4 * DAY_MS);
    struct cs_vault_book *book = open_book(scene.zhao);
    cs_buffer_init(&bytes, CS_MEBI);
    cs_vault_book_signer(book, &signer);
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem));
    cs_vault_log_begin(log, &signer, CS_VAULT_REVEAL, &reveal);
    memcpy(reveal.request, id, CS_HASH_SIZE);
    reveal.version = scene.version;
    reveal.reason = cs_bytes_of_text("改过的客户端");
    assert_ok(cs_vault_record_encode(&reveal, signer.key, &bytes));
    assert_ok(cs_vault_book_queue(book, cs_buffer_bytes(&bytes), NULL));
    cs_buffer_release(&bytes);
    cs_vault_book_close(book);
    assert_ok(vault_try_sync(&scene, scene.zhao));
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 1);
    vault_sync(&scene, scene.han);
    assert_found(scene.han, CS_DENIED, "outside of a lease");
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_REVEAL), 1);
}

/* What was shown under the old keys is told under the new ones. */
static void test_a_laptop_that_joined_again_tells_what_was_seen(void **state)
{
    (void)state;
    lease(&scene, scene.zhao, NULL);
    struct laptop *copy = universe_clone(scene.zhao);
    universe_advance(&scene.universe, 1000);
    assert_revealed(copy);
    (void)laptop_new(scene.zhao, "visit", "note=一", NULL);
    laptop_sync_equal(scene.zhao);
    (void)laptop_new(copy, "visit", "note=二", NULL);
    assert_status(laptop_sync(copy), CS_FORKED);
    assert_ok(laptop_join_again(copy, scene.li));
    assert_int_equal(settle(copy).ended[CS_VAULT_LEASE_REPLACED], 1);
    laptop_sync_equal(copy);
    vault_sync(&scene, copy);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 0);
    laptop_sync_equal(scene.han);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_REVEAL), 1);
}

/* Of somebody else it is not: whoever finds signed bytes does not choose when they are told. */
static void test_another_person_does_not_tell_it(void **state)
{
    struct cs_arena arena;
    struct cs_queued_record *queued = NULL;
    size_t count = 0;
    (void)state;
    lease(&scene, scene.zhao, NULL);
    assert_revealed(scene.zhao);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_queued_records(scene.zhao->replica, false, 10, &arena, &queued, &count));
    assert_int_equal(count, 1);
    vault_sync(&scene, scene.han);
    assert_ok(cs_queued_record_put(scene.han->replica, queued[0].id, queued[0].record));
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_DENIED, "by the device that signed it");
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 0);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lease_is_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_end_is_reported_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_refused_is_not_returned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_returned_lease_is_not_approved, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_ended_lease_waits_for_nobody, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_went_back_answers_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_revoked_device_still_tells_what_was_seen, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_reveal_after_the_end_is_kept_as_an_alarm, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_laptop_that_joined_again_tells_what_was_seen, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_another_person_does_not_tell_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
