/* Changes of a vault's members as drafts: whole or not at all, over lost answers and ended programs, and behind another officer. */
#include "tests/simulation/vault_scene.h"

#include "field-client/vault/draft.h"
#include "field-client/vault/due.h"
#include "field-client/vault/storing.h"

static struct vault_scene scene;
static const struct cs_vault_settlement what_is_due = {.always = false};
static const struct cs_vault_settlement always = {.always = true};

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 91, false);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.zhao);
    return 0;
}

static int setup_people(void **state)
{
    (void)state;
    vault_scene_people(&scene, 92);
    scene.project = cs_replica_draw_id(scene.li->replica);
    vault_sync(&scene, scene.li);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    vault_scene_close(&scene);
    return 0;
}

/* ---- helpers ---- */

static struct cs_vault_due due_at(struct laptop *laptop)
{
    struct cs_vault_due due;
    struct cs_vault_log *log = NULL;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem));
    assert_ok(cs_vault_due_of(book, log, &due));
    cs_vault_book_close(book);
    return due;
}

/* Has this laptop the newest key of the vault? */
static bool has_key(struct laptop *laptop)
{
    struct cs_vault_keyring *keyring = NULL;
    struct cs_vault_log *log = NULL;
    struct cs_problem problem = {""};
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &problem));
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    bool has = epoch != NULL &&
               cs_vault_book_keyring(book, &scene.vault, &keyring, &problem) == CS_OK &&
               cs_vault_keyring_key(keyring, epoch->number, CS_VAULT_CLASS_KEY).size > 0;
    cs_vault_keyring_destroy(keyring);
    cs_vault_book_close(book);
    return has;
}

/* Drafts what is due, or a new key in any case, and queues it; how many records that were. */
static size_t settle(struct laptop *laptop, const struct cs_vault_settlement *settlement)
{
    struct cs_vault_draft *draft = NULL;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    assert_ok(cs_vault_draft_settle(draft, settlement, &scene.universe.problem));
    size_t count = cs_vault_draft_count(draft);
    assert_ok(cs_vault_draft_queue(draft));
    cs_vault_draft_end(draft);
    cs_vault_book_close(book);
    return count;
}

static size_t queued(struct laptop *laptop, bool refused)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_queued_records(laptop->replica, refused, 100, &arena, &list, &count));
    cs_arena_release(&arena);
    return count;
}

/* A vault by LI from nothing, drafted and queued. */
static void draft_vault(void)
{
    struct cs_vault_draft *draft = NULL;
    struct cs_vault_book *book = open_book(scene.li);
    scene.vault = cs_replica_draw_id(scene.li->replica);
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    assert_ok(cs_vault_draft_create(draft, &scene.project, &scene.universe.problem));
    assert_ok(cs_vault_draft_epoch(draft, false, &scene.universe.problem));
    assert_ok(cs_vault_draft_grant(draft, certificate_of(scene.li), CS_VAULT_RIGHTS_ALL, 0,
                                   &scene.universe.problem));
    assert_int_equal(cs_vault_draft_count(draft), 3);
    assert_ok(cs_vault_draft_queue(draft));
    cs_vault_draft_end(draft);
    cs_vault_book_close(book);
}

/* ---- a vault from nothing ---- */

static void test_a_program_that_ends_loses_no_key(void **state)
{
    (void)state;
    draft_vault();
    laptop_restart(scene.li);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 3);
    assert_true(has_key(scene.li));
    struct cs_vault_due due = due_at(scene.li);
    assert_false(cs_vault_due_any(&due));
}

static void test_a_lost_answer_loses_no_key(void **state)
{
    (void)state;
    draft_vault();
    scene.li->fault = NETWORK_RESPONSE_LOST;
    assert_status(vault_try_sync(&scene, scene.li), CS_TIMEOUT);
    scene.li->fault = NETWORK_FINE;
    laptop_restart(scene.li);
    universe_restart_server(&scene.universe);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    assert_true(has_key(scene.li));
    assert_int_equal(stored_count(&scene, CS_VAULT_EPOCH), 1);
}

