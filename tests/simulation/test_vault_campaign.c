/*
 * Campaigns of rotation over the network: begun with the customer's consent, prepared, applied, verified, confirmed; every refusal of the
 * states; cut off after every step; two officers at once. Old and new password stay readable throughout.
 */
#include "tests/simulation/campaign_scene.h"

#define CONSENT "客户王经理 2026-11-30 邮件同意"

static int setup(void **state)
{
    (void)state;
    campaign_scene_open(91, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    campaign_scene_close();
    return 0;
}

/* Both can be shown, and the new one is another one. */
static void assert_both_readable(struct laptop *laptop, const struct cs_id *version)
{
    struct cs_secret *new_secret = disclosed(laptop, version);
    struct cs_secret *old_secret = disclosed(laptop, &scene.version);
    assert_int_equal(cs_secret_bytes(new_secret).size, 24);
    assert_false(cs_bytes_equal_text(cs_secret_bytes(new_secret), CANARY));
    cs_secret_destroy(new_secret);
    assert_canary(old_secret);
}

static void test_a_campaign_from_consent_to_archive(void **state)
{
    struct cs_vault_campaign campaign;
    struct cs_vault_book *book = NULL;
    (void)state;
    struct cs_id version = begun_and_prepared();
    vault_sync(&scene, scene.han);
    assert_step(scene.han, CS_CAMPAIGN_PENDING);
    book = open_book(scene.han);
    cs_arena_release(&arena);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(
        cs_vault_campaign_find(book, &scene.vault, &arena, &campaign, &scene.universe.problem));
    cs_vault_book_close(book);
    assert_true(cs_bytes_equal_text(campaign.consent, CONSENT));
    assert_memory_equal(campaign.author, certificate_of(scene.li), CS_HASH_SIZE);
    assert_both_readable(scene.han, &version);
    assert_ok(say(scene.han, cs_vault_campaign_applied));
    assert_step(scene.han, CS_CAMPAIGN_APPLIED);
    assert_ok(say(scene.han, cs_vault_campaign_verified));
    assert_step(scene.han, CS_CAMPAIGN_VERIFIED);
    send(scene.han);
    vault_sync(&scene, scene.li);
    assert_step(scene.li, CS_CAMPAIGN_VERIFIED);
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY));
    assert_step(scene.li, CS_CAMPAIGN_DONE);
    send(scene.li);
    const struct cs_vault_field *field = password(scene.li);
    assert_int_equal(field->version_count, 2);
    assert_true(cs_id_equal(&cs_vault_field_confirmed(field)->id, &version));
    assert_int_equal(field->versions[1].state, CS_VAULT_ARCHIVED);
    assert_false(field->versions[0].state_waits);
    assert_both_readable(scene.han, &version); /* what is archived too */
    assert_ok(try_end(scene.li, "全部修改完毕"));
    send(scene.li);
    assert_says(&scene, try_end(scene.li, "again"), CS_NOT_FOUND, "no campaign");
}

/* A second campaign makes everything due again, what was changed in the first too. */
static void test_one_campaign_after_another(void **state)
{
    (void)state;
    (void)begun_and_prepared();
    assert_says(&scene, try_begin(scene.li, CONSENT), CS_EXISTS, "is open");
    assert_ok(say(scene.li, cs_vault_campaign_verified));
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY));
    assert_ok(try_end(scene.li, "完毕"));
    assert_says(&scene, try_end(scene.li, "again"), CS_BUSY, "waits to be sent");
    assert_says(&scene, try_begin(scene.li, CONSENT), CS_BUSY, "waits to be sent");
    send(scene.li);
    assert_ok(try_begin(scene.li, CONSENT));
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_UNPREPARED);
}

