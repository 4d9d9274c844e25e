/*
 * Other commands while an exchange about vaults is on the network: an agent gives the replica to others between a request and its response.
 * The replica is idle then; nothing that was signed, put aside or ended meanwhile is lost, revived or taken for something else.
 */
#include "tests/simulation/vault_lease_scene.h"

#include "field-client/vault/catalog.h"
#include "field-client/vault/waiting_end.h"

#define EDITED_MAX 3u
/* More than a page of the server's feed has. */
#define MANY 600

static struct vault_scene scene;

/* In place of a laptop's exchange. */
static struct {
    struct laptop *laptop;
    enum cs_status (*exchange)(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem);
    void *context;
    void (*edit)(struct laptop *laptop); /* before the request goes out, and behind its response */
    unsigned exchanges;
    enum cs_status lose; /* the next response is lost with this status; CS_OK: it is not */
} editor;

static enum cs_status edit_around(void *context, const struct cs_peer *peer,
                                  struct cs_bytes request, struct cs_buffer *response,
                                  struct cs_problem *problem)
{
    struct cs_database *database = cs_replica_database(editor.laptop->replica);
    (void)context;
    assert_true(cs_database_is_idle(database));
    bool edits = ++editor.exchanges <= EDITED_MAX;
    if (edits) {
        editor.edit(editor.laptop);
    }
    enum cs_status status = editor.exchange(editor.context, peer, request, response, problem);
    if (edits) {
        editor.edit(editor.laptop);
    }
    assert_true(cs_database_is_idle(database));
    if (editor.lose != CS_OK && status == CS_OK) {
        status = editor.lose;
        editor.lose = CS_OK;
        response->size = 0;
    }
    return status;
}

static void begin_editing(struct laptop *laptop, void (*edit)(struct laptop *laptop))
{
    struct cs_world *world = &laptop->fake.world;
    memset(&editor, 0, sizeof editor);
    editor.laptop = laptop;
    editor.exchange = world->exchange;
    editor.context = world->exchange_context;
    editor.edit = edit;
    world->exchange = edit_around;
}

static void end_editing(void)
{
    editor.laptop->fake.world.exchange = editor.exchange;
}

static void sync_and_edit(struct laptop *laptop, void (*edit)(struct laptop *laptop))
{
    begin_editing(laptop, edit);
    vault_sync(&scene, laptop);
    end_editing();
    assert_true(editor.exchanges > 0);
}

static void assert_nothing_waits(struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    size_t waiting = 0;
    size_t refused = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_queued_records(laptop->replica, false, 10, &arena, &list, &waiting));
    assert_ok(cs_queued_records(laptop->replica, true, 10, &arena, &list, &refused));
    assert_int_equal(waiting, 0);
    assert_int_equal(refused, 0);
    cs_arena_release(&arena);
}

/* ---- what others do meanwhile ---- */

static enum cs_status see(void *context, const struct cs_vault_listed *listed)
{
    *(size_t *)context += listed->listing.name.size > 0 ? 1 : 0;
    return CS_OK;
}

/* As list, status and every command that opens the replica. */
static void look_around(struct laptop *laptop)
{
    struct cs_arena arena;
    size_t seen = 0;
    struct cs_vault_waiting *waiting = NULL;
    struct cs_vault_settled settled;
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_vault_catalog_items(book, &scene.vault, see, &seen, &scene.universe.problem);
    assert_true(laptop == scene.wang || (status == CS_OK && seen > 0));
    assert_ok(cs_vault_waiting_list(book, &arena, &waiting, &count));
    cs_arena_release(&arena);
    cs_vault_book_close(book);
    assert_ok(cs_vault_leases_settle(laptop->replica, &settled));
}

static void name_another(struct laptop *laptop)
{
    struct cs_id item = cs_replica_draw_id(laptop->replica);
    look_around(laptop);
    vault_name_item(&scene, laptop, &item, "中间");
}

/* What one grant is signed upon is not known while another one is on its way. */
static void grant_another(struct laptop *laptop)
{
    if (editor.exchanges == 1) {
        assert_status(try_grant(&scene, laptop, scene.sun, CS_VAULT_MAY_LIST, 0, NULL), CS_BUSY);
    }
    look_around(laptop);
}

/* ---- records ---- */

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 171, false);
    return 0;
}