/* The project has a vault by then: nothing of the second one stays. */
static void test_two_vaults_for_a_project(void **state)
{
    (void)state;
    draft_vault();
    vault_sync(&scene, scene.li);
    draft_vault();
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 3);
    assert_int_equal(stored_count(&scene, CS_VAULT_CREATION), 1);
}

static void test_without_a_recovery_key(void **state)
{
    struct cs_vault_draft *draft = NULL;
    (void)state;
    struct cs_vault_book *book = open_book(scene.chen);
    scene.vault = cs_replica_draw_id(scene.chen->replica);
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    assert_says(&scene, cs_vault_draft_epoch(draft, false, &scene.universe.problem), CS_NOT_FOUND,
                "no recovery key yet");
    assert_says(&scene, cs_vault_draft_create(draft, &scene.project, &scene.universe.problem),
                CS_DENIED, "no officer");
    assert_says(&scene,
                cs_vault_draft_grant(draft, certificate_of(scene.li), CS_VAULT_MAY_LIST, 0,
                                     &scene.universe.problem),
                CS_NOT_FOUND, "no key yet");
    assert_int_equal(cs_vault_draft_count(draft), 0);
    cs_vault_draft_end(draft);
    cs_vault_book_close(book);
}

/* ---- what is due ---- */

static void test_nothing_is_due(void **state)
{
    (void)state;
    struct cs_vault_due due = due_at(scene.li);
    assert_false(cs_vault_due_any(&due));
    assert_int_equal(settle(scene.li, &what_is_due), 0);
    assert_int_equal(queued(scene.li, false), 0);
    /* The scene's grants are LI's, HAN's and ZHAO's. */
    assert_int_equal(settle(scene.li, &always), 4);
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.zhao);
    assert_true(has_key(scene.li) && has_key(scene.han) && has_key(scene.zhao));
}

static void test_a_revoked_device(void **state)
{
    (void)state;
    vault_revoke(&scene, scene.li, scene.zhao);
    struct cs_vault_due due = due_at(scene.li);
    assert_int_equal(due.revoked, 1);
    assert_true(cs_vault_due_epoch(&due));
    assert_int_equal(settle(scene.li, &what_is_due), 4);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    due = due_at(scene.li);
    assert_false(cs_vault_due_any(&due));
    laptop_sync_equal(scene.han);
    vault_sync(&scene, scene.han);
    assert_true(has_key(scene.han));
}

static void test_another_recovery_key(void **state)
{
    (void)state;
    make_recovery(&scene, 2);
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem));
    vault_sync(&scene, scene.li);
    struct cs_vault_due due = due_at(scene.li);
    assert_true(due.new_recovery && cs_vault_due_epoch(&due));
    assert_int_equal(settle(scene.li, &what_is_due), 4);
    vault_sync(&scene, scene.li);
    due = due_at(scene.li);
    assert_false(cs_vault_due_any(&due));
}

/* A key by whoever ended there, as the single acts make it: members lack it, and are served. */
static void test_members_without_the_newest_key(void **state)
{
    (void)state;
    cs_secret_destroy(epoch(&scene, scene.li, false));
    struct cs_vault_due due = due_at(scene.li);
    assert_int_equal(due.lacking, 2);
    assert_false(cs_vault_due_epoch(&due));
    assert_int_equal(settle(scene.li, &what_is_due), 2);
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.han);
    assert_true(has_key(scene.han));
}

/* ---- two officers, and what waits ---- */

static void test_behind_another_officer(void **state)
{
    (void)state;
    assert_int_equal(settle(scene.li, &always), 4);
    assert_int_equal(settle(scene.han, &always), 4);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.sent, 4);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 0);
    /* All that LI signed was refused, or is of a log that there is not: it goes, and he goes on from HAN's key. */
    assert_int_equal(queued(scene.li, true) + queued(scene.li, false), 4);
    assert_true(has_key(scene.li));
    assert_int_equal(settle(scene.li, &what_is_due), 0);
    assert_int_equal(settle(scene.li, &always), 4);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 4);
    assert_int_equal(queued(scene.li, false), 0);
}