static void test_who_may_begin(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_says(&scene, try_begin(scene.zhao, CONSENT), CS_DENIED, "only owner and security");
    vault_sync(&scene, scene.wang); /* the owner is an officer, but no member of this vault */
    assert_says(&scene, try_begin(scene.wang, CONSENT), CS_DENIED, "");
    assert_says(&scene, try_begin(scene.li, ""), CS_INVALID, "consent");
    assert_ok(try_begin(scene.li, CONSENT));
    send(scene.li);
    assert_says(&scene, try_end(scene.zhao, "x"), CS_DENIED, "only owner and security");
    assert_says(&scene, try_end(scene.li, "\n"), CS_INVALID, "why the campaign ends");
    assert_int_equal(stored_count(&scene, CS_VAULT_CAMPAIGN), 1);
}

static void test_nothing_is_generated_twice(void **state)
{
    struct cs_id other;
    (void)state;
    struct cs_id version = begun_and_prepared();
    assert_says(&scene, try_prepare(scene.li, &other), CS_EXISTS, "already");
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    assert_says(&scene, try_prepare(scene.li, &other), CS_EXISTS, "already");
    assert_ok(say(scene.li, cs_vault_campaign_verified));
    assert_says(&scene, try_prepare(scene.li, &other), CS_EXISTS, "already");
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY));
    send(scene.li);
    assert_ok(try_prepare(scene.li, &other)); /* another round, which nobody forbids */
    assert_false(cs_id_equal(&version, &other));
    /* Not yet sent, it is to come all the same, also for a program that starts anew. */
    laptop_restart(scene.li);
    assert_says(&scene, try_prepare(scene.li, &version), CS_EXISTS, "already");
}

/* Whoever may not edit prepares and confirms nothing; what he saw at the site he says. */
static void test_rights_of_a_technician(void **state)
{
    struct cs_id version;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_says(&scene, try_prepare(scene.zhao, &version), CS_DENIED, "");
    version = begun_and_prepared();
    vault_sync(&scene, scene.zhao);
    assert_ok(say(scene.zhao, cs_vault_campaign_applied));
    assert_ok(say(scene.zhao, cs_vault_campaign_failed));
    assert_ok(say(scene.zhao, cs_vault_campaign_verified));
    send(scene.zhao);
    assert_says(&scene, try_confirm(scene.zhao, CS_CAMPAIGN_VERIFIED_ONLY), CS_DENIED, "");
    assert_says(&scene, say(scene.zhao, cs_vault_campaign_drop), CS_DENIED, "");
    vault_sync(&scene, scene.li);
    assert_step(scene.li, CS_CAMPAIGN_VERIFIED);
}

static void test_only_what_the_server_has_is_applied(void **state)
{
    struct cs_id version;
    (void)state;
    assert_ok(try_begin(scene.li, CONSENT));
    send(scene.li);
    assert_says(&scene, say(scene.li, cs_vault_campaign_applied), CS_NOT_FOUND, "prepare one");
    assert_ok(try_prepare(scene.li, &version));
    assert_says(&scene, say(scene.li, cs_vault_campaign_applied), CS_BUSY, "sync first");
    assert_says(&scene, say(scene.li, cs_vault_campaign_verified), CS_BUSY, "sync first");
    assert_says(&scene, try_confirm(scene.li, CS_CAMPAIGN_UNVERIFIED_TOO), CS_BUSY, "sync first");
    scene.li->fault = NETWORK_RESPONSE_LOST; /* it is there, but nobody here knows */
    assert_status(vault_try_sync(&scene, scene.li), CS_TIMEOUT);
    scene.li->fault = NETWORK_FINE;
    assert_says(&scene, say(scene.li, cs_vault_campaign_applied), CS_BUSY, "sync first");
    send(scene.li);
    assert_ok(say(scene.li, cs_vault_campaign_applied));
}