static int setup_four_eyes(void **state)
{
    (void)state;
    vault_scene_open(&scene, 172, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vault_scene_close(&scene);
    return 0;
}

static void name_items(struct laptop *laptop, int count)
{
    for (int i = 0; i < count; i++) {
        struct cs_id item = cs_replica_draw_id(laptop->replica);
        vault_name_item(&scene, laptop, &item, "交换机");
    }
}

static void a_push(void **state)
{
    (void)state;
    int64_t before = stored_count(&scene, CS_VAULT_ENTRY);
    name_items(scene.li, 3);
    sync_and_edit(scene.li, name_another);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), before + 3 + 2 * EDITED_MAX);
    assert_nothing_waits(scene.li);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_ENTRY), before + 3 + 2 * EDITED_MAX);
    assert_int_equal(kept_count(&scene, scene.li, CS_VAULT_ENTRY), before + 3 + 2 * EDITED_MAX);
}

/* Lost on the way; broken off by a lock or whoever asked. */
static void a_push_whose_answer_is_lost(void **state)
{
    static const enum cs_status how[] = {CS_UNREACHABLE, CS_INTERRUPTED};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(how); i++) {
        int64_t before = stored_count(&scene, CS_VAULT_ENTRY);
        name_items(scene.li, 2);
        begin_editing(scene.li, name_another);
        editor.lose = how[i];
        assert_status(vault_try_sync(&scene, scene.li), how[i]);
        vault_sync(&scene, scene.li);
        end_editing();
        assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), before + 2 + 2 * EDITED_MAX);
        assert_nothing_waits(scene.li);
    }
}

static void a_pull_of_many_pages(void **state)
{
    (void)state;
    int64_t before = stored_count(&scene, CS_VAULT_ENTRY);
    vault_sync(&scene, scene.han);
    name_items(scene.li, MANY);
    vault_sync(&scene, scene.li);
    sync_and_edit(scene.han, name_another);
    assert_true(editor.exchanges >= 3);
    int64_t after = before + MANY + 2 * EDITED_MAX;
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), after);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_ENTRY), after);
    assert_nothing_waits(scene.han);
}

/* ---- the queue ---- */

static struct cs_id another;

/* What is on its way is put aside here, and the next record takes its place in the queue. */
static void replace_the_queued(struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    if (cs_id_is_zero(&another)) {
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        assert_ok(cs_queued_records(laptop->replica, false, 10, &arena, &list, &count));
        assert_int_equal(count, 1);
        int64_t number = list[0].number;
        assert_ok(cs_queued_record_remove(laptop->replica, list[0].id));
        another = cs_replica_draw_id(laptop->replica);
        vault_name_item(&scene, laptop, &another, "后来的");
        assert_ok(cs_queued_records(laptop->replica, false, 10, &arena, &list, &count));
        assert_int_equal(count, 1);
        assert_int_equal(list[0].number, number);
        cs_arena_release(&arena);
    }
}

static void a_record_in_the_place_of_one_that_is_taken(void **state)
{
    (void)state;
    int64_t before = stored_count(&scene, CS_VAULT_ENTRY);
    memset(&another, 0, sizeof another);
    name_items(scene.li, 1);
    sync_and_edit(scene.li, replace_the_queued);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), before + 2);
    assert_nothing_waits(scene.li);
}

static void a_record_in_the_place_of_one_that_is_refused(void **state)
{
    (void)state;
    int64_t before = stored_count(&scene, CS_VAULT_ENTRY);
    memset(&another, 0, sizeof another);
    vault_sync(&scene, scene.han);
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, 0, NULL));
    grant(&scene, scene.han, scene.sun, CS_VAULT_MAY_LIST, NULL); /* comes first */
    begin_editing(scene.li, replace_the_queued);
    vault_sync(&scene, scene.li);
    end_editing();
    assert_int_equal(scene.last.refused, 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), before + 1);
    assert_nothing_waits(scene.li);
}

/* ---- the log ---- */

static void a_grant_while_one_is_on_its_way(void **state)
{
    (void)state;
    int64_t before = stored_count(&scene, CS_VAULT_GRANT);
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, 0, NULL));
    sync_and_edit(scene.li, grant_another);
    assert_nothing_waits(scene.li);
    assert_int_equal(stored_count(&scene, CS_VAULT_GRANT), before + 1);
    grant(&scene, scene.li, scene.sun, CS_VAULT_MAY_LIST, NULL);
    vault_sync(&scene, scene.chen);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_VERSION), 1);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_GRANT),
                     stored_count(&scene, CS_VAULT_GRANT));
}