static void test_one_draft_at_a_time(void **state)
{
    struct cs_vault_draft *draft = NULL;
    (void)state;
    assert_int_equal(settle(scene.li, &always), 4);
    struct cs_vault_book *book = open_book(scene.li);
    assert_says(&scene, cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem),
                CS_BUSY, "sync first");
    assert_null(draft);
    cs_vault_book_close(book);
    assert_int_equal(queued(scene.li, false), 4);
}

static void test_the_last_one_stays(void **state)
{
    struct cs_vault_draft *draft = NULL;
    struct cs_bytes reason = cs_bytes_of_text("离职");
    (void)state;
    struct cs_vault_book *book = open_book(scene.li);
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    assert_ok(
        cs_vault_draft_withdraw(draft, certificate_of(scene.han), reason, &scene.universe.problem));
    assert_says(
        &scene,
        cs_vault_draft_withdraw(draft, certificate_of(scene.han), reason, &scene.universe.problem),
        CS_NOT_FOUND, "no grant");
    assert_says(
        &scene,
        cs_vault_draft_withdraw(draft, certificate_of(scene.li), reason, &scene.universe.problem),
        CS_DENIED, "another officer first");
    assert_says(&scene,
                cs_vault_draft_grant(draft, certificate_of(scene.chen), CS_VAULT_MAY_MANAGE, 0,
                                     &scene.universe.problem),
                CS_DENIED, "no officer");
    assert_int_equal(cs_vault_draft_count(draft), 1);
    cs_vault_draft_end(draft);
    cs_vault_book_close(book);
    assert_int_equal(queued(scene.li, false), 0);
}

static void test_who_may_not_manage(void **state)
{
    struct cs_vault_draft *draft = NULL;
    (void)state;
    struct cs_vault_book *book = open_book(scene.zhao);
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    assert_says(&scene, cs_vault_draft_settle(draft, &always, &scene.universe.problem), CS_DENIED,
                "");
    assert_int_equal(cs_vault_draft_count(draft), 0);
    cs_vault_draft_end(draft);
    cs_vault_book_close(book);
}

/* What the recovery key would give; lent, as vault recovery restore does. */
static size_t take_the_place(struct laptop *heir, struct laptop *of)
{
    struct cs_vault_draft *draft = NULL;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_vault_book *theirs = open_book(of);
    struct cs_vault_book *book = open_book(heir);
    assert_ok(cs_vault_book_keyring(theirs, &scene.vault, &keyring, &scene.universe.problem));
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    cs_vault_draft_use(draft, keyring);
    assert_ok(cs_vault_draft_grant(draft, certificate_of(heir), CS_VAULT_RIGHTS_ALL, 0,
                                   &scene.universe.problem));
    assert_ok(cs_vault_draft_settle(draft, &what_is_due, &scene.universe.problem));
    size_t count = cs_vault_draft_count(draft);
    assert_ok(cs_vault_draft_queue(draft));
    cs_vault_draft_end(draft);
    cs_vault_keyring_destroy(keyring);
    cs_vault_book_close(book);
    cs_vault_book_close(theirs);
    return count;
}

/* LI's and HAN's laptops are revoked; LI's new one goes on. Who hears of that before he knows of the revocations waits for them, and
 * finds nothing wrong. */
static void test_a_new_laptop_takes_the_place(void **state)
{
    (void)state;
    struct laptop *li_too = universe_join(&scene.universe, scene.wang, "Li Lei", CS_ROLE(SECURITY));
    laptop_sync_equal(scene.zhao);
    vault_revoke(&scene, scene.wang, scene.li);
    vault_revoke(&scene, scene.wang, scene.han);
    laptop_sync_equal(li_too);
    vault_sync(&scene, li_too);
    assert_false(has_key(li_too));
    /* Itself; LI and HAN out; a key; itself and ZHAO. */
    assert_int_equal(take_the_place(li_too, scene.li), 6);
    vault_sync(&scene, li_too);
    assert_int_equal(scene.last.sent, 6);
    assert_true(has_key(li_too));
    assert_status(vault_try_sync(&scene, scene.zhao), CS_UNKNOWN_DEVICE);
    assert_int_equal(scene.last.findings, 0);
    laptop_sync_equal(scene.zhao);
    vault_sync(&scene, scene.zhao);
    assert_true(has_key(scene.zhao));
    struct cs_vault_due due = due_at(li_too);
    assert_false(cs_vault_due_any(&due));
}