static void test_states_that_do_not_follow(void **state)
{
    (void)state;
    (void)begun_and_prepared();
    assert_says(&scene, try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY), CS_USED, "logged in");
    assert_ok(say(scene.li, cs_vault_campaign_failed)); /* nothing to say */
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    assert_ok(say(scene.li, cs_vault_campaign_applied)); /* said already */
    assert_says(&scene, try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY), CS_USED, "logged in");
    assert_says(&scene, say(scene.li, cs_vault_campaign_drop), CS_USED, "may be in force");
    assert_ok(say(scene.li, cs_vault_campaign_verified));
    assert_ok(say(scene.li, cs_vault_campaign_verified));
    assert_says(&scene, say(scene.li, cs_vault_campaign_applied), CS_USED, "works already");
    assert_says(&scene, say(scene.li, cs_vault_campaign_failed), CS_USED, "did not fail");
    assert_says(&scene, say(scene.li, cs_vault_campaign_drop), CS_USED, "may be in force");
    send(scene.li);
    assert_int_equal(stored_count(&scene, CS_VAULT_STATE), 3); /* the first confirmed, and two */
}

/* What is dropped is prepared anew, and stays readable. */
static void test_dropped(void **state)
{
    struct cs_id other;
    (void)state;
    struct cs_id version = begun_and_prepared();
    assert_ok(say(scene.li, cs_vault_campaign_drop));
    assert_step(scene.li, CS_CAMPAIGN_UNPREPARED);
    send(scene.li);
    assert_says(&scene, say(scene.li, cs_vault_campaign_drop), CS_NOT_FOUND, "prepare one");
    assert_ok(try_prepare(scene.li, &other));
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_PENDING);
    assert_both_readable(scene.li, &version);
    assert_both_readable(scene.li, &other);
}

/* By hand, and without a login: whoever says so knows it. */
static void test_confirmed_unverified(void **state)
{
    (void)state;
    struct cs_id version = begun_and_prepared();
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_UNVERIFIED_TOO));
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_DONE);
    assert_int_equal(password(scene.li)->versions[1].state, CS_VAULT_ARCHIVED);
    assert_both_readable(scene.li, &version);
}

/* The program is killed after every record; each time another one goes on where it was, and both passwords can be read. */
static void test_cut_off_after_every_step(void **state)
{
    struct cs_id version;
    (void)state;
    assert_ok(try_begin(scene.li, CONSENT));
    laptop_restart(scene.li);
    send(scene.li);
    assert_ok(try_prepare(scene.li, &version));
    laptop_restart(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_PENDING);
    send(scene.li);
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    laptop_restart(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_APPLIED);
    assert_both_readable(scene.li, &version);
    assert_ok(say(scene.li, cs_vault_campaign_verified));
    laptop_restart(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_VERIFIED);
    send(scene.li);
    /* Confirmed, and gone before the older one was archived. */
    vault_queue_state(&scene, scene.li, &version, CS_VAULT_CONFIRMED);
    laptop_restart(scene.li);
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_DONE);
    assert_int_equal(password(scene.li)->versions[1].state, CS_VAULT_CONFIRMED);
    assert_true(cs_id_equal(&cs_vault_field_confirmed(password(scene.li))->id, &version));
    assert_ok(try_confirm(scene.li, CS_CAMPAIGN_VERIFIED_ONLY));
    send(scene.li);
    assert_int_equal(password(scene.li)->versions[1].state, CS_VAULT_ARCHIVED);
    assert_both_readable(scene.li, &version);
}

/* ---- two at once ---- */

static void test_two_prepare_at_once(void **state)
{
    struct cs_id first;
    struct cs_id second;
    (void)state;
    assert_ok(try_begin(scene.li, CONSENT));
    send(scene.li);
    vault_sync(&scene, scene.han);
    assert_ok(try_prepare(scene.li, &first));
    assert_ok(try_prepare(scene.han, &second));
    send(scene.li);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_OUTDATED, "does not follow the latest");
    /* He goes on with the one that is there. */
    assert_true(cs_id_equal(&cs_vault_field_coming(password(scene.han))->id, &first));
    assert_says(&scene, try_prepare(scene.han, &second), CS_EXISTS, "already");
    assert_both_readable(scene.han, &first);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 2);
}