static void a_server_that_went_back(void **state)
{
    (void)state;
    laptop_sync_equal(scene.li);
    universe_save_server(&scene.universe, "before");
    name_items(scene.li, 3);
    vault_sync(&scene, scene.li);
    int64_t all = stored_count(&scene, CS_VAULT_ENTRY);
    universe_set_server_back(&scene.universe, "before");
    assert_ok(laptop_sync(scene.li));
    sync_and_edit(scene.li, name_another);
    assert_true(editor.exchanges >= EDITED_MAX);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), all + 2 * EDITED_MAX);
    assert_nothing_waits(scene.li);
}

static void a_recovery_key(void **state)
{
    (void)state;
    make_recovery(&scene, 2);
    begin_editing(scene.wang, look_around);
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem));
    end_editing();
    assert_int_equal(editor.exchanges, 1);
}

/* ---- passwords ---- */

static void a_disclosure(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    begin_editing(scene.zhao, look_around);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    end_editing();
    assert_canary(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_nothing_waits(scene.zhao);
}

static void a_lease(void **state)
{
    uint8_t id[CS_HASH_SIZE];
    struct cs_secret *secret = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(try_lease(&scene, scene.zhao, id));
    sync_and_edit(scene.zhao, look_around);
    assert_nothing_waits(scene.zhao);
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

/* Asked for by ZHAO, approved by HAN. */
static struct cs_vault_disclosure *approved_request(void)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    assert_status(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_LOCKED);
    vault_sync(&scene, scene.han);
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_act_approve(book, cs_vault_disclosure_id(disclosure), NULL,
                                   &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    return disclosure;
}

static void give_all_up(struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_vault_waiting *list = NULL;
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_vault_waiting_list(book, &arena, &list, &count));
    for (size_t i = 0; i < count; i++) {
        assert_ok(cs_vault_waiting_give_up(book, &list[i], &scene.universe.problem));
    }
    cs_arena_release(&arena);
    cs_vault_book_close(book);
}

/* Its key is gone when the answer comes, so that nothing is shown. */
static void a_request_that_is_given_up_meanwhile(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    struct cs_vault_disclosure *disclosure = approved_request();
    begin_editing(scene.zhao, give_all_up);
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    end_editing();
    assert_status(cs_vault_disclosure_spend(disclosure), CS_NOT_FOUND);
    cs_secret_destroy(secret);
    cs_vault_disclosure_end(disclosure);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
    assert_nothing_waits(scene.zhao);
}

static void two_that_open_one_answer(void **state)
{
    struct cs_secret *first = NULL;
    struct cs_secret *second = NULL;
    struct cs_vault_disclosure *other = NULL;
    (void)state;
    struct cs_vault_disclosure *one = approved_request();
    assert_ok(cs_vault_disclosure_resume(scene.zhao->replica, cs_vault_disclosure_id(one), &other,
                                         &scene.universe.problem));
    assert_ok(cs_vault_disclosure_open(one, &scene.version, &first, &scene.universe.problem));
    assert_ok(cs_vault_disclosure_open(other, &scene.version, &second, &scene.universe.problem));
    assert_ok(cs_vault_disclosure_spend(one));
    assert_status(cs_vault_disclosure_spend(other), CS_NOT_FOUND);
    cs_secret_destroy(first);
    cs_secret_destroy(second);
    cs_vault_disclosure_end(one);
    cs_vault_disclosure_end(other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
#define TEST_FOUR_EYES(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, setup_four_eyes, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_push),
        TEST(a_push_whose_answer_is_lost),
        TEST(a_pull_of_many_pages),
        TEST(a_record_in_the_place_of_one_that_is_taken),
        TEST(a_record_in_the_place_of_one_that_is_refused),
        TEST(a_grant_while_one_is_on_its_way),
        TEST(a_server_that_went_back),
        TEST(a_recovery_key),
        TEST(a_disclosure),
        TEST(a_lease),
        TEST_FOUR_EYES(a_request_that_is_given_up_meanwhile),
        TEST_FOUR_EYES(two_that_open_one_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