static void test_memory(void **state)
{
    enum cs_status status = CS_NO_MEMORY;
    (void)state;
    for (long n = 0; status != CS_OK && n < 4000; n += 7) {
        struct cs_vault_draft *draft = NULL;
        struct cs_vault_book *book = open_book(scene.li);
        cs_memory_fail_after(n);
        status = cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem);
        if (status == CS_OK) {
            status = cs_vault_draft_settle(draft, &always, &scene.universe.problem);
        }
        if (status == CS_OK) {
            status = cs_vault_draft_queue(draft);
        }
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(queued(scene.li, false), status == CS_OK ? 4 : 0);
        cs_vault_draft_end(draft);
        cs_vault_book_close(book);
    }
    assert_ok(status);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 4);
}

/* ---- credentials ---- */

static enum cs_status store(const struct cs_vault_storing *storing, struct cs_vault_stored *out)
{
    struct cs_vault_book *book = open_book(scene.li);
    scene.universe.problem.text[0] = '\0';
    enum cs_status status =
        cs_vault_store(book, &scene.vault, storing, out, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static enum cs_vault_state state_of(const struct cs_id *version)
{
    struct cs_arena arena;
    struct cs_vault_record found;
    struct cs_version_state state;
    const struct cs_kept_filter filter = {
        .vault = scene.vault, .kind = CS_VAULT_VERSION, .version = version};
    struct cs_vault_book *book = open_book(scene.li);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_vault_book_newest(book, &filter, &arena, &found));
    assert_ok(cs_vault_book_state(book, &found, &state));
    cs_arena_release(&arena);
    cs_vault_book_close(book);
    return state.now;
}

static void test_what_is_stored_is_in_force(void **state)
{
    struct cs_vault_stored first;
    struct cs_vault_stored second;
    struct cs_vault_storing storing = {.item = scene.item,
                                       .field = cs_bytes_of_text("password"),
                                       .secret = cs_bytes_of_text(CANARY),
                                       .in_force = true};
    (void)state;
    /* The scene's own version waits, as after the single act. */
    assert_says(&scene, store(&storing, &first), CS_USED, "pending and waits");
    assert_int_equal(queued(scene.li, false), 0);
    storing.replace = true;
    assert_ok(store(&storing, &first));
    assert_int_equal(first.count, 3);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 3);
    assert_int_equal(state_of(&first.version), CS_VAULT_CONFIRMED);
    assert_int_equal(state_of(&scene.version), CS_VAULT_ARCHIVED);
    storing.replace = false;
    storing.in_force = false;
    assert_ok(store(&storing, &second));
    assert_int_equal(second.count, 1);
    vault_sync(&scene, scene.li);
    assert_int_equal(state_of(&second.version), CS_VAULT_PENDING);
    assert_int_equal(state_of(&first.version), CS_VAULT_CONFIRMED);
}

/* Whole or not at all: an address with a password in it takes the secret with it. */
static void test_a_listing_that_is_none(void **state)
{
    struct cs_vault_stored stored;
    const struct cs_vault_listing listing = {.name = cs_bytes_of_text("路由器"),
                                             .address = cs_bytes_of_text("http://u:p@h/")};
    const struct cs_vault_storing storing = {.item = cs_replica_draw_id(scene.li->replica),
                                             .listing = &listing,
                                             .field = cs_bytes_of_text("password"),
                                             .secret = cs_bytes_of_text(CANARY),
                                             .in_force = true};
    (void)state;
    assert_status(store(&storing, &stored), CS_INVALID);
    assert_int_equal(queued(scene.li, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_program_that_ends_loses_no_key, setup_people,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_lost_answer_loses_no_key, setup_people, teardown),
        cmocka_unit_test_setup_teardown(test_two_vaults_for_a_project, setup_people, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_recovery_key, setup_people, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_due, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_revoked_device, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_recovery_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_members_without_the_newest_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_behind_another_officer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_draft_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_last_one_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_not_manage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_laptop_takes_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_stored_is_in_force, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_listing_that_is_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