static void test_two_begin_at_once(void **state)
{
    (void)state;
    vault_sync(&scene, scene.han);
    assert_ok(try_begin(scene.li, CONSENT));
    assert_ok(try_begin(scene.han, CONSENT));
    send(scene.li);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_USED, "has not ended yet");
    assert_step(scene.han, CS_CAMPAIGN_UNPREPARED);
    assert_ok(try_end(scene.li, "完毕"));
    assert_ok(try_end(scene.han, "完毕"));
    send(scene.li);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_OUTDATED, "ended already");
}

/* Both say that they apply it: the second is told before his helper runs, if he asks the server as he should. */
static void test_two_apply_at_once(void **state)
{
    (void)state;
    struct cs_id version = begun_and_prepared();
    vault_sync(&scene, scene.han);
    assert_ok(say(scene.li, cs_vault_campaign_applied));
    assert_ok(say(scene.han, cs_vault_campaign_applied));
    send(scene.li);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_OUTDATED, "does not follow the latest");
    assert_step(scene.han, CS_CAMPAIGN_APPLIED);
    assert_memory_equal(cs_vault_field_coming(password(scene.han))->author,
                        certificate_of(scene.li), CS_HASH_SIZE);
    /* And he knows what was seen: nothing of it is lost. */
    assert_ok(say(scene.han, cs_vault_campaign_verified));
    send(scene.han);
    assert_ok(say(scene.li, cs_vault_campaign_failed)); /* he does not know it yet */
    vault_sync(&scene, scene.li);
    assert_refused(&scene, scene.li, CS_OUTDATED, "");
    assert_step(scene.li, CS_CAMPAIGN_VERIFIED);
    assert_both_readable(scene.li, &version);
}

/* Somebody stores a password by hand while one is to come: nobody's is lost, and nothing is generated until a person decides. */
static void test_stored_by_hand_in_between(void **state)
{
    struct cs_id other;
    (void)state;
    struct cs_id version = begun_and_prepared();
    vault_sync(&scene, scene.han);
    other = cs_replica_draw_id(scene.han->replica);
    assert_ok(try_store(&scene, scene.han, other));
    vault_queue_state(&scene, scene.han, &other, CS_VAULT_CONFIRMED);
    send(scene.han);
    vault_sync(&scene, scene.li);
    assert_step(scene.li, CS_CAMPAIGN_PENDING);
    assert_true(cs_id_equal(&cs_vault_field_confirmed(password(scene.li))->id, &other));
    assert_true(cs_id_equal(&cs_vault_field_coming(password(scene.li))->id, &version));
    assert_ok(say(scene.li, cs_vault_campaign_drop));
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_DONE);
}

/* ---- which fields ---- */

static void test_other_fields_are_apart(void **state)
{
    struct cs_vault_campaign campaign;
    struct cs_vault_campaign_progress progress;
    struct cs_id version = cs_replica_draw_id(scene.li->replica);
    (void)state;
    struct cs_vault_book *book = open_book(scene.li);
    const struct cs_vault_secret_wish wish = {.item = scene.item,
                                              .field = cs_bytes_of_text("notes"),
                                              .version = version,
                                              .secret = cs_bytes_of_text("在机柜左侧")};
    assert_ok(cs_vault_act_version(book, &scene.vault, &wish, NULL, &scene.universe.problem));
    assert_ok(cs_vault_act_state(book, &scene.vault, &version, CS_VAULT_CONFIRMED, NULL,
                                 &scene.universe.problem)); /* both in one go */
    cs_vault_book_close(book);
    send(scene.li);
    (void)begun_and_prepared();
    book = open_book(scene.li);
    cs_arena_release(&arena);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(
        cs_vault_campaign_find(book, &scene.vault, &arena, &campaign, &scene.universe.problem));
    assert_ok(cs_vault_campaign_progress(book, &campaign, &arena, &progress));
    cs_vault_book_close(book);
    assert_int_equal(progress.field_count, 2);
    assert_int_equal(progress.counts[CS_CAMPAIGN_PENDING], 1);
    assert_int_equal(progress.counts[CS_CAMPAIGN_APART], 1);
    assert_true(cs_bytes_equal_text(progress.fields[0].name, "notes"));
    assert_int_equal(progress.steps[0], CS_CAMPAIGN_APART);
}

/* The server is set back to before the version was prepared: it is not acknowledged any more until it has it again. */
static void test_a_server_that_went_back(void **state)
{
    (void)state;
    assert_ok(try_begin(scene.li, CONSENT));
    send(scene.li);
    universe_save_server(&scene.universe, "before");
    struct cs_id version;
    assert_ok(try_prepare(scene.li, &version));
    send(scene.li);
    laptop_sync_equal(scene.li);
    assert_ok(say(scene.li, cs_vault_campaign_applied)); /* signed, not sent */
    universe_set_server_back(&scene.universe, "before");
    assert_ok(laptop_sync(scene.li));
    bool due = false;
    assert_ok(cs_vault_sync_due(scene.li->replica, &due));
    assert_true(due);
    assert_false(cs_vault_field_coming(password(scene.li))->acknowledged);
    assert_says(&scene, say(scene.li, cs_vault_campaign_verified), CS_BUSY, "sync first");
    send(scene.li);
    assert_step(scene.li, CS_CAMPAIGN_APPLIED);
    assert_true(cs_vault_field_coming(password(scene.li))->acknowledged);
    assert_both_readable(scene.li, &version);
}

/* What this laptop sends again follows what another one has to send again first: it is refused, told, and tried again with the next news. */
static void test_a_server_that_went_back_over_two_laptops(void **state)
{
    (void)state;
    struct cs_id by_hand = cs_replica_draw_id(scene.han->replica);
    struct cs_id version;
    assert_ok(try_begin(scene.li, CONSENT));
    send(scene.li);
    vault_sync(&scene, scene.han);
    laptop_sync_equal(scene.han); /* all three know of the server as it is now */
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.zhao);
    universe_save_server(&scene.universe, "before");
    assert_ok(try_store(&scene, scene.han, by_hand));
    vault_queue_state(&scene, scene.han, &by_hand, CS_VAULT_CONFIRMED);
    send(scene.han);
    vault_sync(&scene, scene.li);
    assert_ok(try_prepare(scene.li, &version));
    send(scene.li);
    vault_sync(&scene, scene.zhao);
    assert_ok(say(scene.zhao, cs_vault_campaign_verified));
    send(scene.zhao);
    universe_set_server_back(&scene.universe, "before");
    struct laptop *const order[] = {scene.zhao, scene.li, scene.han};
    for (size_t i = 0; i < CS_COUNT(order); i++) {
        assert_ok(laptop_sync(order[i]));
        vault_sync(&scene, order[i]);
        assert_true(order[i] == scene.han ? scene.last.refused == 0 : scene.last.refused > 0);
    }
    send(scene.li);
    send(scene.zhao);
    vault_sync(&scene, scene.li);
    assert_step(scene.li, CS_CAMPAIGN_VERIFIED);
    assert_true(cs_id_equal(&cs_vault_field_coming(password(scene.li))->id, &version));
    assert_both_readable(scene.li, &version);
    bool due = true;
    laptop_sync_equal(scene.zhao);
    vault_sync(&scene, scene.zhao);
    assert_ok(cs_vault_sync_due(scene.zhao->replica, &due));
    assert_false(due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_campaign_from_consent_to_archive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_campaign_after_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_begin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_generated_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rights_of_a_technician, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_what_the_server_has_is_applied, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states_that_do_not_follow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_confirmed_unverified, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_off_after_every_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_prepare_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_begin_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_apply_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stored_by_hand_in_between, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_fields_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_went_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_went_back_over_two_laptops, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
